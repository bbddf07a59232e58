"""SQL for the canonical columns of a file: names, aliases, types, fields, folders, JSON paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exporter.config.model import COLUMNS, Dataset, is_json_path
from exporter.engine.duckdb.instants import instant
from exporter.engine.duckdb.steps import FILE, expression, identifier, text
from exporter.files.fields import Field
from exporter.files.footers import Footer, UnreadableError
from exporter.files.listing import File

OF_PURCHASES = ("revenue", "transaction_id")
"""Columns that are read from the payload of purchases only, because parsing JSON is dear."""

SHOWN = 20
"""Columns of a file that a message lists."""


_EXPECTED = {"timestamp": "a timestamp", "revenue": "a number"}
"""What a canonical column holds, where it is not text."""


def check(dataset: Dataset, footer: Footer) -> None:
    """Raise UnreadableError when the file lacks a timestamp or an event name, or has a column twice.

    A file without rows lacks nothing.
    """
    if not footer.rows:
        return
    own = Counter(name for name, _ in footer.kinds)
    alike = Counter(name.casefold() for name in own.elements())
    for source in (source for column in dataset.mapped() for source in getattr(dataset.columns, column)):
        if alike[source.casefold()] > 1:
            twice = own[footer.own_name(source) or source] > 1
            raise UnreadableError(f"{'duplicate column' if twice else 'columns that differ only in case'}: {source}")
    for column in ("timestamp", "event_name"):
        if not _sources(dataset, footer, column):
            raise UnreadableError(_absence(dataset, footer, column))


def _absence(dataset: Dataset, footer: Footer, column: str) -> str:
    if reason := misfit(dataset, footer, column):
        return f"{column} ({reason})"
    wanted = getattr(dataset.columns, column)
    own = [name for name, _ in footer.kinds[:SHOWN]]
    return f"no column for {column}: looked for {', '.join(wanted)}, found {', '.join(own)}"


def missing(dataset: Dataset, footer: Footer) -> tuple[str, ...]:
    """The mapped columns for which the file has no source."""
    return tuple(column for column in dataset.mapped() if not _sources(dataset, footer, column))


def misfit(dataset: Dataset, footer: Footer, column: str) -> str | None:
    """Why the file's column of that name is none: `a struct, expected text`; None where it has none of that name."""
    found = (each for name in getattr(dataset.columns, column) or () for each in footer.find(name))
    nested = [each.type for each in found if not _fits(each, column)]
    if not nested:
        return None
    kind = next((each for each in ("struct", "map") if nested[0].startswith(each)), "list")
    return f"a {kind}, expected {_EXPECTED.get(column, 'text')}"


def _fits(field: Field, column: str) -> bool:
    """Whether it can be `column`: only the payload, as JSON, can be nested."""
    return column == "payload" or field.kind != "nested"


def _fitting(footer: Footer, column: str, name: str) -> list[Field]:
    """Where the file has `name`, as far as that can be `column`."""
    return [each for each in footer.find(name) if _fits(each, column)]


def source(dataset: Dataset, footer: Footer, column: str) -> tuple[str | None, str] | None:
    """Where the file has `column` from: its name, None where it is one that the configuration has, and its kind.

    What comes from the payload is JSON, whatever the payload's own name and kind are.
    """
    for name in getattr(dataset.columns, column) or ():
        if found := _fitting(footer, column, name):
            own = found[0].name
            return (None if own == name else own), "value by key" if _by_key(found) else found[0].kind
        if is_json_path(name) and source(dataset, footer, "payload"):
            return None, "JSON"
    return None


def _by_key(found: Iterable[Field]) -> bool:
    """Whether it is a value that has one of several types: a file may have some of them, as its data need."""
    return any(each.keyed and each.steps[-1].how == "field" for each in found)


def keyed(dataset: Dataset, footer: Footer, column: str) -> bool:
    """Whether the file has `column` only where its data have a key, a JSON path in the payload left out."""
    found = [each for name in getattr(dataset.columns, column) or () for each in _fitting(footer, column, name)]
    return bool(found) and all(each.keyed for each in found)


@dataclass(frozen=True, order=True)
class Shape:
    """What two files must share to be read by one scan: the SQL of every column, and the types that it reads.

    Of two types the database would cast one to the other, and lose cents or zeros at the front of an id.
    """

    sql: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def has_folders(self) -> bool:
        """Whether a column comes from the name of the file's folder."""
        return any(FILE in each for each in self.sql)


def shape(dataset: Dataset, footer: Footer) -> Shape:
    """The shape of a file."""
    types = dict(zip((name for name, _ in footer.kinds), footer.types, strict=True))
    own = {each.plain[0] for each in _read(dataset, footer)}
    return Shape(tuple(selected(dataset, footer)), tuple(types[name] for name in sorted(own)))


def read(dataset: Dataset, footer: Footer) -> set[str]:
    """What is read of the file: columns, or fields of structs as Parquet writes them, `column.field`."""
    return {".".join(each.plain) for each in _read(dataset, footer)}


def _read(dataset: Dataset, footer: Footer) -> Iterator[Field]:
    return (each for name in names(dataset) for each in footer.find(name) if each.plain)


