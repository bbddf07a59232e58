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
    extreme,
    hours,
    is_open,
    limit,
    mean,
    number,
    of_baseline,
    share,
    there,
    total,
)

SERVED = "max by (dataset) (clickstream_series)"

SNAPSHOT = (
    Record(
        STARTED,
        "(max by (dataset) (clickstream_snapshot) == on (dataset) min by (dataset) (clickstream_snapshot))\n"
        f"and on (dataset) (count by (dataset) ({EVERYTHING}) == on (dataset) {SERVED})",
    ),
    Record("dataset:clickstream_scrape:timestamp_seconds", "max by (dataset) (timestamp(clickstream_snapshot))"),
    Record(
        "dataset:clickstream_series:not_a_number",
        f"{SERVED} - on (dataset) count by (dataset) ({EVERYTHING} > -Inf)",
    ),
)

LIMITS = (number("dataset_limit:clickstream_limit:max", "max by (dataset, limit) (clickstream_limit)"),)

# Without the label of the instance that was scraped: an exporter that moved is still the same data set.
FRAME = (
    *(
        number(f"dataset:clickstream_{name}:max", f"max by (dataset) (clickstream_{name})")
        for name in (
            "files",
            "unreadable_files",
            "intraday",
            "complete_hours",
            "last_event_timestamp_seconds",
            "anchor_file_events",
            "implausible_timestamp_events",
        )
    ),
    number(
        "dataset:clickstream_day:local_timestamp_seconds",
        'max by (dataset) (clickstream_day_timestamp_seconds{lag="0"})'
        ' + on (dataset) max by (dataset) (clickstream_day_utc_offset_seconds{lag="0"})',
    ),
)

WHOLE_DAY = tuple(
    number(f"dataset:clickstream_{name}:day", f'sum by (dataset) (clickstream_{name}{{lag="0"}})')
    for name in (
        "events",
        "duplicate_events",
        "invalid_events",
        "null_client_events",
        "missing_referrer_events",
        "missing_utm_events",
        "payload_events",
        "json_error_events",
        "purchases",
        "duplicate_purchases",
        "purchases_without_revenue",
        "sessions",
        "direct_sessions",
    )
)

_EVENTS_BEFORE = 'clickstream_events{lag=~"[1-7]"}'

