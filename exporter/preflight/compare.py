"""What of a configuration the newest files contradict: columns, names, paths and keys that they do not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.config.model import Dataset
from exporter.engine.duckdb.sample import Sample
from exporter.files import mapping
from exporter.files.footers import Footer
from exporter.preflight.findings import Findings, hint, number, place
from exporter.text import clean, is_personal

ENOUGH_EVENTS = 1_000
"""With fewer, a name or a path that does not occur may still be right."""

ENOUGH_PURCHASES = 10
"""With fewer, purchases without an amount may be chance."""

SHOWN = 10
"""The maximum number of names that a message lists."""


def columns(key: str, dataset: Dataset, footers: Sequence[Footer], findings: Findings) -> bool:
    """Whether each mapped column is in one of the files; a problem names those that are not."""
    before = len(findings.problems)
    for column in (*dataset.mapped(), *dataset.further_columns()):
        if not any(mapping.has(dataset, footer, column) for footer in footers):
            findings.add(f"{place(key, dataset, column)}: {_lack(dataset, footers, column)}", certain=True)
    return len(findings.problems) == before


def _lack(dataset: Dataset, footers: Sequence[Footer], column: str) -> str:
    """Why no file has the column, with the columns that there are."""
    misfit = next(filter(None, (mapping.misfit(dataset, footer, column) for footer in footers)), None)
    if misfit:
        return misfit
    names = " or ".join(dataset.sources(column))
    every = [name for footer in footers for name, _ in footer.kinds]
    meant = hint(dataset.sources(column), every)
    own = [clean(name) for name, _ in footers[-1].kinds[: mapping.SHOWN]]
    return f"none of the {len(footers)} newest files has {names}{meant}; the columns are {', '.join(own)}"


def sample(
    key: str, dataset: Dataset, sampled: Sample, footers: Sequence[Footer], findings: Findings, *, whole: bool
) -> None:
    """Report what does not occur in the sampled events; that is certain if the sample is `whole`, all events."""
    certain = whole and sampled.events >= ENOUGH_EVENTS
    _names(key, dataset, sampled, findings, certain=certain)
    for column in filter(lambda each: mapping.only_paths(dataset, each), _of_all_events(dataset)):
        if sampled.payloads and not sampled.filled[column]:
            paths = " or ".join(dataset.sources(column))
            text = f"{place(key, dataset, column)}: {paths} matches nothing in {sampled.payloads} payloads"
            findings.add(text, certain=whole and sampled.payloads >= ENOUGH_EVENTS)
    if sampled.purchases >= ENOUGH_PURCHASES:
        _purchases(key, dataset, sampled, findings)
    fields(key, dataset, sampled, findings)
    for column in _keyed(dataset, footers):
        if not sampled.filled[column]:
            names = " or ".join(dataset.sources(column))
            text = f"{place(key, dataset, column)}: {names} matches nothing in {sampled.events} events"
            findings.add(text, certain=certain)


def _names(key: str, dataset: Dataset, sampled: Sample, findings: Findings, *, certain: bool) -> None:
    """Report a purchase name or a taxonomy that does not occur."""
    shown = [clean(name) for name in sampled.names if not is_personal(name)][:SHOWN]
    occur = f"the newest files have {sampled.events} events, named {', '.join(shown)}"
    if dataset.purchase and not sampled.purchases:
        named = f"{' or '.join(dataset.purchase)}{hint(dataset.purchase, shown)}"
        findings.add(f"{key}.purchase: no event is named {named}; {occur}", certain=certain)
    if dataset.taxonomy and not sampled.known:
        findings.add(f"{key}.taxonomy: no event has any of these names; {occur}", certain=certain)


def _purchases(key: str, dataset: Dataset, sampled: Sample, findings: Findings) -> None:
    if not sampled.in_currency:
        names = " or ".join(dataset.sources("currency"))
        text = f"{key}.currency: none of {sampled.purchases} purchases is in {dataset.currency}, by {names}"
        findings.add(text, certain=True)
    for column, count, what in (
        ("revenue", sampled.amounts or not sampled.in_currency, "plausible amount"),
        ("transaction_id", sampled.transaction_ids, "id but blanks and placeholders"),
        ("currency", sampled.filled.get("currency"), "currency"),
    ):
        if column in dataset.mapped() and not count:
            names = " or ".join(dataset.sources(column))
            text = f"{key}.columns.{column}: {names} has no {what} in any of {sampled.purchases} purchases"
            findings.add(text, certain=True)


def fields(key: str, dataset: Dataset, sampled: Sample, findings: Findings) -> None:
    """Report the watched fields that have no value in any event, and those that no event should carry."""
    for name, watched in dataset.watched_fields.items():
        events, filled = sampled.fields.get(name, (0, 0))
        where, named = f"{key}.watched_fields.{name}", " or ".join(watched.events)
        if not events:
            findings.add(f"{where}: no event is named {named}", certain=False)
        elif not filled:
            what = number(events, "event") + (f" named {named}" if named else "")
            findings.add(f"{where}: {' or '.join(watched.path)} has no value in any of {what}", certain=False)


def _keyed(dataset: Dataset, footers: Sequence[Footer]) -> list[str]:
    """The columns that all files have by a key alone, except those that only purchases have."""
    columns = (column for column in _of_all_events(dataset) if column != "timestamp")
    return [column for column in columns if all(mapping.keyed(dataset, footer, column) for footer in footers)]


def _of_all_events(dataset: Dataset) -> Iterator[str]:
    """The mapped columns that not only purchases have."""
    columns = (*dataset.mapped(), *dataset.dimension_columns())
    return (column for column in columns if column not in mapping.OF_PURCHASES)
