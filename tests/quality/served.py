"""Simulated days as an exporter serves them: facts by hour, a snapshot of them, and the exporter's own exposition."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from exporter.config.model import Dataset, Links
from exporter.facts.model import DayFacts, Files, Known, Measured, Query
from exporter.gauges.exposition import render
from exporter.gauges.snapshot import Snapshot, take
from exporter.gauges.view import Refresh, View
from exporter.measures import declared
from exporter.measures.declared import WHOLE_DAY, Facts
from tests.quality.counts import NAMES, Key, counted
from tests.quality.shops import Array, Drivers, Fault
from tests.support.exposition import SHOP

DEPTH = 29
"""Lags 0 to 28: the rules read no earlier day."""

WEEK = 7
DEEP = (
    "bot_events",
    "device_events",
    "direct_sessions",
    "events",
    "field_events",
    "filled_field_events",
    "median_purchase_amount",
    "missing_referrer_events",
    "missing_utm_events",
    "named_events",
    "null_client_events",
    "platform_events",
    "purchases",
    "purchases_without_revenue",
    "revenue",
    "sessions",
)
"""The gauges that the rules read beyond the last week; to serve the others, too, takes twice as long."""

NOON = 12
"""The hour at which all but events are counted: simulated days are whole, so that no number is cut by the hour."""

NOT_SIMULATED = ("missing_column_events", "repeated_contents", "repeated_purchases")
"""Measures that no drift check reads."""

MEASURES = tuple(measure for measure in declared.load() if measure.name not in NOT_SIMULATED)
LABELS = {
    "clickstream_device_events": "device",
    "clickstream_device_revenue": "device",
    "clickstream_field_events": "field",
    "clickstream_filled_field_events": "field",
    "clickstream_named_events": "event_name",
    "clickstream_platform_events": "platform",
}
DATASET = Dataset.model_validate(
    SHOP
    | {
        "taxonomy": [*NAMES, "page_viewed", "checkout_completed"],
        "watched_fields": {"price": {"path": "$.price", "events": "checkout_completed"}},
    }
)
QUERIES = {measure.name: Query() for measure in MEASURES}


@dataclass(frozen=True)
class Judged:
    """Days to judge, each with its history: arrays with a row a judged day and a column a lag; `hours` has the events
    by hour as the last axis.
    """

    counts: Mapping[Key, Array]
    hours: Array

    def __len__(self) -> int:
        return len(self.hours)

    def take(self, rows: slice) -> Judged:
        """Some of the judged days."""
        return Judged({key: each[rows] for key, each in self.counts.items()}, self.hours[rows])

    def facts(self, row: int, dates: Sequence[date], deep: Sequence[str] | None) -> Iterator[DayFacts]:
        """The facts of a judged day and of the days before it, the earliest first; `dates` are by lag.

        Before the last week they are only of the gauges `deep`, if any are named.
        """
        numbers = {key: each[row].tolist() for key, each in self.counts.items()}
        hours = self.hours[row].tolist()
        for lag in reversed(range(len(dates))):
            every = lag <= WEEK or deep is None
            found = {key: each[lag] for key, each in numbers.items() if every or (deep and key[0] in deep)}
            yield _day(dates[lag], found, hours[lag])


def _day(when: date, numbers: Mapping[Key, float], hours: Sequence[int]) -> DayFacts:
    events = {hour: number for hour, number in enumerate(hours) if number}
    if not events:
        return DayFacts(when)
    begin = int(datetime(when.year, when.month, when.day, tzinfo=UTC).timestamp())
    found: Facts = {"clickstream_events": {"": dict(events)}}
    for (gauge, value), number in numbers.items():
        if gauge == "median_purchase_amount":
            if not math.isnan(number):
                found[f"clickstream_{gauge}"] = {"": {WHOLE_DAY: number}}
        elif gauge != "events":
            found.setdefault(f"clickstream_{gauge}", {})[value] = {NOON: number}
    return DayFacts(when, {hour: (begin + 3600 * hour + 3599) * 1_000_000 for hour in events}, found, LABELS)


def judged(by: Drivers, rng: np.random.Generator, fault: Fault | None = None, depth: int = DEPTH) -> Judged:
    """All days of the shops that have `depth` lags; a `fault` happens on the judged day alone."""
    counts, hours = counted(by, rng)
    windows = Judged({key: _windows(each, depth) for key, each in counts.items()}, _windows(hours, depth))
    if fault is None:
        return windows
    broken, broken_hours = counted(fault(by.each(lambda each: _windows(each, depth)[:, :1])), rng)
    for key, each in windows.counts.items():
        each[:, :1] = broken[key]
    windows.hours[:, :1] = broken_hours
    return windows


def _windows(values: Array, depth: int) -> Array:
    """Each day with the days before it: a row a day of a shop, a column a lag."""
    days = range(depth - 1, values.shape[1])
    return np.concatenate([values[:, day - np.arange(depth)] for day in days])


def snapshots(
    of: Judged, names: Sequence[str], last: date, history: int = DEPTH - 1, deep: Sequence[str] | None = DEEP
) -> list[Snapshot]:
    """The snapshots of the judged days, all of which are dated `last` and have so many days of history.

    With `deep`, only these gauges are known of days before the last week.
    """
    dates = [last - timedelta(days=lag) for lag in range(history + 1)]
    return [
        take(name, DATASET, MEASURES, _measured(tuple(of.facts(row, dates, deep)), of.hours[row, 0]), by_hand=False)
        for row, name in enumerate(names)
    ]


def _measured(days: tuple[DayFacts, ...], hours: Array) -> Measured:
    return Measured(days, Files(number=len(days), anchor_rows=int(hours.sum())), QUERIES, 0, 0, Known())


def exposition(of: Sequence[Snapshot]) -> bytes:
    """What an exporter with these data sets serves."""
    now = datetime.now(UTC).timestamp()
    refresh = Refresh(success=True, finished=now, duration=1.0, interval=3600.0, recomputed=0)
    return render(View(each.dataset, each, refresh, Links(), MEASURES) for each in of)
