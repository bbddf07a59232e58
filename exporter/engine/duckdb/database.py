"""A DuckDB connection that can read the given files and do nothing else."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb

from exporter.config.model import Resources
from exporter.engine.duckdb import cgroup

SETTINGS: dict[str, object] = {
    "TimeZone": "UTC",
    "preserve_insertion_order": False,
    "enable_progress_bar": False,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}

SMALL = 4 * 2**20
"""Bytes of files that one thread reads: so few are hardly a row group a day, which is one thread's work anyway."""

VALUE = re.compile(r"(?:\"|\B')(?:.*[\"']|.*)|(?<=\bvalue )-?\d[^ ]*")
"""What may be data in an error: a number, or all from the first to the last quote, because a value may have quotes."""


def literal(path: str) -> str:
    """`path`, escaped so that DuckDB does not read `*`, `?` or `[` in it as a pattern."""
    return re.sub(r"[*?[]", r"[\g<0>]", path)


def connect(files: Sequence[str], size: int, spill: Path, resources: Resources) -> duckdb.DuckDBPyConnection:
    """An in-memory database, locked to reading `files` of `size` bytes and spilling into `spill`, within `resources`.

    From here on, DuckDB itself refuses extensions, the network, other files and other settings, so that neither a
    custom measure nor an odd file name can reach them.
    """
    connection = duckdb.connect()
    allowed = sorted({*files, *map(literal, files)})
    settings = {
        **SETTINGS,
        "temp_directory": str(spill),
        "max_temp_directory_size": resources.spill_limit,
        "memory_limit": resources.memory_limit or _half_of_container(),
        "threads": resources.threads or (1 if size <= SMALL else None),
        "allowed_paths": allowed,
    }
    for name, value in settings.items():
        if value is not None:
            connection.execute(f"SET {name} = ?", [value])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _half_of_container() -> str | None:
    """Half of the control group's limit; None without one: DuckDB then uses four fifths of the machine's memory.

    The other half is for memory that DuckDB does not count, and for the exporter: a group above its limit is killed.
    """
    limit = cgroup.memory_limit()
    if limit is None or limit >= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        return None
    return f"{max(1, limit // 2**21)}MiB"


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, time: timedelta) -> Iterator[None]:
    """Interrupt what runs on the connection after `time`: it then raises duckdb.InterruptException."""
    timer = threading.Timer(time.total_seconds(), connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_spill(error: duckdb.Error) -> bool:
    """Whether spilling to disk failed: no file that is read is to blame."""
    return isinstance(error, duckdb.IOException) and "Could not write" in str(error)


def is_lasting(error: duckdb.Error) -> bool:
    """Whether the same file will fail again: not if the system failed to read it."""
    return not isinstance(error, duckdb.IOException | duckdb.PermissionException)


def reason(error: duckdb.Error) -> str:
    """The reason in DuckDB's words, in one line, without the class of the error and without data.

    DuckDB quotes values and paths; only in errors about the SQL itself is a quote never data.
    """
    if isinstance(error, duckdb.InterruptException):
        return "took longer than query_timeout"
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    if is_spill(error):
        cause = line.rpartition(": ")[2]
        return f"no space for temporary files: {cause}: free some space, or raise resources.memory_limit"
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        line = VALUE.sub("…", line)
    what = line.split(" Error: ", 1)[-1][:300].rstrip(": ")
    return f"a timestamp is out of range: {what}" if what.startswith("Could not convert Timestamp") else what
