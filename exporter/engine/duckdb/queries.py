"""Runs measures, and checks the SQL and the JSON paths of a configuration without data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from exporter.engine.duckdb import database
from exporter.measures import results
from exporter.measures.declared import Facts, Measure, MeasureError

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


def json_path_problem(path: str) -> str | None:
    """Why a JSON path cannot be used, or None."""
    try:
        duckdb.execute("SELECT json_extract_string('{}', ?)", [path]).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None
