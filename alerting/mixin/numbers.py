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
    one,
    share,
    there,
    total,
)

_TARGET = "dataset, job, instance"
_NAME = "clickstream_gauge"
"""A label for the name of a gauge that no gauge has itself."""

_GAUGES = f'max by ({_TARGET}, {_NAME}) (label_replace(clickstream_gauge_series, "{_NAME}", "$1", "gauge", "(.+)"))'


def _counted(series: str) -> str:
    """How many of the series each gauge has, by target; counted first, because there are so many."""
    counted = f"count by ({_TARGET}, __name__) ({series})"
    return f'max by ({_TARGET}, {_NAME}) (label_replace({counted}, "{_NAME}", "$1", "__name__", "(.+)"))'


_WHOLE = f"""\
(
  count by (dataset) ({_counted(EVERYTHING)} == on ({_TARGET}, {_NAME}) {_GAUGES})
  == on (dataset)
  sum by (dataset) (
    count by ({_TARGET}) ({_GAUGES})
    and on ({_TARGET})
    (
      sum by ({_TARGET}) ({_GAUGES}) + on ({_TARGET}) count by ({_TARGET}) ({_GAUGES}) + 1
      == on ({_TARGET}) max by ({_TARGET}) (clickstream_series)
    )
  )
)"""
"""Every gauge of every target has all its series: the exporter says how many. Series of others do not matter."""

