"""Text that is not UTF-8: what it costs is the value, not the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 10_000
"""Rows at a time: a batch in which all is well is looked at once."""


def is_to_blame(error: duckdb.Error) -> bool:
    """Whether a text that is not UTF-8 is why a file could not be read."""
    return isinstance(error, duckdb.InvalidInputException) and "not valid UTF8" in str(error)


def replaced_rows(path: str, columns: Collection[str]) -> int:
    """How many rows of a file that DuckDB refused have a text in these columns that is not UTF-8.

    A column is a name, or a way into structs as Parquet writes it: `column.field`. At least one, also where
    pyarrow cannot say.
    """
    try:
        return max(1, _counted(path, columns))
    except (pa.ArrowException, OSError, ValueError):
        return 1


def _counted(path: str, columns: Collection[str]) -> int:
    with pq.ParquetFile(path) as parquet:
        batches = parquet.iter_batches(BATCH, columns=sorted(columns))
        return sum(_bad_rows(list(_texts(batch))) for batch in batches)


def _texts(batch: pa.RecordBatch) -> Iterator[pa.Array]:
    """The columns as text, where they are text; pyarrow does not look at the bytes of others, or of a dictionary."""
    for column in batch.columns:
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        if pa.types.is_binary(plain.type):
            yield plain.view(pa.string())
        elif pa.types.is_large_binary(plain.type):
            yield plain.view(pa.large_string())
        else:
            yield plain


def _bad_rows(texts: list[pa.Array]) -> int:
    """How many rows have a text that is not UTF-8; halves are looked into only where there is one."""
    bad = [text for text in texts if not _is_valid(text)]
    if not bad or len(bad[0]) == 1:
        return len(bad[:1])
    half = len(bad[0]) // 2
    return _bad_rows([_part(text[:half]) for text in bad]) + _bad_rows([_part(text[half:]) for text in bad])


def _part(text: pa.Array) -> pa.Array:
    """The slice as an array of its own where it is nested: the texts below a slice are those of the whole array."""
    return pa.concat_arrays([text, text[:0]]) if pa.types.is_nested(text.type) else text


def _is_valid(text: pa.Array) -> bool:
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
