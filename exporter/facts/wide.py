"""The facts of a day that depend on the days before it: assisted purchases and repeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from exporter.days import Day
from exporter.facts.history import History
from exporter.facts.model import DayFacts
from exporter.facts.own import OwnFacts
from exporter.facts.reading import Reading
from exporter.measures.declared import Measure


class WideFacts:
    """The facts of the `measures` that look back; `found` has those that were requested, by fingerprint.

    They also depend on the files of the days before, and most need only the purchases and contents of the day.
    """

    def __init__(self, reading: Reading, history: History, own: OwnFacts, measures: Sequence[Measure]) -> None:
        self._reading = reading
        self._history = history
        self._own = own
        self._measures = measures
        self._lookback = reading.engine.lookback
        self._added: set[date] = set()
        self.found: dict[str, DayFacts] = {}

    def of(self, day: Day) -> DayFacts:
        """The facts of the day."""
        key = self._reading.fingerprints.of_week(day, self._measures)
        self.found[key] = self._reading.known.get(key) or self._measured(day)
        return self.found[key]

    def _measured(self, day: Day) -> DayFacts:
        own = self._own.of(day)
        if own.last_event is None or not self._measures:
            return DayFacts(day.date)
        self._look_back(day)
        events_needed = any(each.reads_events for each in self._measures)
        if self._reading.loaded != day.date and (events_needed or not self._reading.recall(day)):
            self._reading.load(day)
        return DayFacts(day.date, own.lasts, *self._reading.asker.ask(self._measures))

    def _look_back(self, day: Day) -> None:
        """Fill the tables of earlier days with `day` and the days before it, and remove older ones."""
        before = self._history.before(day)
        self._lookback.begin(day.date, before[0].date)
        new = [each for each in (*before, day) if each.date not in self._added]
        self._added.update(each.date for each in new)
        with_files = [each for each in new if self._reading.catalogue.of_day(each.date)]
        keys = {each.date: self._reading.fingerprints.of_day(each) for each in with_files}
        available = self._lookback.add(keys)
        for each in with_files:
            if each.date not in available:
                self._add_loaded(each)

    def _add_loaded(self, day: Day) -> None:
        measured = day in self._history.days
        if measured:
            self._own.of(day)  # a later reading needs these facts, and the day is loaded here anyway
        if self._reading.loaded != day.date:
            self._reading.load(day, measured=measured)
        self._lookback.add_loaded(day.date)
