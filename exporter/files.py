"""Parquet files: which there are, and what their footers say."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
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

    A file is named by its path below the pattern's fixed folder. What begins with `.` or `_` there is left
    out, as Hadoop writers expect. Raises FilesError when a folder does not exist or cannot be read.
    """
    names = {path: name for pattern in patterns for path, name in _expand(pattern)}
    real = cache(os.path.realpath)
    files = (_stat(path, name, real) for path, name in sorted(names.items()))
    return tuple({file.path: file for file in files if file}.values())


def _expand(pattern: str) -> Iterator[tuple[str, str]]:
    """The paths that match, each with its name."""
    pattern = str(Path(pattern))  # without `./` and `//`, like `fixed`
    fixed = _folder(pattern)
    if not fixed.exists():
        raise FilesError(f"{fixed}: no such file or folder")
    if fixed.is_dir() and not glob.has_magic(_drop_escapes(pattern)):
        pattern = os.path.join(glob.escape(str(fixed)), "**", "*.parquet")
    _check_folders(os.path.dirname(pattern))
    before = len(os.path.join(fixed, "")) if fixed.is_dir() else len(str(fixed)) - len(fixed.name)
    for path in glob.iglob(pattern, recursive=True):
        name = path[before:]
        if not name.startswith(("_", ".")) and "/_" not in name and "/." not in name:
            yield path, name


def _check_folders(pattern: str) -> None:
    """Raise FilesError for a folder on the way that cannot be read; to `glob` it would look empty."""
    for folder in glob.glob(pattern, recursive=True):
        if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):
            raise FilesError(f"{folder}: not readable")
    if glob.has_magic(_drop_escapes(pattern)):
        _check_folders(os.path.dirname(pattern))


def _folder(pattern: str) -> Path:
    """The part of a pattern before its first wildcard."""
    parts = Path(pattern).parts
    plain = next((i for i, part in enumerate(parts) if glob.has_magic(_drop_escapes(part))), len(parts))
    return Path(_unescape(str(Path(*parts[:plain]))))


def _drop_escapes(text: str) -> str:
    return re.sub(r"\[[*?[]\]", "", text)


def _unescape(text: str) -> str:
    return re.sub(r"\[([*?[])\]", r"\1", text)


def _stat(path: str, name: str, real: Callable[[str], str] = os.path.realpath) -> File | None:
    """The file, None for a folder or what has just gone; one that cannot be looked at has a size below zero.

    `real` resolves links, of the folder only where the file itself is none: that is dear, and many share a folder.
    """
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            path, status = real(path), os.stat(path)
        else:
            path = os.path.join(real(os.path.dirname(path)), os.path.basename(path))
    except OSError:
        return File(os.path.realpath(path), name, 0, -1, 0) if os.path.lexists(path) else None
    if stat.S_ISDIR(status.st_mode):
        return None
    return File(path, name, status.st_ino, status.st_size, status.st_mtime_ns)


def unchanged(file: File) -> bool:
    """Whether the file is still the one that was found."""
    return file.size < 0 or _stat(file.path, file.name) == file


def read_footer(file: File, timestamp_names: Iterable[str]) -> Footer:
    """Read the footer of `file`; the first of `timestamp_names` that it has gives `first` and `last`.

    Raises UnreadableError for a file that is no Parquet.
    """
    if file.size < 0:
        raise UnreadableError("cannot be opened: a link to nowhere, or not permitted")
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
