"""The recording rules before the states: limits, numbers, guards."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.expressions import (
    BASELINE_DAY,
    DRIFT,
    GUARD,
    LAGS_BEFORE,
    STARTED,
    Record,
    baseline_mean,
    baseline_sum,
    complete_hours,
    day_ratio,
    dedup,
    is_open,
    limit,
    nan_aware,
    number,
    share,
    valid,
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
            "early_events",
            "replaced_text_events",
            "waiting_files",
        )
    ),
    number(
        "dataset:clickstream_day:local_timestamp_seconds",
        'max by (dataset) (clickstream_day_timestamp_seconds{lag="0"})'
        ' + on (dataset) max by (dataset) (clickstream_day_utc_offset_seconds{lag="0"})',
    ),
)

WHOLE_DAY = tuple(
    number(f"dataset:clickstream_{name}:day", dedup(f'clickstream_{name}{{lag="0"}}'))
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
        "purchases_without_transaction_id",
        "repeated_purchases",
        "contents",
        "repeated_contents",
        "median_purchase_amount",
        "sessions",
        "direct_sessions",
    )
)

_EVENTS_BEFORE = f"clickstream_events{{{LAGS_BEFORE}}}"

BASELINE = (
    number(
        BASELINE_DAY,
        f"{dedup(_EVENTS_BEFORE, 'lag')}\n>= on (dataset) group_left () {limit('min_day_events')}",
    ),
    Record(
        "dataset:clickstream_baseline:days",
        f"count by (dataset) {valid(BASELINE_DAY)} or on (dataset) {STARTED} * 0",
    ),
    number(
        "dataset:clickstream_missing_days:count",
        f"sum by (dataset) ({dedup(_EVENTS_BEFORE, 'lag')} == bool 0)"
        f" + on (dataset) 0 * sum by (dataset) ({_EVENTS_BEFORE})",
    ),
    number("dataset:clickstream_missing_days:over", "(" + dedup('clickstream_events{lag="1"}') + " > bool 0)"),
)


_ALL_BEFORE = dedup(f"clickstream_comparable_events{{{LAGS_BEFORE}}}", "lag")
_ALL_MEAN = f"(sum by (dataset) ({_ALL_BEFORE}) / on (dataset) count by (dataset) ({_ALL_BEFORE}))"
_ENOUGH_DAYS = f"dataset:clickstream_baseline:days >= on (dataset) {limit('min_baseline_days')}"

# Where few days have min_day_events, all of them are the baseline of the volume, with an allowance for how far they
# are apart, and for chance: events come in sessions, about eight at a time. A drop of nine tenths is one in any case.
EVENT_DROP = (
    number(
        "dataset:clickstream_events:expected",
        f"(dataset:clickstream_events:baseline and on (dataset) {_ENOUGH_DAYS}\n"
        f"or on (dataset) ({_ALL_MEAN}\n"
        f"and on (dataset) count by (dataset) ({_ALL_BEFORE}) >= on (dataset) {limit('min_baseline_days')}))",
    ),
    number(
        "dataset:clickstream_events:drop_ratio",
        "1 - dataset:clickstream_events:anchor / on (dataset) (dataset:clickstream_events:expected > 0)",
    ),
    number(
        "dataset:clickstream_events:deviation",
        f"sum by (dataset) (abs(ln(clamp({_ALL_BEFORE} / on (dataset) group_left () ({_ALL_MEAN} > 0), 0.5, 2))))\n"
        f"/ on (dataset) count by (dataset) ({_ALL_BEFORE})",
    ),
    number(
        "dataset:clickstream_events:least_drop_ratio",
        f"""\
