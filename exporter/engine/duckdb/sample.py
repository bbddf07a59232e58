"""Counts in a sample of the newest events, to compare with a configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from exporter.config.model import Dataset
from exporter.days import Day
from exporter.engine.duckdb import day_tables, encoding
from exporter.files.entry import Measurable

_COUNTS = """
SELECT count(*),
       count(*) FILTER (WHERE NOT is_invalid),
       count(*) FILTER (WHERE is_purchase),
       count(*) FILTER (WHERE has_payload)
FROM events
"""
_NAMES = "SELECT event_name FROM events WHERE event_name IS NOT NULL GROUP BY event_name ORDER BY count(*) DESC, 1"
_FIELDS = "SELECT field, CAST(sum(events) AS BIGINT), CAST(sum(filled) AS BIGINT) FROM watched_fields GROUP BY field"
_PURCHASES = "SELECT count(revenue), count(transaction_id) FROM purchases"


@dataclass(frozen=True)
class Sample:
    """The number of events, of events with a name of the taxonomy, of purchases and of payloads; and all event names.

    `fields` has, of each watched field that occurs, the events that should carry it, and those that do.
    `amounts` and `transaction_ids` count purchases that have one, `filled` the events with a value, by column.
    """

    events: int
    known: int
    purchases: int
    payloads: int
    names: tuple[str, ...]
    amounts: int
    transaction_ids: int
    filled: Mapping[str, int]
    fields: Mapping[str, tuple[int, int]]


def take(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    files: Sequence[Measurable],
    span: Day,
    rows: int | None,
    columns: Collection[str],
    sql: Sequence[str] = (),
) -> Sample:
    """Load the events of the files in the `span`, at most `rows` of each shape, and count them.

    The tables have what is queried by the texts in `sql`, too.
    """
    counted = {column: f"SELECT count({column}) FROM events" for column in columns}
    texts = [_COUNTS, _NAMES, *counted.values(), *sql]
    try:
        day_tables.load(connection, dataset, files, span, texts, row_limit=rows)
    except duckdb.InvalidInputException as error:
        if not encoding.is_to_blame(error):
            raise
        day_tables.load(connection, dataset, files, span, texts, [each.file for each in files], row_limit=rows)
    events, known, purchases, payloads = connection.execute(_COUNTS).fetchall()[0]
    names = tuple(name for (name,) in connection.execute(_NAMES).fetchall())
    amounts, transaction_ids = connection.execute(_PURCHASES).fetchall()[0]
    filled = {column: connection.execute(sql).fetchall()[0][0] for column, sql in counted.items()}
    fields = {name: (of, number) for name, of, number in connection.execute(_FIELDS).fetchall()}
    return Sample(events, known, purchases, payloads, names, amounts, transaction_ids, filled, fields)
