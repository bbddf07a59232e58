"""A first look at the data: `--check-config` compares the configuration with the newest files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exporter.config.model import Dataset, Resources
from exporter.days import Day
from exporter.engine.duckdb.engine import DuckDB
from exporter.engine.duckdb.sample import Sample
from exporter.engine.protocol import EngineError
from exporter.facts import measure
from exporter.facts.catalogue import Catalogue
from exporter.facts.model import FactsError
from exporter.files import mapping
from exporter.files.entry import Measurable
from exporter.files.footers import Footer, UnreadableError, read_footer
from exporter.files.listing import File
from exporter.plan import Plan
from exporter.temporary import SPILL, Folder
from exporter.text import clean

FILES = 20
"""Files that are opened: those written last."""

DAYS = 3
"""Days whose events are read, up to the newest."""

ROWS = 1_000_000
"""The maximum number of events that are read, from the newest files first."""

ENOUGH_EVENTS = 1_000
"""With fewer, a name or a path that does not occur may still be right."""

ENOUGH_PURCHASES = 10
"""With fewer, purchases without an amount may be chance."""

SHOWN = 10
"""The maximum number of names that a message lists."""

_PERSONAL = re.compile(r"@|%40|://|^www\.|^/")
"""Part of an e-mail address or a URL: an event name with one is not shown."""


@dataclass
class Findings:
    """What does not match the data: `problems`, for which the configuration is refused, and `notes`; `key: what`."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, text: str, *, certain: bool) -> None:
        """Add a problem if it is certain, otherwise a note."""
        (self.problems if certain else self.notes).append(clean(text, 1000))


def take(plan: Plan) -> Findings:
    """Open the newest files of every data set, read some of their events, and compare them with the configuration.

    Raises TemporaryError.
    """
    findings = Findings()
    for name, dataset in plan.config.datasets.items():
        try:
            _look(f"datasets.{name}", dataset, plan.config.resources, findings)
        except FactsError as error:
            findings.add(f"datasets.{name}.files: {error}", certain=True)
        except EngineError as error:
            findings.add(f"datasets.{name}.files: not read: {error}", certain=False)
    return findings


def _look(key: str, dataset: Dataset, resources: Resources, findings: Findings) -> None:
    listed = sorted(measure.find(dataset), key=lambda file: (file.mtime_ns, file.path))[-FILES:]
    footers = list(_footers(key, dataset, listed, findings))
    if not footers:
        findings.add(f"{key}.files: no file with events yet, so columns and names were not checked", certain=False)
        return
    before = len(findings.problems)
    for column in (*dataset.mapped(), *dataset.dimension_columns()):
        if not any(mapping.has(dataset, footer, column) for footer in footers):
            findings.add(f"{_place(key, dataset, column)}: {_lack(dataset, footers, column)}", certain=True)
    if len(findings.problems) > before:
        return
    with Folder(SPILL) as folder, _opened(dataset, listed, folder, resources) as engine:
        catalogue = Catalogue(engine, dataset, listed, {}, None, datetime.now(UTC))
        if catalogue.anchor() is None:
            findings.add(f"{key}.columns.timestamp: no event has a plausible timestamp", certain=True)
            return
        files = _newest(catalogue)
        whole = sum(each.footer.rows for each in files) <= ROWS
        keyed = _keyed(dataset, footers)
        columns = {*_from_paths(dataset), *keyed}
        sample = engine.sample(files, _span(files), None if whole else ROWS, columns)
    _compare(key, dataset, sample, findings, whole=whole)
    _compare_keys(key, dataset, sample, keyed, findings, whole=whole)


def _opened(dataset: Dataset, files: Sequence[File], folder: Path, resources: Resources) -> closing[DuckDB]:
    return closing(DuckDB(dataset, (), files, folder, folder, resources))


def _footers(key: str, dataset: Dataset, files: Sequence[File], findings: Findings) -> Iterator[Footer]:
    """The footers of the files with events; a note names each file that cannot be read."""
    for file in files:
        try:
            footer = read_footer(file, dataset.columns.timestamp, mapping.names(dataset))
        except UnreadableError as error:
            findings.add(f"{key}.files: {file.name} not read: {error}", certain=False)
            continue
        if footer.rows:
            yield footer


