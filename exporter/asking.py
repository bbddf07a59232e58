"""Asks the measures about the day that is loaded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

import duckdb

from exporter import database, measures
from exporter.facts import Query
from exporter.measures import Facts, Measure


class Asker:
    """Asks measures, a query each of at most so much time; `queries` says how each has fared."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, asked: Sequence[Measure], query_timeout: timedelta
    ) -> None:
        self._connection = connection
        self._timeout = query_timeout
        self.queries = {each.name: Query() for each in asked}

    def ask(self, asked: Sequence[Measure]) -> tuple[Facts, dict[str, str]]:
        """What the measures find, and the label of each gauge that has one."""
        found: Facts = {}
        labels: dict[str, str] = {}
        for each in asked:
            facts, label = self._ask_one(each)
            found |= facts
            labels |= {gauge: label for gauge in facts if label}
        return found, labels

    def _ask_one(self, each: Measure) -> tuple[Facts, str | None]:
        """The facts of one measure; once it has failed, it is not tried again on other days."""
        before = self.queries[each.name]
        if before.error:
            return {}, None
        started = time.perf_counter()
        facts: Facts = {}
        label, error = None, None
        try:
            with database.limited(self._connection, self._timeout):
                facts, label = measures.run(self._connection, each)
        except measures.MeasureError as failure:
            error = str(failure)
        self.queries[each.name] = Query(error, before.seconds + time.perf_counter() - started)
        return facts, label
