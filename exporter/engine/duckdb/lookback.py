"""What later readings need of a day, kept as files: its sessions, its purchases and a sample of its contents.

A purchase looks back on the sessions of seven days, and a day on the purchases and contents of the seven before. With
these kept, a new day costs a scan of its own files, and a late file of an old day a scan of that day, not of a week.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

KEPT = {
    "sessions": "SELECT client, started, source_key FROM sessions WHERE source_key IS NOT NULL",
    "purchases": "SELECT * FROM purchases",
    "contents": "SELECT * FROM contents",
}
"""What is kept of a day, by name. Sessions without a source are left out: they assist no purchase."""

LOOK_BACK = {
    "sessions": "SELECT $day AS day, client, started, source_key",
    "purchases": "SELECT $day AS day, hash(transaction_id) AS transaction_key",
    "contents": "SELECT $day AS day, content_key, until",
}
"""What later days read of a kept day, by name."""

COLUMNS = {"purchases": ["transaction_id"]}
"""The columns that these queries need, by name, if they do not need all."""

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

    def keep(self, key: str) -> None:
        """Keep what later days need of the loaded day."""
        for name, query in KEPT.items():
            path = self._path(key, name)
            unfinished = path.with_suffix(".tmp")
            try:
                with self._connection.sql(query).to_arrow_reader(BATCH) as batches:
                    _write(unfinished, batches)
                os.replace(unfinished, path)
            except (OSError, pa.ArrowException) as error:
                self.problem = f"{self._folder}: nothing is kept: {error}"
                with contextlib.suppress(OSError):
                    unfinished.unlink()

    def has(self, key: str) -> bool:
        """Whether what later days need of the day seems to be available."""
        return all(self._path(key, name).exists() for name in KEPT)

    def add(self, key: str, day: date) -> bool:
        """Add the day to the tables of earlier days; False, with nothing added, if it is not available."""
        added = all(
            self._read(key, name, f"INSERT INTO {INTO[name]} {query} FROM digest", {"day": day}, COLUMNS.get(name))
            for name, query in LOOK_BACK.items()
        )
        if not added:
            for table in INTO.values():
                self._connection.execute(f"DELETE FROM {table} WHERE day = ?", [day])
        return added

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
            self._read(key, name, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM digest", {})
            for name in ("purchases", "contents")
        )

    def forget(self, but: Iterable[str]) -> None:
        """Remove the files of all days except these."""
        needed = {self._path(key, name).name for key in but for name in KEPT}
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in needed and _OURS.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def _read(self, key: str, name: str, sql: str, values: dict[str, object], columns: list[str] | None = None) -> bool:
        try:
            with pq.ParquetFile(self._path(key, name), page_checksum_verification=True) as file:
                schema = pa.schema([each for each in file.schema_arrow if not columns or each.name in columns])
                batches = pa.RecordBatchReader.from_batches(schema, file.iter_batches(BATCH, columns=columns))
                self._connection.register("digest", batches)
                self._connection.execute(sql, values)
                self._connection.unregister("digest")
        except (OSError, pa.ArrowException, duckdb.Error):
            return False
        return True

    def _path(self, key: str, name: str) -> Path:
        return self._folder / f"{key}.{name}.digest"


def _write(path: Path, batches: pa.RecordBatchReader) -> None:
    with pq.ParquetWriter(path, batches.schema, compression="zstd", write_page_checksum=True) as file:
        for batch in batches:
            file.write_batch(batch)
