"""Counts in a sample of the newest events, to compare with a configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from exporter.config.model import Dataset
from exporter.days import Day
from exporter.engine.duckdb import day_tables, encoding
from exporter.files.entry import Measurable
from exporter.files.mapping import OF_PURCHASES

_COUNTS = """
SELECT count(*),
       count(*) FILTER (WHERE NOT is_invalid),
       count(*) FILTER (WHERE is_purchase),
       count(*) FILTER (WHERE has_payload),
       count(client)
FROM events
"""
_NAMES = "SELECT event_name FROM events WHERE event_name IS NOT NULL GROUP BY event_name ORDER BY count(*) DESC, 1"
_FIELDS = "SELECT field, CAST(sum(events) AS BIGINT), CAST(sum(filled) AS BIGINT) FROM watched_fields GROUP BY field"
_PURCHASES = """
SELECT count(*),
       count(revenue),
       count(transaction_id),
       count(*) FILTER (WHERE NOT is_foreign_currency)
FROM purchases
"""


@dataclass(frozen=True)
class Sample:
    """The number of events, of those with a name of the taxonomy, of purchases, with a payload and of a client.

    `names` has all event names. `amounts` and `transaction_ids` count purchases that have one, `in_currency` those in
    no other currency, and `purchase_rows` the events that they are of. `filled` counts the events with a value, of
    columns of purchases only those, by mapped column and column of a dimension. `fields` has, of each watched
    field that occurs, the events that should carry it, and those that do.
    """

    events: int
    known: int
    purchase_rows: int
    payloads: int
    clients: int
    purchases: int
    amounts: int
    transaction_ids: int
    in_currency: int
    names: tuple[str, ...]
    filled: Mapping[str, int]
    fields: Mapping[str, tuple[int, int]]


def take(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    files: Sequence[Measurable],
    span: Day,
    rows: int | None,
    sql: Sequence[str] = (),
) -> Sample:
    """Load the events of the files in the `span`, at most `rows` of each shape, and count them.

    The tables have what is queried by the texts in `sql`, too.
    """
    columns = [column for column in (*dataset.mapped(), *dataset.dimension_columns()) if column != "timestamp"]
    counted = {
        column: f"SELECT count({column}) FROM events{' WHERE is_purchase' * (column in OF_PURCHASES)}"
        for column in columns
    }
    _load(connection, dataset, files, span, rows, [_COUNTS, _NAMES, *counted.values(), *sql])
    events, known, purchase_rows, payloads, clients = connection.execute(_COUNTS).fetchall()[0]
    purchases, amounts, transaction_ids, in_currency = connection.execute(_PURCHASES).fetchall()[0]
    names = tuple(name for (name,) in connection.execute(_NAMES).fetchall())
    filled = {column: connection.execute(each).fetchall()[0][0] for column, each in counted.items()}
    fields = {name: (of, number) for name, of, number in connection.execute(_FIELDS).fetchall()}
    return Sample(
        events,
        known,
        purchase_rows,
        payloads,
        clients,
        purchases,
        amounts,
        transaction_ids,
        in_currency,
        names,
        filled,
        fields,
    )


def _load(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    files: Sequence[Measurable],
    span: Day,
    rows: int | None,
    texts: Sequence[str],
) -> None:
    """Create the tables that the SQL in `texts` queries; text that is not UTF-8 is replaced."""
    try:
        day_tables.load(connection, dataset, files, span, texts, row_limit=rows)
    except duckdb.InvalidInputException as error:
        if not encoding.is_to_blame(error):
            raise
        day_tables.load(connection, dataset, files, span, texts, [each.file for each in files], row_limit=rows)
