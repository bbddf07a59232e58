"""The time range of a file's events, by a scan, for a footer that does not have it."""

from __future__ import annotations

from dataclasses import replace

from exporter.config.model import Dataset
from exporter.engine.duckdb import columns
from exporter.engine.duckdb import times as sql
from exporter.engine.spark import rows
from exporter.engine.spark.rows import Readable
from exporter.engine.spark.session import Session
from exporter.files.entry import EARLIEST

Row = tuple[int | None, int | None, int]


def times(session: Session, dataset: Dataset, file: Readable, latest: int) -> Row:
    """First and last timestamp (µs) from EARLIEST to `latest`, and the number of events without one in that range."""
    parts = _parts(session, dataset, file, sql.RANGE, {"earliest": EARLIEST, "latest": latest})
    firsts, lasts = ([each for part in parts if (each := part[place]) is not None] for place in (0, 1))
    return min(firsts, default=None), max(lasts, default=None), sum(part[2] or 0 for part in parts)


def count(session: Session, dataset: Dataset, file: Readable, start: int, end: int) -> int:
    """The number of events of the file from `start` until before `end` (µs)."""
    return sum(part[0] or 0 for part in _parts(session, dataset, file, sql.COUNT, {"start": start, "end": end}))


def _parts(
    session: Session, dataset: Dataset, file: Readable, query: str, values: dict[str, object]
) -> list[tuple[int | None, ...]]:
    """A row of each partition; text that is not UTF-8 is replaced."""
    frame, empty = rows.scan(session, [file], named=False)
    filled = query.format(timestamp=columns.timestamp(dataset, file.of.footer), scan="rows")
    result = rows.queried(frame, replace(empty, sql=filled, values=values, replacing=True)).collect()
    return [tuple(each) for each in result]
