"""The facts of each day of a data set: what its measures found, hour by hour."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from exporter import events, files, measures
from exporter.config import Dataset
from exporter.database import connect, first_line
from exporter.events import Day, Measurable
from exporter.files import DAY, File, Footer, Unreadable, UnreadableError

LOOKBACK = 7 * DAY
"""How far assisted purchases look back, in microseconds."""


class FactsError(Exception):
    """A data set that could not be measured: `what`."""


@dataclass(frozen=True)
class DayFacts:
    """What the measures found on one day.

    `last_event` is the day's last event in microseconds since the epoch, None on a day without events;
    `found` is empty then. `labels` names the label of each gauge that has one.
    """

    date: date
    last_event: int | None
    found: measures.Facts
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Query:
    """How one measure fared: the reason where it failed, and the seconds it took over all days."""

    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Measured:
    """Everything that one reading of a data set's files found; `days` are in the order of their dates.

    `known` is what the next reading need not do again: footers by file and facts by fingerprint.
    """

    days: tuple[DayFacts, ...]
    first_day: date | None
    files: int
    unreadable: tuple[Unreadable, ...]
    implausible: int
    queries: Mapping[str, Query]
    recomputed: int
    known: Known


@dataclass(frozen=True)
class Known:
    """What earlier readings of a data set found, still true while the files are the same."""

    footers: Mapping[File, Footer | str] = field(default_factory=dict)
    days: Mapping[str, DayFacts] = field(default_factory=dict)


class _DamagedError(Exception):
    """Files whose footer was good and whose data could not be read."""

    def __init__(self, damaged: Mapping[File, str]) -> None:
        super().__init__()
        self.damaged = damaged


def measure(dataset: Dataset, known: Known, as_of: date | None, now: datetime) -> Measured:
    """Read the files of `dataset` and measure every day of its history that is not `known` yet.

    `as_of` leaves out all later days. Raises FactsError when the files cannot be listed, or change all
    the time while they are read.
    """
    for _attempt in range(3):
        found = _found(dataset)
        footers = {file: known.footers[file] for file in found if file in known.footers}
        try:
            return _measure(dataset, found, replace(known, footers=footers), as_of, now)
        except _DamagedError as error:
            known = replace(known, footers={**footers, **error.damaged})
        except _ChangedError as error:
            changed = error
            time.sleep(0.2)
    raise FactsError(f"{changed} changed while it was read, three times in a row")


class _ChangedError(Exception):
    """A file that is no longer the one that was listed."""


def _found(dataset: Dataset) -> tuple[File, ...]:
    try:
        return files.find(dataset.files)
    except files.FilesError as error:
        raise FactsError(str(error)) from None


def _measure(dataset: Dataset, found: Sequence[File], known: Known, as_of: date | None, now: datetime) -> Measured:
    with tempfile.TemporaryDirectory(prefix="clickstream-") as spill:
        connection = connect([file.path for file in found], Path(spill))
        try:
            return _Reading(connection, dataset, found, known, as_of, now).measured()
        finally:
            connection.close()


class _Reading:
    """One reading of the files: the catalogue, then day after day."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        found: Sequence[File],
        known: Known,
        as_of: date | None,
        now: datetime,
    ) -> None:
        self.connection = connection
        self.dataset = dataset
        self.zone = ZoneInfo(dataset.time_zone)
        self.latest = events.microseconds(now) + DAY
        self.end = min(self.latest, events.day(as_of, self.zone).end - 1 if as_of else self.latest)
        self.known = known
        self.found = found
        self.footers = {file: known.footers.get(file) or self._footer(file) for file in found}
        self.readable = [
            Measurable(file, footer) for file, footer in self.footers.items() if isinstance(footer, Footer)
        ]
        self.measures = [each for each in measures.load(dataset.measures) if not each.unmet(dataset)]
        self.texts = [each.sql for each in self.measures]
        self.queries = {each.name: Query() for each in self.measures}
        self.lookback: set[date] = set()

    def measured(self) -> Measured:
        anchor = self._anchor()
        dates = list(self._dates(anchor)) if anchor else []
        self.connection.execute(
            "CREATE TEMP TABLE earlier_sessions (day DATE, client UBIGINT, started TIMESTAMP, source UBIGINT)"
        )
        days = {when: self._fingerprint(when) for when in dates}
        facts = {}
        for when, fingerprint in days.items():
            facts[fingerprint] = self.known.days.get(fingerprint) or self._facts(when)
        for file in self.found:
            if not files.unchanged(file):
                raise _ChangedError(file.name)
        failed = any(query.error for query in self.queries.values())
        return Measured(
            days=tuple(facts.values()),
            first_day=self._first_day(),
            files=len(self.found),
            unreadable=tuple(self._unreadable()),
            implausible=self._implausible(anchor),
            queries=self.queries,
            recomputed=len(facts.keys() - self.known.days.keys()),
            known=Known(self.footers, {} if failed else facts),
        )

    def _footer(self, file: File) -> Footer | str:
        """The footer of `file` with an exact range of plausible timestamps, or why it is unreadable."""
        try:
            footer = files.read_footer(file, self.dataset.columns.timestamp)
            events.check_columns(self.dataset, footer)
        except UnreadableError as error:
            return str(error)
        plausible = (
            footer.first is not None
            and footer.last is not None
            and footer.first >= files.EARLIEST
            and footer.last <= self.latest
        )
        return footer if plausible else self._scanned(file, footer)

    def _scanned(self, file: File, footer: Footer) -> Footer | str:
        try:
            first, last, implausible = events.timestamp_range(
                self.connection, self.dataset, Measurable(file, footer), files.EARLIEST, self.latest
            )
        except duckdb.Error as error:
            return first_line(error)
        return replace(footer, first=first, last=last, null_timestamps=implausible)

    def _unreadable(self) -> Iterator[Unreadable]:
        for file, footer in self.footers.items():
            if isinstance(footer, str):
                yield Unreadable(file.name, footer)

    def _anchor(self) -> date | None:
        """The newest day that holds an event, of those up to the day that was asked for."""
        lasts = [
            last for each in self.readable if _overlaps(each, 0, self.end) and (last := self._last(each)) is not None
        ]
        return events.local_date(max(lasts), self.zone) if lasts else None

    def _last(self, each: Measurable) -> int | None:
        """The file's last timestamp up to the end of the day that was asked for."""
        if each.footer.last is not None and each.footer.last <= self.end:
            return each.footer.last
        return events.timestamp_range(self.connection, self.dataset, each, files.EARLIEST, self.end)[1]

    def _first_day(self) -> date | None:
        firsts = [each.footer.first for each in self.readable if each.footer.first is not None]
        return events.local_date(min(firsts), self.zone) if firsts else None

    def _dates(self, anchor: date) -> Iterator[date]:
        """The days of the history, oldest first, from the first day of the data on."""
        oldest = anchor - timedelta(days=self.dataset.history_days - 1)
        when = max(oldest, self._first_day() or oldest)
        while when <= anchor:
            yield when
            when += timedelta(days=1)

    def _implausible(self, anchor: date | None) -> int:
        """Events without a plausible timestamp in the files of the anchor day and in those of no day."""
        days = [events.day(anchor, self.zone)] if anchor else []
        return sum(
            each.footer.null_timestamps
            for each in self.readable
            if each.footer.first is None or any(_overlaps(each, day.start, day.end - 1) for day in days)
        )

    def _fingerprint(self, when: date) -> str:
        """What the day's facts depend on: its files, those of the days before it, and the configuration."""
        day = events.day(when, self.zone)
        read = [each.file for each in self.readable if _overlaps(each, day.start - LOOKBACK, day.end - 1)]
        asked = self.dataset.model_dump(exclude={"limits", "files", "history_days", "cadence"})
        text = repr((when, read, asked, [each.sql for each in self.measures]))
        return blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()

    def _facts(self, when: date) -> DayFacts:
        day = events.day(when, self.zone)
        self._look_back(day)
        if not self._load(day):
            return DayFacts(when, None, {}, {})
        self._remember(when)
        last = self.connection.execute("SELECT epoch_us(max(ts)) FROM events").fetchall()[0][0]
        if last is None:
            return DayFacts(when, None, {}, {})
        found: measures.Facts = {}
        labels: dict[str, str] = {}
        for measure in self.measures:
            facts, label = self._run(measure)
            found |= facts
            labels |= {gauge: label for gauge in facts if label}
        return DayFacts(when, last, found, labels)

    def _run(self, measure: measures.Measure) -> tuple[measures.Facts, str | None]:
        before = self.queries[measure.name]
        if before.error:
            return {}, None
        started = time.perf_counter()
        facts: measures.Facts = {}
        label, error = None, None
        try:
            facts, label = measures.run(self.connection, measure)
        except measures.MeasureError as failure:
            error = str(failure)
        self.queries[measure.name] = Query(error, before.seconds + time.perf_counter() - started)
        return facts, label

    def _look_back(self, day: Day) -> None:
        """Fill `earlier_sessions` with the sessions of the days before `day`, and forget older ones."""
        oldest = events.local_date(day.start - LOOKBACK, self.zone)
        self.connection.execute("DELETE FROM earlier_sessions WHERE day < ?", [oldest])
        when = oldest
        while when < day.date:
            if when not in self.lookback and self._load(events.day(when, self.zone)):
                self._remember(when)
            when += timedelta(days=1)

    def _remember(self, when: date) -> None:
        self.lookback.add(when)
        self.connection.execute(
            "INSERT INTO earlier_sessions SELECT ?, client, started, source FROM sessions WHERE NOT is_direct",
            [when],
        )

    def _load(self, day: Day) -> bool:
        """Load the day's events; False when no file can hold any. Raises _DamagedError."""
        read = [each for each in self.readable if _overlaps(each, day.start, day.end - 1)]
        if not read:
            return False
        try:
            events.load(self.connection, self.dataset, read, day, self.texts)
        except duckdb.Error as error:
            damaged = {each.file: reason for each in read if (reason := self._damage(each, day))}
            if not damaged:
                raise FactsError(first_line(error)) from None
            raise _DamagedError(damaged) from None
        return True

    def _damage(self, each: Measurable, day: Day) -> str | None:
        try:
            events.load(self.connection, self.dataset, [each], day, self.texts)
        except duckdb.Error as error:
            return first_line(error)
        return None


def _overlaps(each: Measurable, start: int, end: int) -> bool:
    """Whether the file may hold events from `start` up to and with `end`."""
    first, last = each.footer.first, each.footer.last
    return first is not None and last is not None and first <= end and last >= start
