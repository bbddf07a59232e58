"""The time range of a file's events, by a scan, for a footer that does not have it."""

from __future__ import annotations

import duckdb

from exporter.config.model import Dataset
from exporter.engine.duckdb import columns, database, encoding
from exporter.files.entry import EARLIEST
from exporter.files.file import File
from exporter.files.footers import Footer, UnreadableError

RANGE = """
SELECT min(us)  FILTER (WHERE us BETWEEN $earliest AND $latest),
       max(us)  FILTER (WHERE us BETWEEN $earliest AND $latest),
       count(*) FILTER (WHERE (us BETWEEN $earliest AND $latest) IS NOT TRUE)
FROM (SELECT epoch_us({timestamp}) AS us FROM {scan})
"""
COUNT = "SELECT count(*) FROM (SELECT epoch_us({timestamp}) AS us FROM {scan}) WHERE us >= $start AND us < $end"

Row = tuple[int | None, int | None, int]


def times(connection: duckdb.DuckDBPyConnection, dataset: Dataset, file: File, footer: Footer, latest: int) -> Row:
    """First and last timestamp (µs) from EARLIEST to `latest`, and the number of events without one in that range.

    Raises UnreadableError.
    """
    parameters = {"earliest": EARLIEST, "latest": latest}
    return _row(connection, RANGE, columns.timestamp(dataset, footer), file, parameters)


def count(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, file: File, footer: Footer, start: int, end: int
) -> int:
    """The number of events of the file from `start` until before `end` (µs). Raises UnreadableError."""
    parameters = {"start": start, "end": end}
    return int(_row(connection, COUNT, columns.timestamp(dataset, footer), file, parameters)[0] or 0)


def _row(
    connection: duckdb.DuckDBPyConnection, query: str, timestamp: str, file: File, parameters: dict[str, int]
) -> Row:
    values = {"path": [database.literal(file.path)], **parameters}
    try:
        try:
            return _fetch(connection, query.format(timestamp=timestamp, scan=columns.scan("$path")), values)
        except duckdb.InvalidInputException as error:
            if not encoding.is_to_blame(error):
                raise
            scan = columns.scan("$path", replacing=True)
            return _fetch(connection, query.format(timestamp=timestamp, scan=scan), values)
    except duckdb.Error as error:
        raise UnreadableError(database.reason(error), lasting=database.is_lasting(error)) from None


def _fetch(connection: duckdb.DuckDBPyConnection, sql: str, values: dict[str, object]) -> Row:
    row: Row = connection.execute(sql, values).fetchall()[0]
    return row
