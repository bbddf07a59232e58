"""Runs the measures on the loaded day, and records the outcome of each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from exporter.engine.protocol import Engine
from exporter.facts.model import DayFacts, Query
from exporter.measures import results
from exporter.measures.declared import Facts, Measure, MeasureError


class Asker:
    """Runs measures with an engine; `queries` has the outcome of each.

    `bounds` says how many values a label may have, if not MAX_LABEL_VALUES.
    """

    def __init__(self, engine: Engine, measures: Sequence[Measure], bounds: Mapping[str, int]) -> None:
        self._engine = engine
        self._measures = measures
        self._bounds = bounds
        self.queries = {each.name: Query() for each in measures}

    def ask(self, measures: Sequence[Measure]) -> tuple[Facts, dict[str, str]]:
        """The facts of the measures, and the label of each gauge that has one."""
        found: Facts = {}
        labels: dict[str, str] = {}
        for each in measures:
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
            facts, label = self._engine.run(each)
        except MeasureError as failure:
            error = str(failure)
        self.queries[each.name] = Query(error, before.seconds + time.perf_counter() - started)
        return facts, label

    def judged(self, days: Sequence[DayFacts]) -> dict[str, Query]:
        """The outcome of each measure over all days that are served: together they may have too many label values."""
        judged = dict(self.queries)
        for each in self._measures:
            if each.by_segment:
                continue  # the snapshot has the largest of them
            if not judged[each.name].error and (reason := self._too_many(each, days)):
                judged[each.name] = replace(judged[each.name], error=reason)
        return judged

    def _too_many(self, each: Measure, days: Sequence[DayFacts]) -> str | None:
        for gauge in each.gauges:
            label = next((facts.labels[gauge] for facts in days if gauge in facts.labels), None)
            values = {value for facts in days for value in facts.found.get(gauge, ())}
            if reason := results.too_many(each, label, len(values), self._bounds, days=len(days)):
                return reason
        return None
