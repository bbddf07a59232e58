"""Values inside of columns (structs, maps, lists of key/value structs, JSON text), and names with dots and dollars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.facts.model import Measured
from exporter.facts.storage import Storage
from exporter.files.footers import read_footer
from exporter.files.listing import find
from tests.support.exposition import TEXT
from tests.support.readings import measured

PAIRS = pa.map_(TEXT, TEXT)
VALUE = pa.struct(
    {"string_value": TEXT, "int_value": pa.int64(), "float_value": pa.float64(), "double_value": pa.float64()}
)
PARAMS = pa.list_(pa.struct({"key": TEXT, "value": VALUE}))

NAMES = ["page_viewed", "page_viewed", "checkout_completed", "checkout_completed"]
IDS = ["a", "b", "b", None]
URLS = ["https://shop.example/?utm_source=mail", None, "https://shop.example/", "https://shop.example/"]
AMOUNTS = [None, None, 12.25, 7.5]
ORDERS = [None, None, "t1", "t1"]

FLAT: dict[str, Any] = {
    "timestamp": "timestamp",
    "event_name": "event_name",
    "client_id": "client_id",
    "page_url": "page_url",
    "revenue": "revenue",
    "transaction_id": "transaction_id",
}


def instants(day: str = "2025-03-09") -> pa.Array:
    """Four events at ten o'clock."""
    return pa.array([f"{day} 10:00:0{number}" for number in range(4)]).cast(pa.timestamp("us"))


def flat(day: str = "2025-03-09", **columns: pa.Array) -> dict[str, pa.Array]:
    """The columns of two views and two purchases of one order."""
    return {
        "timestamp": instants(day),
        "event_name": pa.array(NAMES),
        "client_id": pa.array(IDS),
        "page_url": pa.array(URLS),
        "revenue": pa.array(AMOUNTS),
        "transaction_id": pa.array(ORDERS),
    } | columns


def write(path: Path, columns: Mapping[str, pa.Array], **options: Any) -> Path:
    """A Parquet file with these columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path, **options)
    return path


def struct(**fields: pa.Array) -> pa.Array:
    """A column of structs."""
    return pa.StructArray.from_arrays(list(fields.values()), names=list(fields))


def maps(**values: list[Any]) -> pa.Array:
    """A column of maps of text."""
    rows = zip(*values.values(), strict=True)
    return pa.array([[pair for pair in zip(values, row, strict=True) if pair[1]] for row in rows], PAIRS)


def params(**values: list[Any]) -> pa.Array:
    """A column as `event_params` of GA4's export: a list of keys, each with a value of one of four types."""
    field = {str: "string_value", int: "int_value", float: "double_value"}
    rows = zip(*values.values(), strict=True)
    return pa.array(
        [
            [
                {"key": key, "value": {field[type(value)]: value}}
                for key, value in zip(values, row, strict=True)
                if value is not None
            ]
            for row in rows
        ],
        PARAMS,
    )


def in_structs() -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """All columns as fields of structs, one of them four levels deep."""
    deep = struct(full=pa.array(URLS), query=pa.array(["q"] * 4))
    file = {
        "meta": struct(time=instants(), name=pa.array(NAMES), other=pa.array([1] * 4)),
        "user": struct(id=pa.array(IDS), names=pa.array([["x"]] * 4)),
        "context": struct(page=struct(url=deep)),
        "ecommerce": struct(purchase_revenue=pa.array(AMOUNTS), transaction_id=pa.array(ORDERS)),
    }
    return file, {
        "timestamp": "meta.time",
        "event_name": "meta.name",
        "client_id": "user.id",
        "page_url": "context.page.url.full",
        "revenue": "ecommerce.purchase_revenue",
        "transaction_id": "ecommerce[transaction_id]",
    }


def in_maps() -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """Four of the columns in maps, of text and of structs."""
    order = pa.map_(TEXT, pa.struct({"total": pa.float64(), "id": TEXT}))
    orders = [[("order", {"total": total, "id": id_})] for total, id_ in zip(AMOUNTS, ORDERS, strict=True)]
    file = flat() | {
        "props": maps(url=URLS, other=["x"] * 4, **{"user.id": IDS}),
        "orders": pa.array(orders, order),
    }
    for name in ("client_id", "page_url", "revenue", "transaction_id"):
        del file[name]
    return file, FLAT | {
        "client_id": "props[user.id]",
        "page_url": "props.url",
        "revenue": "orders.order.total",
        "transaction_id": "orders[order][id]",
    }


