"""SQL for the canonical columns of a file: names, aliases, types, JSON paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from exporter.config import COLUMNS, Dataset
from exporter.footers import Footer, UnreadableError

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
    found = filter(None, map(footer.own_name, getattr(dataset.columns, column) or ()))
    nested = [dict(_typed(footer))[name] for name in found if not _fits(footer, column, name)]
    if not nested:
        return None
    kind = next((each for each in ("struct", "map") if nested[0].startswith(each)), "list")
    return f"a {kind}, expected {_EXPECTED.get(column, 'text')}"


def _fits(footer: Footer, column: str, name: str) -> bool:
    """Whether the file's column `name` can be `column`: only the payload, as JSON, can be nested."""
    return column == "payload" or dict(footer.kinds)[name] != "nested"


def _own_name(footer: Footer, column: str, name: str) -> str | None:
    """The file's name for the column `name`, None where it has none that can be `column`."""
    own = footer.own_name(name)
    return own if own and _fits(footer, column, own) else None


def _typed(footer: Footer) -> Iterator[tuple[str, str]]:
    """The file's columns and their types."""
    return zip((name for name, _ in footer.kinds), footer.types, strict=True)


def source(dataset: Dataset, footer: Footer, column: str) -> tuple[str | None, str] | None:
    """Where the file has `column` from: its name, None where it is one that the configuration has, and its kind.

    What comes from the payload is JSON, whatever the payload's own name and kind are.
    """
    for name in getattr(dataset.columns, column) or ():
        own = _own_name(footer, column, name)
        if own:
            return (None if own == name else own), dict(footer.kinds)[own]
        if name.startswith("$") and source(dataset, footer, "payload"):
            return None, "JSON"
    return None


@dataclass(frozen=True, order=True)
class Shape:
    """What two files must share to be read by one scan: the SQL of every column, and the types that it reads.

    Of two types the database would cast one to the other, and lose cents or zeros at the front of an id.
    """

    sql: tuple[str, ...]
    types: tuple[str, ...]


def shape(dataset: Dataset, footer: Footer) -> Shape:
    """The shape of a file."""
    types = dict(_typed(footer))
    own = filter(None, map(footer.own_name, names(dataset)))
    return Shape(tuple(selected(dataset, footer)), tuple(types[name] for name in sorted(set(own))))


def scan(parameter: str, *, replacing: bool = False) -> str:
    """SQL that reads the files in the list `parameter`; their folders' names never become columns.

    `replacing` reads a `?` for each byte of a text that is not UTF-8, which is an error otherwise.
    """
    encoding = ", utf8_validation = 'replace'" if replacing else ""
    return f"read_parquet({parameter}, hive_partitioning = false, binary_as_string = true{encoding})"


def names(dataset: Dataset) -> set[str]:
    """All names and JSON paths that the configuration maps."""
    return {name for column in dataset.mapped() for name in getattr(dataset.columns, column)}


def selected(dataset: Dataset, footer: Footer) -> Iterator[str]:
    """SQL for each canonical column, with its name; NULL where the file has no source."""
    yield f"{timestamp(dataset, footer)} AS ts"
    for column in COLUMNS[1:]:
        sources = _sources(dataset, footer, column)
        null = f"CAST(NULL AS {'DECIMAL(18, 4)' if column == 'revenue' else 'VARCHAR'})"
        yield f"coalesce({', '.join([*sources, null])}) AS {column}"


