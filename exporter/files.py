"""Parquet files: which there are, and what their footers say."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


class FilesError(Exception):
    """The folder or file that a pattern names is not there: `path: what`."""


class UnreadableError(Exception):
    """A file that cannot be measured: `what`, without its name."""


@dataclass(frozen=True)
class File:
    """A file as the folder lists it; two equal values are the same content."""

    path: str
    name: str
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Footer:
    """What a file's footer says.

    `kinds` maps column names to what is in them (see `kind`). `first` and `last` are the least and the
    greatest timestamp in microseconds since the epoch; they are None where only the data itself can tell.
    """

    kinds: tuple[tuple[str, str], ...]
    rows: int
    first: int | None
    last: int | None
    null_timestamps: int


def find(patterns: Iterable[str]) -> tuple[File, ...]:
    """Every file that a pattern matches, once, in the order of the paths; a folder stands for all below it.

    Files whose name begins with `.` or `_` are left out, as Hadoop writers expect. Raises FilesError when
    the folder of a pattern does not exist.
    """
    paths = {os.path.realpath(path): path for pattern in patterns for path in _expand(pattern)}
    files = (_stat(real, path) for real, path in sorted(paths.items()))
    return tuple(file for file in files if file)


def _expand(pattern: str) -> list[str]:
    folder = _folder(pattern)
    if not folder.exists():
        raise FilesError(f"{folder}: no such file or folder")
    if not os.access(folder, os.R_OK):
        raise FilesError(f"{folder}: not readable")
    if os.path.isdir(_unescape(pattern)):
        pattern = os.path.join(glob.escape(_unescape(pattern)), "**", "*.parquet")
    found = glob.glob(pattern, recursive=True)
    return [path for path in found if not os.path.basename(path).startswith("_") and os.path.isfile(path)]


def _folder(pattern: str) -> Path:
    """The part of a pattern before its first wildcard."""
    parts = Path(pattern).parts
    plain = next((i for i, part in enumerate(parts) if glob.has_magic(_drop_escapes(part))), len(parts))
    return Path(_unescape(str(Path(*parts[:plain]))))


def _drop_escapes(text: str) -> str:
    return re.sub(r"\[[*?[]\]", "", text)


def _unescape(text: str) -> str:
    return re.sub(r"\[([*?[])\]", r"\1", text)


def _stat(real: str, path: str) -> File | None:
    try:
        status = os.stat(real)
    except FileNotFoundError:
        return None
    return File(real, os.path.basename(path), status.st_ino, status.st_size, status.st_mtime_ns)


def unchanged(file: File) -> bool:
    """Whether the file is still the one that was found."""
    found = _stat(file.path, file.name)
    return found == file


def read_footer(file: File, timestamp_names: Iterable[str]) -> Footer:
    """Read the footer of `file`; the first of `timestamp_names` that it has gives `first` and `last`.

    Raises UnreadableError for a file that is no Parquet.
    """
    if file.size == 0:
        raise UnreadableError("zero bytes")
    if not is_utf8(file.path):
        raise UnreadableError("its path is not UTF-8")
    try:
        with pq.ParquetFile(file.path) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
            kinds = tuple((field.name, kind(field.type)) for field in schema)
            name = next((name for name in timestamp_names if name in schema.names), None)
            first, last, nulls = _range(metadata, schema, name) if name else (None, None, 0)
            return Footer(kinds, metadata.num_rows, first, last, nulls)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError(_first_sentence(error)) from None


def is_utf8(path: str) -> bool:
    """Whether DuckDB can be told of the path: file systems allow names that are no text."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _first_sentence(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.split(r"\. |: '", text)[0].strip(" :")[:200]


def kind(type_: pa.DataType) -> str:
    """What a column holds: timestamp, instant, text, integer, number, date, nested or other."""
    if pa.types.is_dictionary(type_):
        return kind(type_.value_type)
    if pa.types.is_timestamp(type_):
        return "instant" if type_.tz else "timestamp"
    tests = {
        "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary),
        "integer": (pa.types.is_integer,),
        "number": (pa.types.is_floating, pa.types.is_decimal),
        "date": (pa.types.is_date,),
        "nested": (pa.types.is_nested,),
    }
    return next((name for name, each in tests.items() if any(test(type_) for test in each)), "other")


def _range(metadata: pq.FileMetaData, schema: pa.Schema, name: str) -> tuple[int | None, int | None, int]:
    """Least and greatest timestamp (µs) and the number of NULLs, as far as the statistics are exact."""
    type_ = schema.field(name).type
    leaf = next((i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name), None)
    if not pa.types.is_timestamp(type_) or leaf is None or not metadata.num_row_groups:
        return None, None, 0
    groups = [metadata.row_group(i).column(leaf).statistics for i in range(metadata.num_row_groups)]
    if not all(each and each.has_min_max and each.has_null_count for each in groups):
        return None, None, 0
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[type_.unit]
    if any(not isinstance(each.min_raw, int) for each in groups):
        return None, None, 0
    first = min(each.min_raw for each in groups) * 10**6 // per_second
    last = max(each.max_raw for each in groups) * 10**6 // per_second
    return first, last, sum(each.null_count for each in groups)
