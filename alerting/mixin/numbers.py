"""The recording rules before the states: snapshot, limits, numbers, guards."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.expressions import (
    BASELINE_DAY,
    DRIFT,
    EVERYTHING,
    GUARD,
    STARTED,
    Record,
    day,
    extreme,
    hours,
    is_open,
    limit,
    mean,
    number,
    of_baseline,
    share,
    total,
)

COUNTERFOIL = "max by (dataset) (clickstream_series)"

SNAPSHOT = (
    Record(
        STARTED,
        "(max by (dataset) (clickstream_snapshot) == on (dataset) min by (dataset) (clickstream_snapshot))\n"
        f"and on (dataset) (count by (dataset) ({EVERYTHING}) == on (dataset) {COUNTERFOIL})",
    ),
    Record("dataset:clickstream_scrape:timestamp_seconds", "max by (dataset) (timestamp(clickstream_snapshot))"),
    Record(
        "dataset:clickstream_series:not_a_number",
        f"{COUNTERFOIL} - on (dataset) count by (dataset) ({EVERYTHING} > -Inf) > 0",
    ),
)

LIMITS = (number("dataset_limit:clickstream_limit:max", "max by (dataset, limit) (clickstream_limit)"),)

_EVENTS_BEFORE = 'clickstream_events{lag=~"[1-7]"}'

BASELINE = (
    Record(
        BASELINE_DAY,
        f"sum by (dataset, lag) ({_EVENTS_BEFORE})\n>= on (dataset) group_left () {limit('min_day_events')}",
    ),
    Record(
        "dataset:clickstream_baseline:days",
        f"count by (dataset) ({BASELINE_DAY}) or on (dataset) {STARTED} * 0",
    ),
    number(
        "dataset:clickstream_missing_days:count",
        f"sum by (dataset) ({_EVENTS_BEFORE} == bool 0) + on (dataset) 0 * sum by (dataset) ({_EVENTS_BEFORE})",
    ),
)


def _volume(name: str, *drifts: str) -> Iterator[Record]:
    """A volume of the complete hours, its baseline, and how far they are apart."""
    anchor, baseline = f"dataset:clickstream_{name}:anchor", f"dataset:clickstream_{name}:baseline"
    yield number(anchor, hours(f"clickstream_comparable_{name}"))
    yield number(baseline, mean(f"clickstream_comparable_{name}"))
    apart = {
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
        "rise_ratio": f"{anchor} / on (dataset) ({baseline} > 0) - 1",
    }
    for drift in drifts:
        yield Record(f"dataset:clickstream_{name}:{drift}", apart[drift])


VOLUMES = (
    *_volume("events", "drop_ratio"),
    *_volume("purchases"),
    *_volume("revenue", "drop_ratio", "rise_ratio"),
    *_volume("sessions"),
    *_volume("identified_purchases"),
    number(
        "dataset_event_name:clickstream_named_events:baseline",
        mean("clickstream_comparable_named_events", "dataset, event_name"),
    ),
)


def _ratio(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share of the whole anchor day."""
    yield number(f"dataset:clickstream_{name}:ratio", share(day(part), day(whole)))


def _drift(name: str, part: str, whole: str, apart: str) -> Iterator[Record]:
    """A share of the complete hours, the same of the baseline days, and how far they are `apart`."""
    anchor, baseline = (f"dataset:clickstream_{name}:{which}_ratio" for which in ("comparable", "baseline"))
    yield number(anchor, share(hours(part), hours(whole)))
    yield number(baseline, share(total(part), total(whole)))
    expr = {
        "increase": f"{anchor} - on (dataset) {baseline} and on (dataset) {DRIFT}",
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
    }
    yield Record(f"dataset:clickstream_{name}:{apart}", expr[apart])


