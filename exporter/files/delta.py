"""The files of a Delta Lake table: those that its log says count, and which of their rows were deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa

from exporter.config.object_store import ObjectStore
from exporter.files.edits import Edit, TableFiles, digest
from exporter.files.fields import NULL_FOLDER
from exporter.files.file import IN_TABLE, File, FilesError, is_url

MISSING = "Delta Lake tables need a further package: pip install 'clickstream-exporter[delta]'"

_PARTITION = "partition."

_MAPPING = "delta.columnMapping.mode"


def files(table: str, store: ObjectStore) -> TableFiles:
    """The files of the newest version of the table in the folder or at the URL. Raises FilesError."""
    try:
        from deltalake import DeltaTable  # noqa: PLC0415
        from deltalake.exceptions import DeltaError  # noqa: PLC0415
    except ImportError:
        raise FilesError(f"{table}: {MISSING}") from None
    try:
        opened = DeltaTable(table, storage_options=_options(store) if is_url(table) else None)
        mode = opened.metadata().configuration.get(_MAPPING, "none")
        if mode != "none":
            raise FilesError(f"{table}: column mapping is not supported ({_MAPPING} is {mode})")
        deleted = dict(_deleted(opened))
        listed = pa.table(opened.get_add_actions(flatten=True)).to_pylist()
    except (DeltaError, OSError, ValueError) as error:
        raise FilesError(f"{table}: {str(error).splitlines()[0][:200]}") from None
    found: TableFiles = {}
    for action in listed:
        path = _absolute(table, unquote(action["path"]))
        keep = deleted.get(path)
        edit = Edit(keep=keep) if keep is not None else None
        found[_file(path, action, keep)] = edit
    return found


def _file(path: str, action: Mapping[str, Any], keep: pa.BooleanArray | None) -> File:
    """A file, named by its partition as folders are: the values are not in the file."""
    given = {name.removeprefix(_PARTITION): value for name, value in action.items() if name.startswith(_PARTITION)}
    folders = (
        f"{_quoted(name)}={_quoted(NULL_FOLDER if value is None else str(value))}" for name, value in given.items()
    )
    name = "/".join([*folders, os.path.basename(path)])
    version = f"{IN_TABLE}, rows {digest(keep)}" if keep is not None else IN_TABLE
    return File(path, name, version, action["size_bytes"], action["modification_time"] * 10**6)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _deleted(opened: Any) -> Iterator[tuple[str, pa.BooleanArray]]:
    """Which rows to keep, for each file with deleted ones; rows after the last value are kept."""
    for batch in opened.deletion_vectors():
        listed = pa.record_batch(batch)
        for path, keep in zip(*listed.columns, strict=True):
            yield _plain(path.as_py()), keep.values.cast(pa.bool_())


def _absolute(table: str, path: str) -> str:
    return _plain(path) if is_url(path) or path.startswith("/") else f"{table.rstrip('/')}/{path}"


def _plain(uri: str) -> str:
    """A local path without its scheme."""
    return unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri


def _options(store: ObjectStore) -> dict[str, str]:
    options = {"aws_region": store.region, "aws_endpoint_url": store.endpoint, "allow_http": "true"}
    if store.anonymous:
        options["skip_signature"] = "true"
    return {name: value for name, value in options.items() if value}
