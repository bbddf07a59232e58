"""Purchases in another currency: they are purchases, and their amounts are counted nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter import cli
from exporter.config.model import load
from exporter.config.strict_yaml import ConfigError
from tests.support.exposition import COLUMNS, SHOP, TEXT, TYPES, Row, measure, purchase, view, write_config, write_rows

SHOP_IN_EUR: dict[str, Any] = {
    "columns": COLUMNS | {"currency": "currency", "revenue": "$.revenue"},
    "currency": "EUR",
    "time_zone": "UTC",
}


def sale(currency: str | None, amount: str = "10", **columns: object) -> Row:
    """A purchase with an amount, in a currency."""
    return purchase(currency=currency, event_data=f'{{"revenue": {amount}}}', **columns)


OWN = (*(None, "", "  ", "EUR", "eur", " Eur\t", "\u00a0EUR"), *("null", "(not set)"))
FOREIGN = ("USD", "usd", "EURO", "EU R", "€", "978")


def test_only_the_own_currency_is_summed(tmp_path: Path) -> None:
    """In any case, with blanks around it; a purchase without a currency is in the own one, and the rest is counted."""
    rows = [*map(sale, (*OWN, *FOREIGN)), sale("EUR", '"free"'), sale("USD", '"free"'), view(currency="USD")]
    out = measure(tmp_path, rows, TYPES | {"currency": TEXT}, **SHOP_IN_EUR)
    assert out.value("clickstream_purchases", lag=0) == len(OWN) + len(FOREIGN) + 2
    assert out.value("clickstream_revenue", lag=0) == 10 * len(OWN)
    assert out.value("clickstream_purchases_without_revenue", lag=0) == 1
    for prefix in ("clickstream_", "clickstream_comparable_"):
        found = out.value(f"{prefix}foreign_currency_purchases", lag=0)
        assert found == (len(FOREIGN) + 1 if prefix == "clickstream_" else 0)  # the day has ten complete hours


def test_every_amount_is_of_the_same_revenue(tmp_path: Path) -> None:
    """The median, the devices and the segments know nothing of a foreign amount."""
    rows = [*(sale("EUR", amount) for amount in ("10", "20", "30")), *[sale("JPY", "4000")] * 4]
    rows = [*rows, view(currency=None) | {"timestamp": "2025-03-09 23:30"}]
    out = measure(tmp_path, rows, TYPES | {"currency": TEXT}, **SHOP_IN_EUR)
    assert out.value("clickstream_median_purchase_amount", lag=0) == 20
    assert out.value("clickstream_device_revenue", device="other", lag=0) == 60
    segment = {"dimension": "device", "segment": "other", "lag": 0}
    assert out.value("clickstream_comparable_segment_revenue", **segment) == 60
    assert out.value("clickstream_comparable_segment_purchases", **segment) == 7
    assert out.value("clickstream_comparable_foreign_currency_purchases", lag=0) == 4
    assert out.value("clickstream_configured_events", what="revenue") == 3


def test_the_currency_of_a_payload(tmp_path: Path) -> None:
    """It is read from the payload of purchases only."""
    rows = [
        purchase(event_data='{"revenue": 5, "currency": "usd"}'),
        purchase(event_data='{"revenue": 7, "currency": "eur"}'),
        view(event_data='{"currency": "USD"}'),
    ]
    out = measure(tmp_path, rows, **SHOP_IN_EUR | {"columns": COLUMNS | {"currency": "$.currency"}})
    assert out.value("clickstream_revenue", lag=0) == 7
    assert out.value("clickstream_foreign_currency_purchases", lag=0) == 1


def test_without_the_column_every_amount_counts(tmp_path: Path) -> None:
    """The key alone names the currency, as before, and the gauge is absent, with a reason."""
    out = measure(tmp_path, map(sale, (*OWN, *FOREIGN)), TYPES | {"currency": TEXT}, currency="EUR")
    assert out.value("clickstream_revenue", lag=0) == 10 * (len(OWN) + len(FOREIGN))
    assert out.labels("clickstream_foreign_currency_purchases") == []
    reason = {"dataset": "web", "gauge": "clickstream_foreign_currency_purchases", "reason": "no column currency"}
    assert reason in out.labels("clickstream_not_measured")


def test_the_column_needs_the_key(tmp_path: Path) -> None:
    """Without it nobody could say which purchases are foreign."""
    settings = {name: value for name, value in SHOP_IN_EUR.items() if name != "currency"}
    with pytest.raises(
        ConfigError, match=r"datasets\.web\.currency: columns\.currency is mapped, so expected the curr"
    ):
        load(write_config(tmp_path, web=SHOP | settings))


def test_a_path_that_leads_to_no_currency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every amount would be summed: the first look at the data refuses it."""
    write_rows(tmp_path / "events.parquet", [sale("USD")] * 12, TYPES | {"currency": TEXT})
    settings = SHOP_IN_EUR | {"columns": COLUMNS | {"currency": "$.code"}}
    assert cli.main(["--config.file", str(write_config(tmp_path, web=SHOP | settings)), "--check-config"]) != 0
    expected = "datasets.web.columns.currency: $.code has no currency in any of 12 purchases"
    assert expected in "".join(capsys.readouterr())


def test_a_currency_that_no_purchase_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first look at the data refuses it, and does not blame the amounts."""
    write_rows(tmp_path / "events.parquet", [sale("USD")] * 12, TYPES | {"currency": TEXT})
    config = write_config(tmp_path, web=SHOP | SHOP_IN_EUR)
    assert cli.main(["--config.file", str(config), "--check-config"]) != 0
    said = "".join(capsys.readouterr())
    assert "datasets.web.currency: none of 12 purchases is in EUR, by currency" in said
    assert "columns.revenue" not in said
