"""A DuckDB connection that reads the given files and can do nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

SETTINGS: dict[str, object] = {
    "TimeZone": "UTC",
    "preserve_insertion_order": False,
    "enable_progress_bar": False,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}


def literal(path: str) -> str:
    """`path` so that DuckDB does not take a `*`, `?` or `[` in it for a pattern."""
    return re.sub(r"[*?[]", r"[\g<0>]", path)


def connect(files: Sequence[str], spill: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database that may read `files`, spill into `spill`, and is locked.

    Extensions, the network, other files and further settings are refused by DuckDB itself from here on,
    so that neither a custom measure nor an odd name can reach them.
    """
    connection = duckdb.connect()
    allowed = sorted({*files, *map(literal, files)})
    for name, value in {**SETTINGS, "temp_directory": str(spill), "allowed_paths": allowed}.items():
        connection.execute(f"SET {name} = ?", [value])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def reason(error: duckdb.Error) -> str:
    """What DuckDB says is wrong, in one line, without the class of the error and without data.

    DuckDB quotes values and paths; only where it speaks of the SQL itself is a quote surely none.
    """
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    if not isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        line = re.sub(r"\"[^\"]*\"|'[^']*'", "…", line)
    return line.split(" Error: ", 1)[-1][:300].rstrip(": ")
