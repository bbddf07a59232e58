"""What the rules must say of a day, as `rules/cases.yml` has it: each case's series, states and alerts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from alerting import rulefile
from exporter.config.checks import Limits

TABLE = yaml.safe_load((Path(__file__).parents[1] / "rules" / "cases.yml").read_text("utf-8"))
SNAPSHOT = TABLE["healthy"]["frame"]["clickstream_snapshot"]

SUNDAY = 1741478400
"""The anchor day, 2025-03-09 in UTC."""

SHORT, SHORT_LAGS = ("clickstream_comparable_", "clickstream_day_end_clock_seconds"), 8
"""Gauges that only so many lags have."""

UNREAD = tuple(
    f"clickstream_{name}"
    for name in ("assisted_purchases", "converting_sessions", "device_revenue", "identified_purchases", "segment_")
)
"""Gauges that no rule reads of whole days."""

Case = dict[str, Any]
Values = dict[str, float]
"""Series of one data set, without the labels that all of them have, to value."""

CASES: dict[str, Case] = {case["name"]: case for case in TABLE["cases"]}
CHECKS = rulefile.checks()


def labelled(series: str, labels: str) -> str:
    """The series with further labels."""
    name, _, before = series.partition("{")
    return f"{name}{{{labels},{before}" if before else f"{name}{{{labels}}}"


def healthy(days: int, limits: Values) -> Iterator[tuple[str, float]]:
    """The series of the healthy data set."""
    yield from TABLE["healthy"]["frame"].items()
    for limit, value in {**Limits().model_dump(), **limits}.items():
        yield f'clickstream_limit{{limit="{limit}"}}', value
    for lag in range(days):
        yield f'clickstream_day_timestamp_seconds{{lag="{lag}"}}', SUNDAY - 86_400 * lag
        for gauge, value in TABLE["healthy"]["days"].items():
            if lag < SHORT_LAGS or not gauge.startswith(SHORT):
                yield labelled(gauge, f'lag="{lag}"'), value


def changed(gauges: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The series that a case changes or adds; lags are written as 3 or 1-7."""
    for gauge, change in gauges.items():
        if not isinstance(change, dict):
            yield gauge, change
            continue
        for lags, value in change.items():
            first, _, last = str(lags).partition("-")
            for lag in range(int(first), int(last or first) + 1):
                yield labelled(gauge, f'lag="{lag}"'), value


def served(case: Case) -> Values:
    """All series of the case's data set, as the exporter would serve them."""
    values = dict(healthy(case.get("days", 8), case.get("limits", {})))
    own = dict(changed(case.get("gauges", {})))
    values = {**whole_days(values, case.get("days", 8)), **values, **whole_days(own), **own}
    for gone in case.get("without", []):
        values = {series: value for series, value in values.items() if gone not in (series, series.split("{")[0])}
    return counted(values)


def whole_days(values: Values, days: int = 0) -> Values:
    """The days before, as whole days, which have the numbers of their comparable hours; earlier ones those of lag 1."""
    found = {}
    for series, value in values.items():
        whole = series.replace("clickstream_comparable_", "clickstream_", 1)
        if whole != series and 'lag="0"' not in series and not whole.startswith(UNREAD):
            found[whole] = value
            for lag in range(SHORT_LAGS, days) if 'lag="1"' in series else ():
                found[whole.replace('lag="1"', f'lag="{lag}"')] = value
    return found


def counted(values: Values) -> Values:
    """The series with those that say how many of them there are: of each gauge, and of all."""
    gauges = Counter(series.split("{")[0] for series in values)
    counts = {f'clickstream_gauge_series{{gauge="{gauge}"}}': number for gauge, number in gauges.items()}
    return {**values, **counts, "clickstream_series": len(values) + len(counts) + 1}


def firing(case: Case) -> dict[str, str]:
    """The alerts that fire for the case, with their summaries."""
    own = {case["alert"]: case["summary"]} if case["fires"] else {}
    return {**short_history(case), **own, **case.get("also", {})}


def severity(case: Case, name: str) -> str:
    """The severity of an alert in a case: that of the case, unless it says that the alert keeps its own."""
    usual: str = TABLE["alerts"][name][0]
    return usual if name in case.get("usual_severity", ()) else case.get("severity", usual)


def short_history(case: Case) -> dict[str, str]:
    """The alert that few days of this weekday are known, which most cases have, because they are short."""
    values = served(case)
    least = values.get('clickstream_limit{limit="min_day_events"}', math.inf)
    known = sum(values.get(f'clickstream_events{{lag="{lag}"}}', -1) >= least for lag in (7, 14, 21, 28))
    return {"HistoryShort": f"History short: {known} of 3 days before with this weekday"} if known < 3 else {}


def states(case: Case) -> dict[str, int]:
    """The state of every check."""
    found = dict.fromkeys(CHECKS, 0) | dict.fromkeys(case.get("switched_off", []), 2)
    return found | {alert: 1 for alert in firing(case) if alert in found}
