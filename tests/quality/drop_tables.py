"""Random tables of simulated days with all that makes a baseline difficult, and the day that each is to the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.random import Generator

from exporter.gauges.snapshot import Snapshot
from tests.quality.served import Judged, judged, snapshots
from tests.quality.shops import FAULTS, drivers
from tests.support.day_tables import Labels, Table
from tests.support.drop_days import Day
from tests.support.drops import Numbers

DEPTH = 36
SHOPS, DAYS = 10, 3
COMPARABLE = "clickstream_comparable_"
EXCLUDED = "clickstream_excluded_day"
NOT_READ = ("device_events", "platform_events", "named_events")
"""Half of all series, which no number depends on that is compared."""

ROUGH = 0.7
"""The probability that days are excluded, and that the anchor day is partial."""


def tables(size: int, seed: int) -> dict[str, Table]:
    """Tables of shops of so many purchases a day: short histories, holes, thin, closed and excluded days, faults."""
    rng = np.random.default_rng([seed, size])
    fault = FAULTS[rng.choice(list(FAULTS))]
    of = judged(drivers(size, SHOPS, DEPTH - 1 + DAYS, rng), rng, fault if seed % 2 else None, DEPTH)
    for row in range(len(of)):
        _close(of, row, rng)
        _spoil(of, row, rng)
        _lose(of, row, rng)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    found = {}
    for row in range(len(of)):
        history = int(rng.choice((7, 10, 14, 15, 21, 22, 28, 30, DEPTH - 1)))
        name = f"s{size}-{seed}-{row:03}"
        (snapshot,) = snapshots(of.take(slice(row, row + 1)), [name], yesterday, history, deep=None)
        found[name] = _table(snapshot, rng)
    return found


def _close(of: Judged, row: int, rng: Generator) -> None:
    """Let the shop sell nothing on one weekday, which may be the anchor day's."""
    if rng.random() < 0.3:
        lags = slice(int(rng.integers(0, 7)), None, 7)
        for (gauge, _), numbers in of.counts.items():
            if "purchase" in gauge or "revenue" in gauge:
                numbers[row, lags] = 0


def _spoil(of: Judged, row: int, rng: Generator) -> None:
    """Let days before the anchor day have no event, or few."""
    for lag in range(1, DEPTH):
        if rng.random() < 0.08:
            few = int(rng.choice((0, 30, 99, 100)))
            of.hours[row, lag] = 0
            of.hours[row, lag, 12] = few
            for numbers in of.counts.values():
                numbers[row, lag] = min(numbers[row, lag], few // 10)


def _lose(of: Judged, row: int, rng: Generator) -> None:
    """Let the anchor day lose most of everything."""
    if rng.random() < 0.2:
        kept = rng.uniform(0.1, 0.6)
        of.hours[row, 0] = of.hours[row, 0] * kept
        for numbers in of.counts.values():
            numbers[row, 0] = int(np.nan_to_num(numbers[row, 0]) * kept)


def _table(snapshot: Snapshot, rng: Generator) -> Table:
    """The table of the snapshot; its complete hours may be a part of the day, and lags may be excluded by hand."""
    gauges: dict[str, dict[Labels, float]] = {}
    for sample in snapshot.samples:
        if not sample.gauge.endswith(NOT_READ):
            gauges.setdefault(sample.gauge, {})[sample.labels] = sample.value
    lags = list(gauges["clickstream_events"])
    rare = rng.random() < ROUGH
    gauges[EXCLUDED] = {labels: float(labels != (("lag", "0"),) and rare and rng.random() < 0.1) for labels in lags}
    if rng.random() < ROUGH:
        share = rng.uniform(0.3, 1.0)
        for gauge in [name for name in gauges if name.startswith(COMPARABLE)]:
            gauges[gauge] = {labels: float(int(value * share)) for labels, value in gauges[gauge].items()}
    gauges["clickstream_links_info"] = {(("grafana", "http://localhost"), ("runbooks", "runbooks")): 1.0}
    gauges["clickstream_exporter_refresh_success"] = {(): 1.0}
    return Table(gauges)


def day(table: Table) -> Day:
    """What the oracle is told of the table."""
    gauges = table.gauges
    limits = {dict(labels)["limit"]: value for labels, value in gauges["clickstream_limit"].items()}
    excluded = [int(dict(labels)["lag"]) for labels, value in gauges[EXCLUDED].items() if value]
    volumes: dict[str, Numbers] = {}
    for gauge, series in gauges.items():
        twin = gauge.replace("clickstream_", COMPARABLE, 1)
        if twin in gauges:
            volumes |= _volumes(gauge.removeprefix("clickstream_"), series, gauges[twin])
    return Day(volumes, limits, excluded)


def _volumes(name: str, whole: Mapping[Labels, float], comparable: Mapping[Labels, float]) -> dict[str, Numbers]:
    by_value: dict[str, tuple[dict[int, float], dict[int, float]]] = {}
    for place, series in enumerate((whole, comparable)):
        for labels, value in series.items():
            of: dict[str, Any] = dict(labels)
            lag = int(of.pop("lag"))
            by_value.setdefault(" ".join([name, *of.values()]), ({}, {}))[place][lag] = value
    return {each: Numbers(*found) for each, found in by_value.items()}
