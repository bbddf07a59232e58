"""Measures a data set: from its files to the facts of its days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from exporter.config.model import Dataset, Resources
from exporter.engine.protocol import DamagedError, Engine, EngineError
from exporter.facts import newest
from exporter.facts.ask import Asker
from exporter.facts.catalogue import Catalogue
from exporter.facts.fingerprints import Fingerprints
from exporter.facts.history import History
from exporter.facts.model import DayFacts, FactsError, Known, Measured
from exporter.facts.own import OwnFacts
from exporter.facts.progress import Progress
from exporter.facts.reading import Reading
from exporter.facts.task import Task
from exporter.facts.wide import WideFacts
from exporter.files.access import Access
from exporter.files.entry import Unreadable
from exporter.files.file import File, FilesError
from exporter.files.unfinished import is_young
from exporter.measures import declared
from exporter.measures.declared import Measure

ATTEMPTS = 3
"""How often a file may change while it is read, before it is left out as one that is being written."""

MAX_ATTEMPTS = 2 * ATTEMPTS
"""How often a reading may fail because files changed meanwhile."""

OpenEngine = Callable[[Dataset, Sequence[Measure], Access, Sequence[File], Path, Path, Resources], Engine]
"""Opens an engine for a data set, its measures, access to its files, the files, a folder for what later readings need
again, one for what does not fit into memory, and limits."""


def measure(task: Task, spill: Path, open_engine: OpenEngine) -> Measured:
    """Read the files of the task's data set and measure the days that are not known yet.

    Raises FactsError if the files cannot be listed or queried, or if other files change each time they are read.
    """
    of = task.dataset
    known, columns = task.known, repr((of.columns, of.dimensions, of.watched_fields, of.time_zone))
    if known.columns != columns:
        known = replace(known, columns=columns, entries={})
    times: Counter[str] = Counter()
    attempts = 0
    while attempts < MAX_ATTEMPTS:
        access = Access.of(of, task.resources, spill)
        files = _found(access)
        entries = {file: known.entries[file] for file in files if file in known.entries} | _restless(files, times)
        try:
            with closing(open_engine(of, task.measures, access, files, task.storage, spill, task.resources)) as engine:
                catalogue = Catalogue(engine, access, of, files, entries, task.as_of, task.now)
                measured = _measured(task, engine, catalogue, known)
            changed = [file for file in catalogue.not_waiting() if not access.is_unchanged(file)]
        except (EngineError, FilesError) as error:
            raise FactsError(str(error)) from None
        except DamagedError as error:
            changed = [file for file in error.damaged if not access.is_unchanged(file)]
            aside = {
                file: newest.aside(catalogue.entries.get(file, each), each) for file, each in error.damaged.items()
            }
            known = replace(known, entries={**entries, **aside})
            if not changed:
                continue
        if not changed:
            return measured
        attempts += 1
        times.update(file.path for file in changed)
    raise FactsError(f"files changed while they were read, {MAX_ATTEMPTS} times in a row, last {changed[0].name}")


def find(dataset: Dataset, resources: Resources) -> tuple[File, ...]:
    """The files of the data set. Raises FactsError."""
    return _found(Access.of(dataset, resources, Path()))


def _found(access: Access) -> tuple[File, ...]:
    try:
        return access.find()
    except FilesError as error:
        raise FactsError(str(error)) from None


def _restless(files: Sequence[File], times: Counter[str]) -> dict[File, Unreadable]:
    """The files that are left out because they changed too often while they were read; a young one is being written."""
    reason = f"changed {ATTEMPTS} times while it was read"
    return {
        file: Unreadable(file.name, reason, lasting=False, waiting=is_young(file))
        for file in files
        if times[file.path] >= ATTEMPTS
    }


def _measured(task: Task, engine: Engine, catalogue: Catalogue, known: Known) -> Measured:
    """The result of one reading."""
    measures = [each for each in task.measures if not each.unmet(task.dataset)]
    own_measures = [each for each in measures if not each.looks_back]
    wide_measures = [each for each in measures if each.looks_back]
    fingerprints = Fingerprints(task.dataset, catalogue, engine.text)
    history = History(catalogue)
    own_keys = {day: fingerprints.of_day(day, own_measures) for day in history.days}
    wide_keys = {day: fingerprints.of_week(day, wide_measures) for day in history.days}
    window = history.newest(task.days, lambda day: own_keys[day] in known.days)
    unknown = [day for day in window if own_keys[day] not in known.days]
    unknown += [day for day in history.before_all(window) if not engine.lookback.has(fingerprints.of_day(day))]
    asker = Asker(engine, measures, declared.label_bounds(task.dataset))
    with Progress(task.name, sum(bool(catalogue.of_day(day.date)) for day in unknown)) as progress:
        reading = Reading(engine, catalogue, fingerprints, asker, known.days, progress)
        own = OwnFacts(reading, own_measures)
        wide = WideFacts(reading, history, own, wide_measures)
        facts = [own.of(day) | wide.of(day) for day in window]
    needed = [*history.before_all(history.days), *history.days]
    engine.lookback.forget(but=map(fingerprints.of_day, needed))
    measured = Measured(
        days=tuple(facts),
        queries=asker.judged(facts),
        recomputed=own.recomputed,
        remaining=len(history.days) - len(window),
        known=_to_remember(known, reading, own.found | wide.found, [*own_keys.values(), *wide_keys.values()]),
        first_day=catalogue.first_day(),
        problem=engine.lookback.problem,
        files=newest.files(task.dataset, catalogue, history.anchor, facts),
    )
    if task.each_with is None:
        return measured
    return replace(measured, as_of=dict(newest.as_of(task.each_with, task.dataset, measured, catalogue, asker)))


def _to_remember(known: Known, reading: Reading, found: Mapping[str, DayFacts], keys: Sequence[str]) -> Known:
    """What the next reading may reuse: if a measure failed, no new facts, so that it is tried again."""
    failed = any(query.error for query in reading.asker.queries.values())
    lasting = reading.catalogue.lasting()
    facts = known.days if failed else {**known.days, **found}
    whole = not failed and len(lasting) == len(reading.catalogue.entries)
    return Known(known.columns, lasting, {key: facts[key] for key in keys if key in facts}, whole)
