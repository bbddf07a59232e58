"""Runs measures, and checks the SQL and the JSON paths of a configuration without data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import duckdb

from exporter.config.model import COLUMNS
from exporter.engine.duckdb import database, day_tables
from exporter.measures import results
from exporter.measures.declared import Facts, Measure, MeasureError
from exporter.text import did_you_mean

_COLUMNS = tuple(name for name in (*day_tables.FACTS, *COLUMNS) if name != "timestamp")
"""The columns of `events`: the table at hand has only those that some SQL names."""

BATCH = 500
"""Rows fetched at a time."""


def run(connection: duckdb.DuckDBPyConnection, measure: Measure, bounds: Mapping[str, int]) -> tuple[Facts, str | None]:
    """The facts of `measure` on the loaded day, and the name of its label, if any.

    Raises MeasureError if DuckDB refuses the SQL, or if the result does not match the declaration and the `bounds`.
    """
    try:
        cursor = connection.execute(measure.sql)
        names = [column[0] for column in cursor.description or ()]
        return results.facts(measure, names, _batches(cursor), bounds)
    except duckdb.Error as error:
        raise MeasureError(f"{measure.name}.sql: {database.reason(error)}") from None
    except MeasureError:
        raise
    except Exception as error:  # noqa: BLE001 - such as OverflowError: Python lacks some of DuckDB's values
        raise MeasureError(f"{measure.name}.sql: a value cannot be read ({type(error).__name__})") from None


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[object, ...]]]:
    """The rows in batches, which DuckDB computes as they are fetched."""
    while batch := cursor.fetchmany(BATCH):
        yield batch


def sql_problem(sql: str) -> str | None:
    """Why the SQL of a measure cannot be run, or None: it must be one SELECT."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        return "expected one SELECT"
    return None


def binding_problem(connection: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """Why the SQL of a measure does not fit the tables, with the column that it may mean; or None."""
    try:
        connection.execute(f"EXPLAIN {sql}")
    except duckdb.Error as error:
        reason = database.reason(error).rstrip("!")
        unknown = re.search(r'(?:column|named) "(\w+)"', reason)
        return reason + (did_you_mean(unknown[1], _COLUMNS) if unknown else "")
    return None


def json_path_problem(path: str) -> str | None:
    """Why a JSON path cannot be used, or None."""
    try:
        duckdb.execute("SELECT json_extract_string('{}', ?)", [path]).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None
