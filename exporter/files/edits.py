"""Edited copies of the files of tables: without the rows that were deleted, with the names that columns have by now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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


class EditError(Exception):
    """What a table says of a file that no edit can follow."""


def renamed(path: str, columns: Mapping[int, str], needed: Collection[str] | None) -> Mapping[str, str] | None:
    """The names in the file of the columns that the table has, to those that they have by now; None if they are equal.

    `columns` has the names by field id, of a field within another as `order.net`. A file without ids is read by names.
    Raises ArrowException, OSError; EditError if a field within one of the `needed` columns, or any, was renamed.
    """
    fields = [field for field in pq.read_schema(path) if FIELD_ID in (field.metadata or {})]
    kept = {field.name: columns[_id(field)] for field in fields if _id(field) in columns}
    for field in fields:
        if (now := kept.get(field.name)) and (needed is None or now.lower() in needed):
            for within, number in _within(field.type, now):
                if columns.get(number, within) != within or (number not in columns and within in columns.values()):
                    what = f"was renamed to {columns[number]}" if number in columns else "was replaced"
                    raise EditError(f"the field {within} {what} since: write the file again (rewrite_data_files)")
    return kept if kept != {field.name: field.name for field in fields} else None


def _id(field: pa.Field) -> int:
    return int(field.metadata[FIELD_ID])


def _within(kind: pa.DataType, path: str) -> Iterator[tuple[str, int]]:
    """The fields within a column, as Iceberg calls them, each with its id."""
    if pa.types.is_map(kind):
        named = [(f"{path}.key", kind.key_field), (f"{path}.value", kind.item_field)]
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        named = [(f"{path}.element", kind.value_field)]
    else:
        named = [(f"{path}.{field.name}", field) for field in (kind if pa.types.is_struct(kind) else ())]
    for name, field in named:
        if FIELD_ID in (field.metadata or {}):
            yield name, _id(field)
        yield from _within(field.type, name)


def write(path: str, edit: Edit, copy: str) -> None:
    """Write the edited copy, one row group after another. Raises ArrowException, OSError."""
    with pq.ParquetFile(path, page_checksum_verification=True) as source:
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
