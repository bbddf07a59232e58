"""The files of an Iceberg table: those of its current snapshot, and what their columns are called by now."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.config.object_store import ObjectStore
from exporter.files.edits import TableFiles
from exporter.files.file import IN_TABLE, File, FilesError, is_url
from exporter.files.objects import Objects

MISSING = "Iceberg tables need a further package: pip install 'clickstream-exporter[iceberg]'"

_METADATA = re.compile(r"v?(\d+)(?:-[^/]*)?\.(?:gz\.)?metadata\.json(?:\.gz)?")


def files(table: str, store: ObjectStore, objects: Objects) -> tuple[TableFiles, Mapping[int, str]]:
    """The files of the table's current snapshot, and its columns by field id. Raises FilesError.

    The table is a folder, a URL, or one of its metadata files, which a catalogue names.
    """
    try:
        from pyiceberg.exceptions import ValidationError  # noqa: PLC0415
        from pyiceberg.table import StaticTable  # noqa: PLC0415
    except ImportError:
        raise FilesError(f"{table}: {MISSING}") from None
    try:
        opened = StaticTable.from_metadata(_metadata(table, objects), _options(store))
        tasks = list(opened.scan().plan_files())
    except (OSError, ValueError, KeyError, ValidationError) as error:
        raise FilesError(f"{table}: {(str(error).splitlines() or [''])[0][:200]}") from None
    if any(task.delete_files for task in tasks):
        raise FilesError(f"{table}: files of deleted rows are not supported: compact the table (rewrite_data_files)")
    return {_file(task): None for task in tasks}, {each.field_id: each.name for each in opened.schema().fields}


def _file(task: Any) -> File:
    path = task.file.file_path
    path = path.removeprefix("file://") if path.startswith("file://") else path.replace("s3a://", "s3://", 1)
    return File(path, os.path.basename(path), IN_TABLE, task.file.file_size_in_bytes, 0)


def _metadata(table: str, objects: Objects) -> str:
    """The newest metadata file. Raises FilesError."""
    if table.endswith((".json", ".json.gz")):
        return table
    folder = f"{table.rstrip('/')}/metadata"
    if is_url(table):
        names = [file.name for file in objects.find(f"{folder}/*.metadata.json*")]
    else:
        try:
            names = os.listdir(folder)
        except OSError as error:
            raise FilesError(f"{folder}: {error.strerror}") from None
    numbered = {name: int(match[1]) for name in names if (match := _METADATA.fullmatch(name))}
    if not numbered:
        raise FilesError(f"{folder}: no metadata of an Iceberg table")
    newest = [name for name, number in numbered.items() if number == max(numbered.values())]
    if len(newest) > 1:
        raise FilesError(f"{folder}: {' and '.join(sorted(newest))} are both the newest: name one of them in files")
    return f"{folder}/{newest[0]}" if is_url(table) else Path(folder, newest[0]).as_uri()


def _options(store: ObjectStore) -> dict[str, str]:
    options = {"s3.endpoint": store.endpoint, "s3.region": store.region}
    if store.anonymous:
        options["s3.anonymous"] = "true"
    return {name: value for name, value in options.items() if value}
