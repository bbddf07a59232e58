"""Purchase rows that are lines of orders: an order is one purchase, and its amount the sum of its lines."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from alerting import check
from exporter.config.model import load
from exporter.config.strict_yaml import ConfigError
from tests.support.exposition import (
    COLUMNS,
    SHOP,
    TEXT,
    TYPES,
    Exposition,
    Row,
    measure,
    once,
    write_config,
    write_rows,
)

DAY = "2025-03-09"
LINES: dict[str, Any] = {"purchase_rows": "lines", "dimensions": {"country": "country"}}
COUNTRY = TYPES | {"country": TEXT, "category": TEXT, "currency": TEXT}

AD = "https://shop.example/?utm_source=google&utm_medium=cpc"


def line(
    order: str | None, amount: object = 10, clock: str = "10:00", client: str | None = "a", **columns: object
) -> Row:
    """A line of an order: its id and its amount in the payload."""
    fields = {"transaction_id": order, "revenue": amount}
    row = {"timestamp": f"{DAY} {clock}", "event_name": "checkout_completed", "client_id": client}
    return row | {"event_data": json.dumps(fields)} | columns


END: Row = {"timestamp": f"{DAY} 23:30", "event_name": "page_viewed", "client_id": "z"}


def purchases(out: Exposition) -> list[float]:
    """Purchases, their revenue, and how many have none."""
    names = ("purchases", "revenue", "purchases_without_revenue")
    return [out.value(f"clickstream_{name}", lag=0) for name in names]


def test_lines_of_an_order_are_one_purchase(tmp_path: Path) -> None:
    """With the sum of their plausible amounts; a line without a usable id is a purchase of its own."""
    rows = [
        *[line("o1", 10), line("o1", 5.25), line("o1", 0.75, "10:20")],
        *[line("o2", 7), line("o2", -3), line("o2", "free"), line("o2", 1e13)],
        *[line("o3", None), line("o3", 0)],
        *[line(None, 1), line(None, 1), line("undefined", 2), line(" ", None)],
        END,
    ]
    out = measure(tmp_path, rows, **LINES, columns=COLUMNS)
    assert purchases(out) == [3 + 4, 16 + 7 + 4, 1 + 1]
    assert out.value("clickstream_purchases_without_transaction_id", lag=0) == 4
    assert out.value("clickstream_median_purchase_amount", lag=0) == 2
    assert out.value("clickstream_events", lag=0) == len(rows)


def test_a_repeated_id_is_no_duplicate(tmp_path: Path) -> None:
    """That is not measured, and says why; nothing else is missing."""
    out = measure(tmp_path, [line("o1"), line("o1"), END], purchase_rows="lines")
    assert out.labels("clickstream_duplicate_purchases") == []
    reason = {"dataset": "web", "gauge": "clickstream_duplicate_purchases", "reason": "purchase_rows is lines"}
    orders = measure(tmp_path, [line("o1"), line("o1"), END])
    further = [each for each in out.labels("clickstream_not_measured") if each != reason]
    assert len(further) == len(out.labels("clickstream_not_measured")) - 1
    assert all(each in orders.labels("clickstream_not_measured") for each in further)
    assert orders.value("clickstream_duplicate_purchases", lag=0) == 1


def test_an_order_is_where_its_first_line_is(tmp_path: Path) -> None:
    """Its hour, session, channel, device and dimensions; the sum follows them, wherever the later lines are."""
    first = {"page_url": AD, "country": "se", "category": "tablet"}
    rows = [line("o1", 20, "11:10", "b", country="no", category="desktop"), line("o1", 10, "10:05", "a", **first), END]
    columns = COLUMNS | {"device": "category"}
    out = measure(tmp_path, rows, COUNTRY, **LINES, columns=columns)
    assert purchases(out) == [1, 30, 0]
    assert out.value("clickstream_device_revenue", device="tablet", lag=0) == 30
    assert out.value("clickstream_device_revenue", device="desktop", lag=0) == 0
    assert out.value("clickstream_converting_sessions", lag=0) == 1
    assert out.value("clickstream_identified_purchases", lag=0) == 1
    found = {
        (each["dimension"], each["segment"]): out.value("clickstream_comparable_segment_revenue", **each)
        for each in out.labels("clickstream_comparable_segment_revenue")
        if each["lag"] == "0"
    }
    assert {segment for segment, revenue in found.items() if revenue} >= {
        ("device", "tablet"),
        ("channel", "Paid Search"),
    }
    assert sum(found.values()) == 30 * 3


def test_the_first_of_lines_at_one_time_is_always_the_same(tmp_path: Path) -> None:
    """The order of rows and files changes no number."""
    rows = [line("o1", 5, country="no", client=None), line("o1", 7, country="se"), line("o1", 9, "10:00", "b")]
    for number, order in enumerate(permutations(rows)):
        for place, row in enumerate(order):
            write_rows(tmp_path / f"{number}" / f"{place}.parquet", [row, END], COUNTRY)
    config = write_config(tmp_path, **{str(number): SHOP | LINES | {"files": str(number)} for number in range(6)})
    out = once(config)
    found = [out.days(str(number)) for number in range(6)]
    assert all(each == found[0] for each in found)


def test_single_lines_are_what_orders_are(tmp_path: Path) -> None:
    """Where no id is repeated, both forms give the same numbers."""
    rows = [line(f"o{number}", number + 0.1, client=f"c{number}", page_url=AD) for number in range(1, 9)]
    write_rows(tmp_path / "events.parquet", [*rows, line(None, 3), END])
    out = once(write_config(tmp_path, orders=SHOP, lines=SHOP | {"purchase_rows": "lines"}))
    orders = {key: value for key, value in out.days("orders").items() if "duplicate_purchases" not in key[0]}
    assert orders == out.days("lines")


def test_foreign_lines(tmp_path: Path) -> None:
    """An order is in another currency if all of its lines are; of a mixed one, the own amounts count."""
    rows = [
        *[line("o1", currency="USD"), line("o1", currency="USD")],
        *[line("o2", 4, currency="USD"), line("o2", 6, currency="EUR")],
        END,
    ]
    columns = COLUMNS | {"currency": "currency"}
    out = measure(tmp_path, rows, COUNTRY, purchase_rows="lines", columns=columns, currency="EUR")
    assert purchases(out) == [2, 6, 0]
    assert out.value("clickstream_foreign_currency_purchases", lag=0) == 1


def test_repeated_orders_are_counted_once(tmp_path: Path) -> None:
    """Of the ids of days before, not of their lines."""
    before = [line("o1") | {"timestamp": "2025-03-07 10:00"}, line("o9") | {"timestamp": "2025-03-08 10:00"}]
    rows = [line("o1"), line("o1"), line("o2"), line("o2"), END]
    out = measure(tmp_path, [*before, *before, *rows], purchase_rows="lines")
    assert [out.value(f"clickstream_{name}purchases", lag=0) for name in ("", "repeated_")] == [2, 1]


def test_lines_need_an_id(tmp_path: Path) -> None:
    """Without one, nobody could say which lines are of one order."""
    columns = {name: source for name, source in COLUMNS.items() if name != "transaction_id"}
    config = write_config(tmp_path, web=SHOP | {"columns": columns, "purchase_rows": "lines"})
    with pytest.raises(ConfigError, match=r"datasets\.web\.purchase_rows: lines need the column transaction_id"):
        load(config)


def test_the_query_of_duplicates_says_why_it_has_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rows would be the lines."""
    write_rows(tmp_path / "events.parquet", [line("o1"), END])
    config = write_config(tmp_path, web=SHOP | {"purchase_rows": "lines"})
    assert check.main([str(config), "--sql", "DuplicatePurchases"]) == 64
    said = "DuplicatePurchases needs purchase rows that are orders, not lines, which the configuration does not set"
    assert said in capsys.readouterr().err
