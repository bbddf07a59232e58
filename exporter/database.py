"""A DuckDB connection that reads the given files and can do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

SETTINGS: dict[str, object] = {
    "TimeZone": "UTC",
    "preserve_insertion_order": False,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


def connect(files: Sequence[str], spill: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database that may read `files`, spill into `spill`, and is locked.

    Extensions, the network, other files and further settings are refused by DuckDB itself from here on,
    so that neither a custom measure nor an odd name can reach them.
    """
    connection = duckdb.connect()
    for name, value in {**SETTINGS, "temp_directory": str(spill), "allowed_paths": list(files)}.items():
        connection.execute(f"SET {name} = ?", [value])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def first_line(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, in one line without the class of the error."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return line.split(" Error: ", 1)[-1][:300]
