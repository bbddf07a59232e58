"""Amounts in minor units and with decimal commas: exact, as configured, and never guessed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from alerting import check
from exporter.config.model import load
from exporter.config.strict_yaml import ConfigError
from tests.support.exposition import COLUMNS, SHOP, TEXT, TYPES, Row, measure, once, purchase, write_config, write_rows

Source = dict[str, Any]


def shop(revenue: object, **settings: Any) -> dict[str, Any]:
    """The shop with its amounts elsewhere."""
    return SHOP | {"columns": COLUMNS | {"revenue": revenue}} | settings


def payload(amount: str) -> Row:
    """A purchase with this amount, as JSON, in its payload."""
    return purchase(event_data=f'{{"order": {{"total": {amount}}}, "revenue": {amount}}}')


MINOR: dict[str, tuple[pa.DataType, list[object], Source, str]] = {
    "cents": (pa.int64(), [1999, 1, 250], {"scale": 0.01}, "22.50"),
    "text": (TEXT, ["1999", " 1 ", "250"], {"scale": 0.01}, "22.50"),
    "floating": (pa.float64(), [1999.0, 1.0, 250.0], {"scale": 0.01}, "22.50"),
    "decimals": (pa.decimal128(20, 4), [Decimal("1999"), Decimal("1"), Decimal("250")], {"scale": 0.01}, "22.50"),
    "mills": (pa.int64(), [19990, 15], {"scale": 0.001}, "20.005"),
    "millions": (pa.float64(), [1.2345678], {"scale": 1_000_000}, "1234567.8"),
    "least": (pa.int64(), [19_990_000], {"scale": 0.000001}, "19.99"),
    "one": (pa.int64(), [1999], {"scale": 1}, "1999"),
    "list": (pa.int64(), [1999], {"column": ["total", "amount"], "scale": 0.01}, "19.99"),
}


@pytest.mark.parametrize("kind", MINOR)
def test_minor_units_are_exact(tmp_path: Path, kind: str) -> None:
    """1999 cents are 19.99, whatever the type of the column is, and sums have no noise."""
    of, amounts, keys, expected = MINOR[kind]
    rows = [purchase(amount=amount) for amount in amounts * 3]
    write_rows(tmp_path / "events.parquet", rows, TYPES | {"amount": of})
    out = once(write_config(tmp_path, web=shop({"column": "amount", **keys})))
    assert out.value("clickstream_revenue", lag=0) == float(Decimal(expected) * 3)
    assert out.value("clickstream_purchases_without_revenue", lag=0) == 0


@pytest.mark.parametrize("path", ["$.revenue", "$.order.total", "event_data.order.total", "order.total"])
def test_a_scale_goes_with_any_path(tmp_path: Path, path: str) -> None:
    """In the payload, in JSON text by the path language, or in a struct."""
    struct = pa.struct([("total", pa.int32())])
    rows = [{**payload("1999"), "order": {"total": 1999}}, {**payload('"1"'), "order": {"total": 1}}]
    write_rows(tmp_path / "events.parquet", rows, TYPES | {"order": struct})
    out = once(write_config(tmp_path, web=shop({"column": path, "scale": 0.01})))
    assert out.value("clickstream_revenue", lag=0) == 20.0


def test_implausible_amounts_stay_so(tmp_path: Path) -> None:
    """An invalid number, or one of 1e12 units or more, is a purchase without revenue."""
    wrong = ["free", "", None, "-1", "0", "1e300", "NaN", "99999999999999999999999999999"]
    right = ["50000000000000"]  # half of 1e12 in units
    rows = [purchase(amount=amount) for amount in [*wrong, *right, "100000000000000"]]
    write_rows(tmp_path / "events.parquet", rows, TYPES | {"amount": TEXT})
    out = once(write_config(tmp_path, web=shop({"column": "amount", "scale": 0.01})))
    assert out.value("clickstream_revenue", lag=0) == 5e11
    assert out.value("clickstream_purchases_without_revenue", lag=0) == len(wrong) + 1


COMMAS = {
    "1.234,50": 1234.5,
    "12,5": 12.5,
    "1.234": 1234,
    "1.234.567,89": 1234567.89,
    " 7 ": 7,
    "0,5": 0.5,
    "1234,5": 1234.5,
}
NO_COMMAS = ["12.5", "1,234.50", "1.23,4", "1.2345", "12,", ",5", "1,2,3", "12,5 EUR", "-3,5", "0,0", "", None]


def test_decimal_commas(tmp_path: Path) -> None:
    """A point parts thousands and only those; text in another form is no amount rather than a wrong one."""
    rows = [purchase(amount=amount) for amount in [*COMMAS, *NO_COMMAS]]
    out = measure(tmp_path, rows, TYPES | {"amount": TEXT}, **shop({"column": "amount", "decimal": ","}))
    assert out.value("clickstream_revenue", lag=0) == round(sum(COMMAS.values()), 2)
    assert out.value("clickstream_purchases_without_revenue", lag=0) == len(NO_COMMAS)


@pytest.mark.parametrize("path", ["$.revenue", "event_data.order.total"])
def test_decimal_commas_in_json(tmp_path: Path, path: str) -> None:
    """Text has commas; a JSON number is a number, and its point a decimal one."""
    amounts = {'"1.234,50"': 1234.5, '"12,5"': 12.5, "12.5": 12.5, "1234.567": 1234.567, "7": 7, '"1.000"': 1000}
    none = ['"12.5"', "null", "true", "[1]", '{"a": 1}', '""', '"12,5 EUR"']
    out = measure(tmp_path, map(payload, [*amounts, *none]), **shop({"column": path, "decimal": ","}))
    assert out.value("clickstream_revenue", lag=0) == round(sum(amounts.values()), 3)
    assert out.value("clickstream_purchases_without_revenue", lag=0) == len(none)


def test_numbers_have_no_decimal_sign(tmp_path: Path) -> None:
    """A column of numbers is read as it is, in a file beside one with text."""
    keys = {"column": "amount", "decimal": ",", "scale": 0.1}
    write_rows(tmp_path / "text.parquet", [purchase(amount="12,5")], TYPES | {"amount": TEXT})
    write_rows(tmp_path / "number.parquet", [purchase(amount=12.5)], TYPES | {"amount": pa.float64()})
    assert once(write_config(tmp_path, web=shop(keys))).value("clickstream_revenue", lag=0) == 2.5


def test_a_comma_is_never_guessed(tmp_path: Path) -> None:
    """Without the key, text with a comma is no amount, whatever the others are."""
    rows = [purchase(amount=amount) for amount in ("12,50", "1.234,50", "1.234")]
    out = measure(tmp_path, rows, TYPES | {"amount": TEXT}, **shop({"column": "amount"}))
    assert out.value("clickstream_revenue", lag=0) == 1.234
    assert out.value("clickstream_purchases_without_revenue", lag=0) == 2


def test_a_mapping_without_further_keys_changes_nothing(tmp_path: Path) -> None:
    """`column` alone is the name alone, also in the gauges that name it."""
    write_rows(tmp_path / "events.parquet", [payload("5"), payload('"7.25"')])
    out = once(write_config(tmp_path, name=shop("$.revenue"), mapping=shop({"column": "$.revenue"})))
    assert out.days("name") == out.days("mapping")
    (configured, other) = (
        {each["configured"] for each in out.labels("clickstream_configured_events") if each["dataset"] == name}
        for name in ("name", "mapping")
    )
    assert configured == other


def test_a_scale_makes_new_facts(tmp_path: Path) -> None:
    """What was kept with another scale, or another sign, is measured again; so is the snapshot another."""
    write_rows(tmp_path / "events.parquet", [purchase(amount="1.999")], TYPES | {"amount": TEXT})
    found = [
        once(write_config(tmp_path, web=shop({"column": "amount", **keys})), "--storage.path", str(tmp_path / "kept"))
        for keys in ({}, {"scale": 0.01}, {"scale": 0.01, "decimal": ","}, {"scale": 0.01, "decimal": ","})
    ]
    assert [out.value("clickstream_revenue", lag=0) for out in found] == [1.999, 0.02, 19.99, 19.99]
    assert len({out.value("clickstream_snapshot") for out in found}) == 3


@pytest.mark.parametrize(
    ("revenue", "problem"),
    [
        ({"column": "a", "scale": 0}, "revenue.scale: invalid scale 0: expected a number from 0.000001 to 1000000"),
        ({"column": "a", "scale": -0.01}, "revenue.scale: invalid scale -0.01: expected a number from 0.000001"),
        ({"column": "a", "scale": 1e7}, "revenue.scale: invalid scale 10000000: expected a number"),
        (
            {"column": "a", "scale": 0.0100000001},
            "revenue.scale: invalid scale 0.0100000001: expected",
        ),
        ({"column": "a", "scale": "0.01"}, "revenue.scale: input should be a valid number, not '0.01'"),
        ({"column": "a", "decimal": "'"}, "revenue.decimal: input should be '.' or ',', not \"'\""),
        ({"column": "a", "scal": 0.01}, "revenue.scal: unknown key, did you mean scale?"),
        ({"scale": 0.01}, "revenue.column: is missing"),
        ({"column": []}, "revenue.column: must not be empty"),
        ({"column": "$.*"}, "revenue.column.0: invalid JSON path '$.*': expected the path of one value"),
        (["a", ""], "revenue.1: must not be empty"),
        (5, "revenue: expected a string or a list of strings"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, revenue: object, problem: str) -> None:
    """With the key of the file, and with what is expected."""
    with pytest.raises(ConfigError) as error:
        load(write_config(tmp_path, web=shop(revenue)))
    assert f"datasets.web.columns.{problem}" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_the_query_of_a_runbook_reads_the_same_amounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run or pasted, with the text as it was sent beside the amount."""
    rows = [payload('"1.999,50"'), payload("1999"), payload('"x"')]
    write_rows(tmp_path / "events.parquet", rows)
    config = write_config(tmp_path, web=shop({"column": "$.revenue", "decimal": ",", "scale": 0.01}))
    assert check.main([str(config), "--sql", "PurchasesWithoutRevenue", "--run"]) == 0
    assert "not a number" in capsys.readouterr().out
    assert check.main([str(config), "--sql", "PurchasesWithoutRevenue"]) == 0
    view, _, _ = capsys.readouterr().out.partition("SELECT CASE\n")
    with duckdb.connect() as connection:
        connection.execute(view)
        found = connection.execute("SELECT revenue, revenue_as_sent FROM events ORDER BY revenue").fetchall()
    assert found == [(Decimal("19.9900"), "1999"), (Decimal("19.9950"), "1.999,50"), (None, "x")]
