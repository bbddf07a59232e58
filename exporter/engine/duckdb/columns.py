"""SQL for the canonical columns of a file: names, aliases, types, fields, folders, JSON paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exporter.config.model import COLUMNS, Dataset
from exporter.config.values import DIMENSION_COLUMNS, is_json_path
from exporter.engine.duckdb import amounts, watched
from exporter.engine.duckdb.instants import instant
from exporter.engine.duckdb.steps import FILE, expression, first_of, identifier, position, text
from exporter.files import mapping
from exporter.files.fields import Field
from exporter.files.file import File
from exporter.files.footers import Footer

IDS = ("client_id", "transaction_id", "event_id")
"""The columns in which a placeholder is no value: the next of several sources counts then."""


@dataclass(frozen=True, order=True)
class Shape:
    """What files must share to be read by one scan: the SQL of every column, and the types that it reads.

    Of two types, DuckDB would cast one to the other, and lose cents or the leading zeros of an id.
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
    own = {each.plain[0] for each in mapping.plain_fields(dataset, footer)}
    return Shape(tuple(selected(dataset, footer)), tuple(types[name] for name in sorted(own)))


def scan(parameter: str, *, replacing: bool = False, named: bool = False) -> str:
    """SQL that reads the files in the list `parameter`; folder names never become columns.

    With `replacing`, each byte that is not UTF-8 is read as `?`; otherwise it is an error. With `named`, the column
    FILE is the path.
    """
    encoding = ", utf8_validation = 'replace'" if replacing else ""
    name = f", filename = {text(FILE)}" if named else ""
    return f"read_parquet({parameter}, hive_partitioning = false, binary_as_string = true{name}{encoding})"


def selected(dataset: Dataset, footer: Footer) -> Iterator[str]:
    """SQL for each canonical column, dimension and watched field, with its name; NULL if the file has no source."""
    yield f"{timestamp(dataset, footer)} AS ts"
    for column in (*COLUMNS[1:], *DIMENSION_COLUMNS, *dataset.field_columns()):
        sources = _sources(dataset, footer, column)
        if column in IDS:
            sources = [*(f"CASE WHEN {is_value(each)} THEN {each} END" for each in sources[:-1]), *sources[-1:]]
        yield f"{first_of(sources, amounts.TYPE if column == 'revenue' else 'VARCHAR')} AS {column}"


def as_sent(dataset: Dataset, footer: Footer, column: str) -> str:
    """SQL for the text of a column as the file has it, before it becomes a number or is seen to be a placeholder."""
    return first_of(_sources(dataset, footer, column, as_sent=True))


def timestamp(dataset: Dataset, footer: Footer) -> str:
    """SQL for the timestamp in UTC, the first that is not NULL; a date is midnight in the reporting zone."""
    names = dataset.columns.timestamp
    fields = [field for name in names for field in mapping.fitting(footer, "timestamp", name)]
    return first_of([instant(dataset.time_zone, expression(each.steps), each.kind) for each in fields], "TIMESTAMP")


def paths(dataset: Dataset) -> dict[str, str]:
    """The JSON paths that the configuration maps, by the name of their SQL parameter."""
    return {f"path_{number}": path for number, path in enumerate(sorted(mapping.names(dataset))) if is_json_path(path)}


def folders(dataset: Dataset, files: Iterable[tuple[File, Footer]]) -> dict[str, list[str | None]]:
    """Values from folder names by SQL parameter: the paths of the files, and a value for each.

    Being parameters, they are not part of a shape: there may be a folder for each event name.
    """
    parameters: dict[str, list[str | None]] = {}
    listed = list(files)
    for number, name in enumerate(sorted(mapping.names(dataset))):
        values = {file.path: each.value for file, footer in listed for each in footer.find(name) if each.is_folder}
        parameters |= {f"folder_files_{number}": [*values], f"folder_values_{number}": [*values.values()]}
    return parameters


def positions(dataset: Dataset, footer: Footer) -> dict[str, str]:
    """SQL for where a list of the file has a key that is mapped, by the parameter for the place to look first."""
    return {
        _place(dataset, name): sql
        for name in mapping.names(dataset)
        for field in footer.find(name)
        if (sql := position(field.steps))
    }