def scan(parameter: str, *, replacing: bool = False, named: bool = False) -> str:
    """SQL that reads the files in the list `parameter`; their folders' names never become columns.

    `replacing` reads a `?` for each byte of a text that is not UTF-8, which is an error otherwise; with `named`, FILE
    is the path.
    """
    encoding = ", utf8_validation = 'replace'" if replacing else ""
    name = f", filename = {text(FILE)}" if named else ""
    return f"read_parquet({parameter}, hive_partitioning = false, binary_as_string = true{name}{encoding})"


def names(dataset: Dataset) -> set[str]:
    """All names and paths that the configuration maps."""
    return {name for column in dataset.mapped() for name in getattr(dataset.columns, column)}


def selected(dataset: Dataset, footer: Footer) -> Iterator[str]:
    """SQL for each canonical column, with its name; NULL where the file has no source."""
    yield f"{timestamp(dataset, footer)} AS ts"
    for column in COLUMNS[1:]:
        sources = _sources(dataset, footer, column)
        null = f"CAST(NULL AS {'DECIMAL(18, 4)' if column == 'revenue' else 'VARCHAR'})"
        yield f"coalesce({', '.join([*sources, null])}) AS {column}"


def timestamp(dataset: Dataset, footer: Footer) -> str:
    """SQL for the timestamp in UTC, of the first name that the file has; a date is that day in the reporting zone."""
    found = next(filter(None, (_fitting(footer, "timestamp", name) for name in dataset.columns.timestamp)))
    first, *others = (instant(dataset.time_zone, expression(each.steps), each.kind) for each in found)
    return f"coalesce({', '.join([first, *others])})" if others else first


def paths(dataset: Dataset) -> dict[str, str]:
    """The JSON paths of the configuration by the name of their SQL parameter."""
    return {f"path_{number}": path for number, path in enumerate(sorted(names(dataset))) if is_json_path(path)}


def folders(dataset: Dataset, files: Iterable[tuple[File, Footer]]) -> dict[str, list[str | None]]:
    """The folders' values of these files by the names of their SQL parameters: paths, and a value for each of them.

    Files that differ in them have one shape: there may be a folder for each name of an event.
    """
    found: dict[str, list[str | None]] = {}
    listed = list(files)
    for number, name in enumerate(sorted(names(dataset))):
        values = {file.path: each.value for file, footer in listed for each in footer.find(name) if each.is_folder}
        found |= {f"folder_files_{number}": [*values], f"folder_values_{number}": [*values.values()]}
    return found


def _from_folder(dataset: Dataset, name: str) -> str:
    number = sorted(names(dataset)).index(name)
    values = f"map($folder_files_{number}, CAST($folder_values_{number} AS VARCHAR[]))"
    return f"map_extract_value({values}, {identifier(FILE)})"


def key(dataset: Dataset) -> tuple[str, ...]:
    """The configured columns that make two rows the same event; without them its time and its content do."""
    return tuple("ts" if column == "timestamp" else column for column in dataset.duplicate_key) or (
        "ts",
        "content_key",
    )


def content(dataset: Dataset) -> tuple[str, ...]:
    """What an event says but for when; what comes from the payload alone is compared with it."""
    return tuple(column for column in dataset.mapped() if column != "timestamp" and not only_paths(dataset, column))


def only_paths(dataset: Dataset, column: str) -> bool:
    """Whether `column` comes from the payload alone."""
    return all(map(is_json_path, getattr(dataset.columns, column)))


def _sources(dataset: Dataset, footer: Footer, column: str) -> list[str]:
    """SQL for each source of `column` that the file has."""
    found = []
    for name in getattr(dataset.columns, column) or ():
        if fitting := _fitting(footer, column, name):
            found += [_cast(column, _value(dataset, footer, column, each), each.kind) for each in fitting]
        elif is_json_path(name) and _sources(dataset, footer, "payload"):
            found.append(_from_payload(dataset, footer, column, name))
    return found


def _value(dataset: Dataset, footer: Footer, column: str, field: Field) -> str:
    if field.is_folder:
        return _from_folder(dataset, field.source)
    value = expression(field.steps)
    return _of_purchases(dataset, footer, column, value) if field.kind == "JSON" else value


def _of_purchases(dataset: Dataset, footer: Footer, column: str, value: str) -> str:
    """The value, but NULL where only purchases have the column and the event is none."""
    if column not in OF_PURCHASES:
        return value
    event_name = f"coalesce({', '.join(_sources(dataset, footer, 'event_name'))})"
    return f"CASE WHEN list_contains($purchase, {event_name}) THEN {value} END"


def _cast(column: str, value: str, kind: str) -> str:
    if column == "revenue":
        return f"TRY_CAST({value} AS DECIMAL(18, 4))"
    as_text = f"CAST({f'to_json({value})' if kind == 'nested' else value} AS VARCHAR)"
    return f"nullif(regexp_replace({as_text}, '\\.0+$', ''), 'nan')" if kind == "number" else as_text


def _from_payload(dataset: Dataset, footer: Footer, column: str, path: str) -> str:
    """The value at a JSON path of the payload."""
    parameter = next(name for name, each in paths(dataset).items() if each == path)
    payload = f"coalesce({', '.join(_sources(dataset, footer, 'payload'))})"
    value = f"CASE WHEN json_valid({payload}) THEN json_extract_string({payload}, ${parameter}) END"
    return _cast(column, _of_purchases(dataset, footer, column, value), "JSON")
