"""Rows of files as Spark reads them, and queries of DuckDB over them in Spark's Python workers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pyspark import cloudpickle
from pyspark.sql import types as spark
from pyspark.sql.connect import functions as sf
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from exporter.engine.duckdb.steps import FILE
from exporter.engine.spark import schemas, worker
from exporter.engine.spark.session import Session
from exporter.engine.spark.worker import Query
from exporter.files.access import Access
from exporter.files.entry import Measurable
from exporter.files.footers import UnreadableError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

cloudpickle.register_pickle_by_value(worker)

READ = {
    "recursiveFileLookup": "true",  # or folder names would become columns
    "ignoreMissingFiles": "false",
    "ignoreCorruptFiles": "false",
    "mergeSchema": "false",
    "parquet.page.verify-checksum.enabled": "true",
}
"""How files are read: nothing is skipped in silence."""

_CAST = {"ENUM": "VARCHAR", "TIMESTAMP": "TIMESTAMPTZ", "UBIGINT": None}
"""What DuckDB's types become on the way to Spark; None flips the first bit, so that the order of hashes stays."""

_IN_UTC: Mapping[str, Any] = (
    {"timezone": "UTC"} if "timezone" in signature(to_arrow_schema).parameters else {"timestamp_utc": True}
)
"""What makes timestamps those of UTC: Spark 4.3 has another name for it."""


def uri(path: str) -> str:
    """The path for Spark, with what it would read as a pattern escaped."""
    escaped = "".join(f"\\{each}" if each in "\\*?[]{}^" else each for each in path)
    scheme, separator, rest = escaped.partition("://")
    return f"{'s3a' if scheme == 's3' else scheme}://{rest}" if separator else f"file://{escaped}"


@dataclass(frozen=True)
class Readable:
    """A file, the schema that Spark reads it with, and the types that columns have there but not in Spark."""

    of: Measurable
    schema: spark.StructType
    types: Mapping[str, pa.DataType]


def readable(access: Access, each: Measurable, columns: Collection[str]) -> Readable:
    """The file, with these columns. Raises SchemaError, UnreadableError, and FilesError."""
    with access.footers([each.file]) as problems:
        if problem := problems.get(each.file):
            raise UnreadableError(str(problem), lasting=False)
        return Readable(each, *schemas.read(access.local(each.file).path, columns))


def alike(files: Iterable[Readable]) -> list[list[Readable]]:
    """The files by their schema: one scan reads them with one."""
    groups: dict[str, list[Readable]] = {}
    for each in files:
        groups.setdefault(repr((each.schema.jsonValue(), each.types)), []).append(each)
    return list(groups.values())


def scan(session: Session, files: Sequence[Readable], *, named: bool) -> tuple[DataFrame, Query]:
    """The rows of files with one schema, and the query that all queries over them extend.

    Columns have names of their own, because Spark parts names at dots. With `named`, the last is the path of the file.
    """
    schema, types = files[0].schema, files[0].types
    frame = session.spark.read.options(**READ).schema(schema).parquet(*[uri(each.of.file.path) for each in files])
    sources = [f"`{name.replace('`', '``')}`" for name in schema.names] + ["_metadata.file_path"] * named
    columns = [sf.col(source).alias(f"column_{number}") for number, source in enumerate(sources)]
    names = [*schema.names, *[FILE] * named]
    return frame.select(*columns), Query(
        duckdb.__version__, (), "", names=names, types=types, paths=FILE if named else None
    )


def queried(frame: DataFrame, query: Query) -> DataFrame:
    """The result of the query over the rows of each partition."""
    named = {name: value for name, value in query.values.items() if re.search(rf"\${name}\b", query.sql)}
    sql, schema = _for_spark(replace(query, values=named), frame.schema)
    return frame.mapInArrow(partial(worker.run, replace(query, sql=sql, values=named)), schema)


def _for_spark(query: Query, given: spark.StructType) -> tuple[str, spark.StructType]:
    """The SQL whose result Spark can take, and its types."""
    arriving = to_arrow_schema(given, **_IN_UTC)
    named = zip(query.names or arriving.names, arriving.types, strict=True)
    empty = pa.schema([(name, query.types.get(name, type_)) for name, type_ in named]).empty_table()
    with worker.connect(query) as connection:
        connection.register("rows", empty)
        described = connection.sql(query.sql, params=dict(query.values))
        columns = zip(described.columns, map(str, described.types), strict=True)
        sql = f"SELECT {', '.join(_cast(name, kind) for name, kind in columns)} FROM (\n{query.sql}\n)"
        found = connection.sql(sql, params=dict(query.values)).to_arrow_reader().schema
    return sql, from_arrow_schema(
        worker.signed(pa.RecordBatch.from_pylist([], schema=found)).schema, prefer_timestamp_ntz=True
    )


def _cast(name: str, kind: str) -> str:
    quoted = f'"{name}"'
    base = kind.partition("(")[0]
    if base == "UBIGINT":
        return f"xor({quoted}, 9223372036854775808) AS {quoted}"
    return f"CAST({quoted} AS {_CAST[base]}) AS {quoted}" if base in _CAST else quoted