BASELINE = (
    number(
        BASELINE_DAY,
        f"sum by (dataset, lag) ({_EVENTS_BEFORE})\n>= on (dataset) group_left () {limit('min_day_events')}",
    ),
    Record(
        "dataset:clickstream_baseline:days",
        f"count by (dataset) {there(BASELINE_DAY)} or on (dataset) {STARTED} * 0",
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
        yield number(f"dataset:clickstream_{name}:{drift}", apart[drift])


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


def _ratio(name: str, part: str, whole: str) -> Record:
    """A share of the whole anchor day."""
    return number(
        f"dataset:clickstream_{name}:ratio", share(f"dataset:clickstream_{part}", f"dataset:clickstream_{whole}")
    )


def _drift(name: str, part: str, whole: str, apart: str) -> Iterator[Record]:
    """A share of the complete hours, the same of the baseline days, and how far they are `apart`."""
    part, whole = f"clickstream_comparable_{part}", f"clickstream_comparable_{whole}"
    anchor, baseline = (f"dataset:clickstream_{name}:{which}_ratio" for which in ("comparable", "baseline"))
    yield number(anchor, share(hours(part), hours(whole)))
    yield number(baseline, share(total(part), total(whole)))
    expr = {
        "increase": f"({anchor} - on (dataset) {baseline} and on (dataset) {DRIFT} == 1)",
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
    }
    yield number(f"dataset:clickstream_{name}:{apart}", expr[apart])


def _increase(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share of the whole anchor day, and how far its complete hours are above the baseline."""
    yield _ratio(name, f"{part}:day", f"{whole}:day")
    yield from _drift(name, part, whole, "increase")


SHARES = (
    _ratio("duplicate_event", "duplicate_events:day", "events:day"),
    _ratio("duplicate_purchase", "duplicate_purchases:day", "purchases:day"),
    _ratio("invalid_event", "invalid_events:day", "events:day"),
    _ratio("json_error", "json_error_events:day", "payload_events:day"),
    _ratio("purchase_without_revenue", "purchases_without_revenue:day", "purchases:day"),
    _ratio("implausible_timestamp", "implausible_timestamp_events:max", "anchor_file_events:max"),
    number(
        "dataset:clickstream_missing_column_events:max", extreme("max", 'clickstream_missing_column_events{lag="0"}')
    ),
    number("dataset:clickstream_changed_column_events:max", extreme("max", "clickstream_changed_column_events")),
    _ratio("missing_column", "missing_column_events:max", "events:day"),
    *_increase("null_client", "null_client_events", "events"),
    *_increase("missing_referrer", "missing_referrer_events", "events"),
    *_increase("missing_utm", "missing_utm_events", "events"),
    *_increase("direct_session", "direct_sessions", "sessions"),
    *_drift("conversion", "converting_sessions", "sessions", "drop_ratio"),
    *_drift("assisted", "assisted_purchases", "identified_purchases", "drop_ratio"),
)

_DEVICE = "clickstream_comparable_device_revenue"
_DEVICE_BASELINE = "dataset_device:clickstream_device_revenue:baseline_ratio"

DEVICES = (
    number(
        "dataset_device:clickstream_device_revenue:ratio",
        share(hours(_DEVICE, "dataset, device"), hours(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(_DEVICE_BASELINE, share(total(_DEVICE, "dataset, device"), total(_DEVICE), "on (dataset) group_left ()")),
    number(
        "dataset_device:clickstream_device_revenue:shift",
        f"abs(dataset_device:clickstream_device_revenue:ratio - on (dataset, device) {_DEVICE_BASELINE})",
    ),
    number(
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
    return number(GUARD, f"({expr})", {"guard": name})


def _at_least(name: str, value: str, minimum: str) -> Record:
    return _guard(name, f"{value} >= bool on (dataset) {limit(minimum)}")


def _positive(name: str, value: str) -> Record:
    return _guard(name, f"{there(value)} > bool 0")


DRIFT_GUARDS = (
    _at_least("baseline_days", "dataset:clickstream_baseline:days", "min_baseline_days"),
    _at_least("day_events", there("dataset:clickstream_events:anchor"), "min_day_events"),
    Record(
        DRIFT,
        f"count by (dataset) ({is_open('baseline_days')} and on (dataset) {is_open('day_events')})\n"
        f"or on (dataset) {STARTED} * 0",
    ),
)

_NAMED = there("dataset_event_name:clickstream_named_events:baseline")

GUARDS = (
    _at_least("baseline_events", there("dataset:clickstream_events:baseline"), "min_day_events"),
    _at_least("baseline_purchases", there("dataset:clickstream_purchases:baseline"), "min_baseline_purchases"),
    _at_least(
        "baseline_identified_purchases",
        there("dataset:clickstream_identified_purchases:baseline"),
        "min_baseline_purchases",
    ),
    _at_least("baseline_sessions", there("dataset:clickstream_sessions:baseline"), "min_baseline_sessions"),
    _at_least("baseline_named_events", f"max by (dataset) {_NAMED}", "min_baseline_named_events"),
    _positive("baseline_revenue", "dataset:clickstream_revenue:baseline"),
    _positive("baseline_converting_sessions", "dataset:clickstream_conversion:baseline_ratio"),
    _positive("baseline_assisted_purchases", "dataset:clickstream_assisted:baseline_ratio"),
    _positive("day_payload_events", "dataset:clickstream_payload_events:day"),
    _at_least("day_purchases", there("dataset:clickstream_purchases:day"), "min_day_purchases"),
    _positive("day_sessions", "dataset:clickstream_sessions:anchor"),
    _positive("day_revenue", "dataset:clickstream_revenue:anchor"),
    _positive("day_identified_purchases", "dataset:clickstream_identified_purchases:anchor"),
)
