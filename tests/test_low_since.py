"""Since which hour a day is lower than usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from exporter.gauges.low_since import low_since
from tests.support.exposition import SHOP, once, purchase, view, write_config, write_rows
from tests.test_hours import PROFILE, drawn

ANCHOR = date(2025, 3, 30)


def history(random: Random, days: int = 28, lump: int = 4, scale: float = 1.0) -> Mapping[int, list[int]]:
    """Healthy days by lag."""
    return {lag: drawn(random, lump, scale) for lag in range(1, days + 1)}


def reduced(counts: list[int], since: int, by: float, until: int = 24) -> list[int]:
    """The day with that share of its events lost in some hours."""
    return [round(each * (1 - by)) if since <= hour < until else each for hour, each in enumerate(counts)]


@pytest.mark.parametrize(("since", "by"), [(0, 0.6), (3, 0.7), (9, 0.5), (14, 0.5), (14, 1.0), (20, 0.8)])
@pytest.mark.parametrize("days", [7, 28])
def test_the_hour_is_found(since: int, by: float, days: int) -> None:
    """Of a drop by half during the day, or of the whole day, on most days and otherwise hardly ever another."""
    random = Random(f"{since} {by} {days}")
    found = [low_since(reduced(drawn(random), since, by), history(random, days), 8) for _ in range(20)]
    assert found.count(since) >= 12
    assert all(hour is None or abs(hour - since) <= 1 for hour in found if hour != 0)


@pytest.mark.parametrize("scale", [0.01, 0.05])
def test_purchases_that_stop(scale: float) -> None:
    """Of 30 to 150 purchases a day, none from one o'clock on."""
    random = Random(1)
    found = [low_since(reduced(drawn(random, 1, scale), 13, 1.0), history(random, 28, 1, scale), 1) for _ in range(20)]
    assert sum(hour in (12, 13, 14) for hour in found) >= 12


@pytest.mark.parametrize(("lump", "scale"), [(1, 0.03), (8, 0.1), (8, 1.0), (24, 1.0)])
def test_healthy_days_are_not_low(lump: int, scale: float) -> None:
    """Whether events come one by one or in bursts, in a small shop or in one of 3,500 events a day."""
    random = Random(lump)
    days = [drawn(random, lump, scale) for _ in range(228)]
    found = [low_since(days[number], dict(enumerate(days[number + 1 : number + 29], 1)), 8) for number in range(200)]
    assert [hour for hour in found if hour is not None] == []


@pytest.mark.parametrize("days", [14, 28])
def test_quiet_weekends_are_not_low(days: int) -> None:
    """A Sunday is compared with Sundays, or found to differ no more than they do."""
    random = Random(days)
    quiet = {lag: reduced(drawn(random), 0, 0.5 if lag % 7 in (0, 1) else 0) for lag in range(days + 50)}
    sundays = [{lag: quiet[lag + shift] for lag in range(days + 1)} for shift in range(0, 49, 7)]
    assert [low_since(each.pop(0), each, 8) for each in sundays] == [None] * 7


def test_what_is_not_low_since_an_hour() -> None:
    """A dip that is over, a day that ends busier, one that is high and falls to the usual, and a slow morning."""
    random = Random(3)
    before, today = history(random), drawn(random)
    others = [
        reduced(today, 10, 0.8, until=13),
        reduced(today, 12, -1.0),
        reduced(today, 0, -1.0, until=12),
        reduced(today, 0, 0.6, until=5),
        reduced(today, 12, 0.2),
    ]
    assert [low_since(each, before, 8) for each in others] == [None] * 5


def test_a_day_that_was_low_before_the_drop_has_no_hour() -> None:
    """A third less in the morning and a tenth of the usual after noon: neither hour would be the whole truth."""
    random = Random(4)
    today = reduced(reduced(drawn(random), 0, 0.35, until=12), 12, 0.9)
    assert low_since(today, history(random), 8) is None


def test_few_days_or_hours_show_nothing() -> None:
    """A week is needed, something that is usual, and hours that are complete."""
    random = Random(5)
    before, today = history(random), reduced(drawn(random), 12, 0.9)
    assert low_since(today, before, 8) == 12
    assert low_since(today, dict(list(before.items())[:6]), 8) is None
    assert low_since(today, {lag: [0] * 24 for lag in before}, 8) is None
    assert low_since([], {lag: [] for lag in before}, 8) is None
    assert low_since(today[:1], {lag: counts[:1] for lag, counts in before.items()}, 8) is None
    assert low_since([0] * 24, before, 8) == 0


def test_it_is_served(tmp_path: Path) -> None:
    """Of events and of purchases, compared with the whole days of the baseline if there are enough."""
    for lag in range(12):
        day = ANCHOR - timedelta(days=lag)
        rows = [
            (purchase if number % 3 == 0 else view)(timestamp=f"{day} {hour:02}:{number:02}", client_id=f"{number}")
            for hour, events in enumerate(PROFILE)
            for number in range(events // 6)
            if (lag or hour < 15 or number % 3) and (lag != 8 or hour > 15)
        ]
        write_rows(tmp_path / f"{lag}.parquet", rows)
    since = {name: {"baseline_since": str(ANCHOR - timedelta(days=days))} for name, days in (("six", 6), ("eight", 8))}
    out = once(write_config(tmp_path, **{name: SHOP | keys for name, keys in since.items()}))
    found = {(each["dataset"], each["of"]) for each in out.labels("clickstream_low_since_clock_seconds")}
    assert found == {("eight", "purchases")}
    assert out.value("clickstream_low_since_clock_seconds") == 15 * 3600
