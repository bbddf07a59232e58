"""The mapping: where a file has each canonical column, by the configuration; no SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from exporter.config.model import Dataset
from exporter.config.values import is_json_path
from exporter.files.fields import Field
from exporter.files.footers import Footer, UnreadableError

OF_PURCHASES = ("revenue", "transaction_id", "currency")
"""Columns that are read from the payload of purchases only, because parsing JSON is expensive."""

SHOWN = 20
"""The maximum number of columns that a message lists."""

_EXPECTED = {"timestamp": "a timestamp", "revenue": "a number"}
"""The expected content of a canonical column, if not text."""


def names(dataset: Dataset) -> set[str]:
    """All names and paths that the configuration maps."""
    return {name for column in (*dataset.mapped(), *dataset.further_columns()) for name in dataset.sources(column)}


def check(dataset: Dataset, footer: Footer) -> None:
    """Raise UnreadableError if the file lacks a timestamp or an event name, or has a duplicate column.

    A file without rows is always valid.
    """
    if not footer.rows:
        return
    own = Counter(name for name, _ in footer.kinds)
    alike = Counter(name.casefold() for name in own.elements())
    for source in sorted(names(dataset)):
        if alike[source.casefold()] > 1:
            twice = own[footer.own_name(source) or source] > 1
            raise UnreadableError(f"{'duplicate column' if twice else 'columns that differ only in case'}: {source}")
    for column in ("timestamp", "event_name"):
        if not has(dataset, footer, column):
            raise UnreadableError(_absence(dataset, footer, column))


def _absence(dataset: Dataset, footer: Footer, column: str) -> str:
    if reason := misfit(dataset, footer, column):
        return f"{column} ({reason})"
    expected = dataset.sources(column)
    own = [name for name, _ in footer.kinds[:SHOWN]]
    return f"no column for {column}: looked for {', '.join(expected)}, found {', '.join(own)}"


def missing(dataset: Dataset, footer: Footer) -> tuple[str, ...]:
    """The mapped columns for which the file has no source."""
    return tuple(column for column in dataset.mapped() if not has(dataset, footer, column))


def misfit(dataset: Dataset, footer: Footer, column: str) -> str | None:
    """Why the file's column of that name is unusable: `a struct, expected text`; None if it has no such column."""
    fields = (each for name in dataset.sources(column) for each in footer.find(name))
    nested = [each.type for each in fields if not _fits(each, column)]
    if not nested:
        return None
    kind = next((each for each in ("struct", "map") if nested[0].startswith(each)), "list")
    return f"a {kind}, expected {_EXPECTED.get(column, 'text')}"


def _fits(field: Field, column: str) -> bool:
    """Whether the field can be `column`: only the payload, as JSON, can be nested."""
    return column == "payload" or field.kind != "nested"


def fitting(footer: Footer, column: str, name: str) -> list[Field]:
    """Where the file has `name`, in a form that can be `column`."""
    return [each for each in footer.find(name) if _fits(each, column)]


def has(dataset: Dataset, footer: Footer, column: str) -> bool:
    """Whether the file has a source of `column`; for a JSON path, whether it has a payload."""
    return source(dataset, footer, column) is not None


def source(dataset: Dataset, footer: Footer, column: str) -> tuple[str | None, str] | None:
    """The source of `column` in the file: its name, None if it is as configured, and its kind; None without a source.

    The kind of what comes from the payload is JSON, whatever the payload's own name and kind are.
    """
    for name in dataset.sources(column):
        if fields := fitting(footer, column, name):
            own = fields[0].name
            return (None if own == name else own), "value by key" if _by_key(fields) else fields[0].kind
        if is_json_path(name) and source(dataset, footer, "payload"):
            return None, "JSON"
    return None


def _by_key(fields: Iterable[Field]) -> bool:
    """Whether it is the value of a key, with a field for each type: a file has the types that its data need."""
    return any(each.keyed and each.steps[-1].how == "field" for each in fields)


def keyed(dataset: Dataset, footer: Footer, column: str) -> bool:
    """Whether the file has `column` only by keys in its data; JSON paths in the payload do not count."""
    fields = [each for name in dataset.sources(column) for each in fitting(footer, column, name)]
    return bool(fields) and all(each.keyed for each in fields)


def read(dataset: Dataset, footer: Footer, of: Iterable[str] | None = None) -> set[str]:
    """What is read from the file: columns, or fields of structs as Parquet writes them, `column.field`.

    With `of`, only what these canonical columns need.
    """
    sources = names(dataset) if of is None else {name for column in of for name in dataset.sources(column)}
    found = (each for name in sources for each in footer.find(name) if each.plain)
    return {".".join(each.plain) for each in found}


def plain_fields(dataset: Dataset, footer: Footer) -> Iterator[Field]:
    """Where the file has the mapped names, except for those in the names of folders."""
    return (each for name in names(dataset) for each in footer.find(name) if each.plain)


def only_paths(dataset: Dataset, column: str) -> bool:
    """Whether `column` comes from the payload alone."""
    return all(map(is_json_path, dataset.sources(column)))
