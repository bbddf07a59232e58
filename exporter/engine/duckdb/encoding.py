"""Text that is not UTF-8: it costs the value, not the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 10_000
"""Rows at a time: a batch without bad text is checked only once."""


def is_to_blame(error: duckdb.Error) -> bool:
    """Whether a file could not be read because of text that is not UTF-8."""
    return isinstance(error, duckdb.InvalidInputException) and "not valid UTF8" in str(error)


def replaced_rows(path: str, columns: Collection[str]) -> int:
    """The number of rows, in a file that DuckDB refused, with text in these columns that is not UTF-8.

    A column is a name, or a path into structs as Parquet writes it: `column.field`. The number is at least 1, even if
    pyarrow cannot count.
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
    """The columns, with bytes and dictionaries turned into text, because pyarrow validates only text."""
    for column in batch.columns:
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        if pa.types.is_binary(plain.type):
            yield plain.view(pa.string())
        elif pa.types.is_binary_view(plain.type):
            yield plain.view(pa.string_view())
        elif pa.types.is_large_binary(plain.type):
            yield plain.view(pa.large_string())
        else:
            yield plain


def _bad_rows(texts: list[pa.Array]) -> int:
    """The number of rows with text that is not UTF-8; only halves that contain such text are searched further."""
    bad = [text for text in texts if not _is_valid(text)]
    if not bad or len(bad[0]) == 1:
        return len(bad[:1])
    half = len(bad[0]) // 2
    return _bad_rows([_part(text[:half]) for text in bad]) + _bad_rows([_part(text[half:]) for text in bad])


def _part(text: pa.Array) -> pa.Array:
    """The slice, copied if it is nested: otherwise the texts inside are still those of the whole array."""
    return pa.concat_arrays([text, text[:0]]) if pa.types.is_nested(text.type) else text


def _is_valid(text: pa.Array) -> bool:
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
