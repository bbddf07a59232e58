"""Table formats: folders of Parquet files with a log that says which of them count."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from exporter.files.file import FilesError

LOGS = {"_delta_log": "Delta Lake", ".hoodie": "Hudi"}
"""The folder in which a format keeps its log, and the format."""

TABLES = {"Delta Lake": "delta", "Iceberg": "iceberg"}
"""The formats that are read, to the value of the key `table`."""

_ICEBERG = (".metadata.json", ".metadata.json.gz")
"""How the names of the files end in which Iceberg describes a table, in its folder `metadata`."""


def format_of(entries: Iterable[os.DirEntry[str]]) -> str | None:
    """The table format of a folder with these entries; None for plain files."""
    folders = {entry.name: entry.path for entry in entries if entry.name in (*LOGS, "metadata") and entry.is_dir()}
    table_format = next((LOGS[name] for name in LOGS if name in folders), None)
    return table_format or ("Iceberg" if "metadata" in folders and _is_iceberg(folders["metadata"]) else None)


def above(folder: str) -> tuple[str, str] | None:
    """The table above the real path `folder`: its path and its format; None if there is none.

    Iceberg keeps the files of a table in its folder `data`; elsewhere, a folder called metadata means nothing.
    """
    below = Path(folder)
    for parent in below.parents:
        table_format = next((LOGS[name] for name in LOGS if os.path.isdir(parent / name)), None)
        if not table_format and below.name == "data" and _is_iceberg(str(parent / "metadata")):
            table_format = "Iceberg"
        if table_format:
            return str(parent), table_format
        below = parent
    return None


def log_of(key: str) -> tuple[str, str] | None:
    """The table whose log an object is part of, by its key: the folder, and the format; None if it is none's."""
    parts = key.split("/")
    for place, part in enumerate(parts[:-1]):
        if part in LOGS:
            return "/".join(parts[:place]), LOGS[part]
    if len(parts) > 1 and parts[-2] == "metadata" and parts[-1].endswith(_ICEBERG):
        return "/".join(parts[:-2]), "Iceberg"
    return None


class TableError(FilesError):
    """The files of a table are not read as plain files: why, and the remedy.

    `path` is the table's folder or URL, `table` the value of the key with which it is read, None if there is none.
    """

    def __init__(self, path: str, name: str) -> None:
        self.path, self.table = path, TABLES.get(name)
        what = f"{'an' if name == 'Iceberg' else 'a'} {name} table, whose folder also holds files that no longer count"
        by_key = f"write table: {self.table} beside files, and this folder as files"
        super().__init__(f"{path}: {what}; {by_key if self.table else 'export it to plain Parquet files'}")


def _is_iceberg(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(_ICEBERG) for entry in entries)
    except OSError:
        return False
