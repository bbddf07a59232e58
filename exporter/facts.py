"""The facts of each day of a data set: what its measures found, hour by hour."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import duckdb

from exporter import columns, database, events, files, measures
from exporter.catalogue import Catalogue, Entry, Measurable, Unreadable, without
from exporter.config import Dataset
from exporter.days import HOURS_24, Day
from exporter.files import File

LOOKBACK = 7 * HOURS_24
"""How far assisted purchases look back, in microseconds."""

ATTEMPTS = 3
"""How often a reading is begun again because a file changed meanwhile."""


class FactsError(Exception):
    """A data set that could not be measured: `what`."""


@dataclass(frozen=True)
class DayFacts:
    """What the measures found on one day.

    `last_event` is the day's last event in microseconds since the epoch, None on a day without events;
    `found` is empty then. `labels` names the label of each gauge that has one.
    """

    date: date
    last_event: int | None = None
    found: measures.Facts = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Query:
    """How one measure fared: the reason where it failed, and the seconds it took over all days."""

    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Known:
    """What earlier readings found and the next need not do again: entries by file, facts by fingerprint."""

    entries: Mapping[File, Entry] = field(default_factory=dict)
    days: Mapping[str, DayFacts] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """Everything that one reading of a data set's files found; `days` are in the order of their dates.

    `anchor_rows` and `implausible` count the events, and those without a plausible timestamp, in the files of
    the anchor day and of no day. `lacking` maps a mapped column to the first file of the anchor day without it.
    """

    days: tuple[DayFacts, ...]
    files: int
    unreadable: tuple[Unreadable, ...]
    anchor_rows: int
    implausible: int
    lacking: Mapping[str, str]
    queries: Mapping[str, Query]
    recomputed: int
    known: Known


class _DamagedError(Exception):
    """Files whose footer was good and whose data could not be read, and why."""

    def __init__(self, damaged: Mapping[File, str]) -> None:
        super().__init__()
        self.damaged = damaged


def measure(
    dataset: Dataset,
    asked: Sequence[measures.Measure],
    known: Known,
    as_of: date | None,
    now: datetime,
    *,
    spill: Path,
) -> Measured:
    """Read the files of `dataset` and measure every day of its history that is not `known` yet.

    `as_of` leaves out all later days; `spill` is a folder for what does not fit into memory. Raises
    FactsError when the files cannot be listed, or change all the time while they are read.
    """
    applicable = [each for each in asked if not each.unmet(dataset)]
    attempts = 0
    while attempts < ATTEMPTS:
        found = _find(dataset)
        entries = {file: known.entries[file] for file in found if file in known.entries}
        try:
            with closing(_connect(found, spill)) as connection:
                catalogue = Catalogue(connection, dataset, found, entries, as_of, now)
                measured = _Reading(connection, dataset, applicable, catalogue, known.days).measured()
        except _DamagedError as error:
            known = replace(known, entries=without(entries, error.damaged))
            continue
        changed = [file.name for file in found if not files.unchanged(file)]
        if not changed:
            return measured
        attempts += 1
    raise FactsError(f"{changed[0]} changed while it was read, {ATTEMPTS} times in a row")


def _connect(found: Sequence[File], spill: Path) -> duckdb.DuckDBPyConnection:
    return database.connect([file.path for file in found if files.is_utf8(file.path)], spill)


def _find(dataset: Dataset) -> tuple[File, ...]:
    try:
        return files.find(dataset.files)
    except files.FilesError as error:
        raise FactsError(str(error)) from None


class _Reading:
    """One reading of a data set, day after day."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        asked: Sequence[measures.Measure],
        catalogue: Catalogue,
        known: Mapping[str, DayFacts],
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._catalogue = catalogue
        self._known = known
        self._measures = asked
        self._queries = {each.name: Query() for each in self._measures}
        self._looked_back: set[date] = set()

    def measured(self) -> Measured:
        anchor = self._catalogue.anchor()
        self._connection.execute(
            "CREATE TEMP TABLE earlier_sessions (day DATE, client UBIGINT, started TIMESTAMP, source_key UBIGINT)"
        )
        facts: dict[str, DayFacts] = {}
        for when in self._catalogue.history(anchor) if anchor else ():
            fingerprint = self._fingerprint(self._catalogue.day(when))
            facts[fingerprint] = self._known.get(fingerprint) or self._facts(self._catalogue.day(when))
        failed = any(query.error for query in self._queries.values())
        of_anchor = self._catalogue.of_day(anchor)
        newest = [*self._catalogue.of_no_day(), *of_anchor]
        return Measured(
            days=tuple(facts.values()),
            files=len(self._catalogue.entries),
            unreadable=tuple(self._catalogue.unreadable),
            anchor_rows=sum(each.footer.rows for each in newest),
            implausible=sum(each.implausible for each in newest),
            lacking=self._lacking(of_anchor),
            queries=self._queries,
            recomputed=len(facts.keys() - self._known.keys()),
            known=Known(self._catalogue.lasting(), {} if failed else facts),
        )

    def _lacking(self, read: Sequence[Measurable]) -> dict[str, str]:
        """Each column that one of the files lacks, and the first such file."""
        found: dict[str, str] = {}
        for each in read:
            for column in columns.missing(self._dataset, each.footer):
                found.setdefault(column, each.file.name)
        return found

    def _fingerprint(self, day: Day) -> str:
        """What the day's facts depend on: its files, those of the days before it, and the configuration."""
        read = [each.file for each in self._catalogue.between(day.start - LOOKBACK, day.end)]
        asked = self._dataset.model_dump(exclude={"limits", "files", "history_days", "cadence", "measures"})
        text = repr((day, read, asked, [each.sql for each in self._measures]))
        return blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()

    def _facts(self, day: Day) -> DayFacts:
        self._look_back(day)
        if not self._load(day):
            return DayFacts(day.date)
        self._remember(day)
        last = self._connection.execute("SELECT epoch_us(max(ts)) FROM events").fetchall()[0][0]
        if last is None:
            return DayFacts(day.date)
        found: measures.Facts = {}
        labels: dict[str, str] = {}
        for each in self._measures:
            facts, label = self._run(each)
            found |= facts
            labels |= {gauge: label for gauge in facts if label}
        return DayFacts(day.date, last, found, labels)

    def _run(self, each: measures.Measure) -> tuple[measures.Facts, str | None]:
        """The facts of one measure; once it has failed, it is not tried again on other days."""
        before = self._queries[each.name]
        if before.error:
            return {}, None
        started = time.perf_counter()
        facts: measures.Facts = {}
        label, error = None, None
        try:
            facts, label = measures.run(self._connection, each)
        except measures.MeasureError as failure:
            error = str(failure)
        self._queries[each.name] = Query(error, before.seconds + time.perf_counter() - started)
        return facts, label

    def _look_back(self, day: Day) -> None:
        """Fill `earlier_sessions` with the sessions of the days before `day`, and forget older ones."""
        oldest = day.date - timedelta(days=7)
        while self._catalogue.day(oldest).start > day.start - LOOKBACK:
            oldest -= timedelta(days=1)
        self._connection.execute("DELETE FROM earlier_sessions WHERE day < ?", [oldest])
        for number in range((day.date - oldest).days):
            earlier = self._catalogue.day(oldest + timedelta(days=number))
            if earlier.date not in self._looked_back and self._load(earlier):
                self._remember(earlier)

    def _remember(self, day: Day) -> None:
        """Keep the sessions of the day that is loaded; those without a source assist nothing."""
        self._looked_back.add(day.date)
        self._connection.execute(
            "INSERT INTO earlier_sessions "
            "SELECT ?, client, started, source_key FROM sessions WHERE source_key IS NOT NULL",
            [day.date],
        )

    def _load(self, day: Day) -> bool:
        """Load the day's tables; False when no file can hold any of its events. Raises _DamagedError."""
        read = self._catalogue.between(day.start, day.end)
        if not read:
            return False
        try:
            self._load_from(read, day)
        except duckdb.OutOfMemoryException as error:
            raise FactsError(database.reason(error)) from None
        except duckdb.Error as error:
            damaged = {each.file: reason for each in read if (reason := self._damage(each, day))}
            if not damaged:
                raise FactsError(database.reason(error)) from None
            raise _DamagedError(damaged) from None
        return True

    def _damage(self, each: Measurable, day: Day) -> str | None:
        """Why the file alone cannot be read, or None when it can."""
        try:
            self._load_from([each], day)
        except duckdb.Error as error:
            return database.reason(error)
        return None

    def _load_from(self, read: Sequence[Measurable], day: Day) -> None:
        events.load(self._connection, self._dataset, read, day, [each.sql for each in self._measures])