def in_pairs() -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """The columns as in GA4's export: the timestamp is a number of microseconds."""
    file = {
        "event_timestamp": pa.array([1741514400000000 + number * 1_000_000 for number in range(4)]),
        "event_name": pa.array(NAMES),
        "event_params": params(session=[1, 2, 3, 4], url=URLS, value=AMOUNTS, **{"order.id": ORDERS}),
        "user_properties": params(client=IDS),
    }
    return file, {
        "timestamp": "event_timestamp",
        "event_name": "event_name",
        "client_id": "user_properties[client]",
        "page_url": "event_params.url",
        "revenue": "event_params.value",
        "transaction_id": "event_params.order.id",
    }


def in_json() -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """Three of the columns in JSON text; a text that is not valid JSON says nothing."""
    texts = [
        '{"$url": "https://shop.example/?utm_source=mail"}',
        "{broken",
        '{"$url": "https://shop.example/", "order": {"total": 12.25, "ids": ["t1"]}}',
        '{"$url": "https://shop.example/", "order": {"total": "7.5", "ids": ["t1"]}}',
    ]
    file = flat() | {"props": pa.array(texts)}
    for name in ("page_url", "revenue", "transaction_id"):
        del file[name]
    return file, FLAT | {
        "page_url": "props.$url",
        "revenue": "props.order.total",
        "transaction_id": "props.order.ids[0]",
    }


def by_name() -> tuple[dict[str, pa.Array], dict[str, Any]]:
    """Names that look like ways into a column, beside columns into which they would lead."""
    other = pa.array(["no"] * 4)
    file = flat()
    renamed = {"page_url": "context.page.url", "client_id": "$device_id", "transaction_id": "order[id]"}
    file = {renamed.get(name, name): values for name, values in file.items()}
    file |= {"context": struct(page=struct(url=other)), "order": struct(id=other)}
    return file, FLAT | renamed


SHAPES = {
    "structs": in_structs,
    "maps": in_maps,
    "key/value lists": in_pairs,
    "JSON text": in_json,
    "whole names": by_name,
}


def checked(found: Measured) -> Measured:
    """The reading, of one day that has the numbers of `flat`."""
    (day,) = found.days
    assert day.found["clickstream_events"] == {"": {10: 4}}
    assert day.found["clickstream_revenue"] == {"": {10: Decimal("19.75")}}
    assert day.found["clickstream_duplicate_purchases"] == {"": {10: 1}}
    assert day.found["clickstream_null_client_events"] == {"": {10: 1}}
    assert day.found["clickstream_missing_utm_events"] == {"": {10: 3}}
    files = found.files
    assert (files.unreadable, files.lacking, files.changed, files.implausible) == ((), {}, {}, 0)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_numbers_in_every_shape(tmp_path: Path, shape: str) -> None:
    """Wherever the columns are, the facts are those of a flat file; pages with checksums are verified there, too."""
    write(tmp_path / "flat" / "a.parquet", flat())
    expected = checked(measured(tmp_path, files="flat", columns=FLAT)).days
    file, columns = SHAPES[shape]()
    write(tmp_path / "other" / "a.parquet", file, write_page_checksum=True)
    assert [day.found for day in checked(measured(tmp_path, files="other", columns=columns)).days] == [
        day.found for day in expected
    ]


def sessions(found: Measured) -> object:
    """The sessions of the only day."""
    (day,) = found.days
    return day.found["clickstream_sessions"]


