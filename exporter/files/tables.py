"""Table formats: folders of Parquet files with a log that says which of them count."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_LOGS = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}
"""The folder in which a format keeps its log, and the format."""


def format_of(entries: Iterable[os.DirEntry[str]]) -> str | None:
    """The table format of a folder with these entries; None for plain files."""
    folders = {entry.name: entry.path for entry in entries if entry.name in (*_LOGS, "metadata") and entry.is_dir()}
    table_format = next((_LOGS[name] for name in _LOGS if name in folders), None)
    return table_format or ("Iceberg" if "metadata" in folders and _is_iceberg(folders["metadata"]) else None)


def above(folder: str) -> tuple[str, str] | None:
    """The table above the real path `folder`: its path and its format; None if there is none.

    Iceberg keeps the files of a table in its folder `data`; elsewhere, a folder called metadata means nothing.
    """
    below = Path(folder)
    for parent in below.parents:
        table_format = next((_LOGS[name] for name in _LOGS if os.path.isdir(parent / name)), None)
        if not table_format and below.name == "data" and _is_iceberg(str(parent / "metadata")):
            table_format = "Iceberg"
        if table_format:
            return str(parent), table_format
        below = parent
    return None


def refusal(path: str, name: str) -> str:
    """Why the files of the table at `path` are not read, and the remedy."""
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
