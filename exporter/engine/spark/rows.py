"""Rows of files as Spark reads them, and queries of DuckDB over them in Spark's Python workers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

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
from exporter.files.entry import Measurable

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

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


def uri(path: str) -> str:
    """The path for Spark, with what it would read as a pattern escaped."""
    escaped = "".join(f"\\{each}" if each in "\\*?[]{}^" else each for each in path)
    scheme, separator, rest = escaped.partition("://")
    return f"{'s3a' if scheme == 's3' else scheme}://{rest}" if separator else f"file://{escaped}"


def scan(session: Session, files: Sequence[Measurable], columns: Sequence[str], *, named: bool) -> tuple[DataFrame, Query]:
    """The rows of files of one shape, and the query that all queries over them must extend; with `named`, with FILE.

    Raises SchemaError.
    """
    schema, types = schemas.read(files[0].file.path, columns)
    frame = session.spark.read.options(**READ).schema(schema).parquet(*[uri(each.file.path) for each in files])
    if named:
        frame = frame.select(*[sf.col(f"`{name.replace('`', '``')}`") for name in schema.names], sf.col("_metadata.file_path").alias(FILE))
    return frame, Query(duckdb.__version__, (), "", types=types, paths=FILE if named else None)


def queried(frame: DataFrame, query: Query) -> DataFrame:
    """The result of the query over the rows of each partition."""
    named = {name: value for name, value in query.values.items() if re.search(rf"\${name}\b", query.sql)}
    sql, schema = _for_spark(replace(query, values=named), frame.schema)
    return frame.mapInArrow(partial(worker.run, replace(query, sql=sql, values=named)), schema)


def _for_spark(query: Query, given: spark.StructType) -> tuple[str, spark.StructType]:
    """The SQL whose result Spark can take, and its types."""
    arriving = to_arrow_schema(given, timezone="UTC")
    empty = pa.schema([(each.name, query.types.get(each.name, each.type)) for each in arriving]).empty_table()
    with worker.connect(query) as connection:
        connection.register("rows", empty)
        described = connection.sql(query.sql, params=dict(query.values))
        columns = zip(described.columns, map(str, described.types), strict=True)
        sql = f"SELECT {', '.join(_cast(name, kind) for name, kind in columns)} FROM (\n{query.sql}\n)"
        found = connection.sql(sql, params=dict(query.values)).to_arrow_reader().schema
    return sql, from_arrow_schema(worker.signed(pa.RecordBatch.from_pylist([], schema=found)).schema)


def _cast(name: str, kind: str) -> str:
    quoted = f'"{name}"'
    base = kind.partition("(")[0]
    if base == "UBIGINT":
        return f"xor({quoted}, 9223372036854775808) AS {quoted}"
    return f"CAST({quoted} AS {_CAST[base]}) AS {quoted}" if base in _CAST else quoted
