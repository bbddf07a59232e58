"""Local copies of remote Parquet files, of which only what is needed has been fetched: the rest are holes."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

Read = Callable[[int, int], memoryview]
"""Reads a file from a byte until before another one."""

MAGIC = b"PAR1"

TAIL = 64 * 1024
"""Bytes at the end of a file that are read first: nearly every footer is shorter."""

GAP = 64 * 1024
"""Ranges with less between them are one request."""

PIECE = 8 * 1024 * 1024
"""The maximum size of a request."""

SLACK = 100
"""Bytes after a chunk that are fetched, too: old writers give its size without the header of its dictionary."""

_LENGTH = 8
"""Bytes after the footer: its length and the magic."""


def write_footer(read: Read, size: int, path: str) -> int:
    """Create the copy of a file of `size` bytes, with its footer alone; returns the number of bytes that were read."""
    start = max(0, size - TAIL)
    tail = read(start, size) if size else memoryview(b"")
    length = int.from_bytes(tail[-_LENGTH:-4], "little") + _LENGTH
    if tail[-4:] == MAGIC and len(tail) < length <= size:
        start = size - length
        tail = read(start, size)
    with open(path, "wb") as file:
        file.truncate(size)
        file.write(MAGIC[:size])
    return write(path, start, tail)


def write(path: str, start: int, content: memoryview) -> int:
    """Write part of the copy; returns the number of bytes."""
    with open(path, "r+b") as file:
        file.seek(start)
        return file.write(content)


def pieces(
    path: str, columns: Collection[str] | None, rows: Sequence[tuple[int, int]] | None = None
) -> list[tuple[int, int]]:
    """The parts of the file that have the columns, for a copy with its footer: the first byte, and that after the last.

    A column is a name, or a path into structs as Parquet writes it; all that is below it counts. None are all columns.
    With `rows`, only the row groups with some of them count. Of a file that is not valid there are none.
    """
    try:
        return list(_split(_merged(_chunks(path, columns, rows))))
    except (pa.ArrowException, OSError, ValueError):
        return []


def _chunks(
    path: str, columns: Collection[str] | None, rows: Sequence[tuple[int, int]] | None
) -> Iterator[tuple[int, int]]:
    """Where the chunks of the columns begin and end."""
    metadata = pq.read_metadata(path)
    inside = [number for number in range(metadata.num_columns) if _is_in(metadata.schema.column(number).path, columns)]
    end_of_data = os.path.getsize(path) - metadata.serialized_size - _LENGTH
    end = 0
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        first, end = end, end + group.num_rows
        if rows is not None and not any(start < end and first < last for start, last in rows):
            continue
        for number in inside:
            chunk = group.column(number)
            starts = [chunk.data_page_offset, chunk.dictionary_page_offset if chunk.has_dictionary_page else None]
            start = min(filter(None, starts))
            yield start, min(start + chunk.total_compressed_size + SLACK, end_of_data)


def _is_in(leaf: str, columns: Collection[str] | None) -> bool:
    """Whether a leaf of the schema is one of the columns, or inside one."""
    return columns is None or any(leaf == column or leaf.startswith(f"{column}.") for column in columns)


def _merged(chunks: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The chunks, with those merged between which there is little."""
    start = end = -1
    for first, last in sorted(chunks):
        if start >= 0 and first - end < GAP:
            end = max(end, last)
        else:
            if start >= 0:
                yield start, end
            start, end = first, last
    if start >= 0:
        yield start, end


def _split(chunks: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in chunks:
        yield from ((at, min(at + PIECE, end)) for at in range(start, end, PIECE))
