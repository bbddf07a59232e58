"""What Spark's Python workers run: SQL of DuckDB over the rows of a partition, in batches, locked to these rows.

Spark is sent the functions themselves, so a worker needs DuckDB and pyarrow, but no part of this project.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 20_000
"""Rows at a time that go back to Spark."""

NOT_UTF8 = "text that is not UTF-8"
"""How an error says that rows must be read again with replacements."""


@dataclass(frozen=True)
class Query:
    """A query of DuckDB over rows that are called `rows`.

    `version` is that of DuckDB here, because hashes differ between versions. `setup` are statements to run first.
    `names` and `types` are those of columns in the files; Spark has its own names, and some other types. `paths` is the
    column with the path of the file, if any. With `replacing`, each byte that is not UTF-8 is read as `?`; otherwise it
    is an error.
    """

    version: str
    setup: Sequence[str]
    sql: str
    values: Mapping[str, object] = field(default_factory=dict)
    names: Sequence[str] = ()
    types: Mapping[str, pa.DataType] = field(default_factory=dict)
    paths: str | None = None
    replacing: bool = False


def run(query: Query, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The result for one partition; UBIGINT becomes BIGINT with the same bits."""
    read = iter(batches)
    first = next(read, None)
    if first is None:
        return
    if duckdb.__version__ != query.version:
        raise RuntimeError(f"Spark's Python workers have DuckDB {duckdb.__version__}, expected {query.version}")
    with connect(query) as connection:
        prepared = (_prepared(query, batch) for batch in chain([first], read))
        shaped = next(prepared)
        reader = pa.RecordBatchReader.from_batches(shaped.schema, chain([shaped], prepared))
        connection.register("rows", reader)
        for batch in connection.sql(query.sql, params=dict(query.values)).to_arrow_reader(BATCH):
            yield signed(batch)


def connect(query: Query) -> duckdb.DuckDBPyConnection:
    """A database with the statements of `setup` run, locked to what is registered in it."""
    connection = duckdb.connect()
    for name, value in (("TimeZone", "UTC"), ("threads", 1), ("temp_directory", "")):
        connection.execute(f"SET {name} = ?", [value])
    for statement in query.setup:
        connection.execute(statement)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def signed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with int64 in place of uint64, because Spark has no unsigned numbers."""
    columns = [each.view(pa.int64()) if each.type == pa.uint64() else each for each in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def misencoded(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """For each row with text that is not UTF-8, the path of its file, which is the last column."""
    for batch in batches:
        *texts, paths = batch.columns
        if all(map(is_utf8, texts)):
            continue
        bad = [row for row in range(len(batch)) if not all(is_utf8(_alone(text, row)) for text in texts)]
        yield pa.RecordBatch.from_pydict({"path": [local_path(paths[row].as_py()) for row in bad]})


def local_path(uri: str) -> str:
    """The path that Spark names as a URI; a URL stays one."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else unquote(uri)


def is_utf8(array: pa.Array) -> bool:
    """Whether all text in the array is UTF-8, at any depth."""
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def replaced(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with `?` for bytes that are not UTF-8, as DuckDB's reader of files replaces them."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = f"{folder}/batch.parquet"
        pq.write_table(pa.Table.from_batches([batch]), path)
        read = "SELECT * FROM read_parquet(?, binary_as_string = true, utf8_validation = 'replace')"
        connection.execute("SET TimeZone = 'UTC'")
        return connection.sql(read, params=[path]).to_arrow_table().combine_chunks().to_batches()[0]


def _prepared(query: Query, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch as the file has it: with its types, with text that is UTF-8, and with the path of the file."""
    if not all(map(is_utf8, batch.columns)):
        if not query.replacing:
            raise ValueError(NOT_UTF8)
        batch = replaced(batch)
    columns = dict(zip(query.names or batch.schema.names, batch.columns, strict=True))
    for name, type_ in query.types.items():
        columns[name] = columns[name].cast(type_)
    if query.paths:
        columns[query.paths] = pa.array([local_path(each) for each in columns[query.paths].to_pylist()], pa.string())
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _alone(array: pa.Array, row: int) -> pa.Array:
    """One row of the array, copied: inside a nested slice are still the texts of the whole array."""
    return pa.concat_arrays([array[row : row + 1], array[:0]])
