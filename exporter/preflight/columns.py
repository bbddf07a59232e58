"""What each mapped column became in the newest files: where it is, its type, and how many values are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from exporter.config.model import COLUMNS, DERIVED, Dataset
from exporter.config.values import is_json_path
from exporter.engine.duckdb.sample import Sample
from exporter.files import mapping
from exporter.files.entry import Measurable
from exporter.files.fields import Field
from exporter.files.footers import Footer
from exporter.measures.declared import Measure

_TIMES = {
    "timestamp": "UTC time",
    "instant": "zoned time",
    "date": "midnight",
    "integer": "epoch time",
    "number": "epoch time",
}
"""What a timestamp of each kind is read as; any other kind is text."""

_EXPECTED = {"timestamp": "time text", "revenue": "amount"}
"""What the value of a canonical column is read as, if not as text."""


class Place(NamedTuple):
    """Where a file has a source: what it calls it, its type there, and what that is read as."""

    own: str
    type: str
    read_as: str


class Row(NamedTuple):
    """A column and a source of it: where `files` files have it, and the share of events without a value, if known."""

    column: str
    source: str
    place: Place | None
    missing: float | None
    files: int


def rows(dataset: Dataset, footers: Sequence[Footer], sample: Sample, files: Sequence[Measurable]) -> Iterator[Row]:
    """The sources of each column; one that the files have in several places is a row for each of them."""
    further = dataset.dimension_columns() | dataset.field_columns()
    for column in (*dataset.mapped(), *further):
        name, missing = further.get(column, column), _missing(dataset, column, sample, files)
        for source in dataset.sources(column):
            found = Counter(_place(dataset, footer, column, source) for footer in reversed(footers))
            number = found.pop(None, 0)
            for place, count in found.most_common() if number < len(footers) else [(None, 0)]:
                yield Row(name, source, place, missing, count)
                name, missing = "", None


def _missing(dataset: Dataset, column: str, sample: Sample, files: Sequence[Measurable]) -> float | None:
    """The share of the sampled events without a value, of those that should have one; None without any."""
    if column == "timestamp":
        return sum(each.implausible for each in files) / sum(each.footer.rows for each in files)
    if column in dataset.field_columns():
        of, number = sample.fields.get(dataset.field_columns()[column], (0, 0))
        return 1 - number / of if of else None
    number, of = {
        "client_id": (sample.clients, sample.events),
        "revenue": (sample.amounts, sample.purchases),
        "transaction_id": (sample.transaction_ids, sample.purchases),
        "currency": (sample.filled.get("currency", 0), sample.purchase_rows),
    }.get(column, (sample.filled[column], sample.events))
    return 1 - number / of if of else None


def _place(dataset: Dataset, footer: Footer, column: str, source: str) -> Place | None:
    """Where the file has the source; a JSON path is in the payload."""
    if fields := mapping.fitting(footer, column, source):
        types = ", ".join(dict.fromkeys(map(_type, fields)))
        own = f"{fields[0].name}=/" if fields[0].is_folder else fields[0].name
        return Place(own, types, _read_as(column, fields[0].kind))
    payload = (field for name in dataset.sources("payload") for field in mapping.fitting(footer, "payload", name))
    if is_json_path(source) and (within := next(payload, None)):
        return Place(f"in {within.name}", "JSON", _read_as(column, "JSON"))
    return None


def _type(field: Field) -> str:
    return "JSON" if field.kind == "JSON" else field.type.replace(", tz=", ", ")


def _read_as(column: str, kind: str) -> str:
    if column == "timestamp" and kind in _TIMES:
        return _TIMES[kind]
    return _EXPECTED.get(column, "JSON" if kind == "nested" else "text")


def not_mapped(dataset: Dataset, measures: Sequence[Measure]) -> dict[str, list[str]]:
    """The canonical columns that are not mapped, by what that means: derived from another, or measures that are off."""
    found: dict[str, list[str]] = {}
    for column in (each for each in COLUMNS if each not in dataset.mapped()):
        derived = DERIVED.get(column)
        off = [each.name for each in measures if each.unmet(dataset) and any(column in need for need in each.needs)]
        why = f"from {derived}" if derived in dataset.mapped() else f"off: {', '.join(off)}" if off else ""
        found.setdefault(why, []).append(column)
    return found
