"""Asks the measures about the day that is loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import duckdb

from exporter.engine.duckdb import database
from exporter.facts.model import DayFacts, Query
from exporter.measures import declared
from exporter.measures.declared import Facts, Measure


class Asker:
    """Asks measures, a query each of at most so much time; `queries` says how each has fared.

    `bounds` is how many values a label may have where these are not MAX_LABEL_VALUES.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        asked: Sequence[Measure],
        query_timeout: timedelta,
        bounds: Mapping[str, int],
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._timeout = query_timeout
        self._bounds = bounds
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
                facts, label = declared.run(self._connection, each, self._bounds)
        except declared.MeasureError as failure:
            error = str(failure)
        self.queries[each.name] = Query(error, before.seconds + time.perf_counter() - started)
        return facts, label

    def judged(self, days: Sequence[DayFacts]) -> dict[str, Query]:
        """How each measure has fared, given all days that are served: together they may have too many label values."""
        judged = dict(self.queries)
        for each in self._asked:
            if not judged[each.name].error and (reason := self._too_many(each, days)):
                judged[each.name] = replace(judged[each.name], error=reason)
        return judged

    def _too_many(self, each: Measure, days: Sequence[DayFacts]) -> str | None:
        for gauge in each.gauges:
            label = next((facts.labels[gauge] for facts in days if gauge in facts.labels), None)
            values = {value for facts in days for value in facts.found.get(gauge, ())}
            if reason := declared.too_many(each, label, len(values), self._bounds, days=len(days)):
                return reason
        return None