def _place(dataset: Dataset, name: str) -> str:
    return f"place_{sorted(mapping.names(dataset)).index(name)}"


def _from_folder(dataset: Dataset, name: str) -> str:
    number = sorted(mapping.names(dataset)).index(name)
    values = f"map($folder_files_{number}, CAST($folder_values_{number} AS VARCHAR[]))"
    return f"map_extract_value({values}, {identifier(FILE)})"


def keys(dataset: Dataset) -> dict[str, str]:
    """SQL for the hashes of an event's content, of its id, and of what makes two rows the same event.

    The last is the key of the configuration; without one, the id; without an id, time and content. SQL may name the
    hashes before it.
    """
    own = ", ".join("ts" if column == "timestamp" else column for column in dataset.duplicate_key)
    event_key = f"CASE WHEN {is_value('event_id')} THEN hash(event_id) END"
    return {
        "content_key": f"hash({', '.join(content(dataset))})",
        "event_key": event_key if dataset.sources("event_id") else "CAST(NULL AS UBIGINT)",
        "row_key": f"hash({own})" if own else "coalesce(event_key, hash(ts, content_key))",
    }


def is_value(sql: str) -> str:
    """SQL for whether a text is not wholly a placeholder."""
    return f"regexp_extract({sql}, $placeholder) <> {sql}"


def content(dataset: Dataset) -> tuple[str, ...]:
    """The columns of an event's content: all but the timestamp and those that the payload covers."""
    return tuple(
        column for column in dataset.mapped() if column != "timestamp" and not mapping.only_paths(dataset, column)
    )


def _sources(dataset: Dataset, footer: Footer, column: str, *, as_sent: bool = False) -> list[str]:
    """SQL for each source of `column` that the file has; `as_sent`, an amount is text, too."""
    is_amount, given = column == "revenue" and not as_sent, dataset.amount()
    extract = amounts.extract(given if is_amount else None)
    found: list[tuple[str, str]] = []
    for name in dataset.sources(column):
        if fitting := mapping.fitting(footer, column, name):
            found += [(_value(dataset, footer, column, each, extract), each.kind) for each in fitting]
        elif is_json_path(name) and _sources(dataset, footer, "payload"):
            found.append((_from_payload(dataset, footer, column, name, extract), "JSON"))
    return [amounts.amount(given, value, kind) if is_amount else _as_text(value, kind) for value, kind in found]


def _value(dataset: Dataset, footer: Footer, column: str, field: Field, extract: str) -> str:
    if field.is_folder:
        return _from_folder(dataset, field.source)
    value = expression(field.steps, extract, f"${_place(dataset, field.source)}")
    return _of_kinds(dataset, footer, column, value) if field.kind == "JSON" else value


def _of_kinds(dataset: Dataset, footer: Footer, column: str, value: str) -> str:
    """The value; for a column of purchases or a watched field, NULL on events that do not carry it."""
    kinds = "$purchase" if column in mapping.OF_PURCHASES else watched.kinds(dataset, column)
    if not kinds:
        return value
    event_name = first_of(_sources(dataset, footer, "event_name"))
    return f"CASE WHEN list_contains({kinds}, {event_name}) THEN {value} END"


def _as_text(value: str, kind: str) -> str:
    as_text = f"CAST({f'to_json({value})' if kind == 'nested' else value} AS VARCHAR)"
    return f"nullif(regexp_replace({as_text}, '\\.0+$', ''), 'nan')" if kind == "number" else as_text


def _from_payload(dataset: Dataset, footer: Footer, column: str, path: str, extract: str) -> str:
    """The value at a JSON path of the payload, taken by the function `extract`."""
    parameter = next(name for name, each in paths(dataset).items() if each == path)
    payload = first_of(_sources(dataset, footer, "payload"))
    value = f"CASE WHEN json_valid({payload}) THEN {extract}({payload}, ${parameter}) END"
    return _of_kinds(dataset, footer, column, value)
