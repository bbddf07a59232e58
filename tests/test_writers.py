"""Whichever library wrote a file, and however it laid it out, the same events give the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastparquet
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.ga4 import pairs
from tests.support.readings import measured

Writer = Callable[[Path], object]

TEXT = pa.string()
COUNT = 60
EVENTS = pa.table(
    {
        "timestamp": pa.array([1741514400_000000 + number * 20_000_000 for number in range(COUNT)], pa.timestamp("us")),
        "event_name": ["checkout_completed" if number % 5 == 4 else "page_viewed" for number in range(COUNT)],
        "client_id": [None if number % 7 == 0 else f"{number % 11:03}" for number in range(COUNT)],
        "page_url": [f"https://shop.example/é?utm_source={number % 4}"[: 24 + number] for number in range(COUNT)],
        "referrer": [[None, "", "https://www.google.com/", "https://shop.example/"][n % 4] for n in range(COUNT)],
        "user_agent": [["Mozilla/5.0 (iPhone)", "Mozilla/5.0 (Windows NT 10.0)"][n % 2] for n in range(COUNT)],
        "event_data": [None if number % 3 else f'{{"a": {number}}}' for number in range(COUNT)],
        "revenue": [number * 1.25 if number % 5 == 4 else None for number in range(COUNT)],
        "transaction_id": [str(number // 10 + 1) if number % 5 == 4 else None for number in range(COUNT)],
    }
)
"""An hour of events: every fifth is a purchase, and two purchases have one id."""

TEXTS = ("event_name", "client_id", "page_url", "referrer", "user_agent", "event_data", "transaction_id")
COLUMNS = {name: name for name in EVENTS.column_names if name != "event_data"} | {"payload": "event_data"}


def changed(of: pa.DataType, *names: str) -> pa.Table:
    """The events with columns of another type."""
    table = EVENTS
    for name in names:
        values = table[name].combine_chunks()
        texts = of.value_type if pa.types.is_dictionary(of) else None
        made = values.cast(texts).dictionary_encode().cast(of) if texts else values.cast(of)
        table = table.set_column(table.column_names.index(name), name, made)
    return table


def by_pyarrow(table: pa.Table = EVENTS, **options: Any) -> Writer:
    """Written by pyarrow."""
    return lambda path: pq.write_table(table, path, **options)


def as_json(path: Path) -> None:
    """With the payload in Arrow's own type for JSON."""
    payload = pa.ExtensionArray.from_storage(pa.json_(), EVENTS["event_data"].combine_chunks())
    pq.write_table(EVENTS.set_column(EVENTS.column_names.index("event_data"), "event_data", payload), path)


PYARROW: dict[str, Writer] = {
    **{str(of): by_pyarrow(changed(of, *TEXTS)) for of in (pa.large_string(), pa.string_view(), pa.binary())},
    **{str(of): by_pyarrow(changed(of, *TEXTS)) for of in (pa.large_binary(), pa.binary_view())},
    "dictionary": by_pyarrow(changed(pa.dictionary(pa.int8(), TEXT), *TEXTS)),
    "dictionary of bytes": by_pyarrow(changed(pa.dictionary(pa.int32(), pa.binary()), *TEXTS)),
    "JSON": as_json,
    **{
        f"amounts {of}": by_pyarrow(changed(of, "revenue"))
        for of in (pa.decimal32(7, 2), pa.decimal64(10, 2), pa.decimal128(38, 9), pa.decimal256(50, 2), pa.float16())
    },
    "amounts in text": by_pyarrow(changed(TEXT, "revenue")),
    **{f"ids {of}": by_pyarrow(changed(of, "transaction_id")) for of in (pa.int8(), pa.uint64(), pa.float64())},
    **{f"times in {unit}": by_pyarrow(changed(pa.timestamp(unit), "timestamp")) for unit in ("s", "ms", "ns")},
    "times of a zone": by_pyarrow(changed(pa.timestamp("ms", "Europe/Berlin"), "timestamp")),
    "INT96": by_pyarrow(use_deprecated_int96_timestamps=True),
    "format 1.0": by_pyarrow(version="1.0", store_schema=False),
    "pages 2.0": by_pyarrow(data_page_version="2.0", write_page_checksum=True, write_page_index=True),
    "row groups": by_pyarrow(row_group_size=7, compression="none"),
    "encodings": by_pyarrow(
        use_dictionary=False,
        column_encoding={
            "page_url": "DELTA_BYTE_ARRAY",
            "client_id": "DELTA_LENGTH_BYTE_ARRAY",
            "timestamp": "DELTA_BINARY_PACKED",
            "revenue": "BYTE_STREAM_SPLIT",
        },
    ),
    **{name: by_pyarrow(compression=name) for name in ("snappy", "gzip", "brotli", "lz4")},
}

