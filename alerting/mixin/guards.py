"""The recording rules of the guards: the minimum that a check needs before it judges."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin import lost, watched
from alerting.mixin.expressions import (
    DRIFT,
    GUARD,
    STARTED,
    Record,
    a_few,
    baseline_series,
    baseline_sum,
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

_FEW = {
    "duplicate_event_ratio": ("duplicate_events", "events"),
    "duplicate_purchase_ratio": ("duplicate_purchases", "purchases"),
    "invalid_event_ratio": ("invalid_events", "events"),
    "json_error_ratio": ("json_error_events", "payload_events"),
    "purchase_without_revenue_ratio": ("purchases_without_revenue", "purchases"),
    "purchase_without_transaction_id_ratio": ("purchases_without_transaction_id", "purchases"),
    "foreign_currency_ratio": ("foreign_currency_purchases", "purchases"),
    "event_id_conflict_ratio": ("conflicting_events", "events"),
}
"""The limit of a check of a few among many, to the few and the many."""

_DEVICE = "dataset_device:clickstream_device_revenue"


def _reach_of_few() -> Iterator[Record]:
    """Open where all together would be more than chance; not there where the few are not measured."""
    for name, numbers in _FEW.items():
        part, whole = (f"dataset:clickstream_{number}:day" for number in numbers)
        yield _guard(
            f"reach_{name.removesuffix('_ratio')}",
            f"({valid(whole)} >= bool on (dataset) ({a_few(whole, name)})\n  or on (dataset) (({whole} == 0) + 1))\n"
            f"  and on (dataset) {valid(part)}",
        )


def _reach_of_rise(name: str, limit_name: str) -> Record:
    """Open where a share can rise above its baseline by more than its limit and its noise."""
    base, noise = f"dataset:clickstream_{name}:baseline_ratio", f"dataset:clickstream_{name}:noise"
    room = f"(1 - {valid(base)})"
    return _guard(
        f"reach_{limit_name.removesuffix('_increase')}",
        f"({room} > bool on (dataset) {limit(limit_name)})\n"
        f"* on (dataset)\n({room} > bool on (dataset) {valid(noise)})",
    )


def _reach_of_fall(name: str, noise: str) -> Record:
    """Open where the loss of all would be more than chance."""
    return _guard(f"reach_{name}", f"{valid(noise)} < bool 1")


REACH = (
    *_reach_of_few(),
    _reach_of_rise("missing_referrer", "missing_referrer_increase"),
    _reach_of_rise("missing_utm", "missing_utm_increase"),
    _reach_of_rise("bot", "bot_share_increase"),
    _reach_of_fall("direct_share_drop", "dataset:clickstream_direct_session:drop_noise"),
    _reach_of_fall("session_drop", "dataset:clickstream_session:noise"),
    _reach_of_fall("conversion_drop", "dataset:clickstream_conversion:noise"),
    _guard(
        "reach_field_drop",
        f"(min by (dataset) ({valid(f'{watched.FIELD}:noise')} and {watched.IN_FIELD} ({watched.ENOUGH})) < bool 1\n"
        f"or on (dataset) (max by (dataset) ({valid(watched.EVENTS)}) * 0 + 1))",
    ),
    _reach_of_fall("assisted_drop", "dataset:clickstream_assisted:noise"),
    _guard(
        "reach_device_share_shift",
        f"max by (dataset) (0.5 + abs({valid(f'{_DEVICE}:baseline_ratio')} - 0.5)"
        f" - on (dataset, device) {valid(f'{_DEVICE}:noise')}) > bool 0",
    ),
)

GUARDS = (
    _at_least("baseline_events", lost.usual_or_mean("events"), "min_baseline_events"),
    _at_least("baseline_purchases", lost.usual_or_mean("purchases"), "min_baseline_purchases"),
    _at_least(
        "baseline_identified_purchases",
        valid("dataset:clickstream_identified_purchases:baseline"),
        "min_baseline_purchases",
    ),
    _at_least("baseline_sessions", valid("dataset:clickstream_sessions:baseline"), "min_baseline_sessions"),
    _at_least("baseline_named_events", f"max by (dataset) {_NAMED}", "min_baseline_named_events"),
    _at_least(
        "baseline_assisted_days",
        f"count by (dataset) ({baseline_series('clickstream_comparable_assisted_purchases')})",
        "min_baseline_days",
    ),
    _positive("baseline_revenue", lost.usual_or_mean("revenue")),
    _guard(
        "baseline_direct_sessions",
        f"({valid('dataset:clickstream_direct_session:baseline_ratio')} > bool 0)\n"
        f"* on (dataset) (({baseline_sum('clickstream_comparable_direct_sessions')} > -Inf) > bool 0)",
    ),
    _positive("baseline_converting_sessions", "dataset:clickstream_conversion:baseline_ratio"),
    _positive("baseline_assisted_purchases", "dataset:clickstream_assisted:baseline_ratio"),
    _guard(
        "baseline_filled_field_events",
        f"(max by (dataset) ({valid(f'{watched.FIELD}:baseline_ratio')}) > bool 0\n"
        f"or on (dataset) (max by (dataset) ({valid(watched.EVENTS)}) * 0))",
    ),
    _at_least("day_field_events", f"max by (dataset) ({valid(watched.EVENTS)})", "min_day_field_events"),
    _positive("day_payload_events", "dataset:clickstream_payload_events:day"),
    _at_least("day_purchases", valid("dataset:clickstream_purchases:day"), "min_day_purchases"),
    _at_least("day_contents", valid("dataset:clickstream_contents:day"), "min_day_purchases"),
    _positive("day_sessions", "dataset:clickstream_sessions:anchor"),
    _positive("day_revenue", "dataset:clickstream_revenue:anchor"),
    _positive("day_identified_purchases", "dataset:clickstream_identified_purchases:anchor"),
    *REACH,
)