def _lack(dataset: Dataset, footers: Sequence[Footer], column: str) -> str:
    """Why no file has the column, with the columns that there are."""
    misfit = next(filter(None, (mapping.misfit(dataset, footer, column) for footer in footers)), None)
    if misfit:
        return misfit
    names = " or ".join(dataset.sources(column))
    own = [clean(name) for name, _ in footers[-1].kinds[: mapping.SHOWN]]
    return f"none of the {len(footers)} newest files has {names}; the columns are {', '.join(own)}"


def _newest(catalogue: Catalogue) -> list[Measurable]:
    """The files of the newest days, the newest first, with at most ROWS events unless the first alone has more."""
    anchor = catalogue.anchor()
    assert anchor is not None
    start = catalogue.day(anchor - timedelta(days=DAYS - 1)).start
    files = sorted(catalogue.between(start, catalogue.day(anchor).end), key=lambda each: each.last or 0, reverse=True)
    total, taken = 0, list[Measurable]()
    for each in files:
        total += each.footer.rows
        if taken and total > ROWS:
            break
        taken.append(each)
    return taken


def _span(files: Sequence[Measurable]) -> Day:
    """The time range of the files, as one day."""
    first = min(each.first for each in files if each.first is not None)
    end = max(each.last for each in files if each.last is not None) + 1
    return Day(datetime.fromtimestamp(first / 1e6, UTC).date(), first, end, end, 0, 0)


def _compare(key: str, dataset: Dataset, sample: Sample, findings: Findings, *, whole: bool) -> None:
    """Report names and JSON paths that do not occur; that is certain if all events were read."""
    certain = whole and sample.events >= ENOUGH_EVENTS
    shown = [clean(name) for name in sample.names if not _PERSONAL.search(name)][:SHOWN]
    occur = f"the newest files have {sample.events} events, named {', '.join(shown)}"
    if dataset.purchase and not sample.purchases:
        findings.add(f"{key}.purchase: no event is named {' or '.join(dataset.purchase)}; {occur}", certain=certain)
    if dataset.taxonomy and not sample.known:
        findings.add(f"{key}.taxonomy: no event has any of these names; {occur}", certain=certain)
    for column in _from_paths(dataset):
        if not sample.filled[column] and sample.payloads:
            paths = " or ".join(dataset.sources(column))
            text = f"{_place(key, dataset, column)}: {paths} matches nothing in {sample.payloads} payloads"
            findings.add(text, certain=whole and sample.payloads >= ENOUGH_EVENTS)
    if sample.purchases >= ENOUGH_PURCHASES:
        _compare_purchases(key, dataset, sample, findings)


def _compare_keys(
    key: str, dataset: Dataset, sample: Sample, keyed: Sequence[str], findings: Findings, *, whole: bool
) -> None:
    """Report columns that are found by a key, if no event has the key."""
    for column in keyed:
        if not sample.filled[column]:
            names = " or ".join(dataset.sources(column))
            text = f"{_place(key, dataset, column)}: {names} matches nothing in {sample.events} events"
            findings.add(text, certain=whole and sample.events >= ENOUGH_EVENTS)


def _compare_purchases(key: str, dataset: Dataset, sample: Sample, findings: Findings) -> None:
    for column, number, what in (
        ("revenue", sample.amounts, "plausible amount"),
        ("transaction_id", sample.transaction_ids, "id but blanks and placeholders"),
    ):
        if column in dataset.mapped() and not number:
            names = " or ".join(dataset.sources(column))
            text = f"{key}.columns.{column}: {names} has no {what} in any of {sample.purchases} purchases"
            findings.add(text, certain=True)


def _from_paths(dataset: Dataset) -> list[str]:
    """The columns that come from the payload alone, except those that only purchases have."""
    return [column for column in _of_all_events(dataset) if mapping.only_paths(dataset, column)]


def _keyed(dataset: Dataset, footers: Sequence[Footer]) -> list[str]:
    """The columns that all files have by a key alone, except those that only purchases have."""
    columns = (column for column in _of_all_events(dataset) if column != "timestamp")
    return [column for column in columns if all(mapping.keyed(dataset, footer, column) for footer in footers)]


def _of_all_events(dataset: Dataset) -> Iterator[str]:
    columns = (*dataset.mapped(), *dataset.dimension_columns())
    return (column for column in columns if column not in mapping.OF_PURCHASES)


def _place(key: str, dataset: Dataset, column: str) -> str:
    """The key of a canonical column, or of a dimension."""
    dimension = dataset.dimension_columns().get(column)
    return f"{key}.dimensions.{dimension}" if dimension else f"{key}.columns.{column}"
