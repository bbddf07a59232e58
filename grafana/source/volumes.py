"""Volumes by day, with the baseline and the limit that the alert uses."""

from __future__ import annotations

from typing import Any

from grafana.source import palette, promql
from grafana.source.dates import Series, by_date, judged_days, limit, line
from grafana.source.panels import Panel

NOT_COMPARED = (
    "Grey bars are not compared: older days, days with few events, and hours that the newest day lacks so far."
)


def _days(name: str, check: str) -> list[Series]:
    """Bars of the complete hours of compared days, and of all that is not compared."""
    day, hours = promql.of_day(name), promql.of_day(f"comparable_{name}")
    rest = f"{day} - on (lag) ({hours} and on (lag) {promql.COMPARED})\nor on (lag) {day}"
    return judged_days(hours, check, rest)


def baseline(name: str) -> str:
    """The mean of the baseline days over the complete hours."""
    return promql.number(f"dataset:clickstream_{name}:baseline")


def at_limit(name: str, limit_name: str, sign: str) -> str:
    """The volume beyond which the alert fires."""
    return f"{baseline(name)} * (1 {sign} {promql.limit(limit_name)})"


def _baseline_line(name: str, **fields: Any) -> Series:
    return line("Baseline", promql.at_compared(baseline(name)), palette.BASELINE, **fields)


def _limit(check: str, name: str, limit_name: str, sign: str, *called: str, **fields: Any) -> Series:
    return limit(check, promql.at_compared(at_limit(name, limit_name, sign)), *called, **fields)


EVENTS_EXPECTED = promql.number("dataset:clickstream_events:expected")
EVENTS_LIMIT = f"{EVENTS_EXPECTED} * (1 - {promql.number('dataset:clickstream_events:least_drop_ratio')})"
"""With few events a day the limit is higher, and days with fewer than min_day_events are compared, too."""


_DOTS = {"dash": [2, 8], "fill": "dot"}
_BAND = {"fillBelowTo": "Limit", "fillOpacity": 15}
"""A band from the limit up to the baseline: the healthy range."""

EVENTS = by_date(
    "Events",
    f"Events of each day. EventVolumeDrop fires below the limit. {NOT_COMPARED}",
    [
        *_days("events", "EventVolumeDrop"),
        line("Baseline", promql.at_compared(EVENTS_EXPECTED), palette.BASELINE, **_BAND),
        limit("EventVolumeDrop", promql.at_compared(EVENTS_LIMIT)),
    ],
    "short",
)

PURCHASES = by_date(
    "Purchases",
    f"Purchases of each day. NoPurchases fires if there are none. {NOT_COMPARED}",
    [*_days("purchases", "NoPurchases"), _baseline_line("purchases")],
    "short",
)

REVENUE = by_date(
    "Revenue",
    "Revenue of each day, in the currency of the data. RevenueDrop fires below the limit, RevenueSpike above the "
    f"other. {NOT_COMPARED}",
    [
        *_days("revenue", "RevenueDrop"),
        _baseline_line("revenue", **_BAND),
        _limit("RevenueDrop", "revenue", "revenue_drop_ratio", "-"),
        _limit("RevenueSpike", "revenue", "revenue_spike_ratio", "+", "Limit of a spike", lineStyle=_DOTS),
    ],
    "short",
)

_AMOUNT = promql.number("dataset:clickstream_median_purchase_amount:baseline")
_FACTOR = promql.limit("amount_shift_factor")

AMOUNT = by_date(
    "Median purchase amount",
    "Whole days, in the currency of the data. AmountShift fires above the upper limit and below the lower one, for "
    "example if amounts are in cents.",
    [
        *judged_days(promql.of_day("median_purchase_amount"), "AmountShift"),
        line("Baseline", promql.at_compared(_AMOUNT), palette.BASELINE),
        limit("AmountShift", promql.at_compared(f"{_AMOUNT} * {_FACTOR}"), "Upper limit"),
        limit("AmountShift", promql.at_compared(f"{_AMOUNT} / {_FACTOR}"), "Lower limit"),
    ],
    "short",
)

PANELS: list[Panel] = [EVENTS, PURCHASES, REVENUE]
