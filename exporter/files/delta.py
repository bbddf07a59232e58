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
from exporter.files.object_errors import translated

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
    if unquote(table) != table:
        raise FilesError(f"{table}: a Delta Lake table is not found below a name with %20 or the like: rename it")
    try:
        opened = DeltaTable(_escaped(table), storage_options=_options(store) if is_url(table) else None)
        mode = opened.metadata().configuration.get(_MAPPING, "none")
        if mode != "none":
            raise FilesError(f"{table}: column mapping is not supported ({_MAPPING} is {mode})")
        deleted = dict(_deleted(opened))
        listed = pa.table(opened.get_add_actions(flatten=True)).to_pylist()
    except (DeltaError, OSError, ValueError) as error:
        of_store = is_url(table) and "status code" in str(error)
        reason = str(translated(error)) if of_store else str(error).splitlines()[0][:200]
        raise FilesError(f"{table}: {reason}") from None
    found: TableFiles = {}
    for action in listed:
        keep = deleted.pop(action["path"], None)
        edit = Edit(keep=keep) if keep is not None else None
        found[_file(_absolute(table, unquote(action["path"])), action, keep)] = edit
    if deleted:
        raise FilesError(f"{table}: rows were deleted in {next(iter(deleted))}, which the log does not list")
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
    """Which rows to keep, for each file with deleted ones, as the log names it; rows after the last value are kept."""
    folder = f"{opened.table_uri.rstrip('/')}/"
    for batch in opened.deletion_vectors():
        listed = pa.record_batch(batch)
        for path, keep in zip(*listed.columns, strict=True):
            yield path.as_py().removeprefix(folder), keep.values.cast(pa.bool_())


def _absolute(table: str, path: str) -> str:
    return _plain(path) if is_url(path) or path.startswith("/") else f"{table.rstrip('/')}/{path}"


def _escaped(table: str) -> str:
    """The URL of the table, whose key may have characters that mean something in a URL."""
    store, separator, key = table.partition("://")
    bucket, slash, below = key.partition("/")
    return f"{store}{separator}{bucket}{slash}{quote(below)}" if separator else table


def _plain(uri: str) -> str:
    """A local path without its scheme."""
    return unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri


def _options(store: ObjectStore) -> dict[str, str]:
    options = {"aws_region": store.region, "aws_endpoint_url": store.endpoint, "allow_http": "true"}
    if store.anonymous:
        options["skip_signature"] = "true"
    return {name: value for name, value in options.items() if value}
