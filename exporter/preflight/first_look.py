"""Opens the newest files of every data set, and compares a sample of their events with the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.config.model import Config, Dataset, Links, Resources
from exporter.days import Day, date_of
from exporter.engine import chosen
from exporter.engine.duckdb.engine import DuckDB
from exporter.engine.duckdb.sample import Sample
from exporter.engine.protocol import EngineError
from exporter.facts.catalogue import Catalogue
from exporter.files import mapping
from exporter.files.access import Access
from exporter.files.entry import Measurable
from exporter.files.file import File, FilesError
from exporter.files.footers import Footer, UnreadableError, read_footer
from exporter.measures import declared
from exporter.measures.declared import Measure
from exporter.preflight import columns, compare
from exporter.preflight.findings import Findings, number
from exporter.preflight.table import table
from exporter.temporary import SPILL, Folder
from exporter.text import clean

FILES = 20
"""Files that are opened: those written last."""

DAYS = 3
"""Days whose events are read, up to the newest."""

ROWS = 1_000_000
"""The maximum number of events that are read, from the newest files first."""


def take(config: Config, measures: Mapping[str, Sequence[Measure]]) -> Findings:
    """What the newest files of every data set show of its configuration and its `measures`.

    Raises TemporaryError.
    """
    findings = Findings()
    findings.notes += _links(config.links)
    for name, dataset in config.datasets.items():
        try:
            _look(f"datasets.{name}", dataset, measures[name], config.resources, findings)
        except FilesError as error:
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
    """Raises FilesError, EngineError, TemporaryError."""
    if found := chosen.problem(dataset):
        reason, certain = found
        findings.add(f"{key}.engine: {reason}", certain=certain)
    with Folder(SPILL) as folder:
        access = Access.of(dataset, resources, folder)
        listed = sorted(access.find(), key=lambda file: (file.mtime_ns, file.path))[-FILES:]
        footers = list(_footers(key, dataset, access, listed, findings))
        if not footers:
            why = "no file with events yet" if listed else f"NO FILE MATCHES {', '.join(dataset.files)}"
            what = "columns, names and measures were not checked"
            findings.unchecked.append(clean(f"{key}.files: {why}: {what}", 1000))
        elif compare.columns(key, dataset, footers, findings):
            own = _own(dataset, measures)
            with closing(DuckDB(dataset, own, access, listed, folder, folder, resources)) as engine:
                catalogue = Catalogue(engine, access, dataset, listed, {}, None, datetime.now(UTC))
                _look_into(key, dataset, measures, engine, catalogue, footers, findings)


def _look_into(
    key: str,
    dataset: Dataset,
    measures: Sequence[Measure],
    engine: DuckDB,
    catalogue: Catalogue,
    footers: Sequence[Footer],
    findings: Findings,
) -> None:
    """Compare the events of the newest files with the configuration."""
    if catalogue.anchor() is None:
        findings.add(f"{key}.columns.timestamp: no event has a plausible timestamp", certain=True)
        return
    files = _newest(catalogue)
    whole = sum(each.footer.rows for each in files) <= ROWS
    sample = engine.sample(files, _span(files), None if whole else ROWS)
    for each in _own(dataset, measures):
        if problem := engine.problem(each):
            findings.add(f"{key}.measures: {each.name}.sql: {problem}", certain=True)
    rows = columns.rows(dataset, footers, sample, files)
    became = table(rows, len(footers), columns.not_mapped(dataset, measures))
    findings.notes.append(f"{key}: {_seen(dataset, sample, files)}\n{became}")
    compare.sample(key, dataset, sample, footers, findings, whole=whole)


def _own(dataset: Dataset, measures: Sequence[Measure]) -> list[Measure]:
    """The measures that the user wrote, without those that need what is not mapped."""
    built_in = {each.name for each in declared.load()}
    return [each for each in measures if each.name not in built_in and not each.unmet(dataset)]


def _seen(dataset: Dataset, sample: Sample, files: Sequence[Measurable]) -> str:
    """What was compared with the configuration: how many events, of which days."""
    span, zone = _span(files), ZoneInfo(dataset.time_zone)
    first, last = date_of(span.start, zone), date_of(span.end - 1, zone)
    days = str(last) if first == last else f"{first} to {last}"
    return f"looked at {number(sample.events, 'event')} of {days}, in {number(len(files), 'file')}"


def _footers(key: str, dataset: Dataset, access: Access, files: Sequence[File], findings: Findings) -> Iterator[Footer]:
    """The footers of the files with events; a note names each file that cannot be read."""
    with access.footers(files) as problems:
        for file in files:
            try:
                if problem := problems.get(file):
                    raise UnreadableError(str(problem))
                names, path = mapping.names(dataset), access.local(file).path
                footer = read_footer(file, dataset.columns.timestamp, names, path)
            except UnreadableError as error:
                findings.add(f"{key}.files: {file.name} not read: {error}", certain=False)
                continue
            if footer.rows:
                yield footer


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
