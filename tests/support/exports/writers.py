"""Writes the same events as Parquet with different programs: a file for each day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.exports.shop import Hit
from tests.support.exports.trackers import Tracker

Writer = Callable[[pa.Table, Path], None]


def by_pyarrow(table: pa.Table, path: Path) -> None:
    """With Arrow's own writer."""
    pq.write_table(table, path)


def by_duckdb(table: pa.Table, path: Path) -> None:
    """With DuckDB's."""
    with duckdb.connect() as connection:
        connection.register("events", table)
        connection.execute(f"COPY events TO '{path}' (FORMAT parquet)")


def by_polars(table: pa.Table, path: Path) -> None:
    """With Polars', where it is installed."""
    import polars  # noqa: PLC0415 - only some machines have it

    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    frame.write_parquet(path)


WRITERS: Mapping[str, Writer] = {"pyarrow": by_pyarrow, "duckdb": by_duckdb} | (
    {"polars": by_polars} if find_spec("polars") else {}
)


def write(folder: Path, tracker: Tracker, hits: list[Hit], writer: Writer = by_pyarrow) -> Path:
    """The folder with a file for each day of the events."""
    folder.mkdir(parents=True, exist_ok=True)
    for day, of_day in groupby(hits, key=lambda hit: hit.at.date()):
        writer(pa.Table.from_pylist(tracker.rows(list(of_day)), tracker.types), folder / f"events_{day}.parquet")
    return folder
