"""Reads a data set, day after day, and measures what is not known yet."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import duckdb

from exporter import checksums, database, drift, events, files, measures
from exporter.catalogue import Catalogue, Measurable, Unreadable
from exporter.config import Dataset, Resources
from exporter.days import HOURS_24, Day
from exporter.digests import SESSIONS, Digests
from exporter.facts import DayFacts, FactsError, Known, Measured, Query
from exporter.files import File
from exporter.measures import Measure

LOOKBACK = 7 * HOURS_24
"""How far assisted purchases look back, in microseconds."""

ATTEMPTS = 3
"""How often a reading is begun again because a file changed meanwhile."""


class _DamagedError(Exception):
    """Files whose footer was good and whose data could not be read, and why."""

    def __init__(self, damaged: Mapping[File, Unreadable]) -> None:
        super().__init__()
        self.damaged = damaged


def measure(
    dataset: Dataset,
    asked: Sequence[Measure],
    known: Known,
    as_of: date | None,
    now: datetime,
    *,
    resources: Resources,
    kept: Path,
    spill: Path,
) -> Measured:
    """Read the files of `dataset` and measure every day of its history that is not `known` yet.

    `as_of` leaves out all later days; `resources` is what it may take. `kept` is a folder for what later readings
    need again, `spill` one for what does not fit into memory. Raises FactsError when the files cannot be listed,
    or change all the time while they are read.
    """
    applicable = [each for each in asked if not each.unmet(dataset)]
    if known.columns != _columns(dataset):
        known = replace(known, columns=_columns(dataset), entries={})
    attempts = 0
    while attempts < ATTEMPTS:
        found = find(dataset)
        entries = {file: known.entries[file] for file in found if file in known.entries}
        try:
            with closing(_connect(found, spill, resources)) as connection:
                catalogue = Catalogue(connection, dataset, found, entries, as_of, now)
                digests = Digests(kept, connection)
                reading = _Reading(connection, dataset, applicable, catalogue, digests, known.days, resources)
                measured = reading.measured()
        except _DamagedError as error:
            known = replace(known, entries={**entries, **error.damaged})
            continue
        changed = [file.name for file in found if not files.unchanged(file)]
        if not changed:
            return measured
        attempts += 1
    raise FactsError(f"{changed[0]} changed while it was read, {ATTEMPTS} times in a row")


def _columns(dataset: Dataset) -> str:
    """What an entry of the catalogue depends on."""
    return repr((dataset.columns, dataset.time_zone))


def find(dataset: Dataset) -> tuple[File, ...]:
    """The files of the data set. Raises FactsError."""
    try:
        return files.find(dataset.files)
    except files.FilesError as error:
        raise FactsError(str(error)) from None


def _connect(found: Sequence[File], spill: Path, resources: Resources) -> duckdb.DuckDBPyConnection:
    return database.connect([file.path for file in found if files.is_utf8(file.path)], spill, resources)


class _Reading:
    """One reading of a data set.

    The facts of a day depend on its files, but for those of the measures that look back: these depend on the
    files of the days before it, too, and need no more of the day than its purchases.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        asked: Sequence[Measure],
        catalogue: Catalogue,
        digests: Digests,
        known: Mapping[str, DayFacts],
        resources: Resources,
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._catalogue = catalogue
        self._digests = digests
        self._known = known
        self._timeout = resources.query_timeout
        self._own = [each for each in asked if not each.looks_back]
        self._wide = [each for each in asked if each.looks_back]
        self._sql = [each.sql for each in asked]
        self._queries = {each.name: Query() for each in asked}
        self._looked_back: set[date] = set()
        self._loaded: date | None = None
        self._verified: set[File] = set()

    def measured(self) -> Measured:
        anchor = self._catalogue.anchor()
        self._connection.execute(
            "CREATE TEMP TABLE earlier_sessions (day DATE, client UBIGINT, started TIMESTAMP, source_key UBIGINT)"
        )
        days: dict[str, DayFacts] = {}
        facts, recomputed = [], 0
        window = [self._catalogue.day(when) for when in self._catalogue.history(anchor)] if anchor else []
        for day in window:
            own = self._fingerprint(day, 0, self._own)
            wide = self._fingerprint(day, LOOKBACK, self._wide)
            recomputed += own not in self._known
            days[own] = self._known.get(own) or self._of_day(day)
            days[wide] = self._known.get(wide) or self._of_week(day, days[own])
            facts.append(days[own] | days[wide])
        self._forget(window)
        of_anchor = self._catalogue.of_day(anchor)
        newest = [*self._catalogue.of_no_day(), *of_anchor]
        return Measured(
            days=tuple(facts),
            files=len(self._catalogue.entries),
            unreadable=tuple(self._catalogue.unreadable),
            anchor_rows=sum(each.footer.rows for each in newest),
            implausible=sum(each.implausible for each in newest),
            lacking=drift.lacking(self._dataset, of_anchor, self._catalogue.readable),
            changed=drift.changes(self._dataset, of_anchor, self._catalogue.of_week_before(anchor)),
            queries=self._queries,
            recomputed=recomputed,
            known=self._to_remember(days),
            problem=self._digests.problem,
        )

    def _to_remember(self, days: Mapping[str, DayFacts]) -> Known:
        """What was found, but for days in which a measure failed: it is tried again."""
        failed = any(query.error for query in self._queries.values())
        lasting = self._catalogue.lasting()
        kept = {key: facts for key, facts in days.items() if not failed or key in self._known}
        return Known(
            _columns(self._dataset), lasting, kept, whole=not failed and len(lasting) == len(self._catalogue.entries)
        )

    def _fingerprint(self, day: Day, before: int, asked: Sequence[Measure]) -> str:
        """What facts depend on: the files of the day and of the time `before` it, configuration and SQL.

        Hashes of DuckDB may differ from one version to the next, and with them which event is first.
        """
        read = [each.file for each in self._catalogue.between(day.start - before, day.end)]
        settings = self._dataset.model_dump(exclude={"limits", "files", "history_days", "cadence", "measures"})
        relations = [events.relation(name) for name in ("events", "sessions", "purchases")]
        text = repr((day, read, settings, duckdb.__version__, relations, [each.sql for each in asked]))
        return blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()

    def _digest(self, day: Day) -> str:
        """The fingerprint of the day's sessions and purchases, which no measure has a say in."""
        return self._fingerprint(day, 0, ())

    def _of_day(self, day: Day) -> DayFacts:
        """The facts that the day's own events give."""
        if not self._load(day):
            return DayFacts(day.date)
        last = self._connection.execute("SELECT epoch_us(max(ts)) FROM events").fetchall()[0][0]
        return DayFacts(day.date, last, *self._run(self._own)) if last is not None else DayFacts(day.date)

    def _of_week(self, day: Day, own: DayFacts) -> DayFacts:
        """The facts that take the sessions of the days before."""
        if own.last_event is None or not self._wide:
            return DayFacts(day.date)
        self._look_back(day)
        events_needed = any(each.reads_events for each in self._wide)
        if self._loaded != day.date and (events_needed or not self._digests.recall(self._digest(day))):
            self._load(day)
        return DayFacts(day.date, own.last_event, *self._run(self._wide))

    def _run(self, asked: Sequence[Measure]) -> tuple[measures.Facts, dict[str, str]]:
        """What the measures find, and the label of each gauge that has one."""
        found: measures.Facts = {}
        labels: dict[str, str] = {}
        for each in asked:
            facts, label = self._run_one(each)
            found |= facts
            labels |= {gauge: label for gauge in facts if label}
        return found, labels

    def _run_one(self, each: Measure) -> tuple[measures.Facts, str | None]:
        """The facts of one measure; once it has failed, it is not tried again on other days."""
        before = self._queries[each.name]
        if before.error:
            return {}, None
        started = time.perf_counter()
        facts: measures.Facts = {}
        label, error = None, None
        try:
            with database.limited(self._connection, self._timeout):
                facts, label = measures.run(self._connection, each)
        except measures.MeasureError as failure:
            error = str(failure)
        self._queries[each.name] = Query(error, before.seconds + time.perf_counter() - started)
        return facts, label

    def _before(self, day: Day) -> list[Day]:
        """The days that purchases of the day look back on, the oldest first."""
        oldest = day.date - timedelta(days=7)
        while self._catalogue.day(oldest).start > day.start - LOOKBACK:
            oldest -= timedelta(days=1)
        return [self._catalogue.day(oldest + timedelta(days=number)) for number in range((day.date - oldest).days)]

    def _look_back(self, day: Day) -> None:
        """Fill `earlier_sessions` with those of `day` and of the days before it, and forget older ones."""
        before = self._before(day)
        self._connection.execute("DELETE FROM earlier_sessions WHERE day < ?", [before[0].date])
        for earlier in (*before, day):
            if earlier.date not in self._looked_back:
                self._add_sessions(earlier)
                self._looked_back.add(earlier.date)

    def _add_sessions(self, day: Day) -> None:
        if not self._catalogue.of_day(day.date) or self._digests.look_back(self._digest(day), day.date):
            return
        self._load(day)
        self._connection.execute(f"INSERT INTO earlier_sessions SELECT ?, * FROM ({SESSIONS})", [day.date])

    def _forget(self, window: Sequence[Day]) -> None:
        """Keep the digests of the window and of the days that it looks back on."""
        needed = (
            {day.date: day for day in window} | {day.date: day for day in self._before(window[0])} if window else {}
        )
        self._digests.forget(but=map(self._digest, needed.values()))

    def _load(self, day: Day) -> bool:
        """Load the day's tables; False when no file can hold any of its events. Raises _DamagedError."""
        self._loaded = None
        read = self._catalogue.of_day(day.date)
        if not read:
            return False
        self._verify(read)
        try:
            self._load_from(read, day)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException) as error:
            raise FactsError(f"{day.date}: {database.reason(error)}") from None
        except duckdb.Error as error:
            damaged = {each.file: reason for each in read if (reason := self._damage(each, day))}
            if not damaged:
                raise FactsError(database.reason(error)) from None
            raise _DamagedError(damaged) from None
        self._loaded = day.date
        self._digests.keep(self._digest(day))
        return True

    def _verify(self, read: Sequence[Measurable]) -> None:
        """Raise _DamagedError where the checksums of a file's pages are wrong; each file is looked at once."""
        new = [each for each in read if each.file not in self._verified]
        names = {name for column in self._dataset.mapped() for name in getattr(self._dataset.columns, column)}
        found = {each.file: checksums.damage(each.file.path, names) for each in new}
        damaged = {file: Unreadable(file.name, reason, lasting=True) for file, reason in found.items() if reason}
        if damaged:
            raise _DamagedError(damaged)
        self._verified.update(each.file for each in new)

    def _damage(self, each: Measurable, day: Day) -> Unreadable | None:
        """Why the file alone cannot be read, or None when it can."""
        try:
            self._load_from([each], day)
        except duckdb.Error as error:
            return Unreadable(each.file.name, database.reason(error), database.is_lasting(error))
        return None

    def _load_from(self, read: Sequence[Measurable], day: Day) -> None:
        with database.limited(self._connection, self._timeout):
            events.load(self._connection, self._dataset, read, day, self._sql)
