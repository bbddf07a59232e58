"""Real data, where present: each day's numbers are those that were counted without this project."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from tests.support.exposition import COLUMNS, once, write_config

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "real-events"

REAL = {
    "files": str(FOLDER / "*.parquet"),
    "columns": COLUMNS | {"client_id": ["client_id", "clientId"]},
    "purchase": "checkout_completed",
    "taxonomy": [
        "page_viewed",
        "email_filled_on_popup",
        "product_added_to_cart",
        "checkout_started",
        "checkout_completed",
    ],
}
DOMAIN = r"""
SELECT regexp_extract(page_url, '^https?://[^/?#]*?([^./?#]+\.[^./?#]+)(?:[/?#]|$)', 1) AS domain
FROM read_parquet(?)
GROUP BY domain
ORDER BY count(*) DESC
LIMIT 1
"""
"""The site is the one that most pages are on."""


def days() -> list[dict[str, str]]:
    """The counts of each day; none where the real data are not present."""
    if not FOLDER.is_dir():
        return []
    with (FOLDER / "daily.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.skipif(not FOLDER.is_dir(), reason="real data are not present")
@pytest.mark.parametrize("day", days() or [{"date": "none"}], ids=lambda day: day["date"])
def test_real_day(tmp_path: Path, day: dict[str, str]) -> None:
    """Each number of the newest day is the one counted without this project."""
    ((domain,),) = duckdb.execute(DOMAIN, [REAL["files"]]).fetchall()
    out = once(write_config(tmp_path, web=REAL | {"site_domains": [domain]}), "--as-of", day["date"])

    def measured(name: str) -> float:
        match name:
            case "distinct_transactions":
                return measured("purchases") - measured("duplicate_purchases")
            case "purchases_with_zero_revenue":
                return measured("purchases_without_revenue")
            case "events_named_checkout_completed":
                return out.value("clickstream_named_events", lag=0, event_name="checkout_completed")
            case _:
                return out.value(f"clickstream_{name}", lag=0)

    counted = {name: float(number) for name, number in day.items() if name != "date"}
    assert {name: measured(name) for name in counted} == pytest.approx(counted, abs=0.005)
