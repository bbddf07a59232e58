"""What later readings need of a day, kept as files: its sessions, its purchases and a sample of its contents.

A purchase looks back on the sessions of seven days, and a day on the purchases and contents of the seven before. With
these kept, a new day costs a scan of its own files, and a late file of an old day a scan of that day, not of a week.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

KEPT = {
    "sessions": "SELECT $day AS day, client, started, source_key FROM sessions WHERE source_key IS NOT NULL",
    "purchases": "SELECT $day AS day, * FROM purchases",
    "contents": "SELECT $day AS day, * FROM contents",
}
"""What is kept of a day, by name. Sessions without a source are left out: they assist no purchase."""

COLUMNS = {
    "sessions": ["day", "client", "started", "source_key"],
    "purchases": ["day", "transaction_id"],
    "contents": ["day", "content_key", "until"],
}
"""What later days read of a kept day, by name."""

LOOK_BACK = {
    "sessions": "SELECT day, client, started, source_key",
    "purchases": "SELECT day, hash(transaction_id) AS transaction_key",
    "contents": "SELECT day, content_key, until",
}
"""What is looked back on, by name."""

REPEATING = ["day", "source_key", "transaction_id", "dimension_1", "dimension_2", "device", "channel"]
"""The columns that a dictionary makes smaller; to try one on hashes and times costs more than to write them."""

TABLES = """
CREATE TEMP TABLE today (day DATE);
CREATE TEMP TABLE earlier_sessions (day DATE, client UBIGINT, started TIMESTAMP, source_key UBIGINT);
CREATE TEMP TABLE kept_purchases (day DATE, transaction_key UBIGINT);
CREATE TEMP TABLE kept_contents (day DATE, content_key UBIGINT, until UBIGINT);
CREATE TEMP VIEW earlier_purchases AS SELECT * FROM kept_purchases WHERE day < (SELECT day FROM today);
CREATE TEMP VIEW earlier_contents AS SELECT * FROM kept_contents WHERE day < (SELECT day FROM today);
"""
"""The tables that measures look back on. A purchase may be assisted by a session of its own day, so `earlier_sessions`
has that day, too. A repeat is only counted against the days before."""

INTO = {"sessions": "earlier_sessions", "purchases": "kept_purchases", "contents": "kept_contents"}
"""The table of earlier days, by name."""

BATCH = 100_000
"""Rows at a time: a day may have millions of sessions."""

_OURS = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(KEPT)})\.(digest|tmp)")
"""The names of the files here. No other file is ever removed: the storage may be in the same folder as the data."""


class Lookback:
    """Files in `folder`, by the fingerprint of their day.

    A file that cannot be read, or whose checksum is wrong, is ignored: that costs time, never correctness.
    """

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self._folder = folder
        self._connection = connection
        self.problem: str | None = None
        connection.execute(TABLES)

    def keep(self, key: str, day: date) -> None:
        """Keep what later days need of the loaded day."""
        for name, query in KEPT.items():
            path = self._path(key, name)
            unfinished = path.with_suffix(".tmp")
            try:
                with self._connection.sql(query, params={"day": day}).to_arrow_reader(BATCH) as batches:
                    _write(unfinished, batches)
                os.replace(unfinished, path)
            except (OSError, pa.ArrowException) as error:
                self.problem = f"{self._folder}: nothing is kept: {error}"
                with contextlib.suppress(OSError):
                    unfinished.unlink()

    def has(self, key: str) -> bool:
        """Whether what later days need of the day seems to be available."""
        return all(self._path(key, name).exists() for name in KEPT)

    def add(self, keys: Mapping[date, str]) -> set[date]:
        """Add kept days to the tables of earlier days; those of them that are available."""
        kept = {day: key for day, key in keys.items() if self.has(key)}
        if not kept or self._add(kept):
            return set(kept)
        return {day for day, key in kept.items() if self._add({day: key})}

    def add_loaded(self, day: date) -> None:
        """Add the loaded day to the tables of earlier days."""
        for name, query in LOOK_BACK.items():
            self._connection.execute(f"INSERT INTO {INTO[name]} {query} FROM ({KEPT[name]})", {"day": day})

    def begin(self, day: date, first: date) -> None:
        """Look back from `day` on, and forget the days before `first`."""
        self._connection.execute("DELETE FROM today")
        self._connection.execute("INSERT INTO today VALUES (?)", [day])
        for table in INTO.values():
            self._connection.execute(f"DELETE FROM {table} WHERE day < ?", [first])

    def recall(self, key: str) -> bool:
        """Create the tables `purchases` and `contents` of the day; False if they are not available."""
        return all(
            self._read([key], name, None, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * EXCLUDE (day) FROM digest")
            for name in ("purchases", "contents")
        )

    def forget(self, but: Iterable[str]) -> None:
        """Remove the files of all days except these."""
        needed = {self._path(key, name).name for key in but for name in KEPT}
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in needed and _OURS.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def _add(self, keys: Mapping[date, str]) -> bool:
        """Add the days to the tables of earlier days; False, with nothing added, if one of them cannot be read.

        All days at once: a statement costs more than the rows of a day.
        """
        added = all(
            self._read(keys.values(), name, COLUMNS[name], f"INSERT INTO {INTO[name]} {query} FROM digest")
            for name, query in LOOK_BACK.items()
        )
        if not added:
            for table in INTO.values():
                self._connection.execute(f"DELETE FROM {table} WHERE list_contains($days, day)", {"days": list(keys)})
        return added

    def _read(self, keys: Iterable[str], name: str, columns: Sequence[str] | None, sql: str) -> bool:
        """Run the SQL on the rows of the files, called `digest` there, of all columns for None; False if one is bad."""
        batches = (batch for key in keys for batch in _batches(self._path(key, name), columns))
        try:
            first = next(batches)
            reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))
            self._connection.register("digest", reader)
            self._connection.execute(sql)
            self._connection.unregister("digest")
        except (OSError, pa.ArrowException, duckdb.Error):
            return False
        return True

    def _path(self, key: str, name: str) -> Path:
        return self._folder / f"{key}.{name}.digest"


def _batches(path: Path, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """The rows of a file, of all columns for None: an empty batch first, so that there is one."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        schema = pa.schema([each for each in file.schema_arrow if not columns or each.name in columns])
        yield pa.RecordBatch.from_arrays([pa.nulls(0, each.type) for each in schema], schema=schema)
        yield from file.iter_batches(BATCH, columns=columns)


def _write(path: Path, batches: pa.RecordBatchReader) -> None:
    repeating = [name for name in batches.schema.names if name in REPEATING]
    with pq.ParquetWriter(
        path, batches.schema, compression="zstd", use_dictionary=repeating, write_page_checksum=True
    ) as file:
        for batch in batches:
            file.write_batch(batch)
