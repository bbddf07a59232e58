"""Watched fields: which events should carry one, what counts as a value, and what a configuration may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from exporter import cli
from tests.support.configuration import refused
from tests.support.exposition import SHOP, TEXT, TYPES, Exposition, Row, measure, once, write_config, write_rows

DAY = "2025-03-09"


def event(clock: str, name: str = "page_viewed", day: str = DAY, **columns: object) -> Row:
    """An event at the clock time."""
    return {"timestamp": f"{day} {clock}", "client_id": "a", "event_name": name} | columns


def sold(payload: object, clock: str = "10:00", day: str = DAY) -> Row:
    """A purchase with the payload."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return event(clock, "checkout_completed", day, event_data=text)


END = event("23:30")
"""An event in hour 23 makes the day whole."""


def found(out: Exposition, field: str, lag: int = 0, twin: str = "") -> tuple[float, float]:
    """The events that should carry the field, and those that do."""
    names = (f"clickstream_{twin}field_events", f"clickstream_{twin}filled_field_events")
    events, filled = (out.value(name, field=field, lag=lag) for name in names)
    return events, filled


def test_events_with_a_value(tmp_path: Path) -> None:
    """Not NULL, not blank, no JSON null, no placeholder; only of the events that should carry it."""
    prices: list[Any] = [7.5, "7.50", 0.5, False, None, "", " ", "undefined", "(not set)", "NULL"]
    rows = [sold({"items": [{"item_price": price}]}) for price in prices]
    rows += [sold({"items": []}), sold({}), sold("{"), event("10:00", event_data='{"items": [{"item_price": 1}]}')]
    fields = {"item_price": {"path": "$.items[0].item_price", "events": "checkout_completed"}}
    out = measure(tmp_path, [*rows, END], watched_fields=fields)
    assert found(out, "item_price") == (13, 4)
    assert found(out, "item_price", twin="comparable_") == (13, 4)
    assert out.value("clickstream_watched_fields") == 1


def test_days_hours_and_several_fields(tmp_path: Path) -> None:
    """Each field has its own events, all of them by default; a field of any day is served for every day."""
    types = TYPES | {"market": TEXT, "props": pa.struct([("color", TEXT)]), "stock": pa.int64()}
    rows = [
        event("10:00", market="de", props={"color": "red"}, stock=3),
        event("11:00", market=" ", props={"color": None}, stock=None),
        sold({"color": "blue"}, "11:30"),
        event("22:00", market="fr"),
        event("09:00", day="2025-03-08", market="de"),
    ]
    fields = {
        "market": {"path": "market"},
        "color": {"path": ["props.color", "$.color"], "events": ["page_viewed", "checkout_completed"]},
        "stock": {"path": "stock", "events": "page_viewed"},
        "never": {"path": "$.never", "events": "signed_up"},
    }
    out = measure(tmp_path, rows, types, watched_fields=fields)
    assert {name: found(out, name) for name in fields} == {
        "market": (4, 2),
        "color": (4, 2),
        "stock": (3, 1),
        "never": (0, 0),
    }
    assert found(out, "market", twin="comparable_") == (3, 1)
    assert found(out, "market", lag=1) == (1, 1)
    assert found(out, "stock", lag=1) == (1, 0)


def test_nothing_is_watched_by_default(tmp_path: Path) -> None:
    """Then there is no series of a field, and nothing is said to be missing."""
    out = measure(tmp_path, [event("10:00", user_agent="x"), END])
    assert out.labels("clickstream_field_events") == []
    assert out.value("clickstream_watched_fields") == 0
    assert [each for each in out.labels("clickstream_not_measured") if "field" in each["gauge"]] == []


def test_placeholders_can_be_emptied(tmp_path: Path) -> None:
    """Then only NULL and blanks have no value."""
    rows = [sold({"quantity": quantity}) for quantity in (0, "undefined", None, " ")]
    fields = {"quantity": {"path": "$.quantity", "events": "checkout_completed"}}
    write_rows(tmp_path / "a.parquet", [*rows, END])
    out = once(write_config(tmp_path, usual=SHOP | {"watched_fields": fields}))
    assert out.value("clickstream_filled_field_events", field="quantity", lag=0) == 0
    out = once(write_config(tmp_path, none=SHOP | {"watched_fields": fields, "placeholders": []}))
    assert out.value("clickstream_filled_field_events", field="quantity", lag=0) == 2


MISTAKEN = """\
datasets:
  web:
    files: web
    columns: {payload: data}
    watched_fields:
      price: {path: $.price}
      Price: {path: $.price}
      empty: {}
      wild: {path: "$.items[*].price"}
      typo: {path: $.x, event: page_viewed}
      text: $.x
"""

MISTAKES = [
    "7: datasets.web.watched_fields.Price: invalid name 'Price': expected lower-case letters, digits and _, "
    "for example item_price",
    "8: datasets.web.watched_fields.empty.path: is missing",
    "9: datasets.web.watched_fields.wild.path.0: invalid JSON path '$.items[*].price': ",
    "10: datasets.web.watched_fields.typo.event: unknown key, did you mean events?",
    "11: datasets.web.watched_fields.text: expected a mapping",
]

MANY = "datasets:\n  web:\n    files: web\n    watched_fields:\n" + "".join(
    f"      f{number}: {{path: f{number}}}\n" for number in range(11)
)
PAYLOAD = "datasets:\n  shop:\n    files: shop\n    watched_fields:\n      price: {path: [price, $.price]}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(MISTAKEN, MISTAKES, id="names"),
        pytest.param(MANY, ["4: datasets.web.watched_fields: expected at most 10 fields, not 11"], id="eleven"),
        pytest.param(
            PAYLOAD, ["5: datasets.shop.watched_fields.price.path: a JSON path needs the column payload"], id="payload"
        ),
    ],
)
def test_mistakes_are_refused_with_their_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Names that are no labels, more than ten fields, unknown keys, and paths that cannot be used."""
    refused(tmp_path, text, expected)


def test_check_config_compares_the_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A column that no file has is refused; a field that is never filled, or whose events do not occur, is noted."""
    rows = [sold({"price": 1, "tax": None, "revenue": 1, "transaction_id": f"a{each}"}) for each in range(20)]
    write_rows(tmp_path / "events.parquet", [*rows, END])
    fields = {
        "price": {"path": "$.price", "events": "checkout_completed"},
        "tax": {"path": ["$.tax", "$.vat"], "events": "checkout_completed"},
        "plan": {"path": "$.plan", "events": ["signed_up", "signed_in"]},
    }
    path = write_config(tmp_path, web=SHOP | {"watched_fields": fields})
    assert cli.main(["--config.file", str(path), "--check-config"]) == 0
    notes = [line for line in "".join(capsys.readouterr()).splitlines() if "watched_fields" in line]
    assert [line.split("datasets.web.", 1)[1] for line in notes] == [
        "watched_fields.plan: no event is named signed_up or signed_in",
        "watched_fields.tax: $.tax or $.vat has no value in any of 20 events named checkout_completed",
    ]
    path = write_config(tmp_path, web=SHOP | {"watched_fields": {"plan": {"path": "plan_name"}}})
    assert cli.main(["--config.file", str(path), "--check-config"]) == 64
    assert "datasets.web.watched_fields.plan: none of the 1 newest files has plan_name" in capsys.readouterr().err