FRAME: pd.DataFrame = EVENTS.to_pandas()
NAMES = ["event_name", "client_id", "referrer"]

PANDAS: dict[str, Writer] = {
    "pandas": FRAME.to_parquet,
    "pandas with an index": FRAME.set_index(pd.Index(range(COUNT, 2 * COUNT))[::-1]).iloc[::-1].to_parquet,
    "pandas with the time as index": FRAME.set_index("timestamp").to_parquet,
    "pandas nullable": FRAME.convert_dtypes().to_parquet,
    "pandas categories": FRAME.astype(dict.fromkeys(NAMES, "category")).to_parquet,
    "pandas nanoseconds": FRAME.assign(timestamp=FRAME.timestamp.dt.as_unit("ns").dt.tz_localize("UTC")).to_parquet,
    "pandas objects": FRAME.astype(object).to_parquet,
}


def by_fastparquet(frame: pd.DataFrame = FRAME, **options: Any) -> Writer:
    """Written by fastparquet."""
    return lambda path: fastparquet.write(str(path), frame, **options)


FASTPARQUET: dict[str, Writer] = {
    "fastparquet": by_fastparquet(),
    "fastparquet with an index": by_fastparquet(FRAME.set_index(pd.Index(range(COUNT))[::-1]), write_index=True),
    "fastparquet INT96": by_fastparquet(FRAME.astype({"timestamp": "datetime64[ns]"}), times="int96"),
    "fastparquet categories": by_fastparquet(FRAME.astype({"event_name": "category", "referrer": "category"})),
    "fastparquet bytes": by_fastparquet(FRAME.assign(page_url=[url.encode() for url in FRAME.page_url])),
    "fastparquet row groups": by_fastparquet(row_group_offsets=13, compression="GZIP"),
}

POLARS_FRAME = pl.DataFrame(EVENTS)


def by_polars(*columns: pl.Expr, **options: Any) -> Writer:
    """Written by polars, with these columns in place of those of the same names."""
    return lambda path: POLARS_FRAME.with_columns(*columns).write_parquet(path, **options)