def timestamp(dataset: Dataset, footer: Footer) -> str:
    """SQL for the timestamp in UTC.

    Numbers are seconds, milli-, micro- or nanoseconds by their size; a date is that day in the reporting zone.
    """
    name = next(filter(None, (_own_name(footer, "timestamp", name) for name in dataset.columns.timestamp)))
    column = _identifier(name)
    number = _epoch(f"TRY_CAST({column} AS DOUBLE)")
    text_date = f"TRY_CAST({column} AS DATE)"
    of_kind = {
        "timestamp": f"CAST({column} AS TIMESTAMP)",
        "date": _midnight(dataset, column),
        "instant": f"CAST(CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP)",
        "integer": _epoch(f"TRY_CAST({column} AS BIGINT)"),
        "number": number,
        "text": f"CASE WHEN length({column}) = 10 AND contains({column}, '-') THEN {_midnight(dataset, text_date)} "
        f"ELSE coalesce(CAST(TRY_CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP), {number}) END",
    }
    return of_kind.get(dict(footer.kinds)[name], "CAST(NULL AS TIMESTAMP)")


def paths(dataset: Dataset) -> dict[str, str]:
    """The JSON paths of the configuration by the name of their SQL parameter."""
    sources = {source for column in COLUMNS for source in getattr(dataset.columns, column) or ()}
    return {f"path_{number}": path for number, path in enumerate(sorted(sources)) if path.startswith("$")}


def key(dataset: Dataset) -> tuple[str, ...]:
    """The configured columns that make two rows the same event; without them its time and its content do."""
    return tuple("ts" if column == "timestamp" else column for column in dataset.duplicate_key) or (
        "ts",
        "content_key",
    )


def content(dataset: Dataset) -> tuple[str, ...]:
    """What an event says but for when; what comes from the payload alone is compared with it."""
    return tuple(column for column in dataset.mapped() if column != "timestamp" and not _only_paths(dataset, column))


def _only_paths(dataset: Dataset, column: str) -> bool:
    return all(source.startswith("$") for source in getattr(dataset.columns, column))


def _sources(dataset: Dataset, footer: Footer, column: str) -> list[str]:
    """SQL for each source of `column` that the file has."""
    kinds = dict(footer.kinds)
    found = []
    for name in getattr(dataset.columns, column) or ():
        if own := _own_name(footer, column, name):
            found.append(_cast(column, own, kinds[own]))
        elif name.startswith("$") and _sources(dataset, footer, "payload"):
            found.append(_from_payload(dataset, footer, column, name))
    return found


def _cast(column: str, name: str, kind: str) -> str:
    if column == "revenue":
        return f"TRY_CAST({_identifier(name)} AS DECIMAL(18, 4))"
    value = f"to_json({_identifier(name)})" if kind == "nested" else _identifier(name)
    text = f"CAST({value} AS VARCHAR)"
    return f"nullif(regexp_replace({text}, '\\.0+$', ''), 'nan')" if kind == "number" else text


def _from_payload(dataset: Dataset, footer: Footer, column: str, path: str) -> str:
    """The value at a JSON path of the payload."""
    parameter = next(name for name, each in paths(dataset).items() if each == path)
    payload = f"coalesce({', '.join(_sources(dataset, footer, 'payload'))})"
    value = f"json_extract_string({payload}, ${parameter})"
    wanted = f"json_valid({payload})"
    if column in OF_PURCHASES:
        event_name = f"coalesce({', '.join(_sources(dataset, footer, 'event_name'))})"
        wanted = f"list_contains($purchase, {event_name}) AND {wanted}"
    if column == "revenue":
        value = f"TRY_CAST({value} AS DECIMAL(18, 4))"
    return f"CASE WHEN {wanted} THEN {value} END"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _midnight(dataset: Dataset, day: str) -> str:
    return f"CAST(CAST({day} AS TIMESTAMP) AT TIME ZONE '{dataset.time_zone}' AS TIMESTAMP)"


def _epoch(number: str) -> str:
    return (
        f"try(make_timestamp(CAST(CASE WHEN abs({number}) < 1e11 THEN {number} * 1000000 "
        f"WHEN abs({number}) < 1e14 THEN {number} * 1000 "
        f"WHEN abs({number}) < 1e17 THEN {number} ELSE {number} // 1000 END AS BIGINT)))"
    )
