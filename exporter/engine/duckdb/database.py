"""A DuckDB connection that reads the given files and can do nothing else."""

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

VALUE = re.compile(r"(?:\"|\B')(?:.*[\"']|.*)|(?<=\bvalue )-?\d[^ ]*")
"""What may be data in an error: a number, or all from the first quote to the last, because a value may have quotes."""


def literal(path: str) -> str:
    """`path` so that DuckDB does not take a `*`, `?` or `[` in it for a pattern."""
    return re.sub(r"[*?[]", r"[\g<0>]", path)


def connect(files: Sequence[str], spill: Path, resources: Resources) -> duckdb.DuckDBPyConnection:
    """An in-memory database that may read `files`, spill into `spill`, take `resources`, and is locked.

    Extensions, the network, other files and further settings are refused by DuckDB itself from here on,
    so that neither a custom measure nor an odd name can reach them.
    """
    connection = duckdb.connect()
    allowed = sorted({*files, *map(literal, files)})
    settings = {
        **SETTINGS,
        "temp_directory": str(spill),
        "max_temp_directory_size": resources.spill_limit,
        "memory_limit": resources.memory_limit or _half_of_container(),
        "threads": resources.threads,
        "allowed_paths": allowed,
    }
    for name, value in settings.items():
        if value is not None:
            connection.execute(f"SET {name} = ?", [value])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _half_of_container() -> str | None:
    """Half of what the control group may have; None without a limit, where DuckDB takes four fifths of the machine's.

    The rest is for what DuckDB does not count, and for the exporter: a group that takes more than its limit is killed.
    """
    limit = cgroup.memory_limit()
    if limit is None or limit >= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        return None
    return f"{max(1, limit // 2**21)}MiB"


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, time: timedelta) -> Iterator[None]:
    """Interrupts what runs on the connection after so much time: it raises duckdb.InterruptException then."""
    timer = threading.Timer(time.total_seconds(), connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_spill(error: duckdb.Error) -> bool:
    """Whether what does not fit into memory could not be written: no file that is read is to blame."""
    return isinstance(error, duckdb.IOException) and "Could not write" in str(error)


def is_lasting(error: duckdb.Error) -> bool:
    """Whether the same file will fail again: not where the system refused to read it."""
    return not isinstance(error, duckdb.IOException | duckdb.PermissionException)


def reason(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, in one line, without the class of the error and without data.

    DuckDB quotes values and paths; only where it speaks of the SQL itself is a quote surely none.
    """
    if isinstance(error, duckdb.InterruptException):
        return "took longer than query_timeout"
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    if is_spill(error):
        cause = line.rpartition(": ")[2]
        return f"no space for temporary files: {cause}: free some there, or raise resources.memory_limit"
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        line = VALUE.sub("…", line)
    return line.split(" Error: ", 1)[-1][:300].rstrip(": ")
