"""The recording rules of the baseline days, and of the volumes over the complete hours."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.expressions import (
    BASELINE_DAY,
    LAGS_BEFORE,
    STARTED,
    WEEKS_BEFORE,
    Record,
    baseline_mean,
    baseline_sum,
    complete_hours,
    dedup,
    limit,
    number,
    valid,
)

_EVENTS_BEFORE = f"clickstream_events{{{LAGS_BEFORE}}}"

LAST_WEEK = '{week="1"}'
"""Selects the baseline days of the seven before the anchor day."""

THIS_WEEKDAY = '{weekday="0"}'
"""Selects the baseline days of the anchor day's weekday."""

SAME_WEEKDAYS = "dataset:clickstream_same_weekday:days"

_WEEKS = {"1": "[1-7]", "2": "[89]|1[0-4]", "3": "1[5-9]|2[01]", "4": "2[2-8]"}
_WEEKDAYS = {str(day): "|".join(str(lag) for lag in range(day or 7, 29, 7)) for day in range(7)}
"""How many days a lag lies after the weekday of the anchor day, to the lags of which that is true."""


def _with_calendar(series: str) -> str:
    """The series by lag, each with its week before the anchor day, and its weekday; that of the anchor day is 0."""
    for label, values in (("week", _WEEKS), ("weekday", _WEEKDAYS)):
        for value, lags in values.items():
            series = f'label_replace({series}, "{label}", "{value}", "lag", "{lags}")'
    return series


_ENOUGH_EVENTS = (
    f"{dedup(f'clickstream_events{{{WEEKS_BEFORE}}}', 'lag')} >= on (dataset) group_left () {limit('min_day_events')}"
)
EXCLUDED = f"{dedup('clickstream_excluded_day', 'lag')} == 1"

BASELINE = (
    number(BASELINE_DAY, _with_calendar(f"{_ENOUGH_EVENTS} unless on (dataset, lag) {EXCLUDED}")),
    Record(
        "dataset:clickstream_baseline:days",
        f"count by (dataset) {valid(f'{BASELINE_DAY}{LAST_WEEK}')} or on (dataset) {STARTED} * 0",
    ),
    Record(
        SAME_WEEKDAYS,
        f"count by (dataset) {valid(f'{BASELINE_DAY}{THIS_WEEKDAY}')} or on (dataset) {STARTED} * 0",
    ),
    number(
        "dataset:clickstream_missing_days:count",
        f"sum by (dataset) ({dedup(_EVENTS_BEFORE, 'lag')} == bool 0)"
        f" + on (dataset) 0 * sum by (dataset) ({_EVENTS_BEFORE})",
    ),
    number("dataset:clickstream_missing_days:over", "(" + dedup('clickstream_events{lag="1"}') + " > bool 0)"),
)

_ALL_DAYS = f"({dedup(f'clickstream_comparable_events{{{LAGS_BEFORE}}}', 'lag')} unless on (dataset, lag) {EXCLUDED})"
_ALL_MEAN = f"(sum by (dataset) ({_ALL_DAYS}) / on (dataset) count by (dataset) ({_ALL_DAYS}))"

ENOUGH_DAYS = f"dataset:clickstream_baseline:days >= on (dataset) {limit('min_baseline_days')}"

ALL_DAYS_DEVIATION = (
    f"sum by (dataset) (abs(ln(clamp({_ALL_DAYS} / on (dataset) group_left () ({_ALL_MEAN} > 0), 0.5, 2))))\n"
    f"/ on (dataset) count by (dataset) ({_ALL_DAYS})"
)
"""How far the seven days before are from their mean, where too few of them are baseline days."""


OF_HOURS = (
    f"({baseline_sum('clickstream_comparable_events')}) / on (dataset) ({baseline_sum('clickstream_events')} > 0)"
)
"""The share of the events of a baseline day in the complete hours of the anchor day."""

_HOURS = "dataset:clickstream_complete_hours:ratio"

AS_MANY_HOURS = f"({valid(_HOURS)} or on (dataset) {STARTED} * 0 + 1)"
"""What makes of the number of a whole day that of as many hours as the anchor day has."""


def _volume(name: str) -> Iterator[Record]:
    """A volume over the complete hours, and its mean over the baseline days."""
    yield number(f"dataset:clickstream_{name}:anchor", complete_hours(f"clickstream_comparable_{name}"))
    yield number(f"dataset:clickstream_{name}:baseline", baseline_mean(f"clickstream_comparable_{name}"))


_WITHOUT = "clickstream_comparable_purchases_without_revenue"
_FOREIGN = "clickstream_comparable_foreign_currency_purchases"
_NONE = f"or on (dataset) {STARTED} * 0"

VOLUMES = (
    number(_HOURS, f"({OF_HOURS} and on (dataset) dataset:clickstream_complete_hours:max < 24)"),
    *_volume("events"),
    number(
        "dataset:clickstream_events:mean",
        f"(dataset:clickstream_events:baseline and on (dataset) {ENOUGH_DAYS}\n"
        f"or on (dataset) ({_ALL_MEAN}\n"
        f"and on (dataset) count by (dataset) ({_ALL_DAYS}) >= on (dataset) {limit('min_baseline_days')}))",
    ),
    *_volume("purchases"),
    number(
        "dataset:clickstream_priced_purchases:anchor",
        f"dataset:clickstream_purchases:anchor - on (dataset) {complete_hours(_WITHOUT)}\n"
        f"- on (dataset) ({complete_hours(_FOREIGN)} {_NONE})",
    ),
    number(
        "dataset:clickstream_priced_purchases:baseline",
        f"dataset:clickstream_purchases:baseline\n- on (dataset) ({baseline_mean(_WITHOUT)})\n"
        f"- on (dataset) ({baseline_mean(_FOREIGN)} {_NONE})",
    ),
    *_volume("revenue"),
    *_volume("sessions"),
    *_volume("identified_purchases"),
)
