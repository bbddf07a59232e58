"""Verifies the checksums of a file's pages, which DuckDB does not: a flipped bit would be a wrong number."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.parquet as pq

_I32 = 0x15
"""The header of a field in Thrift's compact encoding: the next field id, a 32-bit integer."""

_HEAD = 32
"""Bytes that hold the first four fields of a page header."""


def damage(path: str, columns: Collection[str]) -> str | None:
    """Why the pages of these columns cannot be trusted; None if they can, or if they have no checksums.

    A column is a name, or a path into structs as Parquet writes it: `column.field`. Verifying costs about as much as
    decoding; for a file without checksums, only one page header is read.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            if _has_checksums(path, parquet.metadata):
                for _ in parquet.iter_batches(columns=sorted(columns)):
                    pass
    except pa.ArrowNotImplementedError:
        return None  # an encoding that only DuckDB reads: not verified
    except (pa.ArrowException, OSError, ValueError) as error:
        if getattr(error, "errno", None):
            return None  # the system failed to read the file; that is no evidence against the pages
        lines = str(error).splitlines() or [type(error).__name__]
        return "a page does not match its checksum" if "CRC" in lines[0] else lines[0][:200]
    return None


def _has_checksums(path: str, metadata: pq.FileMetaData) -> bool:
    """Whether the first page has a checksum: writers add them to all pages or to none."""
    if not metadata.num_row_groups or not metadata.num_columns:
        return False
    chunk = metadata.row_group(0).column(0)
    first = chunk.dictionary_page_offset if chunk.has_dictionary_page else chunk.data_page_offset
    with open(path, "rb") as file:
        file.seek(first)
        return _fourth_is_integer(file.read(_HEAD))


def _fourth_is_integer(head: bytes) -> bool:
    """Whether the fourth field of a page header, after its type and two sizes, is a checksum."""
    position = 0
    for _ in range(3):
        if head[position : position + 1] != bytes([_I32]):
            return False
        position += 1
        while position < len(head) and head[position] & 0x80:
            position += 1
        position += 1
    return head[position : position + 1] == bytes([_I32])
