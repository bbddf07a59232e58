"""Table formats: folders of Parquet files of which a log says which count."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_LOGS = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}
"""The folder in which a format keeps its log, and the format."""


def format_of(entries: Iterable[os.DirEntry[str]]) -> str | None:
    """The format of the table that a folder with these entries is; None for plain files."""
    folders = {entry.name: entry.path for entry in entries if entry.name in (*_LOGS, "metadata") and entry.is_dir()}
    found = next((_LOGS[name] for name in _LOGS if name in folders), None)
    return found or ("Iceberg" if "metadata" in folders and _is_iceberg(folders["metadata"]) else None)


def above(folder: str) -> tuple[str, str] | None:
    """The table that lies above the real path `folder`: its path and its format.

    Iceberg keeps the files of a table in its folder `data`; elsewhere a folder called metadata says nothing.
    """
    below = Path(folder)
    for parent in below.parents:
        found = next((_LOGS[name] for name in _LOGS if os.path.isdir(parent / name)), None)
        if not found and below.name == "data" and _is_iceberg(str(parent / "metadata")):
            found = "Iceberg"
        if found:
            return str(parent), found
        below = parent
    return None


def refusal(path: str, name: str) -> str:
    """Why the files of the table at `path` are not read, and what to do."""
    return (
        f"{path}: {'an' if name == 'Iceberg' else 'a'} {name} table, whose folder also holds files that no longer "
        "count; export it to plain Parquet files, or name the files of its current version"
    )


def _is_iceberg(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith((".metadata.json", ".metadata.json.gz")) for entry in entries)
    except OSError:
        return False