VALUES: dict[str, tuple[pa.DataType, list[dict[str, Any]], str]] = {
    "number": (VALUE, [{"key": "id", "value": {"int_value": 7}}], "params.id"),
    "decimal number": (VALUE, [{"key": "id", "value": {"double_value": 7.0}}], "params.id"),
    "beside the time when it was set": (
        pa.struct({"set_timestamp_micros": pa.int64(), "string_value": TEXT}),
        [{"key": "id", "value": {"set_timestamp_micros": 1, "string_value": "7"}}],
        "params.id",
    ),
    "fields of other names": (
        pa.struct({"member0": pa.int64(), "member1": TEXT}),
        [{"key": "id", "value": {"member1": "7"}}],
        "params.id",
    ),
    "plain": (TEXT, [{"key": "x", "value": "8"}, {"key": "id", "value": "7"}], "params[id]"),
    "beside pairs and keys that are NULL": (
        TEXT,
        [None, {"key": None, "value": "8"}, {"key": "id", "value": "7"}],
        "params.id",
    ),
    "a key with a quote": (TEXT, [{"key": "it's {id}", "value": "7"}], "params[it's {id}]"),
    "first of two": (TEXT, [{"key": "id", "value": "7"}, {"key": "id", "value": "8"}], "params.id"),
    "one field of it": (VALUE, [{"key": "id", "value": {"string_value": "8", "int_value": 7}}], "params.id.int_value"),
    "JSON": (TEXT, [{"key": "id", "value": '{"user": {"no": 7}}'}], "params[id].user.no"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_of_a_key(tmp_path: Path, name: str) -> None:
    """Whatever the type of the value, it is the same client as one of a flat file; without the key it is none."""
    of, pairs, source = VALUES[name]
    column = pa.array([pairs, pairs, [], None], pa.list_(pa.struct({"key": TEXT, "value": of})))
    file = {"timestamp": instants(), "event_name": pa.array(NAMES), "params": column}
    write(tmp_path / "1.parquet", file)
    write(tmp_path / "2.parquet", flat(client_id=pa.array(["7"] * 4)))
    found = measured(tmp_path, columns=FLAT | {"client_id": ["client_id", source]})
    (day,) = found.days
    assert day.found["clickstream_null_client_events"] == {"": {10: 2}}
    assert sessions(found) == {"": {10: 1}}
    assert [column for column in found.files.lacking if column == "client_id"] == []


def test_names_in_another_case(tmp_path: Path) -> None:
    """Fields of structs are found in any case, which is told; a key is one of the data, and has its own case."""
    columns = FLAT | {"page_url": "page.url", "client_id": "ids.client"}
    write(tmp_path / "1.parquet", flat("2025-03-08", page=struct(url=pa.array(URLS)), ids=maps(client=IDS)))
    write(tmp_path / "2.parquet", flat(page=struct(URL=pa.array(URLS)), ids=maps(Client=IDS)))
    found = measured(tmp_path, columns=columns)
    assert [(name, change.what) for name, change in found.files.changed.items()] == [("page_url", "named page.URL")]
    assert found.files.lacking == {}
    assert found.days[-1].found["clickstream_missing_utm_events"] == {"": {10: 3}}
    assert found.days[-1].found["clickstream_null_client_events"] == {"": {10: 4}}


def test_d3_missing_fields(tmp_path: Path) -> None:
    """A struct without the field lacks the column, and so does a field that is a struct itself; both are named."""
    columns = FLAT | {"page_url": "page.url", "client_id": "user.id", "revenue": "nowhere.amount"}
    good = flat(page=struct(url=pa.array(URLS)), user=struct(id=pa.array(IDS)))
    write(tmp_path / "1.parquet", good)
    write(tmp_path / "2.parquet", flat(page=struct(title=pa.array(URLS)), user=struct(id=struct(no=pa.array(IDS)))))
    found = measured(tmp_path, columns=columns)
    assert found.files.lacking == {
        "page_url": "2.parquet",
        "client_id (a struct, expected text)": "2.parquet",
        "revenue": "every file",
    }
    (day,) = found.days
    assert day.found["clickstream_null_client_events"] == {"": {10: 1 + 4}}
    missing = day.found["clickstream_missing_column_events"]
    assert {column: sum(hours.values()) for column, hours in missing.items() if any(hours.values())} == {
        "page_url": 4,
        "client_id": 4,
        "revenue": 8,
    }


def test_d3_a_field_twice(tmp_path: Path) -> None:
    """A file in which a name leads to two fields is set aside; fields that nobody maps may be there twice."""
    columns = FLAT | {"page_url": "page.url"}
    other = pa.array(["x"] * 4)
    write(tmp_path / "1.parquet", flat(page=struct(url=pa.array(URLS), Other=other, other=other)))
    write(tmp_path / "2.parquet", flat(page=struct(url=pa.array(URLS), URL=other)))
    twice = pa.StructArray.from_arrays([pa.array(URLS), other], names=["url", "url"])
    write(tmp_path / "3.parquet", flat(page=twice))
    found = measured(tmp_path, columns=columns)
    assert [(each.name, each.reason) for each in found.files.unreadable] == [
        ("2.parquet", "columns that differ only in case: page.url"),
        ("3.parquet", "duplicate column: page.url"),
    ]
    assert found.days[0].found["clickstream_events"] == {"": {10: 4}}
    assert found.days[0].found["clickstream_missing_utm_events"] == {"": {10: 3}}


def test_d3_fields_of_other_types(tmp_path: Path) -> None:
    """Two files of a day that write a field in two types are read each by its own, and the change is told."""
    columns = FLAT | {"client_id": "user.id"}
    ids = ["007", "7", "7", None]
    write(tmp_path / "1.parquet", flat("2025-03-08", user=struct(id=pa.array(ids))))
    write(tmp_path / "2.parquet", flat(user=struct(id=pa.array(ids))))
    more = struct(id=pa.array([7, 7, 7, 7]), seen=pa.array([1] * 4))
    write(tmp_path / "3.parquet", flat(user=more))
    found = measured(tmp_path, columns=columns)
    assert [(name, change.what, change.file, change.events) for name, change in found.files.changed.items()] == [
        ("client_id", "integer instead of text", "3.parquet", 4)
    ]
    assert sum(found.days[-1].found["clickstream_sessions"][""].values()) == 2


def test_types_of_values_that_the_data_need(tmp_path: Path) -> None:
    """A writer that infers types leaves out those that a day did not need: that is no change."""
    narrow = pa.array([[{"key": "id", "value": {"string_value": "a"}}]] * 4)
    wide = pa.array([[{"key": "id", "value": {"int_value": 1, "string_value": None}}]] * 4)
    for day, column in (("2025-03-08", narrow), ("2025-03-09", wide)):
        write(tmp_path / f"{day}.parquet", flat(day, params=column))
    found = measured(tmp_path, columns=FLAT | {"client_id": "params.id"})
    assert (found.files.changed, found.files.lacking) == ({}, {})
    assert [day.found["clickstream_sessions"] for day in found.days] == [{"": {10: 1}}] * 2


def test_a_timestamp_in_a_struct_has_its_range_from_the_footer(tmp_path: Path) -> None:
    """Nothing need be scanned to know the first and the last event; a timestamp at a key has no statistics."""
    path = write(tmp_path / "a.parquet", in_structs()[0] | {"times": params(at=[1, 2, 3, 4])})
    (file,) = find(str(path))
    last = 1741514400_000000 + 3_000_000
    footer = read_footer(file, ["meta.time"])
    assert (footer.first, footer.last, footer.null_timestamps) == (1741514400_000000, last, 0)
    assert read_footer(file, ["times.at"]).first is None


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("event.time", struct(time=pa.array(["2025-03-09T10:00:00Z"] * 4))),
        ("event.time", pa.array(['{"time": "2025-03-09 10:00:00"}'] * 4)),
        ("event.time", pa.array(['{"time": 1741514400}'] * 4)),
        ("event.time", params(time=[1741514400000] * 4)),
        ("event.time", maps(time=["2025-03-09T11:00:00+01:00"] * 4)),
    ],
)
def test_d4_timestamps_within_a_column(tmp_path: Path, source: str, column: pa.Array) -> None:
    """Every way to write a timestamp works within a column, too."""
    file = flat(event=column)
    del file["timestamp"]
    write(tmp_path / "a.parquet", file)
    checked(measured(tmp_path, columns=FLAT | {"timestamp": source}))


