"""A first look at the data: `--check-config` compares the configuration with the newest files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.config.model import Dataset, Links, Resources
from exporter.days import Day, date_of
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
from exporter.measures import declared
from exporter.measures.declared import Measure
from exporter.plan import Plan
from exporter.temporary import SPILL, Folder
from exporter.text import clean, did_you_mean

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
    """What does not match the data: `problems`, for which the configuration is refused, and `notes`; `key: what`.

    `unchecked` is why data sets could not be compared with any data.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def add(self, text: str, *, certain: bool) -> None:
        """Add a problem if it is certain, otherwise a note."""
        (self.problems if certain else self.notes).append(clean(text, 1000))


def take(plan: Plan) -> Findings:
    """Open the newest files of every data set, read some of their events, and compare them with the configuration.

    Raises TemporaryError.
    """
    findings = Findings()
    findings.notes += _links(plan.config.links)
    for name, dataset in plan.config.datasets.items():
        try:
            _look(f"datasets.{name}", dataset, plan.measures[name], plan.config.resources, findings)
        except FactsError as error:
            findings.add(f"datasets.{name}.files: {error}", certain=True)
        except EngineError as error:
            findings.add(f"datasets.{name}.files: not read: {error}", certain=False)
    return findings


def _links(links: Links) -> Iterator[str]:
    """A note if pages will lack links."""
    leads_to = {"runbooks": "runbooks", "grafana": "dashboards"}
    lacking = [name for name, default in Links().model_dump().items() if getattr(links, name) == default]
    if lacking:
        what = " and ".join(leads_to[name] for name in lacking)
        yield f"links: {' and '.join(lacking)} not set, so pages have no links to {what}"


def _look(key: str, dataset: Dataset, measures: Sequence[Measure], resources: Resources, findings: Findings) -> None:
    listed = sorted(measure.find(dataset), key=lambda file: (file.mtime_ns, file.path))[-FILES:]
    footers = list(_footers(key, dataset, listed, findings))
    if not footers:
        why = "no file with events yet" if listed else f"NO FILE MATCHES {', '.join(dataset.files)}"
        findings.unchecked.append(clean(f"{key}.files: {why}: columns, names and measures were not checked", 1000))
        return
    before = len(findings.problems)
    for column in (*dataset.mapped(), *dataset.dimension_columns()):
        if not any(mapping.has(dataset, footer, column) for footer in footers):
            findings.add(f"{_place(key, dataset, column)}: {_lack(dataset, footers, column)}", certain=True)
    if len(findings.problems) > before:
        return
    own = _own(dataset, measures)
    with Folder(SPILL) as folder, closing(DuckDB(dataset, own, listed, folder, folder, resources)) as engine:
        catalogue = Catalogue(engine, dataset, listed, {}, None, datetime.now(UTC))
        if catalogue.anchor() is None:
            findings.add(f"{key}.columns.timestamp: no event has a plausible timestamp", certain=True)
            return
        files = _newest(catalogue)
        whole = sum(each.footer.rows for each in files) <= ROWS
        keyed = _keyed(dataset, footers)
        sample = engine.sample(files, _span(files), None if whole else ROWS, {*_from_paths(dataset), *keyed})
        for each in own:
            if problem := engine.problem(each):
                findings.add(f"{key}.measures: {each.name}.sql: {problem}", certain=True)
    findings.add(f"{key}: {_seen(dataset, sample, files)}", certain=False)
    _compare(key, dataset, sample, findings, whole=whole)
    _compare_keys(key, dataset, sample, keyed, findings, whole=whole)


def _own(dataset: Dataset, measures: Sequence[Measure]) -> list[Measure]:
    """The measures that the user wrote, without those that need what is not mapped."""
    built_in = {each.name for each in declared.load()}
    return [each for each in measures if each.name not in built_in and not each.unmet(dataset)]


def _seen(dataset: Dataset, sample: Sample, files: Sequence[Measurable]) -> str:
    """What was compared with the configuration: how many events, of which days."""
    span, zone = _span(files), ZoneInfo(dataset.time_zone)
    first, last = date_of(span.start, zone), date_of(span.end - 1, zone)
    days = str(last) if first == last else f"{first} to {last}"
    return f"looked at {_number(sample.events, 'event')} of {days}, in {_number(len(files), 'file')}"


def _number(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


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
    every = [name for footer in footers for name, _ in footer.kinds]
    hint = _hint(dataset.sources(column), every)
    own = [clean(name) for name, _ in footers[-1].kinds[: mapping.SHOWN]]
    return f"none of the {len(footers)} newest files has {names}{hint}; the columns are {', '.join(own)}"


def _hint(names: Iterable[str], known: Sequence[str]) -> str:
    """The known name that one of these may mean, as the end of a sentence; or nothing."""
    return clean(next(filter(None, (did_you_mean(name, known) for name in names)), ""))


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
        named = f"{' or '.join(dataset.purchase)}{_hint(dataset.purchase, shown)}"
        findings.add(f"{key}.purchase: no event is named {named}; {occur}", certain=certain)
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