SNAPSHOT = (
    Record(
        STARTED,
        "(max by (dataset) (clickstream_snapshot) == on (dataset) min by (dataset) (clickstream_snapshot))\n"
        f"and on (dataset)\n{_WHOLE}",
    ),
    Record("dataset:clickstream_scrape:timestamp_seconds", "max by (dataset) (timestamp(clickstream_snapshot))"),
    Record(
        "dataset:clickstream_series:not_a_number",
        f"sum by (dataset) ({_GAUGES})\n- on (dataset)\n"
        f"sum by (dataset) ({_counted(f'({EVERYTHING} > -Inf)')} and on ({_TARGET}, {_NAME}) {_GAUGES})",
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
    number(f"dataset:clickstream_{name}:day", one(f'clickstream_{name}{{lag="0"}}'))
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

_EVENTS_BEFORE = 'clickstream_events{lag=~"[1-7]"}'

BASELINE = (
    number(
        BASELINE_DAY,
        f"{one(_EVENTS_BEFORE, 'lag')}\n>= on (dataset) group_left () {limit('min_day_events')}",
    ),
    Record(
        "dataset:clickstream_baseline:days",
        f"count by (dataset) {there(BASELINE_DAY)} or on (dataset) {STARTED} * 0",
    ),
    number(
        "dataset:clickstream_missing_days:count",
        f"sum by (dataset) ({one(_EVENTS_BEFORE, 'lag')} == bool 0)"
        f" + on (dataset) 0 * sum by (dataset) ({_EVENTS_BEFORE})",
    ),
    number("dataset:clickstream_missing_days:over", "(" + one('clickstream_events{lag="1"}') + " > bool 0)"),
)


_ALL_BEFORE = one('clickstream_comparable_events{lag=~"[1-7]"}', "lag")
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
)""",
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
    *_volume("events"),
    *EVENT_DROP,
    *_volume("purchases"),
    *_volume("revenue", "drop_ratio", "rise_ratio"),
    number(
        "dataset:clickstream_revenue_spike:small",
        f"{there('dataset:clickstream_revenue:rise_ratio')}\n"
        f"<= bool on (dataset) {limit('revenue_spike_warning_ratio')}",
    ),
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
    _ratio("purchase_without_transaction_id", "purchases_without_transaction_id:day", "purchases:day"),
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

_CLOCK = "clickstream_day_end_clock_seconds"

DAY_ENDS = (
    number("dataset:clickstream_day_end:anchor", f'max by (dataset) ({_CLOCK}{{lag="0"}})'),
    number(
        "dataset:clickstream_day_end:baseline",
        f'min by (dataset) ({_CLOCK}{{lag!="0"}} > on (dataset) group_left () dataset:clickstream_day_end:anchor)',
    ),
    number("dataset:clickstream_missing_hours:end", extreme("max", 'clickstream_missing_hours{part="end"}')),
    number("dataset:clickstream_missing_hours:before_end", extreme("max", 'clickstream_missing_hours{part!="end"}')),
)

_CONFIGURED = one("clickstream_configured_events", "what")

NEVER_FOUND = (
    number(
        "dataset:clickstream_never_found:count",
        f"""\
sum by (dataset) (
  ({_CONFIGURED} == bool 0)
  * on (dataset, what)
  (
    {one('clickstream_searched_events{what!="revenue"}', "what")}
      >= bool on (dataset) group_left () {limit("min_searched_events")}
    or
    {one('clickstream_searched_events{what="revenue"}', "what")}
      >= bool on (dataset) group_left () {limit("min_day_purchases")}
  )
) + on (dataset) 0 * sum by (dataset) (clickstream_configured_events)""",
    ),
)


def _repeated(name: str, part: str, whole: str) -> Iterator[Record]:
    """The share of the anchor day that earlier days have, too, and how far it is above what is usual."""
    ratio, usual = f"dataset:clickstream_{name}:ratio", f"dataset:clickstream_{name}:usual_ratio"
    yield _ratio(name, f"{part}:day", f"{whole}:day")
    before = [f'max by (dataset, lag) (clickstream_{gauge}{{lag=~"[1-7]"}})' for gauge in (part, whole)]
    yield number(usual, f"quantile by (dataset) (0.5, {before[0]} / on (dataset, lag) ({before[1]} > 0))")
    enough = f"dataset:clickstream_{whole}:day >= on (dataset) {limit('min_day_purchases')}"
    yield number(f"dataset:clickstream_{name}:increase", f"({ratio} - on (dataset) {usual} and on (dataset) {enough})")


REPEATED = (
    *_repeated("repeated_purchase", "repeated_purchases", "purchases"),
    *_repeated("repeated_content", "repeated_contents", "contents"),
    number(
        "dataset:clickstream_repeated_day:increase",
        """\
max by (dataset) (
  label_replace(dataset:clickstream_repeated_purchase:increase > -Inf, "of", "purchases", "", "")
  or on (dataset, of)
  label_replace(dataset:clickstream_repeated_content:increase > -Inf, "of", "contents", "", "")
)""",
    ),
)

_SEGMENT = "dataset_segment:clickstream_segment_events"
_DIMENSIONS = {"device_events": "device", "platform_events": "platform", "named_events": "event_name"}


def _segments(series: dict[str, str]) -> str:
    """The series by device, platform and event name, all with the labels `dimension` and `segment`."""
    return "\nor\n".join(
        f'label_replace(label_replace({series[gauge]}, "segment", "$1", "{label}", "(.+)"), '
        f'"dimension", "{label}", "", "")'
        for gauge, label in _DIMENSIONS.items()
    )


_ANCHOR = {gauge: f'clickstream_comparable_{gauge}{{lag="0"}}' for gauge in _DIMENSIONS}
_BASE = {gauge: f"({of_baseline(f'clickstream_comparable_{gauge}')})" for gauge in _DIMENSIONS}
_IN_DATASET = "on (dataset) group_left ()"
_IN_SEGMENT = "on (dataset, dimension, segment)"


def _chance(selector: str) -> str:
    """The squared standard error of the segments, relatively, if each event came by itself."""
    return f"(1 / ({_SEGMENT}:expected{{{selector}}} > 0) + {_IN_SEGMENT} 1 / ({_SEGMENT}:baseline > 0))"


SEGMENTS = (
    number(f"{_SEGMENT}:anchor", f"max by (dataset, dimension, segment) (\n{_segments(_ANCHOR)}\n)"),
    number(f"{_SEGMENT}:baseline", f"sum by (dataset, dimension, segment) (\n{_segments(_BASE)}\n)"),
    number(
        f"{_SEGMENT}:expected",
        f"{_SEGMENT}:baseline / {_IN_DATASET} ({total('clickstream_comparable_events')} > 0)\n"
        f"* {_IN_DATASET} dataset:clickstream_events:anchor",
    ),
    number(f"{_SEGMENT}:drop_ratio", f"1 - {_SEGMENT}:anchor / {_IN_SEGMENT} ({_SEGMENT}:expected > 0)"),
    number(
        f"{_SEGMENT}:noise",
        f"""\
2.5 * sqrt(
  (
    8 * {_chance('dimension!="event_name"')}
    or
    2 * {_chance('dimension="event_name"')}
  )
  + {_IN_DATASET} {limit("segment_drop_ratio")} ^ 2 / 9
)""",
    ),
)

_AMOUNT = "clickstream_median_purchase_amount"

AMOUNTS = (
    number(f"dataset:{_AMOUNT}:baseline", f"quantile by (dataset) (0.5, {of_baseline(_AMOUNT)})"),
    number(
        f"dataset:{_AMOUNT}:shift_factor",
        f"exp(abs(ln(dataset:{_AMOUNT}:day / on (dataset) (dataset:{_AMOUNT}:baseline > 0))))",
    ),
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
    _at_least("baseline_events", there("dataset:clickstream_events:expected"), "min_baseline_events"),
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
    _at_least("day_contents", there("dataset:clickstream_contents:day"), "min_day_purchases"),
    _positive("day_sessions", "dataset:clickstream_sessions:anchor"),
    _positive("day_revenue", "dataset:clickstream_revenue:anchor"),
    _positive("day_identified_purchases", "dataset:clickstream_identified_purchases:anchor"),
    *(
        _guard(
            f"reach_{name}",
            f"{there(f'dataset:clickstream_{name}:baseline_ratio')} + on (dataset) "
            f"{limit(f'{name}_increase')} < bool 1",
        )
        for name in ("missing_referrer", "missing_utm")
    ),
)