@pytest.mark.parametrize(("spoilt", "aside"), [("page", ["a.parquet"]), ("junk", [])])
def test_d1_checksums_of_fields(tmp_path: Path, spoilt: str, aside: list[str]) -> None:
    """A flipped bit in the pages of a field that is read sets the file aside; in one that is not it costs nothing."""
    page = struct(url=pa.array(["https://page.example/"] * 4), title=pa.array(["https://junk.example/"] * 4))
    options = {"write_page_checksum": True, "compression": "none", "use_dictionary": False, "write_statistics": False}
    path = write(tmp_path / "a.parquet", flat(page=page), **options)
    data = path.read_bytes()
    wanted = f"https://{spoilt}.example/".encode()
    assert data.count(wanted) >= 4
    path.write_bytes(data.replace(wanted, wanted.replace(b"https", b"hxxps"), 1))
    write(tmp_path / "b.parquet", flat(page=page))
    found = measured(tmp_path, columns=FLAT | {"page_url": "page.url"})
    assert [each.name for each in found.files.unreadable] == aside
    assert sum(found.days[0].found["clickstream_events"][""].values()) == 8 - 4 * len(aside)


def test_d6_text_that_is_not_utf_8_within_a_column(tmp_path: Path) -> None:
    """It costs the value and is counted, in a struct as in a map."""
    bad = pa.array([b"caf\xe9", b"a", b"caf\xe9", None], pa.binary()).view(TEXT)
    for name, source in (("page", "page.url"), ("props", "props.url")):
        keys = pa.array(["url"] * 4)
        offsets = pa.array([0, 1, 2, 3, 4], pa.int32())
        column = struct(url=bad) if name == "page" else pa.MapArray.from_arrays(offsets, keys, bad)
        write(tmp_path / name / "a.parquet", flat(**{name: column}))
        found = measured(tmp_path, files=name, columns=FLAT | {"page_url": source})
        assert (found.files.unreadable, found.files.replaced) == ((), 2)
        assert found.days[0].found["clickstream_events"] == {"": {10: 4}}


@pytest.mark.parametrize("shape", ["structs", "key/value lists"])
def test_fields_are_remembered(tmp_path: Path, shape: str) -> None:
    """A reading after a restart knows where the columns were, and measures nothing again."""
    file, columns = SHAPES[shape]()
    write(tmp_path / "a.parquet", file)
    first = checked(measured(tmp_path, columns=columns))
    storage = Storage(tmp_path / "storage")
    storage.folder("web")
    storage.save("web", first.known)
    known = storage.load("web")
    assert known.entries == first.known.entries
    again = checked(measured(tmp_path, known, columns=columns))
    assert (first.recomputed, again.recomputed) == (1, 0)