POLARS: dict[str, Writer] = {
    "polars": by_polars(),
    "polars through pyarrow": by_polars(use_pyarrow=True),
    "polars views": lambda path: pq.write_table(POLARS_FRAME.to_arrow(compat_level=pl.CompatLevel.newest()), path),
    "polars categories": by_polars(pl.col(*NAMES).cast(pl.Categorical)),
    "polars enum": by_polars(pl.col("event_name").cast(pl.Enum(["page_viewed", "checkout_completed"]))),
    "polars bytes": by_polars(pl.col("page_url").cast(pl.Binary)),
    "polars nanoseconds": by_polars(pl.col("timestamp").cast(pl.Datetime("ns"))),
    "polars zone": by_polars(pl.col("timestamp").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")),
    "polars decimal": by_polars(pl.col("revenue").cast(pl.Decimal(12, 2))),
    "polars streaming": lambda path: POLARS_FRAME.lazy().sink_parquet(path),
}


def by_duckdb(replaced: str = "", options: str = "") -> Writer:
    """Written by DuckDB, with these columns in place of those of the same names."""

    def write(path: Path) -> None:
        with duckdb.connect() as connection:
            connection.register("events", EVENTS)
            columns = f"* REPLACE ({replaced})" if replaced else "*"
            connection.execute(f"COPY (SELECT {columns} FROM events) TO '{path}' (FORMAT parquet{options})")

    return write


DUCKDB: dict[str, Writer] = {
    "DuckDB": by_duckdb(),
    "DuckDB v2": by_duckdb(options=", PARQUET_VERSION V2"),
    "DuckDB enum": by_duckdb("CAST(event_name AS ENUM ('page_viewed', 'checkout_completed')) AS event_name"),
    "DuckDB JSON": by_duckdb("CAST(event_data AS JSON) AS event_data"),
    "DuckDB hugeint": by_duckdb("CAST(transaction_id AS HUGEINT) AS transaction_id"),
    "DuckDB nanoseconds": by_duckdb("CAST(timestamp AS TIMESTAMP_NS) AS timestamp"),
    "DuckDB zone": by_duckdb("timestamp AT TIME ZONE 'UTC' AS timestamp"),
    "DuckDB decimal": by_duckdb("CAST(revenue AS DECIMAL(12, 2)) AS revenue"),
    "DuckDB blob": by_duckdb("encode(page_url) AS page_url"),
}

WRITERS = PYARROW | PANDAS | FASTPARQUET | POLARS | DUCKDB


def found(folder: Path, write: Writer, columns: dict[str, Any] = COLUMNS) -> list[dict[str, Any]]:
    """The numbers of the only file, which can be read and has every column."""
    folder.mkdir()
    write(folder / "events.parquet")
    reading = measured(folder, columns=columns)
    files = reading.files
    assert (files.unreadable, files.lacking, files.implausible, files.replaced) == ((), {}, 0, 0)
    return [day.found for day in reading.days]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The numbers of the events as pyarrow writes them, of which some are checked."""
    numbers = found(tmp_path_factory.mktemp("plain") / "events", by_pyarrow())
    assert numbers[0]["clickstream_revenue"] == {"": {10: Decimal("472.5")}}
    assert numbers[0]["clickstream_duplicate_purchases"] == {"": {10: 6}}
    return numbers


@pytest.mark.parametrize("name", WRITERS)
def test_writers(tmp_path: Path, expected: Sequence[dict[str, Any]], name: str) -> None:
    """Every number is the same."""
    assert found(tmp_path / "events", WRITERS[name]) == expected


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A local Spark; the tests are skipped without it."""
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: it needs Java and 400 MB")
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.mark.xdist_group("tests/test_writers.py spark")  # so that it is started once
@pytest.mark.parametrize("legacy", [False, True])
def test_spark(tmp_path: Path, expected: Sequence[dict[str, Any]], spark: Any, legacy: bool) -> None:
    """Spark's layout gives the same numbers, and so does the one of Hive with INT96."""
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    spark.conf.set("spark.sql.parquet.writeLegacyFormat", str(legacy).lower())
    spark.conf.set("spark.sql.parquet.outputTimestampType", "INT96" if legacy else "TIMESTAMP_MICROS")
    pq.write_table(changed(pa.timestamp("us", "UTC"), "timestamp"), tmp_path / "made.parquet")
    spark.read.parquet(str(tmp_path / "made.parquet")).coalesce(1).write.parquet(str(tmp_path / "spark"))
    (part,) = (tmp_path / "spark").glob("*.parquet")
    assert found(tmp_path / "events", part.rename) == expected


PARAMS = [
    pairs(url=url, client=client)
    for url, client in zip(*(EVENTS[c].to_pylist() for c in ("page_url", "client_id")), strict=True)
]
VALUE = {"string_value": TEXT, "int_value": pa.int64()}
PAIR = pa.struct({"key": TEXT, "value": pa.struct(VALUE)})
NESTED = EVENTS.drop_columns(["page_url", "client_id"])
WITHIN = COLUMNS | {"page_url": "params[url]", "client_id": "params[client]"}


def lists(of: pa.DataType) -> Writer:
    """Written by pyarrow as a list of this type."""
    return by_pyarrow(NESTED.append_column("params", pa.array(PARAMS, of)))


def pairs_by_duckdb(path: Path) -> None:
    """A list of structs, by DuckDB."""
    with duckdb.connect() as connection:
        connection.register("events", NESTED.append_column("params", pa.array(PARAMS, pa.list_(PAIR))))
        connection.execute(f"COPY events TO '{path}' (FORMAT parquet)")


LISTS: dict[str, Writer] = {
    "list": lists(pa.list_(PAIR)),
    "large list": lists(pa.large_list(PAIR)),
    "list view": lists(pa.list_view(PAIR)),
    "old names": by_pyarrow(
        NESTED.append_column("params", pa.array(PARAMS, pa.list_(PAIR))),
        use_compliant_nested_type=False,
        store_schema=False,
    ),
    "polars": lambda path: pl.DataFrame(NESTED.append_column("params", pa.array(PARAMS, pa.list_(PAIR)))).write_parquet(
        path
    ),
    "DuckDB": pairs_by_duckdb,
    "maps": by_pyarrow(
        NESTED.append_column(
            "params",
            pa.array([[(p["key"], p["value"]["string_value"]) for p in each] for each in PARAMS], pa.map_(TEXT, TEXT)),
        )
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_layouts_of_key_value_lists(tmp_path: Path, expected: Sequence[dict[str, Any]], name: str) -> None:
    """Every number is that of the flat columns, in every layout of lists."""
    assert found(tmp_path / "events", LISTS[name], WITHIN) == expected


@pytest.mark.parametrize("of", [pa.string_view(), pa.binary_view(), pa.large_string()], ids=str)
def test_text_of_every_type_is_looked_into(tmp_path: Path, expected: Sequence[dict[str, Any]], of: pa.DataType) -> None:
    """A time in text, and a key of JSON text, are found in views of text, too."""
    times = EVENTS["timestamp"].cast(TEXT).cast(of)
    urls = pa.array([f'{{"url": "{url}"}}' for url in EVENTS["page_url"].to_pylist()]).cast(of)
    table = EVENTS.drop_columns(["page_url"]).append_column("props", urls)
    table = table.set_column(0, "timestamp", times)
    assert found(tmp_path / "events", by_pyarrow(table), COLUMNS | {"page_url": "props.url"}) == expected
