"""The recording rules of the guards: the minimum that a check needs before it judges."""

from __future__ import annotations

from alerting.mixin.expressions import (
    DRIFT,
    GUARD,
    STARTED,
    Record,
    is_open,
    limit,
    number,
    valid,
)


def _guard(name: str, expr: str) -> Record:
    """A guard, open where the expression is 1."""
    return number(GUARD, f"({expr})", {"guard": name})


def _at_least(name: str, value: str, minimum: str) -> Record:
    return _guard(name, f"{value} >= bool on (dataset) {limit(minimum)}")


def _positive(name: str, value: str) -> Record:
    return _guard(name, f"{valid(value)} > bool 0")


DRIFT_GUARDS = (
    _at_least("baseline_days", "dataset:clickstream_baseline:days", "min_baseline_days"),
    _at_least("day_events", valid("dataset:clickstream_events:anchor"), "min_day_events"),
    Record(
        DRIFT,
        f"count by (dataset) ({is_open('baseline_days')} and on (dataset) {is_open('day_events')})\n"
        f"or on (dataset) {STARTED} * 0",
    ),
)

_NAMED = valid("dataset_event_name:clickstream_named_events:baseline")

GUARDS = (
    _at_least("baseline_events", valid("dataset:clickstream_events:expected"), "min_baseline_events"),
    _at_least("baseline_purchases", valid("dataset:clickstream_purchases:baseline"), "min_baseline_purchases"),
    _at_least(
        "baseline_identified_purchases",
        valid("dataset:clickstream_identified_purchases:baseline"),
        "min_baseline_purchases",
    ),
    _at_least("baseline_sessions", valid("dataset:clickstream_sessions:baseline"), "min_baseline_sessions"),
    _at_least("baseline_named_events", f"max by (dataset) {_NAMED}", "min_baseline_named_events"),
    _positive("baseline_revenue", "dataset:clickstream_revenue:baseline"),
    _positive("baseline_converting_sessions", "dataset:clickstream_conversion:baseline_ratio"),
    _positive("baseline_assisted_purchases", "dataset:clickstream_assisted:baseline_ratio"),
    _positive("day_payload_events", "dataset:clickstream_payload_events:day"),
    _at_least("day_purchases", valid("dataset:clickstream_purchases:day"), "min_day_purchases"),
    _at_least("day_contents", valid("dataset:clickstream_contents:day"), "min_day_purchases"),
    _positive("day_sessions", "dataset:clickstream_sessions:anchor"),
    _positive("day_revenue", "dataset:clickstream_revenue:anchor"),
    _positive("day_identified_purchases", "dataset:clickstream_identified_purchases:anchor"),
    *(
        _guard(
            f"reach_{name}",
            f"{valid(f'dataset:clickstream_{name}:baseline_ratio')} + on (dataset) "
            f"{limit(f'{name}_increase')} < bool 1",
        )
        for name in ("missing_referrer", "missing_utm")
    ),
)
