"""The files of an Iceberg table: those of its current snapshot, and what their columns are called by now."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from exporter.config.object_store import ObjectStore
from exporter.files.edits import TableFiles
from exporter.files.file import IN_TABLE, File, FilesError, is_url
from exporter.files.objects import Objects

MISSING = "Iceberg tables need a further package: pip install 'clickstream-exporter[iceberg]'"

_METADATA = re.compile(r"v?(\d+)(?:-[^/]*)?\.(?:gz\.)?metadata\.json(?:\.gz)?")


def files(
    table: str, store: ObjectStore, objects: Objects, needed: Collection[str] | None
) -> tuple[TableFiles, Mapping[int, str]]:
    """The files of the table's current snapshot, and the names of its fields by id, as `order.net` within others.

    The table is a folder, a URL, or one of its metadata files, which a catalogue names. A file is another one as soon
    as one of the `needed` columns, or any, has another name. Raises FilesError.
    """
    try:
        from pyiceberg.schema import index_name_by_id  # noqa: PLC0415
        from pyiceberg.table import StaticTable  # noqa: PLC0415
    except ImportError:
        raise FilesError(f"{table}: {MISSING}") from None
    try:
        opened = StaticTable.from_metadata(_metadata(table, objects), _options(store))
        tasks = list(opened.scan().plan_files())
        names = index_name_by_id(opened.schema())
    except FilesError:
        raise
    except Exception as error:  # noqa: BLE001 - a file of metadata that is cut raises whatever its rest makes of it
        said = " ".join(str(error).split())[:200]
        raise FilesError(f"{table}: its metadata cannot be read: {type(error).__name__}: {said}") from None
    if any(task.delete_files for task in tasks):
        raise FilesError(f"{table}: files of deleted rows are not supported: compact the table (rewrite_data_files)")
    used = sorted(each for each in names.items() if needed is None or each[1].partition(".")[0].lower() in needed)
    version = f"{IN_TABLE}, columns {blake2b(repr(used).encode(), digest_size=8).hexdigest()}"
    times = [each.field_id for each in opened.schema().fields if str(each.field_type) in ("timestamp", "timestamptz")]
    return {_file(task, version, times): None for task in tasks}, names


def _file(task: Any, version: str, times: Sequence[int]) -> File:
    """A file of the table, which does not say when it was written: its newest timestamp stands for that."""
    path = task.file.file_path
    path = path.removeprefix("file://") if path.startswith("file://") else path.replace("s3a://", "s3://", 1)
    newest = [bound for each in times if (bound := (task.file.upper_bounds or {}).get(each))]
    microseconds = max((int.from_bytes(each, "little", signed=True) for each in newest), default=0)
    return File(path, os.path.basename(path), version, task.file.file_size_in_bytes, microseconds * 1000)


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
    endpoint = store.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = store.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    options = {"s3.endpoint": endpoint, "s3.region": region}
    if store.anonymous:
        options["s3.anonymous"] = "true"
    return {name: value for name, value in options.items() if value}
