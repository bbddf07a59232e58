"""SQL that a person can paste into DuckDB: a data set as the measures read it, with every value written out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from exporter.config.model import COLUMNS, Dataset
from exporter.days import Day
from exporter.engine.duckdb import columns, day_tables, watched
from exporter.engine.duckdb.database import literal
from exporter.engine.duckdb.steps import FILE, identifier, text
from exporter.files import mapping
from exporter.files.entry import Measurable

SETTINGS = "SET TimeZone = 'UTC';"
"""What must be set before the other statements, as in our own database."""

_AS_SENT = ("revenue", "transaction_id")
"""The columns that events also have as they were sent."""

_SHOWN = [
    name for name in (*day_tables.FACTS, *COLUMNS) if name not in ("hour", "is_invalid", "schema_id", "timestamp")
]

_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w+)")
"""A parameter, or quoted text, which may look like one."""


def variable(name: str, value: object) -> str:
    """A statement that sets a variable."""
    return f"SET VARIABLE {name} = {_written(value)};"


def events(dataset: Dataset, files: Sequence[Measurable]) -> str:
    """A statement that creates the view `events` of all events in the files, of which there must be one.

    It has the columns of the table that measures read, and `timestamp`, `date` and `hour` by the clock of the reporting
    zone, `filename`, `revenue_as_sent` and `transaction_id_as_sent`.
    """
    groups: dict[columns.Shape, list[Measurable]] = {}
    for each in files:
        groups.setdefault(columns.shape(dataset, each.footer), []).append(each)
    scans = (_scan(dataset, shape, number, groups[shape][0]) for number, shape in enumerate(sorted(groups)))
    source = day_tables.keyed(dataset, scans)
    relation = re.sub(r"--.*\n", "", day_tables.relation("events"))
    relation = re.sub(r"AS (?:platform|device_class)\s*\)", "AS VARCHAR)", relation)
    sql = (
        f"CREATE OR REPLACE TEMP VIEW events AS\nWITH source AS (\n{source}\n), local AS (\n"
        f"SELECT *, ts AT TIME ZONE 'UTC' AT TIME ZONE {text(dataset.time_zone)} AS timestamp\nFROM (\n{relation})\n)\n"
        f"SELECT {', '.join([*_SHOWN, *dataset.field_columns()])},\n"
        f"       {day_tables.is_invalid(dataset)} AS is_invalid,\n"
        f"       filename, {', '.join(f'{name}_as_sent' for name in _AS_SENT)},\n"
        "       timestamp, CAST(timestamp AS DATE) AS date, hour(timestamp) AS hour\nFROM local;"
    )
    return _filled(sql, _values(dataset, files, [groups[shape] for shape in sorted(groups)]))


def field_events(dataset: Dataset) -> str:
    """A statement that creates the view `field_events`: each event of the view `events` for each watched field.

    It has the columns `field`, `value`, `is_filled` (true or NULL), and those of `events`.
    """
    no_day = Day(date.min, 0, 0, 0, 0, 0)
    return _filled(watched.by_field(dataset), day_tables.parameters(dataset, no_day))


def _scan(dataset: Dataset, shape: columns.Shape, number: int, example: Measurable) -> str:
    """SQL for the canonical columns of the files of a shape."""
    further = (f"{columns.as_sent(dataset, example.footer, name)} AS {name}_as_sent" for name in _AS_SENT)
    selected = ",\n  ".join([*shape.sql, *further, f"{identifier(FILE)} AS filename"])
    scan = columns.scan(f"$files_{number}", replacing=True, named=True)
    return f"SELECT {number} AS schema_id,\n  {selected}\nFROM {scan}"


def _values(dataset: Dataset, files: Sequence[Measurable], groups: Sequence[Sequence[Measurable]]) -> dict[str, object]:
    """The parameters of the view."""
    paths = {f"files_{number}": [literal(each.file.path) for each in group] for number, group in enumerate(groups)}
    folders = columns.folders(dataset, ((each.file, each.footer) for each in files))
    places = {parameter: 1 for group in groups for parameter in columns.positions(dataset, group[0].footer)}
    no_day = Day(date.min, 0, 0, 0, 0, 0)
    return {**paths, **folders, **places, **columns.paths(dataset), **day_tables.parameters(dataset, no_day)}


def file_columns(dataset: Dataset, files: Sequence[Measurable]) -> str:
    """A statement that creates the view `file_columns`: what each file has, by the configuration.

    A row is a mapped column, whose `name` and `type` are NULL if the file lacks it, or one that is not mapped, whose
    `column` is NULL.
    """
    groups: dict[tuple[tuple[str | None, ...], ...], list[str]] = {}
    for each in files:
        groups.setdefault(_columns_of(dataset, each), []).append(each.file.path)
    listed = list(groups.items())
    rows = [(number, *row) for number, (of, _) in enumerate(listed) for row in of]
    schemas = [(number, paths) for number, (_, paths) in enumerate(listed)]
    return (
        "CREATE OR REPLACE TEMP VIEW file_columns AS\n"
        f"WITH schemas(number, filenames) AS (VALUES\n{_rows(schemas)}\n"
        f'), found(number, "column", name, type) AS (VALUES\n{_rows(rows)}\n)\n'
        'SELECT "column", name, type, unnest(filenames) AS filename\nFROM found JOIN schemas USING (number);'
    )


def set_aside(found: Sequence[tuple[str, str]]) -> str:
    """A statement that creates the view `set_aside`: the path of each file that is not measured, and the reason."""
    rows = f"VALUES\n{_rows(found)}" if found else "SELECT '', '' WHERE false"
    return f"CREATE OR REPLACE TEMP VIEW set_aside AS\nWITH found(filename, reason) AS ({rows}\n)\nFROM found;"


def _columns_of(dataset: Dataset, each: Measurable) -> tuple[tuple[str | None, ...], ...]:
    """Mapped columns with name and type, then the columns of the file that are not mapped."""
    footer, found, used = each.footer, list[tuple[str | None, ...]](), set[str]()
    for column in dataset.mapped():
        fields = [field for name in dataset.sources(column) for field in footer.find(name)]
        used |= {field.plain[0] for field in fields if field.plain}
        if fields:
            found += [(column, field.name, field.type) for field in fields]
        elif source := mapping.source(dataset, footer, column):
            found.append((column, " or ".join(dataset.sources(column)), source[1]))
        else:
            found.append((column, None, None))
    types = zip((name for name, _ in footer.kinds), footer.types, strict=True)
    return (*found, *((None, name, type_) for name, type_ in types if name not in used))


def _rows(rows: Iterable[Sequence[object]]) -> str:
    return ",\n".join(f"  ({', '.join(map(_written, row))})" for row in rows)


def _filled(sql: str, values: Mapping[str, object]) -> str:
    """The SQL with a value in place of each parameter."""
    return _PARAMETER.sub(lambda found: _written(values[found[1]]) if found[1] in values else found[0], sql)


def _written(value: object) -> str:
    """A value as SQL."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, date):
        return f"DATE {text(value.isoformat())}"
    return "NULL" if value is None else str(value)
