"""Event ids: copies of one id are duplicates, and those with unlike contents are told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from exporter.config.model import Dataset
from exporter.engine.duckdb import day_tables
from exporter.measures import declared
from tests.support.exposition import (
    COLUMNS,
    SHOP,
    TEXT,
    TYPES,
    Exposition,
    Row,
    measure,
    once,
    view,
    write_config,
    write_rows,
)

IDS = TYPES | {"id": TEXT}
WITH_ID: dict[str, Any] = {"columns": COLUMNS | {"event_id": "id"}}


def event(event_id: str | None, clock: str = "10:00", **columns: object) -> Row:
    """A page view with an id."""
    return view(id=event_id) | {"timestamp": f"2025-03-09 {clock}"} | columns


def counted(out: Exposition, lag: int = 0) -> tuple[float, float]:
    """The duplicates of a day, and those that conflict."""
    names = ("clickstream_duplicate_events", "clickstream_conflicting_events")
    return out.value(names[0], lag=lag), out.value(names[1], lag=lag)


# Name -> the events of one id each, its duplicates, and its conflicts.
CASES: dict[str, tuple[list[Row], int, int]] = {
    "alone": ([event("alone")], 0, 0),
    "sent twice": ([event("sent twice")] * 2, 1, 0),
    "sent again later": ([event("sent again later"), event("sent again later", "11:00")], 1, 0),
    "two contents": ([event("two contents"), event("two contents", page_url="/a")], 1, 1),
    "two contents, each twice": ([event("x"), event("x", page_url="/a")] * 2, 3, 1),
    "three contents": ([event("y"), event("y", page_url="/a"), event("y", page_url="/b")], 2, 2),
    "differs in NULL": ([event("z"), event("z", client_id=None)], 1, 1),
    "differs in the payload": ([event("p"), event("p", event_data='{"a": 1}')], 1, 1),
}


def test_copies_of_an_id(tmp_path: Path) -> None:
    """Whatever their time; each distinct content but one conflicts, in whichever file it lies."""
    rows = [row for rows, _, _ in CASES.values() for row in rows]
    write_rows(tmp_path / "one.parquet", [*rows[::2], event("last", "23:30")], IDS)
    write_rows(tmp_path / "two.parquet", rows[1::2], IDS)
    out = once(write_config(tmp_path, web=SHOP | WITH_ID))
    expected = (sum(copies for _, copies, _ in CASES.values()), sum(unlike for _, _, unlike in CASES.values()))
    assert counted(out) == expected
    twins = [out.value(f"clickstream_comparable_{name}_events", lag=0) for name in ("duplicate", "conflicting")]
    assert tuple(twins) == expected


def test_an_id_of_another_day_is_another_event(tmp_path: Path) -> None:
    """Only copies of the day count."""
    out = measure(tmp_path, [event("a"), event("a") | {"timestamp": "2025-03-08 10:00"}], IDS, **WITH_ID)
    assert (counted(out), counted(out, 1)) == ((0, 0), (0, 0))


@pytest.mark.parametrize("none", [None, "", " ", "undefined", "(not set)"])
def test_events_without_an_id_are_compared_by_time_and_content(tmp_path: Path, none: str | None) -> None:
    """As they are where no id is mapped; they conflict with nothing."""
    rows = [event(none), event(none), event(none, page_url="/a"), event(none, "10:01"), event("real")]
    assert counted(measure(tmp_path, rows, IDS, **WITH_ID)) == (1, 0)


def test_an_explicit_key_wins(tmp_path: Path) -> None:
    """The duplicates are those of the key, and the conflicts those of the id."""
    rows = [event("a"), event("a", page_url="/a"), event("b"), event("c", client_id="b")]
    out = measure(tmp_path, rows, IDS, **WITH_ID, duplicate_key=["client_id", "timestamp"])
    assert counted(out) == (2, 1)


def test_an_id_in_the_payload(tmp_path: Path) -> None:
    """It is read for every event, not only for purchases."""
    rows = [view(event_data='{"id": "a"}'), view(event_data='{"id": "a", "b": 1}'), view(event_data='{"id": "c"}')]
    assert counted(measure(tmp_path, rows, columns=COLUMNS | {"event_id": "$.id"})) == (1, 1)


def test_without_the_column_nothing_changes(tmp_path: Path) -> None:
    """Copies are those of all mapped columns, and the gauge is absent, with a reason."""
    out = measure(tmp_path, [event("a"), event("b"), event("a", "11:00")], IDS)
    assert out.value("clickstream_duplicate_events", lag=0) == 1
    assert out.labels("clickstream_conflicting_events") == []
    reason = {"dataset": "web", "gauge": "clickstream_conflicting_events", "reason": "no column event_id"}
    assert reason in out.labels("clickstream_not_measured")


def test_without_the_column_it_costs_nothing() -> None:
    """No measure that is run names the id, and DuckDB is not asked for it."""
    dataset = Dataset(files=("x",))
    run = [each.sql for each in declared.load() if not each.unmet(dataset)]
    relations = [day_tables.relation(name) for name in day_tables.TABLES]
    assert not [sql for sql in (*run, *relations) if "event_key" in sql or "event_id" in sql]
    sql = day_tables.keyed(dataset, ["SELECT now()::TIMESTAMP AS ts, 'x' AS event_name"])
    plan = duckdb.sql(f"EXPLAIN SELECT row_key FROM ({sql})").fetchall()[0][1]
    assert "event_key" not in plan
    assert "coalesce" not in plan.lower()
