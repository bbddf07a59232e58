"""The facts that depend on a day's own events alone."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.days import Day
from exporter.facts.model import DayFacts
from exporter.facts.reading import Reading
from exporter.measures.declared import Measure


class OwnFacts:
    """The facts of the `measures` on a day's own events.

    `found` has those that were requested, by fingerprint; `recomputed` counts the days that had to be loaded.
    """

    def __init__(self, reading: Reading, measures: Sequence[Measure]) -> None:
        self._reading = reading
        self._measures = measures
        self.found: dict[str, DayFacts] = {}
        self.recomputed = 0

    def of(self, day: Day) -> DayFacts:
        """The facts of the day."""
        key = self._reading.fingerprints.of_day(day, self._measures)
        if key not in self.found and key in self._reading.known:
            self.found[key] = self._reading.known[key]
        elif key not in self.found:
            self.found[key] = self._measured(day)
            self.recomputed += 1
        return self.found[key]

    def _measured(self, day: Day) -> DayFacts:
        reading, engine = self._reading, self._reading.engine
        last_events = engine.last_events() if reading.load(day) else None
        if not last_events:
            return DayFacts(day.date)
        names = engine.frequent_names()
        replaced = engine.replaced(reading.catalogue.of_day(day.date))
        return DayFacts(day.date, last_events, *reading.asker.ask(self._measures), names, replaced)
