"""What later readings need of a day again, kept as files: its sessions and its purchases.

A purchase looks back on the sessions of seven days. With these at hand, a new day costs a scan of its own
files, and a late file of an old day a scan of that day, not of a week.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

SESSIONS = "SELECT client, started, source_key FROM sessions WHERE source_key IS NOT NULL"
"""Those without a source assist nothing."""

PURCHASES = "SELECT * FROM purchases"

BATCH = 100_000
"""Rows at a time: a day may have millions of sessions."""

_OURS = re.compile(r"[0-9a-f]{32}\.(sessions|purchases)\.(digest|tmp)")
"""The names of the files here. No other is ever removed: someone may keep the storage beside the data."""


class Digests:
    """Files in `folder`, by the fingerprint of the day that they are about.

    A file that cannot be read, or whose checksum is wrong, is as good as none: it costs time, never correctness.
    """

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self._folder = folder
        self._connection = connection
        self.problem: str | None = None

    def keep(self, key: str) -> None:
        """Keep the sessions and the purchases of the day that is loaded."""
        for name, query in (("sessions", SESSIONS), ("purchases", PURCHASES)):
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
        """Whether the sessions of the day seem to be at hand."""
        return self._path(key, "sessions").exists()

    def look_back(self, key: str, day: object) -> bool:
        """Add the sessions of the day to `earlier_sessions`; False where they are not at hand."""
        return self._insert(key, "sessions", "INSERT INTO earlier_sessions SELECT ?, * FROM digest", [day])

    def recall(self, key: str) -> bool:
        """Make the day's `purchases` the table of that name; False where they are not at hand."""
        return self._insert(key, "purchases", "CREATE OR REPLACE TEMP TABLE purchases AS SELECT * FROM digest", [])

    def forget(self, but: Iterable[str]) -> None:
        """Remove the files of all days but these."""
        wanted = {self._path(key, name).name for key in but for name in ("sessions", "purchases")}
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in wanted and _OURS.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def _insert(self, key: str, name: str, sql: str, values: list[object]) -> bool:
        try:
            with pq.ParquetFile(self._path(key, name), page_checksum_verification=True) as file:
                batches = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(BATCH))
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