def _increase(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share of the whole anchor day, and how far its complete hours are above the baseline."""
    yield from _ratio(name, f"clickstream_{part}", f"clickstream_{whole}")
    yield from _drift(name, f"clickstream_comparable_{part}", f"clickstream_comparable_{whole}", "increase")


_MISSING = 'clickstream_missing_column_events{lag="0"}'

SHARES = (
    *_ratio("duplicate_event", "clickstream_duplicate_events", "clickstream_events"),
    *_ratio("duplicate_purchase", "clickstream_duplicate_purchases", "clickstream_purchases"),
    *_ratio("invalid_event", "clickstream_invalid_events", "clickstream_events"),
    *_ratio("json_error", "clickstream_json_error_events", "clickstream_payload_events"),
    *_ratio("purchase_without_revenue", "clickstream_purchases_without_revenue", "clickstream_purchases"),
    number(
        "dataset:clickstream_missing_column:ratio", share(f"({extreme('max', _MISSING)})", day("clickstream_events"))
    ),
    number(
        "dataset:clickstream_implausible_timestamp:ratio",
        share(
            "sum by (dataset) (clickstream_implausible_timestamp_events)",
            "sum by (dataset) (clickstream_anchor_file_events)",
        ),
    ),
    *_increase("null_client", "null_client_events", "events"),
    *_increase("missing_referrer", "missing_referrer_events", "events"),
    *_increase("missing_utm", "missing_utm_events", "events"),
    *_increase("direct_session", "direct_sessions", "sessions"),
    *_drift(
        "conversion", "clickstream_comparable_converting_sessions", "clickstream_comparable_sessions", "drop_ratio"
    ),
    *_drift(
        "assisted",
        "clickstream_comparable_assisted_purchases",
        "clickstream_comparable_identified_purchases",
        "drop_ratio",
    ),
)

_DEVICE = "clickstream_comparable_device_revenue"
_DEVICE_BASELINE = "dataset_device:clickstream_device_revenue:baseline_ratio"

DEVICES = (
    number(
        "dataset_device:clickstream_device_revenue:ratio",
        share(hours(_DEVICE, "dataset, device"), hours(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(_DEVICE_BASELINE, share(total(_DEVICE, "dataset, device"), total(_DEVICE), "on (dataset) group_left ()")),
    Record(
        "dataset_device:clickstream_device_revenue:shift",
        f"abs(dataset_device:clickstream_device_revenue:ratio - on (dataset, device) {_DEVICE_BASELINE})",
    ),
    Record(
        "dataset_device:clickstream_device_revenue:noise",
        f"""\
sqrt(
  1.5 * {_DEVICE_BASELINE} * (1 - {_DEVICE_BASELINE})
  * on (dataset) group_left ()
  (
    1 / (dataset:clickstream_purchases:anchor > 0)
    + on (dataset)
    1 / (dataset:clickstream_purchases:baseline * on (dataset) dataset:clickstream_baseline:days > 0)
  )
)
* on (dataset) group_left () {limit("device_share_deviations")}""",
    ),
)

_CLOCK = "clickstream_day_last_event_clock_seconds"

DAY_ENDS = (
    number("dataset:clickstream_day_end:anchor", f'max by (dataset) ({_CLOCK}{{lag="0"}})'),
    number("dataset:clickstream_day_end:baseline", extreme("min", of_baseline(_CLOCK))),
)


def _guard(name: str, expr: str) -> Record:
    return Record(GUARD, expr, {"guard": name})


def _at_least(name: str, value: str, minimum: str) -> Record:
    return _guard(name, f"{value} >= bool on (dataset) {limit(minimum)}")


DRIFT_GUARDS = (
    _at_least("baseline_days", "dataset:clickstream_baseline:days", "min_baseline_days"),
    _at_least("day_events", "dataset:clickstream_events:anchor", "min_day_events"),
    Record(DRIFT, f"min by (dataset) ({is_open('baseline_days')} and on (dataset) {is_open('day_events')})"),
)

GUARDS = (
    _at_least("baseline_events", "dataset:clickstream_events:baseline", "min_day_events"),
    _at_least("baseline_purchases", "dataset:clickstream_purchases:baseline", "min_baseline_purchases"),
    _at_least(
        "baseline_identified_purchases",
        "dataset:clickstream_identified_purchases:baseline",
        "min_baseline_purchases",
    ),
    _at_least("baseline_sessions", "dataset:clickstream_sessions:baseline", "min_baseline_sessions"),
    _at_least(
        "baseline_named_events",
        "max by (dataset) (dataset_event_name:clickstream_named_events:baseline)",
        "min_baseline_named_events",
    ),
    _guard("baseline_revenue", "dataset:clickstream_revenue:baseline > bool 0"),
    _guard("baseline_converting_sessions", "dataset:clickstream_conversion:baseline_ratio > bool 0"),
    _guard("baseline_assisted_purchases", "dataset:clickstream_assisted:baseline_ratio > bool 0"),
    _guard("day_payload_events", f"({day('clickstream_payload_events')} > -Inf) > bool 0"),
    _at_least("day_purchases", f"({day('clickstream_purchases')} > -Inf)", "min_day_purchases"),
    _guard("day_sessions", "dataset:clickstream_sessions:anchor > bool 0"),
    _guard("day_revenue", "dataset:clickstream_revenue:anchor > bool 0"),
    _guard("day_identified_purchases", "dataset:clickstream_identified_purchases:anchor > bool 0"),
    Record(
        "dataset:clickstream_guard:low_volume",
        f'{GUARD}{{guard=~"day_.+", guard!="day_events"}} == 0\n'
        f'or {GUARD}{{guard=~"baseline_.+", guard!="baseline_days"}} == 0\n'
        f"and on (dataset) {is_open('baseline_days')}",
    ),
)
