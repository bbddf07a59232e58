"""Days of every size: one event, none, a client who does everything, a name for each event."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.exposition import SHOP, TYPES, Exposition, once, purchase, view, write_config, write_rows

MILLION = 1_000_000


def write_million(path: Path, *names: str) -> None:
    """A page view every 50 milliseconds of one client, or with the names in turn."""
    start = pa.scalar("2025-03-09 00:00", pa.string()).cast(pa.timestamp("us")).cast(pa.int64()).as_py()
    columns = {
        "timestamp": pa.array(range(start, start + MILLION * 50_000, 50_000), pa.timestamp("us")),
        "event_name": pa.array(names or ["page_viewed"] * MILLION),
        "client_id": pa.array(["c"] * MILLION),
    }
    missing = {name: pa.nulls(MILLION, of) for name, of in TYPES.items() if name not in columns}
    pq.write_table(pa.table(columns | missing), path)


def numbers(out: Exposition, *gauges: str) -> list[float]:
    """The gauges of the anchor day."""
    return [out.value(f"clickstream_{gauge}", lag=0) for gauge in gauges]


def test_d8_one_event(tmp_path: Path) -> None:
    """A single purchase is a day, a session and all of its revenue."""
    write_rows(tmp_path / "1.parquet", [purchase(event_data='{"revenue": 7.5}')])
    out = once(write_config(tmp_path, web=SHOP))
    assert numbers(out, "events", "sessions", "converting_sessions", "purchases") == [1, 1, 1, 1]
    assert numbers(out, "revenue", "duplicate_events", "null_client_events") == [7.5, 0, 0]


def test_d8_files_without_rows(tmp_path: Path) -> None:
    """They are no fault, and no day; beside others they change nothing."""
    write_rows(tmp_path / "empty" / "1.parquet", [])
    write_rows(tmp_path / "both" / "1.parquet", [])
    write_rows(tmp_path / "both" / "2.parquet", [view()])
    write_rows(tmp_path / "one" / "2.parquet", [view()])
    out = once(write_config(tmp_path, **{name: SHOP | {"files": name} for name in ("empty", "both", "one")}))
    assert [out.value("clickstream_unreadable_files", dataset=name) for name in ("empty", "both")] == [0, 0]
    assert out.days("empty") == {}
    assert out.days("both") == out.days("one")


def test_d8_a_client_with_a_million_events(tmp_path: Path) -> None:
    """One session, however long it is."""
    write_million(tmp_path / "1.parquet")
    out = once(write_config(tmp_path, web=SHOP))
    assert numbers(out, "events", "sessions", "duplicate_events") == [MILLION, 1, 0]
    assert out.value("clickstream_named_events", lag=0, event_name="page_viewed") == MILLION


def test_d8_a_million_event_names(tmp_path: Path) -> None:
    """They are counted, and add no series: only names of the taxonomy are labels."""
    write_rows(tmp_path / "few" / "1.parquet", [view()])
    (tmp_path / "many").mkdir()
    write_million(tmp_path / "many" / "1.parquet", *(f"name {number}" for number in range(MILLION)))
    out = once(write_config(tmp_path, **{name: SHOP | {"files": name} for name in ("few", "many")}))
    assert [out.value(f"clickstream_{name}", dataset="many", lag=0) for name in ("events", "invalid_events")] == [
        MILLION,
        MILLION,
    ]
    assert out.days("many").keys() == out.days("few").keys()
