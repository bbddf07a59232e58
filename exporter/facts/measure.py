"""Reads a data set, day after day, and measures what is not known yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from exporter.config.model import Dataset, Resources
from exporter.days import Day
from exporter.engine.duckdb import database
from exporter.engine.duckdb.lookback import Digests
from exporter.facts import drift
from exporter.facts.ask import Asker
from exporter.facts.catalogue import Catalogue
from exporter.facts.fingerprints import LOOKBACK, Fingerprints
from exporter.facts.load import DamagedError, Loader
from exporter.facts.model import DayFacts, FactsError, Known, Measured
from exporter.facts.progress import Progress
from exporter.files import listing
from exporter.files.entry import Unreadable
from exporter.files.listing import File
from exporter.measures import declared
from exporter.measures.declared import Measure

ATTEMPTS = 3
"""How often a file may change while it is read; then it is left out, as one that is being written."""

MOST_ATTEMPTS = 2 * ATTEMPTS
"""How often a reading is begun again because files changed meanwhile."""


LASTS = "SELECT hour, epoch_us(max(ts)) FROM events GROUP BY hour"
"""The last event of each hour."""

NAMES = """
SELECT event_name, sum(events) AS number, NOT is_invalid
FROM names
WHERE event_name IS NOT NULL
GROUP BY event_name, is_invalid
QUALIFY row_number() OVER (PARTITION BY is_invalid ORDER BY number DESC, event_name) <= 10
ORDER BY number DESC, event_name
"""
"""The most frequent event names, in the taxonomy and not."""


def measure(
    name: str,
    dataset: Dataset,
    asked: Sequence[Measure],
    known: Known,
    as_of: date | None,
    now: datetime,
    *,
    most: int | None,
    resources: Resources,
    kept: Path,
    spill: Path,
) -> Measured:
    """Read the files of `dataset` and measure every day of its history that is not `known` yet.

    `as_of` leaves out all later days; of those that are not known, the newest `most` are measured, None for all.
    `resources` is what it may take. `kept` is a folder for what later readings need again, `spill` one for what does
    not fit into memory. Raises FactsError when the files cannot be listed, or others change each time they are read.
    """
    applicable = [each for each in asked if not each.unmet(dataset)]
    if known.columns != _columns(dataset):
        known = replace(known, columns=_columns(dataset), entries={})
    times: Counter[str] = Counter()
    attempts = 0
    while attempts < MOST_ATTEMPTS:
        found = find(dataset)
        entries = {file: known.entries[file] for file in found if file in known.entries} | _restless(found, times)
        try:
            with closing(_connect(found, spill, resources)) as connection:
                catalogue = Catalogue(connection, dataset, found, entries, as_of, now)
                digests = Digests(kept, connection)
                reading = _Reading(connection, name, dataset, applicable, catalogue, digests, known, resources)
                measured = reading.measured(most)
            changed = [file for file in catalogue.not_waiting() if not listing.unchanged(file)]
        except DamagedError as error:
            changed = [file for file in error.damaged if not listing.unchanged(file)]
            known = replace(known, entries={**entries, **error.damaged})
            if not changed:
                continue
        if not changed:
            return measured
        attempts += 1
        times.update(file.path for file in changed)
    raise FactsError(f"files changed while they were read, {MOST_ATTEMPTS} times in a row, {changed[0].name} the last")


def _restless(found: Sequence[File], times: Counter[str]) -> dict[File, Unreadable]:
    """The files that changed so often while they were read that they are left out."""
    reason = f"changed {ATTEMPTS} times while it was read"
    return {
        file: Unreadable(file.name, reason, lasting=False, waiting=True)
        for file in found
        if times[file.path] >= ATTEMPTS
    }


def find(dataset: Dataset) -> tuple[File, ...]:
    """The files of the data set. Raises FactsError."""
    try:
        return listing.find(dataset.files)
    except listing.FilesError as error:
        raise FactsError(str(error)) from None


def _columns(dataset: Dataset) -> str:
    """What an entry of the catalogue depends on."""
    return repr((dataset.columns, dataset.time_zone))


def _connect(found: Sequence[File], spill: Path, resources: Resources) -> duckdb.DuckDBPyConnection:
    return database.connect([file.path for file in found if listing.is_utf8(file.path)], spill, resources)


class _Reading:
    """One reading of a data set.

    The facts of a day depend on its files, but for those of the measures that look back: these depend on the
    files of the days before it, too, and need no more of the day than its purchases.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        dataset: Dataset,
        asked: Sequence[Measure],
        catalogue: Catalogue,
        digests: Digests,
        known: Known,
        resources: Resources,
    ) -> None:
        self._connection = connection
        self._name = name
        self._dataset = dataset
        self._catalogue = catalogue
        self._digests = digests
        self._known = known
        self._days: dict[str, DayFacts] = {}
        self._fingerprints = Fingerprints(dataset, catalogue)
        texts = [LASTS, *(each.sql for each in asked)]
        self._loader = Loader(connection, dataset, texts, catalogue, resources.query_timeout)
        self._asker = Asker(connection, asked, resources.query_timeout, declared.label_bounds(dataset))
        self._own = [each for each in asked if not each.looks_back]
        self._wide = [each for each in asked if each.looks_back]
        self._looked_back: set[date] = set()
        self._recomputed = 0
        anchor = catalogue.anchor()
        self._anchor = anchor
        self._history = [catalogue.day(when) for when in catalogue.history(anchor)] if anchor else []

    def measured(self, most: int | None) -> Measured:
        self._digests.prepare()
        window = self._newest(most)
        with Progress(self._name, self._to_be_read(window)) as self._progress:
            facts = [self._own_facts(day) | self._wide_facts(day) for day in window]
        self._digests.forget(but=map(self._fingerprints.of_day, self._with_lookback(self._history)))
        of_anchor = self._catalogue.of_day(self._anchor)
        newest = [*self._catalogue.of_no_day(), *of_anchor]
        return Measured(
            days=tuple(facts),
            files=len(self._catalogue.entries),
            unreadable=tuple(self._catalogue.unreadable),
            waiting=tuple(self._catalogue.waiting),
            replaced=sum(each.replaced for each in facts if each.date == self._anchor),
            anchor_rows=sum(each.footer.rows for each in newest),
            implausible=sum(each.implausible for each in newest),
            early=self._catalogue.early_events,
            lacking=drift.lacking(self._dataset, of_anchor, self._catalogue.readable),
            changed=drift.changes(self._dataset, of_anchor, self._catalogue.of_week_before(self._anchor)),
            queries=self._asker.judged(facts),
            recomputed=self._recomputed,
            left=len(self._history) - len(window),
            known=self._to_remember(),
            problem=self._digests.problem,
        )

    def _newest(self, most: int | None) -> list[Day]:
        """The newest days of the history, so many that `most` of them are not known."""
        unknown = [number for number, day in enumerate(self._history) if not self._is_known(day)]
        return self._history[unknown[-most - 1] + 1 :] if most and len(unknown) > most else self._history

    def _with_lookback(self, window: list[Day]) -> list[Day]:
        """The window, and the days before it that it looks back on."""
        return [*(self._before(window[0]) if window else ()), *window]

    def _is_known(self, day: Day) -> bool:
        return self._fingerprints.of_day(day, self._own) in self._known.days

    def _to_be_read(self, window: list[Day]) -> int:
        """How many days will be loaded, if no file changes meanwhile."""
        before = self._with_lookback(window)[: -len(window)] if window else []
        unknown = [day for day in window if not self._is_known(day)]
        unknown += [day for day in before if not self._digests.has(self._fingerprints.of_day(day))]
        return sum(bool(self._catalogue.of_day(day.date)) for day in unknown)

    def _to_remember(self) -> Known:
        """What was found, and what was known of the rest, but for days in which a measure failed: it is tried again."""
        failed = any(query.error for query in self._asker.queries.values())
        lasting = self._catalogue.lasting()
        keys = [self._fingerprints.of_day(day, self._own) for day in self._history]
        keys += [self._fingerprints.of_week(day, self._wide) for day in self._history]
        found = self._known.days if failed else {**self._known.days, **self._days}
        kept = {key: found[key] for key in keys if key in found}
        whole = not failed and len(lasting) == len(self._catalogue.entries)
        return Known(self._known.columns, lasting, kept, whole)

    def _own_facts(self, day: Day) -> DayFacts:
        """The facts that the day's own events give."""
        key = self._fingerprints.of_day(day, self._own)
        if key not in self._days and key in self._known.days:
            self._days[key] = self._known.days[key]
        elif key not in self._days:
            self._days[key] = self._of_day(day)
            self._recomputed += 1
        return self._days[key]

    def _of_day(self, day: Day) -> DayFacts:
        if not self._load(day):
            return DayFacts(day.date)
        lasts = dict(self._connection.execute(LASTS).fetchall())
        if not lasts:
            return DayFacts(day.date)
        names = tuple(self._connection.execute(NAMES).fetchall())
        return DayFacts(day.date, lasts, *self._asker.ask(self._own), names, self._loader.replaced(day.date))

    def _wide_facts(self, day: Day) -> DayFacts:
        """The facts that take the sessions of the days before."""
        key = self._fingerprints.of_week(day, self._wide)
        self._days[key] = self._known.days.get(key) or self._of_week(day)
        return self._days[key]

    def _of_week(self, day: Day) -> DayFacts:
        own = self._own_facts(day)
        if own.last_event is None or not self._wide:
            return DayFacts(day.date)
        self._look_back(day)
        events_needed = any(each.reads_events for each in self._wide)
        if self._loader.loaded != day.date and (events_needed or not self._recalled(day)):
            self._load(day)
        return DayFacts(day.date, own.lasts, *self._asker.ask(self._wide))

    def _recalled(self, day: Day) -> bool:
        """Whether the day's purchases and contents were at hand, and are the tables of that name now."""
        self._loader.loaded = None
        return self._digests.recall(self._fingerprints.of_day(day))

    def _before(self, day: Day) -> list[Day]:
        """The days that purchases of the day look back on, the oldest first."""
        oldest = day.date - timedelta(days=7)
        while self._catalogue.day(oldest).start > day.start - LOOKBACK:
            oldest -= timedelta(days=1)
        return [self._catalogue.day(oldest + timedelta(days=number)) for number in range((day.date - oldest).days)]

    def _look_back(self, day: Day) -> None:
        """Fill the tables of earlier days with `day` and the days before it, and forget older ones."""
        before = self._before(day)
        self._digests.begin(day.date, before[0].date)
        for earlier in (*before, day):
            if earlier.date not in self._looked_back:
                self._add_earlier(earlier)
                self._looked_back.add(earlier.date)

    def _add_earlier(self, day: Day) -> None:
        if not self._catalogue.of_day(day.date) or self._digests.look_back(self._fingerprints.of_day(day), day.date):
            return
        if day in self._history:
            self._own_facts(day)  # a later reading asks for them, and here the day is loaded anyway
        if self._loader.loaded != day.date:
            self._load(day)
        self._digests.add_loaded(day.date)

    def _load(self, day: Day) -> bool:
        """Load the day's tables and keep what later readings need; False when no file can hold any of its events."""
        if not self._loader.load(day):
            return False
        self._digests.keep(self._fingerprints.of_day(day))
        self._progress.advance(self._connection.execute("SELECT count(*) FROM events").fetchall()[0][0])
        return True
