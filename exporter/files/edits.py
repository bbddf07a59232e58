"""Edited copies of the files of tables: without the rows that were deleted, with the names that columns have by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import pyarrow as pa
import pyarrow.parquet as pq

from exporter.files.file import File

FIELD_ID = b"PARQUET:field_id"
"""Where Arrow keeps the id of a column, by which Iceberg knows it."""


@dataclass(frozen=True)
class Edit:
    """What is to be changed in a file: `keep` says which rows stay, `names` has the columns that stay."""

    keep: pa.BooleanArray | None = None
    names: Mapping[str, str] | None = None


TableFiles = dict[File, Edit | None]
"""The files of a table, each with what is to be changed in it, if anything is."""


def digest(keep: pa.BooleanArray) -> str:
    """A text that is the same for the same rows."""
    return blake2b(bytes(keep.to_pylist()), digest_size=8).hexdigest()


def renamed(path: str, columns: Mapping[int, str]) -> Mapping[str, str] | None:
    """The names in the file of the columns that the table has, to those that they have by now; None if they are equal.

    A file without ids is read by names. Raises ArrowException, OSError.
    """
    fields = [field for field in pq.read_schema(path) if FIELD_ID in (field.metadata or {})]
    ids = {field.name: int(field.metadata[FIELD_ID]) for field in fields}
    names = {name: columns[number] for name, number in ids.items() if number in columns}
    return names if names != {name: name for name in ids} else None


def write(path: str, edit: Edit, copy: str) -> None:
    """Write the edited copy, one row group after another. Raises ArrowException, OSError."""
    with pq.ParquetFile(path) as source:
        names = edit.names if edit.names is not None else {name: name for name in source.schema_arrow.names}
        schema = pa.schema([source.schema_arrow.field(name).with_name(now) for name, now in names.items()])
        with pq.ParquetWriter(copy, schema, compression="snappy") as target:
            start = 0
            for group in range(source.num_row_groups):
                read = source.read_row_group(group, columns=list(names))
                table = read.select(list(names)).rename_columns([*names.values()])
                target.write_table(_kept(table, edit.keep, start).cast(schema))
                start += len(table)


def _kept(table: pa.Table, keep: pa.BooleanArray | None, start: int) -> pa.Table:
    """The rows that stay, of a table that begins at the row `start` of the file; rows beyond `keep` stay."""
    if keep is None or start >= len(keep):
        return table
    part = keep[start : start + len(table)]
    further = pa.array([True] * (len(table) - len(part)), pa.bool_())
    return table.filter(pa.concat_arrays([part, further]))
