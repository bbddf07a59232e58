"""Volumes by day, with what is expected of the anchor day and the limits that the alerts use."""

from __future__ import annotations

from typing import Any

from grafana.source import palette, promql
from grafana.source.dates import Series, by_date, judged_days, limit, line, usual
from grafana.source.panels import Panel

CURRENCY = "${currency}"
"""The variable with the currency of the data set, empty where none is configured."""

NOT_COMPARED = (
    "Grey bars are not compared: older days, days with few events or excluded from baselines, and hours that the "
    "newest day lacks so far."
)
_EXPECTED = "Expected is what the weekday of the anchor day brings, and the band how far off a day usually is."
_PLAIN = f"max(clickstream_plain_drops{{{promql.ONE}}}) == 1"
"""Where the configuration compares with the mean of seven days, whatever the weekday and chance."""

MEANS = {"events": "mean", "purchases": "baseline", "priced_purchases": "baseline", "revenue": "baseline"}
"""Each volume to the recorded mean of its baseline days over the complete hours."""


def recorded(name: str, kind: str) -> str:
    """A recorded number of a volume."""
    return promql.number(f"dataset:clickstream_{name}:{kind}")


def baseline(name: str) -> str:
    """The mean of the baseline days over the complete hours."""
    return recorded(name, MEANS.get(name, "baseline"))


def expected(name: str) -> str:
    """What the weekday of the anchor day brings, over its complete hours."""
    return recorded(name, "expected")


def _unusual(name: str) -> str:
    return f"{expected(name)} * (1 - {recorded(name, 'least_drop_ratio')})"


def least(name: str, limit_name: str) -> str:
    """The volume below which a drop is neither usual nor chance."""
    return _unless_plain(name, limit_name, _unusual(name))


def low(name: str, limit_name: str) -> str:
    """The volume below which the drop is above its limit in the configuration."""
    return _unless_plain(name, limit_name, f"{expected(name)} * (1 - {promql.limit(limit_name)})")


def _unless_plain(name: str, limit_name: str, expr: str) -> str:
    return f"({baseline(name)} * (1 - {promql.limit(limit_name)}) and on () {_PLAIN}\nor {expr})"


PRICED_LIMIT = f"({_unusual('priced_purchases')} unless on () {_PLAIN})"
"""The number of purchases with an amount below which RevenueDrop takes it as evidence."""


def _bars(day: str, hours: str, check: str) -> list[Series]:
    """Bars of the complete hours of compared days, and of all that is not compared."""
    rest = f"{day} - on (lag) (({hours}) and on (lag) {promql.compared()})\nor on (lag) {day}"
    return judged_days(hours, check, rest=rest)


def _days(name: str, check: str) -> list[Series]:
    return _bars(promql.of_day(name), promql.of_day(f"comparable_{name}"), check)


def _expected(name: str, otherwise: str = "") -> list[Series]:
    """The expectation, and the band of usual days around it."""
    middle = f"({expected(name)} or {otherwise})" if otherwise else expected(name)
    return [
        *usual(expected(name), recorded(name, "deviation")),
        line("Expected", promql.at_compared(middle), palette.BASELINE),
    ]


def _limit(check: str, expr: str, *called: str, **fields: Any) -> Series:
    return limit(check, promql.at_compared(expr), *called, **fields)


_DOTS = {"dash": [2, 8], "fill": "dot"}

EVENTS = by_date(
    "Events",
    "Events of each day. EventVolumeDrop fires below the limit, unless other days of this weekday are as low. "
    f"{_EXPECTED} {NOT_COMPARED}",
    [
        *_days("events", "EventVolumeDrop"),
        *_expected("events"),
        _limit("EventVolumeDrop", least("events", "event_drop_ratio")),
    ],
    "short",
)


def _priced(prefix: str = "") -> str:
    """Purchases with an amount, by lag; all purchases where the data have no amounts."""
    purchases, without = (promql.of_day(f"{prefix}{name}") for name in ("purchases", "purchases_without_revenue"))
    foreign = promql.of_day(f"{prefix}foreign_currency_purchases")
    priced = f"{purchases} - on (lag) {without} - on (lag) ({foreign} or on (lag) {without} * 0)"
    return f"({priced} or on (lag) {purchases})"


PURCHASES = by_date(
    "Purchases with an amount",
    "All purchases, where no amount is configured. Below the limit, RevenueDrop takes their number as evidence. "
    f"NoPurchases fires if there is no purchase at all. {_EXPECTED} {NOT_COMPARED}",
    [
        *_bars(_priced(), _priced("comparable_"), "NoPurchases"),
        *_expected("priced_purchases", otherwise=baseline("purchases")),
        _limit("RevenueDrop", PRICED_LIMIT),
    ],
    "short",
)

REVENUE = by_date(
    f"Revenue {CURRENCY}",
    "Revenue of each day. RevenueDrop fires below the limit, where the amounts alone prove a drop. Below the thin line "
    "it fires if the number of purchases, the conversion rate or purchases without an amount prove one. Neither holds "
    "if other days of this weekday are as low; the alert is then an info, as it is for a day that is low only against "
    f"the mean of seven days. RevenueSpike fires above its own limit. {_EXPECTED} {NOT_COMPARED}",
    [
        *_days("revenue", "RevenueDrop"),
        *_expected("revenue"),
        _limit("RevenueDrop", low("revenue", "revenue_drop_ratio"), "Limit with other evidence", lineWidth=1),
        _limit("RevenueDrop", least("revenue", "revenue_drop_ratio")),
        _limit(
            "RevenueSpike",
            f"({expected('revenue')} > {baseline('revenue')} or {baseline('revenue')}) "
            f"* (1 + {promql.limit('revenue_spike_ratio')})",
            "Limit of a spike",
            lineStyle=_DOTS,
        ),
    ],
    "short",
)

_AMOUNT = promql.number("dataset:clickstream_median_purchase_amount:baseline")
_FACTOR = promql.limit("amount_shift_factor")


def _amount(name: str, expr: str) -> Series:
    return limit("AmountShift", promql.at_compared(expr, promql.FOUR_WEEKS), name)


AMOUNT = by_date(
    f"Median purchase amount {CURRENCY}",
    "Whole days. The baseline is the median of up to four weeks. AmountShift fires above the upper limit and below the "
    "lower one, for example if amounts are in cents.",
    [
        *judged_days(promql.of_day("median_purchase_amount"), "AmountShift", days=promql.FOUR_WEEKS),
        line("Median of four weeks", promql.at_compared(_AMOUNT, promql.FOUR_WEEKS), palette.BASELINE),
        _amount("Upper limit", f"{_AMOUNT} * {_FACTOR}"),
        _amount("Lower limit", f"{_AMOUNT} / {_FACTOR}"),
    ],
    "short",
)

PANELS: list[Panel] = [EVENTS, PURCHASES, REVENUE]
