"""The footers of Parquet files: which columns a file has, and the time range of its events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from exporter.files import fields
from exporter.files.fields import Field, FieldError, Step
from exporter.files.file import File, is_utf8
from exporter.files.kinds import kind, value_type


class UnreadableError(Exception):
    """A file that cannot be measured: `what`, without its name; not `lasting` if a retry may read the same file."""

    def __init__(self, what: str, *, lasting: bool = True) -> None:
        super().__init__(what)
        self.lasting = lasting


@dataclass(frozen=True)
class Footer:
    """The content of a file's footer.

    `kinds` maps column names to their kinds (see `kind`), `types` has their types in the same order. `first` and `last`
    are the minimum and maximum timestamp in microseconds since the epoch; they are None if the footer does not have
    them. `fields` is where the file has the configured names that are not columns.
    """

    kinds: tuple[tuple[str, str], ...]
    rows: int
    first: int | None
    last: int | None
    null_timestamps: int
    types: tuple[str, ...]
    fields: tuple[Field, ...] = ()

    def own_name(self, name: str) -> str | None:
        """The file's name for the column `name`, which may differ in case; None if the file has no such column."""
        return own_name((own for own, _ in self.kinds), name)

    def find(self, name: str) -> list[Field]:
        """Where the file has `name`: as a column, else inside one, else in its folder; empty if it does not."""
        if own := self.own_name(name):
            place = next(number for number, (each, _) in enumerate(self.kinds) if each == own)
            return [Field(name, own, self.kinds[place][1], self.types[place], (Step("field", own),))]
        return [each for each in self.fields if each.source == name]


def own_name(names: Iterable[str], name: str) -> str | None:
    """`name` if it is one of `names`, else the one that differs only in case, else None."""
    listed = list(names)
    return name if name in listed else next((own for own in listed if own.casefold() == name.casefold()), None)


def read_footer(
    file: File, timestamp_names: Sequence[str], names: Iterable[str] = (), path: str | None = None
) -> Footer:
    """Read the footer of `file`; if it has one of `timestamp_names`, and no more, that gives `first` and `last`.

    `path` is where the file can be read, unless that is its own. Raises UnreadableError for a file that is not Parquet,
    or if one of `names` is ambiguous.
    """
    with _opened(file, path) as parquet:
        return _footer(file, parquet.schema_arrow, parquet.metadata, timestamp_names, names)


def read_schema(file: File, path: str | None = None) -> tuple[pa.Schema, int]:
    """The schema of `file`, and its number of rows; `path` as above. Raises UnreadableError."""
    with _opened(file, path) as parquet:
        return parquet.schema_arrow, parquet.metadata.num_rows


@contextmanager
def _opened(file: File, path: str | None) -> Iterator[pq.ParquetFile]:
    """The file, opened. Raises UnreadableError if it cannot be, or if what is read of it fails."""
    if file.size < 0:
        raise UnreadableError("cannot be opened: broken link, or permission denied", lasting=False)
    if file.size == 0:
        raise UnreadableError("zero bytes")
    if not is_utf8(file.path):
        raise UnreadableError("its path is not UTF-8")
    try:
        with pq.ParquetFile(path or file.path) as parquet:
            yield parquet
    except FieldError as error:
        raise UnreadableError(str(error)) from None
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError(_first_sentence(error), lasting=not getattr(error, "errno", None)) from None


def _footer(
    file: File, schema: pa.Schema, metadata: pq.FileMetaData, timestamp_names: Sequence[str], names: Iterable[str]
) -> Footer:
    kinds = tuple((field.name, kind(field.type)) for field in schema)
    types = tuple(str(value_type(field.type)) for field in schema)
    sources = sorted({*timestamp_names, *names}) if metadata.num_rows else ()
    found = tuple(each for name in sources if not own_name(schema.names, name) for each in _found(file, schema, name))
    type_, path = _timestamp(schema, found, timestamp_names)
    first, last, nulls = _range(metadata, type_, path)
    return Footer(kinds, metadata.num_rows, first, last, nulls, types, found)


def _found(file: File, schema: pa.Schema, source: str) -> Iterator[Field]:
    """Where the file has `source`, which is not a column: inside a column, else in the name of its folder."""
    found = fields.find(schema, source)
    for each in found:
        json = each.type is None
        yield Field(source, each.name, "JSON" if json else kind(each.type), str(each.type), each.steps)
    if not found and (named := fields.folder(file, source)):
        key, value = named
        yield Field(source, key, "text", "folder", (Step("folder", value),))


def _timestamp(schema: pa.Schema, found: Sequence[Field], names: Iterable[str]) -> tuple[str, str]:
    """Type and path of the timestamp, the one of `names` that the file has; empty if it has no statistics."""
    present = [name for name in names if own_name(schema.names, name) or any(each.source == name for each in found)]
    for name in present if len(present) == 1 else ():
        if own := own_name(schema.names, name):
            return (str(schema.field(own).type), own) if schema.names.count(own) == 1 else ("", "")
        for each in found:
            if each.source == name:
                return (each.type, ".".join(each.plain)) if len(each.plain) == len(each.steps) else ("", "")
    return "", ""


def _first_sentence(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.split(r"\. |: '", text)[0].strip(" :")[:200]


def _range(metadata: pq.FileMetaData, type_: str, path: str) -> tuple[int | None, int | None, int]:
    """Minimum and maximum timestamp (µs) and the number of NULLs; None, None, 0 unless the statistics are exact."""
    unit = re.match(r"timestamp\[(s|ms|us|ns)\b", type_)
    leaves = [number for number in range(metadata.num_columns) if metadata.schema.column(number).path == path]
    if not unit or len(leaves) != 1 or not metadata.num_row_groups:
        return None, None, 0
    groups = [metadata.row_group(i).column(leaves[0]).statistics for i in range(metadata.num_row_groups)]
    if not all(each and each.has_min_max and each.has_null_count for each in groups):
        return None, None, 0
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit[1]]
    if any(not isinstance(each.min_raw, int) for each in groups):
        return None, None, 0
    first = min(each.min_raw for each in groups) * 10**6 // per_second
    last = max(each.max_raw for each in groups) * 10**6 // per_second
    return first, last, sum(each.null_count for each in groups)