max by (dataset) (
  {limit("event_drop_ratio")}
  or on (dataset, of)
  label_replace(
    clamp_max(4.5 * (dataset:clickstream_events:deviation unless on (dataset) {_ENOUGH_DAYS}), 0.9),
    "of", "deviation", "", ""
  )
  or on (dataset, of)
  label_replace(
    clamp_max(3 * sqrt(8 / (dataset:clickstream_events:expected unless on (dataset) {_ENOUGH_DAYS})), 0.9),
    "of", "chance", "", ""
  )
) + on (dataset) 0 * {limit("event_drop_ratio")}""",
    ),
)


def _volume(name: str, *drifts: str) -> Iterator[Record]:
    """A volume of the complete hours, its baseline, and how far they are apart."""
    anchor, baseline = f"dataset:clickstream_{name}:anchor", f"dataset:clickstream_{name}:baseline"
    yield number(anchor, complete_hours(f"clickstream_comparable_{name}"))
    yield number(baseline, baseline_mean(f"clickstream_comparable_{name}"))
    apart = {
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
        "rise_ratio": f"{anchor} / on (dataset) ({baseline} > 0) - 1",
    }
    for drift in drifts:
        yield number(f"dataset:clickstream_{name}:{drift}", apart[drift])


VOLUMES = (
    *_volume("events"),
    *EVENT_DROP,
    *_volume("purchases"),
    *_volume("revenue", "drop_ratio", "rise_ratio"),
    number(
        "dataset:clickstream_revenue_spike:small",
        f"{valid('dataset:clickstream_revenue:rise_ratio')}\n"
        f"<= bool on (dataset) {limit('revenue_spike_warning_ratio')}",
    ),
    *_volume("sessions"),
    *_volume("identified_purchases"),
    number(
        "dataset_event_name:clickstream_named_events:baseline",
        baseline_mean("clickstream_comparable_named_events", "dataset, event_name"),
    ),
)


def _drift(name: str, part: str, whole: str, apart: str) -> Iterator[Record]:
    """A share of the complete hours, the same of the baseline days, and how far they are `apart`."""
    part, whole = f"clickstream_comparable_{part}", f"clickstream_comparable_{whole}"
    anchor, baseline = (f"dataset:clickstream_{name}:{which}_ratio" for which in ("comparable", "baseline"))
    yield number(anchor, share(complete_hours(part), complete_hours(whole)))
    yield number(baseline, share(baseline_sum(part), baseline_sum(whole)))
    expr = {
        "increase": f"({anchor} - on (dataset) {baseline} and on (dataset) {DRIFT} == 1)",
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
    }
    yield number(f"dataset:clickstream_{name}:{apart}", expr[apart])


def _increase(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share of the whole anchor day, and how far its complete hours are above the baseline."""
    yield day_ratio(name, f"{part}:day", f"{whole}:day")
    yield from _drift(name, part, whole, "increase")


SHARES = (
    day_ratio("duplicate_event", "duplicate_events:day", "events:day"),
    day_ratio("duplicate_purchase", "duplicate_purchases:day", "purchases:day"),
    day_ratio("invalid_event", "invalid_events:day", "events:day"),
    day_ratio("json_error", "json_error_events:day", "payload_events:day"),
    day_ratio("purchase_without_revenue", "purchases_without_revenue:day", "purchases:day"),
    day_ratio("purchase_without_transaction_id", "purchases_without_transaction_id:day", "purchases:day"),
    day_ratio("implausible_timestamp", "implausible_timestamp_events:max", "anchor_file_events:max"),
    number(
        "dataset:clickstream_missing_column_events:max", nan_aware("max", 'clickstream_missing_column_events{lag="0"}')
    ),
    number("dataset:clickstream_changed_column_events:max", nan_aware("max", "clickstream_changed_column_events")),
    day_ratio("missing_column", "missing_column_events:max", "events:day"),
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
        share(complete_hours(_DEVICE, "dataset, device"), complete_hours(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(
        _DEVICE_BASELINE,
        share(baseline_sum(_DEVICE, "dataset, device"), baseline_sum(_DEVICE), "on (dataset) group_left ()"),
    ),
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


def _guard(name: str, expr: str) -> Record:
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
