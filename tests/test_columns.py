"""Columns that are missing, renamed, of another type, or only in some of the files."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.exposition import SHOP, TEXT, TYPES, once, purchase, view, write_config, write_rows


def test_d3_missing_column(tmp_path: Path) -> None:
    """A column that one of two files lacks is NULL there, and its events are counted; the rest is measured."""
    fewer = {name: of for name, of in TYPES.items() if name not in {"client_id", "referrer"}}
    write_rows(tmp_path / "whole.parquet", [view(), view(), view("2025-03-08")])
    write_rows(tmp_path / "fewer.parquet", [view(), view(), view()], fewer)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_unreadable_files") == 0
    for column, missing in (("client_id", 3), ("referrer", 3), ("page_url", 0), ("payload", 0)):
        assert out.value("clickstream_missing_column_events", column=column, lag=0) == missing, column
        assert out.value("clickstream_missing_column_events", column=column, lag=1) == 0, column
    assert out.value("clickstream_events", lag=0) == 5
    assert out.value("clickstream_null_client_events", lag=0) == 3
    assert out.value("clickstream_sessions", lag=0) == 1
    named = [(labels["column"], labels["file"]) for labels in out.labels("clickstream_missing_column_info")]
    assert sorted(named) == [("client_id", "fewer.parquet"), ("referrer", "fewer.parquet")]


def test_timestamp_of_several_names(tmp_path: Path) -> None:
    """The first that an event has: after a renaming, files of a merged table have both columns."""
    types = TYPES | {"event_time": TYPES["timestamp"]}
    rows = [view() | {"event_time": view()["timestamp"], "timestamp": None}, view() | {"event_time": None}]
    write_rows(tmp_path / "merged.parquet", rows, types)
    write_rows(tmp_path / "before.parquet", [view("2025-03-08")])
    columns = SHOP["columns"] | {"timestamp": ["event_time", "timestamp"]}
    out = once(write_config(tmp_path, web=SHOP | {"columns": columns}))
    assert out.value("clickstream_implausible_timestamp_events") == 0
    assert [out.value("clickstream_events", lag=lag) for lag in (0, 1)] == [2, 1]


def test_placeholder_before_an_id(tmp_path: Path) -> None:
    """Of several names of an id, the first that is no placeholder counts."""
    ids: list[tuple[str | None, str | None]] = [("undefined", "a"), ("", "a"), (None, "a"), ("b", None), (" ", "null")]
    rows = [view(client_id=second) | {"user_id": first} for first, second in ids]
    write_rows(tmp_path / "a.parquet", rows, TYPES | {"user_id": TEXT})
    columns = SHOP["columns"] | {"client_id": ["user_id", "client_id"]}
    out = once(write_config(tmp_path, web=SHOP | {"columns": columns}))
    assert out.value("clickstream_sessions", lag=0) == 2
    assert out.value("clickstream_null_client_events", lag=0) == 1


@pytest.mark.parametrize("others", [["good.parquet"], []], ids=["in one of two files", "in all files"])
def test_d3_missing_payload(tmp_path: Path, others: list[str]) -> None:
    """A file without the payload that revenue is read from is measured nevertheless."""
    for name in others:
        write_rows(tmp_path / name, [purchase(event_data='{"revenue": 5}')])
    fewer = {name: of for name, of in TYPES.items() if name != "event_data"}
    write_rows(tmp_path / "fewer.parquet", [purchase(), view()], fewer)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_unreadable_files") == 0
    assert out.value("clickstream_events", lag=0) == 2 + len(others)
    assert out.value("clickstream_missing_column_events", column="payload", lag=0) == 2
    assert out.value("clickstream_purchases_without_revenue", lag=0) == 1


def test_types_of_columns(tmp_path: Path) -> None:
    """The same value in another type is the same value."""
    write_rows(tmp_path / "text.parquet", [view(client_id="7")])
    kinds: dict[str, tuple[pa.DataType, object]] = {
        "number": (pa.int64(), 7),
        "dictionary": (pa.dictionary(pa.int32(), TEXT), "7"),
        "binary": (pa.binary(), b"7"),
        "large": (pa.large_string(), "7"),
    }
    for name, (of, value) in kinds.items():
        write_rows(tmp_path / f"{name}.parquet", [view(client_id=value)], TYPES | {"client_id": of})
    write_rows(tmp_path / "null.parquet", [view(client_id=None)], TYPES | {"client_id": pa.null()})
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == len(kinds) + 2
    assert out.value("clickstream_sessions", lag=0) == 1
    assert out.value("clickstream_null_client_events", lag=0) == 1


def test_d3_columns_that_differ_only_in_case(tmp_path: Path) -> None:
    """The database could not tell them apart: the file is set aside, the others are measured."""
    write_rows(tmp_path / "good.parquet", [view()])
    path = write_rows(tmp_path / "bad.parquet", [view()])
    table = pq.read_table(path)
    pq.write_table(table.append_column("Client_ID", table["client_id"]), path)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 1
    assert "bad.parquet set aside: columns that differ only in case: client_id" in out.warnings


@pytest.mark.parametrize("name", ["timestamp", "event_name", "client_id"])
def test_d3_column_twice(tmp_path: Path, name: str) -> None:
    """A join that wrote a column twice costs its file, whichever column it is; the others are measured."""
    write_rows(tmp_path / "good.parquet", [view()])
    path = write_rows(tmp_path / "bad.parquet", [view()])
    table = pq.read_table(path)
    pq.write_table(table.append_column(name, table[name]), path)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 1
    assert f"bad.parquet set aside: duplicate column: {name}" in out.warnings


def test_column_twice_that_nobody_maps(tmp_path: Path) -> None:
    """It takes nothing away, nor does a field that a nested payload has twice."""
    path = write_rows(tmp_path / "joined.parquet", [view(), view()])
    table = pq.read_table(path).append_column("key", pa.array([1, 2])).append_column("key", pa.array([3, 4]))
    twice = pa.StructArray.from_arrays([pa.array([1, 2]), pa.array([3, 4])], names=["x", "x"])
    place = table.column_names.index("event_data")
    pq.write_table(table.set_column(place, "event_data", twice), path, write_page_checksum=True)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 2
    assert out.value("clickstream_payload_events", lag=0) == 2
    assert out.value("clickstream_json_error_events", lag=0) == 0


@pytest.mark.parametrize("table", [pa.table({}), pa.table({"other": pa.array([], TEXT)})], ids=["no columns", "others"])
def test_file_without_rows(tmp_path: Path, table: pa.Table) -> None:
    """What has no rows lacks nothing: the empty frame of an hour without events is no trouble."""
    write_rows(tmp_path / "events.parquet", [purchase()])
    pq.write_table(table, tmp_path / "empty.parquet")
    out = once(write_config(tmp_path, web=SHOP))
    assert out.warnings == ""
    assert out.value("clickstream_files") == 2
    assert out.value("clickstream_unreadable_files") == 0
    assert out.labels("clickstream_missing_column_info") == []


NESTED: dict[str, tuple[pa.DataType, object]] = {
    "a struct": (pa.struct({"id": TEXT}), {"id": "a"}),
    "a list": (pa.list_(TEXT), ["a"]),
    "a map": (pa.map_(TEXT, TEXT), [("id", "a")]),
}


def write_nested(path: Path, column: str, kind: str) -> None:
    """A file with one view, in which the column is nested."""
    of, value = NESTED[kind]
    write_rows(path, [view(**{column: value})], TYPES | {column: of})


@pytest.mark.parametrize("kind", NESTED)
def test_d3_nested_column(tmp_path: Path, kind: str) -> None:
    """A struct is no client id: the file lacks the column, which says why; as JSON its text would be an id."""
    write_rows(tmp_path / "good.parquet", [view()])
    write_nested(tmp_path / "nested.parquet", "client_id", kind)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 2
    assert out.value("clickstream_null_client_events", lag=0) == 1
    assert out.value("clickstream_missing_column_events", column="client_id", lag=0) == 1
    named = [(labels["column"], labels["file"]) for labels in out.labels("clickstream_missing_column_info")]
    assert named == [(f"client_id ({kind}, expected text)", "nested.parquet")]


@pytest.mark.parametrize(
    ("column", "reason"),
    [("event_name", "event_name (a list, expected text)"), ("timestamp", "timestamp (a list, expected a timestamp)")],
)
def test_d3_nested_column_that_every_event_needs(tmp_path: Path, column: str, reason: str) -> None:
    """A file without a plain timestamp or event name is set aside, with the reason."""
    write_rows(tmp_path / "good.parquet", [view()])
    write_nested(tmp_path / "nested.parquet", column, "a list")
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 1
    assert f"nested.parquet set aside: {reason}" in out.warnings


def test_another_name_of_a_nested_column(tmp_path: Path) -> None:
    """Of several names that a column may have the first that is no struct is it; a nested payload is JSON."""
    types = TYPES | {"client": pa.struct({"id": TEXT}), "event_data": pa.struct({"revenue": pa.int64()})}
    write_rows(tmp_path / "events.parquet", [purchase(client={"id": "b"}, event_data={"revenue": 5})], types)
    columns = SHOP["columns"] | {"client_id": ["client", "client_id"]}
    out = once(write_config(tmp_path, web=SHOP | {"columns": columns}))
    assert out.labels("clickstream_missing_column_info") == []
    assert out.value("clickstream_sessions", lag=0) == 1
    assert out.value("clickstream_revenue", lag=0) == 5


def test_d3_changed_columns(tmp_path: Path) -> None:
    """A column that has another name or type than in the week before is measured, and told with its file."""
    for day in ("2025-03-07", "2025-03-08"):
        write_rows(tmp_path / f"{day}.parquet", [view(day)])
    write_rows(tmp_path / "same.parquet", [view(), view()])
    path = write_rows(tmp_path / "other.parquet", [view(client_id="7"), view(client_id="8"), view(client_id="9")])
    table = pq.read_table(path)
    renamed = {"client_id": "Client_ID", "page_url": "PAGE_URL"}
    table = table.rename_columns([renamed.get(name, name) for name in table.column_names])
    position = table.column_names.index("Client_ID")
    pq.write_table(table.set_column(position, "Client_ID", table["Client_ID"].cast(pa.int64())), path)
    out = once(write_config(tmp_path, web=SHOP))
    for column, changed in (("client_id", 3), ("page_url", 3), ("referrer", 0), ("timestamp", 0)):
        assert out.value("clickstream_changed_column_events", column=column) == changed, column
    told = {
        labels["column"]: (labels["change"], labels["file"]) for labels in out.labels("clickstream_changed_column_info")
    }
    assert told == {
        "client_id": ("named Client_ID, integer instead of text", "other.parquet"),
        "page_url": ("named PAGE_URL", "other.parquet"),
    }
    assert out.value("clickstream_null_client_events", lag=0) == 0
    assert out.value("clickstream_missing_column_events", column="client_id", lag=0) == 0


def test_changed_payload(tmp_path: Path) -> None:
    """A payload with another name is one change, however many columns are read from it."""
    write_rows(tmp_path / "1.parquet", [view("2025-03-08")])
    path = write_rows(tmp_path / "2.parquet", [view(), purchase(event_data='{"revenue": 5}')])
    table = pq.read_table(path)
    renamed = ["Event_Data" if name == "event_data" else name for name in table.column_names]
    pq.write_table(table.rename_columns(renamed), path)
    out = once(write_config(tmp_path, web=SHOP))
    told = [(labels["column"], labels["change"]) for labels in out.labels("clickstream_changed_column_info")]
    assert told == [("payload", "named Event_Data")]
    assert out.value("clickstream_revenue", lag=0) == 5


def test_column_in_no_file(tmp_path: Path) -> None:
    """A mapped column that no file has is told as such: it may be a slip of the configuration."""
    fewer = {name: of for name, of in TYPES.items() if name != "referrer"}
    write_rows(tmp_path / "1.parquet", [view()], fewer)
    write_rows(tmp_path / "2.parquet", [view("2025-03-08")], fewer)
    out = once(write_config(tmp_path, web=SHOP))
    assert [(labels["column"], labels["file"]) for labels in out.labels("clickstream_missing_column_info")] == [
        ("referrer", "every file")
    ]


@pytest.mark.parametrize(
    ("one", "other", "revenue"),
    [
        ((pa.int64(), 2), (pa.float64(), 2.5), 4.5),
        ((pa.decimal128(6, 1), Decimal("1.5")), (pa.decimal128(6, 2), Decimal("1.55")), 3.05),
        ((pa.float64(), 2.5), (TEXT, "7.25"), 9.75),
        ((pa.int64(), 2), (TEXT, "two"), 2),
    ],
    ids=["integer and number", "decimals", "number and text", "integer and a text that is none"],
)
def test_d3_types_that_differ_between_files(
    tmp_path: Path, one: tuple[pa.DataType, object], other: tuple[pa.DataType, object], revenue: float
) -> None:
    """Each file's amounts are read as what they are, and not as those of the file beside it."""
    for name, (of, value) in {"1": one, "2": other}.items():
        path = write_rows(tmp_path / f"{name}.parquet", [purchase(transaction_id=name, client_id=name)])
        pq.write_table(pq.read_table(path).append_column("amount", pa.array([value], of)), path)
    columns = SHOP["columns"] | {"revenue": "amount"}
    out = once(write_config(tmp_path, web=SHOP | {"columns": columns}))
    assert out.value("clickstream_unreadable_files") == 0
    assert out.value("clickstream_revenue", lag=0) == revenue


