"""The footers of Parquet files: which columns a file has, and from when to when its events are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from exporter.files import File, is_utf8


class UnreadableError(Exception):
    """A file that cannot be measured: `what`, without its name; `lasting` unless it may be read without a change."""

    def __init__(self, what: str, *, lasting: bool = True) -> None:
        super().__init__(what)
        self.lasting = lasting


@dataclass(frozen=True)
class Footer:
    """What a file's footer says.

    `kinds` maps column names to what is in them (see `kind`), `types` are their types in the same order. `first`
    and `last` are the least and the greatest timestamp in microseconds since the epoch; they are None where only the
    data itself can tell.
    """

    kinds: tuple[tuple[str, str], ...]
    rows: int
    first: int | None
    last: int | None
    null_timestamps: int
    types: tuple[str, ...]

    def own_name(self, name: str) -> str | None:
        """The file's name for the column `name`, which it may write in another case; None where it has none."""
        return own_name((own for own, _ in self.kinds), name)


def own_name(names: Iterable[str], name: str) -> str | None:
    """`name` if it is one of `names`, else the one that differs only in case, else None."""
    alike = [own for own in names if own.casefold() == name.casefold()]
    return name if name in alike else next(iter(alike), None)


def read_footer(file: File, timestamp_names: Iterable[str]) -> Footer:
    """Read the footer of `file`; the first of `timestamp_names` that it has gives `first` and `last`.

    Raises UnreadableError for a file that is no Parquet.
    """
    if file.size < 0:
        raise UnreadableError("cannot be opened: a link to nowhere, or not permitted", lasting=False)
    if file.size == 0:
        raise UnreadableError("zero bytes")
    if not is_utf8(file.path):
        raise UnreadableError("its path is not UTF-8")
    try:
        with pq.ParquetFile(file.path) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
            kinds = tuple((field.name, kind(field.type)) for field in schema)
            name = next(filter(None, (own_name(schema.names, name) for name in timestamp_names)), None)
            first, last, nulls = _range(metadata, schema, name) if name else (None, None, 0)
            types = tuple(str(_value_type(field.type)) for field in schema)
            return Footer(kinds, metadata.num_rows, first, last, nulls, types)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError(_first_sentence(error), lasting=not getattr(error, "errno", None)) from None


def _first_sentence(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return re.split(r"\. |: '", text)[0].strip(" :")[:200]


def kind(type_: pa.DataType) -> str:
    """What a column holds: timestamp, instant, text, integer, number, date, nested, nothing or other."""
    type_ = _value_type(type_)
    if pa.types.is_timestamp(type_):
        return "instant" if type_.tz else "timestamp"
    tests = {
        "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary),
        "integer": (pa.types.is_integer,),
        "number": (pa.types.is_floating, pa.types.is_decimal),
        "date": (pa.types.is_date,),
        "nothing": (pa.types.is_null,),
        "nested": (pa.types.is_nested,),
    }
    return next((name for name, each in tests.items() if any(test(type_) for test in each)), "other")


def _value_type(type_: pa.DataType) -> pa.DataType:
    """The type itself, or that of the values of a dictionary."""
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def _range(metadata: pq.FileMetaData, schema: pa.Schema, name: str) -> tuple[int | None, int | None, int]:
    """Least and greatest timestamp (µs) and the number of NULLs, as far as the statistics are exact."""
    if schema.names.count(name) > 1:
        return None, None, 0
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
