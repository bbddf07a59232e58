"""The catalogue: which files can be measured, which days they hold, and which day is the newest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from exporter.config.model import Dataset
from exporter.days import HOURS_24, Day, date_of, day, microseconds
from exporter.engine.protocol import Engine
from exporter.files import mapping, unfinished
from exporter.files.access import Access
from exporter.files.entry import EARLIEST, Entry, Measurable, Unreadable
from exporter.files.file import File
from exporter.files.footers import UnreadableError, read_footer

EARLY_RATIO = 0.05
"""A day that is not over by the clock becomes the newest only with this share of the events of a usual day.

With less, its events are early: from devices whose clocks are fast, or the first of a load that has just begun.
"""


LONG = 40 * HOURS_24
"""A file of more than a month of events (µs) may be one of a day, with an event of a device that has no clock."""

BATCH = 64
"""Files whose footers are fetched at a time, if they are fetched."""


class Catalogue:
    """The files of a data set; `entries` has what is known of each, from its footer or, if needed, a scan."""

    def __init__(
        self,
        engine: Engine,
        access: Access,
        dataset: Dataset,
        files: Sequence[File],
        known: Mapping[File, Entry],
        as_of: date | None,
        now: datetime,
    ) -> None:
        self._engine = engine
        self.access = access
        self._dataset = dataset
        self._zone = ZoneInfo(dataset.time_zone)
        self._now = microseconds(now)
        self._latest = self._now + HOURS_24
        self._by_hand = as_of is not None
        self._end = day(as_of, self._zone).end if as_of else self._latest + 1
        self.early_events = 0
        new = dict(self._read([file for file in files if file not in known]))
        self.entries = {file: known.get(file) or new[file] for file in files}
        self.readable = [entry for entry in self.entries.values() if isinstance(entry, Measurable)]
        aside = [entry for entry in self.entries.values() if isinstance(entry, Unreadable)]
        self.unreadable = [entry for entry in aside if not entry.waiting]
        self.waiting = [entry for entry in aside if entry.waiting]

    def anchor(self) -> date | None:
        """The newest day with an event, up to the day that was requested; None without events.

        A day that is not over is left out as long as it has too few events, which `early_events` then counts.
        """
        newest = self._newest()
        while newest and not self._by_hand and day(newest, self._zone).end > self._now:
            events, usual = self._events(day(newest, self._zone)), self._usual_events(newest)
            if usual is None or events >= EARLY_RATIO * usual:
                break
            self.early_events += events
            self._end = day(newest, self._zone).start
            newest = self._newest()
        return newest

    def _newest(self) -> date | None:
        lasts = [self._last(each) for each in self.readable if each.may_hold(0, self._end)]
        return max((date_of(last, self._zone) for last in lasts if last is not None), default=None)

    def _events(self, of: Day) -> int:
        """The number of events of the day, counted one by one."""
        return sum(self._events_in(each, of) for each in self.between(of.start, of.end))

    def _events_in(self, each: Measurable, of: Day) -> int:
        """The number of the day's events in a file; estimated if it is damaged, which loading the day will report."""
        try:
            return self._engine.count(each, of.start, min(of.end, self._latest + 1))
        except UnreadableError:
            return round(each.rows_between(of.start, of.end))

    def _usual_events(self, when: date) -> float | None:
        """About how many events a day of the week before `when` has, by the footers; None if there are none.

        Days that are in no baseline are left out, unless all are.
        """
        dates = [when - timedelta(days=lag) for lag in range(1, 8)]
        days = [day(each, self._zone) for each in dates if not self._dataset.exclusion(each)]
        days = days or [day(each, self._zone) for each in dates]
        counts = [sum(self._about(each, of) for each in self.readable) for of in days]
        return median(filter(None, counts)) if any(counts) else None

    def _about(self, each: Measurable, of: Day) -> float:
        """About how many of the day's events are in a file; counted if a stray may make it seem to last for years."""
        if each.spans(LONG) and each.may_hold(of.start, of.end):
            return self._events_in(each, of)
        return each.rows_between(of.start, of.end)

    def first_day(self) -> date | None:
        """The oldest day with an event; None without events."""
        firsts = [each.first for each in self.readable if each.first is not None]
        return date_of(min(firsts), self._zone) if firsts else None

    def history(self, anchor: date) -> Iterator[date]:
        """The days of the history up to the anchor day, oldest first, but none before the first day of the data."""
        oldest = anchor - timedelta(days=self._dataset.history_days - 1)
        when = max(oldest, self.first_day() or oldest)
        while when <= anchor:
            yield when
            when += timedelta(days=1)

    def day(self, when: date) -> Day:
        """The day `when` in the reporting time zone; if part of it is too far ahead, it ends with its last event."""
        whole = day(when, self._zone)
        if whole.end <= self._latest:
            return whole
        last = max((each.last for each in self.readable if each.last is not None), default=self._latest)
        return replace(whole, end=min(whole.end, last + 1))

    def between(self, start: int, end: int) -> list[Measurable]:
        """The files that may hold events from `start` until before `end` (µs)."""
        return [each for each in self.readable if each.may_hold(start, end)]

    def of_day(self, when: date | None) -> list[Measurable]:
        """The files that may hold events of the day `when`; empty for None."""
        return self.between(self.day(when).start, self.day(when).end) if when else []

    def of_week_before(self, when: date | None) -> list[Measurable]:
        """The files that may hold events of the seven days before `when`; empty for None."""
        if when is None:
            return []
        return self.between(self.day(when - timedelta(days=7)).start, self.day(when).start)

    def of_no_day(self) -> list[Measurable]:
        """The files without any plausible timestamp."""
        return [each for each in self.readable if each.first is None]

    def not_waiting(self) -> list[File]:
        """All files but those that are being written."""
        return [file for file, each in self.entries.items() if not (isinstance(each, Unreadable) and each.waiting)]

    def lasting(self) -> dict[File, Entry]:
        """The entries that stay true as long as the files do not change.

        Left out are files that a disk failed to read, and those with events that may become plausible as time passes.
        """
        return {
            file: each
            for file, each in self.entries.items()
            if (each.lasting if isinstance(each, Unreadable) else not each.implausible)
        }

    def _read(self, files: Sequence[File]) -> Iterator[tuple[File, Entry]]:
        """The entries of files that are not known yet."""
        for start in range(0, len(files), BATCH):
            batch = files[start : start + BATCH]
            with self.access.footers(batch) as problems:
                for file in batch:
                    if problem := problems.get(file):
                        yield file, Unreadable(file.name, str(problem), lasting=False)
                    else:
                        yield file, self._entry(file)

    def _entry(self, file: File) -> Entry:
        path = self.access.local(file).path
        try:
            footer = read_footer(file, self._dataset.columns.timestamp, mapping.names(self._dataset), path)
            mapping.check(self._dataset, footer)
            if not footer.rows:
                return Measurable(file, footer, None, None, 0)
            if footer.first is None or footer.last is None or footer.first < EARLIEST or footer.last > self._latest:
                return Measurable(file, footer, *self._engine.times(file, footer, self._latest))
        except UnreadableError as error:
            if unfinished.is_unfinished(file, path):
                return Unreadable(file.name, "no footer yet", lasting=False, waiting=True)
            return Unreadable(file.name, str(error), error.lasting)
        return Measurable(file, footer, footer.first, footer.last, footer.null_timestamps)

    def _last(self, each: Measurable) -> int | None:
        """The file's last timestamp up to the end of the requested day."""
        if each.last is not None and each.last < self._end:
            return each.last
        try:
            return self._engine.times(each.file, each.footer, self._end - 1)[1]
        except UnreadableError:  # loading the day will report it
            return self._end - 1