# Each case: the client id in each of two files, and the clients that these are.
IDS: dict[str, tuple[tuple[pa.DataType, object], tuple[pa.DataType, object], int]] = {
    "integer and text": ((pa.int64(), 7), (TEXT, "007"), 2),
    "integer and number": ((pa.int64(), 1234567890123), (pa.float64(), 1234567890123.0), 1),
    "integer and decimal": ((pa.int32(), 700), (pa.decimal128(10, 2), Decimal("700.00")), 1),
    "no number": ((pa.float64(), float("nan")), (pa.float32(), float("nan")), 0),
}


@pytest.mark.parametrize(("one", "other", "clients"), IDS.values(), ids=IDS)
def test_ids_that_are_numbers(
    tmp_path: Path, one: tuple[pa.DataType, object], other: tuple[pa.DataType, object], clients: int
) -> None:
    """A 7 and a text 007 are two clients, a 7 and a 7.0 are one, and NaN is none, whichever file is read first."""
    for name, (of, client) in {"1": one, "2": other}.items():
        path = write_rows(tmp_path / f"{name}.parquet", [view()])
        table = pq.read_table(path)
        position = table.column_names.index("client_id")
        pq.write_table(table.set_column(position, "client_id", pa.array([client], of)), path)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_sessions", lag=0) == clients
    assert out.value("clickstream_null_client_events", lag=0) == (0 if clients else 2)
