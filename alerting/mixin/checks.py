"""The checks: when each fires, which guards it needs, what it says."""

from __future__ import annotations

from dataclasses import dataclass

from alerting.mixin import messages as say
from alerting.mixin.expressions import GUARD, STARTED, either, exceeds, extreme, is_open, limit, there

CRITICAL, WARNING, INFO = "critical", "warning", "info"
PIPELINE, INTEGRITY, BUSINESS = "pipeline", "integrity", "business"

DRIFT = ("baseline_days", "day_events")
IN_ORDER = f"{STARTED} * 0"


def low_volume(dataset: str = "") -> str:
    """The guards that are closed for want of events; `dataset` is a selector, like `,dataset=%q`."""
    return (
        f'({GUARD}{{guard=~"day_.+",guard!="day_events"{dataset}}} == 0\n'
        f'or {GUARD}{{guard=~"baseline_.+",guard!="baseline_days"{dataset}}} == 0\n'
        f"and on (dataset) {is_open('baseline_days')})"
    )


ON_DAY = f"On {say.DAY}"
IN_HOURS = f"{ON_DAY}, over its {say.HOURS} complete hours"


@dataclass(frozen=True)
class Check:
    """A check: `fires` is 1 or 0, and absent where it cannot be told; then, or with a guard closed, it is off."""

    name: str
    severity: str
    tier: str
    fires: str
    summary: str
    description: str
    guards: tuple[str, ...] = ()
    unless: str | None = None
    """The gauge that, where it is 1, makes the alert an info."""


def _ratio(name: str, ratio: str, limit_name: str, summary: str, what: str, guards: tuple[str, ...] = ()) -> Check:
    """A check of the data's soundness: a share of the whole day is above its limit."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds(ratio, limit_name),
        f"{summary}: {say.percent(ratio)}",
        f"{ON_DAY}, {what}; the limit is {say.limit_percent(limit_name)}.",
        guards,
    )


def _compared(share: str) -> str:
    """A share of the complete hours and its baseline."""
    return f"{say.percent(f'{share}:comparable_ratio')} vs baseline {say.percent(f'{share}:baseline_ratio')}"


def _increase(name: str, share: str, limit_name: str, summary: str, what: str) -> Check:
    """A check of the data's soundness: a share has grown over its baseline."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds(f"{share}:increase", limit_name),
        f"{summary}: {_compared(share)}",
        f"{IN_HOURS}, the share of events {what} is {say.points(f'{share}:increase')} above its baseline; "
        f"the limit is {say.limit_points(limit_name)}.",
        DRIFT,
    )


def _share_drop(name: str, share: str, limit_name: str, summary: str, what: str, guards: tuple[str, ...]) -> Check:
    """A check of the business: a share has fallen under its baseline, relatively."""
    return Check(
        name,
        WARNING,
        BUSINESS,
        exceeds(f"{share}:drop_ratio", limit_name),
        f"{summary} drop detected: {_compared(share)}",
        f"{IN_HOURS}, {what} is {say.percent(f'{share}:drop_ratio')} under its baseline, relatively; "
        f"the limit is {say.limit_percent(limit_name)}.",
        (*DRIFT, *guards),
    )


def _volume(name: str, apart: str, limit_name: str) -> tuple[str, str]:
    """The values of a volume and its baseline, and how far it is `apart`, with the limit."""
    values = (
        f"{say.whole(f'dataset:clickstream_{name}:anchor')} vs baseline "
        f"{say.whole(f'dataset:clickstream_{name}:baseline')}"
    )
    far = say.percent(f"dataset:clickstream_{name}:{apart}")
    side = "under" if apart == "drop_ratio" else "over"
    days = say.whole("dataset:clickstream_baseline:days")
    return values, (
        f"{IN_HOURS}, {name} is {far} {side} the mean of {days} baseline days; "
        f"the limit is {say.limit_percent(limit_name)}."
    )


_QUERIES = "clickstream_exporter_query_success"
_MISSING_DAYS = "dataset:clickstream_missing_days:count"
_LAST = "dataset:clickstream_last_event_timestamp_seconds:max"
_DAY_ENDS = "dataset:clickstream_day_end:baseline - on (dataset) dataset:clickstream_day_end:anchor"
_REVENUE_GUARDS = (*DRIFT, "baseline_purchases", "baseline_revenue")
_EVENTS, _EVENTS_FAR = _volume("events", "drop_ratio", "event_drop_ratio")
_REVENUE, _REVENUE_FAR = _volume("revenue", "drop_ratio", "revenue_drop_ratio")
_, _REVENUE_OVER = _volume("revenue", "rise_ratio", "revenue_spike_ratio")

_PIPELINE = (
    Check(
        "QueryFailing",
        CRITICAL,
        PIPELINE,
        f"1 - ({extreme('min', _QUERIES)} > -Inf)",
        "Query failing: "
        + say.names("last_over_time(clickstream_exporter_query_success{dataset=%q}[36h]) == 0", "query"),
        "These measures failed in the last refresh, so what rests on them is not judged; "
        "the exporter's log has the reason.",
    ),
    Check(
        "UnreadableFiles",
        CRITICAL,
        PIPELINE,
        f"{there('dataset:clickstream_unreadable_files:max')} > bool 0",
        f"Unreadable files: {say.whole('dataset:clickstream_unreadable_files:max')}"
        "{{ with printf `clickstream_unreadable_file_info{dataset=%q}` $labels.dataset | query }}{{ with first . }}"
        ", first {{ .Labels.file }} ({{ .Labels.reason }}){{ end }}{{ end }}",
        f"{say.whole('dataset:clickstream_unreadable_files:max')} of {say.whole('dataset:clickstream_files:max')} "
        "files were set aside, and their events are not counted.",
    ),
    Check(
        "NoData",
        CRITICAL,
        PIPELINE,
        f"{STARTED} * 0 + 1 unless on (dataset) clickstream_last_event_timestamp_seconds\nor on (dataset) {IN_ORDER}",
        "No data: data set {{ $labels.dataset }} has no event",
        f"No event with a plausible timestamp was found in {say.whole('dataset:clickstream_files:max')} files.",
    ),
    Check(
        "DataStale",
        CRITICAL,
        PIPELINE,
        f"(time() - {_LAST} > -Inf)\n> bool on (dataset) ({limit('max_data_age_hours')} * 3600)",
        f"Data stale: last event {say.instant(_LAST)}, {say.hours_ago(_LAST)} hours ago",
        f"The newest event is of {say.DAY}; the limit is {say.limit('max_data_age_hours')} hours.",
    ),
    Check(
        "PartialDay",
        CRITICAL,
        PIPELINE,
        f"({_DAY_ENDS} > -Inf)\n> bool on (dataset) ({limit('partial_day_hours')} * 3600)",
        f"Partial day: {say.DAY} ends at {say.clock('dataset:clickstream_day_end:anchor')}, "
        f"baseline days end after {say.clock('dataset:clickstream_day_end:baseline')}",
        f"The newest day ends more than {say.limit_tenths('partial_day_hours')} hours "
        f"before every baseline day; its {say.HOURS} complete hours alone are compared.",
        ("baseline_days",),
        unless="dataset:clickstream_intraday:max",
    ),
    Check(
        "MissingDay",
        CRITICAL,
        PIPELINE,
        exceeds(_MISSING_DAYS, "max_missing_days"),
        f"Missing day: {say.MISSING_DAY} has no event",
        f"Days without an event among the seven before {say.DAY}: {say.whole(_MISSING_DAYS)}; "
        f"the limit is {say.limit('max_missing_days')}.",
    ),
    Check(
        "EventVolumeDrop",
        CRITICAL,
        PIPELINE,
        exceeds("dataset:clickstream_events:drop_ratio", "event_drop_ratio"),
        f"Event volume drop detected: {_EVENTS}",
        _EVENTS_FAR.replace(", events is ", ", the number of events is "),
        ("baseline_days", "baseline_events"),
    ),
    Check(
        "NoPurchases",
        CRITICAL,
        PIPELINE,
        f"{there('dataset:clickstream_purchases:anchor')} == bool 0",
        f"No purchases: 0 vs baseline {say.tenths('dataset:clickstream_purchases:baseline')}",
        f"{IN_HOURS}, there is no purchase; baseline days have "
        f"{say.tenths('dataset:clickstream_purchases:baseline')} in these hours.",
        ("baseline_days", "baseline_purchases"),
    ),
    Check(
        "RevenueDrop",
        CRITICAL,
        BUSINESS,
        exceeds("dataset:clickstream_revenue:drop_ratio", "revenue_drop_ratio"),
        f"Revenue drop detected: {_REVENUE}",
        _REVENUE_FAR,
        _REVENUE_GUARDS,
    ),
)


def _counts(part: str, whole: str) -> str:
    """Two counts of the anchor day."""
    counted, of = (say.whole(f"dataset:{gauge}:day") for gauge in (part, whole))
    return f"{counted} of {of}"


_NAME_BASELINE = "dataset_event_name:clickstream_named_events:baseline"
_NAMED = "clickstream_comparable_named_events"
_ENOUGH = f"{_NAME_BASELINE} >= on (dataset) group_left () {limit('min_baseline_named_events')}"

_INTEGRITY = (
    _ratio(
        "DuplicateEvents",
        "dataset:clickstream_duplicate_event:ratio",
        "duplicate_event_ratio",
        "Duplicate rate high",
        f"{_counts('clickstream_duplicate_events', 'clickstream_events')} events are extra copies",
    ),
    _ratio(
        "DuplicatePurchases",
        "dataset:clickstream_duplicate_purchase:ratio",
        "duplicate_purchase_ratio",
        "Duplicate purchase rate high",
        f"{_counts('clickstream_duplicate_purchases', 'clickstream_purchases')} purchases repeat a transaction id, "
        "and their revenue is counted again",
        ("day_purchases",),
    ),
    _ratio(
        "InvalidEvents",
        "dataset:clickstream_invalid_event:ratio",
        "invalid_event_ratio",
        "Invalid event rate high",
        f"{_counts('clickstream_invalid_events', 'clickstream_events')} events have a name that is not in the taxonomy",
    ),
    Check(
        "EventNameVanished",
        WARNING,
        INTEGRITY,
        f'max by (dataset) (sum by (dataset, event_name) ({_NAMED}{{lag="0"}}) == bool 0 '
        f"and on (dataset, event_name) ({_ENOUGH}))\n"
        f"+ on (dataset) 0 * sum by (dataset) ({_NAMED}) > -Inf",
        "Event name vanished: "
        + say.names(
            f'sum by (dataset, event_name) ({_NAMED}{{lag="0",dataset=%q}}) == 0 '
            f"and on (dataset, event_name) ({_ENOUGH})",
            "event_name",
        ),
        f"{IN_HOURS}, these names do not occur, and baseline days have at least "
        f"{say.limit('min_baseline_named_events')} of each in these hours.",
        (*DRIFT, "baseline_named_events"),
    ),
    Check(
        "NullClientIds",
        WARNING,
        INTEGRITY,
        either(
            "dataset:clickstream_null_client:ratio",
            "null_client_ratio",
            "dataset:clickstream_null_client:increase",
            "null_client_increase",
        ),
        f"High null client_id rate: {say.percent('dataset:clickstream_null_client:ratio')}",
        f"{ON_DAY}, {_counts('clickstream_null_client_events', 'clickstream_events')} events have no client id; "
        f"the limit is {say.limit_percent('null_client_ratio')}, or {say.limit_points('null_client_increase')} "
        "above the baseline.",
    ),
    _increase(
        "MissingReferrer",
        "dataset:clickstream_missing_referrer",
        "missing_referrer_increase",
        "Missing referrer rate high",
        "without a referrer",
    ),
    _increase(
        "MissingUtm",
        "dataset:clickstream_missing_utm",
        "missing_utm_increase",
        "Missing UTM rate high",
        "without a utm parameter",
    ),
    _ratio(
        "JsonErrors",
        "dataset:clickstream_json_error:ratio",
        "json_error_ratio",
        "JSON parse error rate high",
        f"{_counts('clickstream_json_error_events', 'clickstream_payload_events')} payloads are not valid JSON",
        ("day_payload_events",),
    ),
    _ratio(
        "PurchasesWithoutRevenue",
        "dataset:clickstream_purchase_without_revenue:ratio",
        "purchase_without_revenue_ratio",
        "Purchases without revenue",
        f"{_counts('clickstream_purchases_without_revenue', 'clickstream_purchases')} purchases have no amount, "
        "or none above zero",
        ("day_purchases",),
    ),
    Check(
        "ColumnMissing",
        WARNING,
        INTEGRITY,
        exceeds("dataset:clickstream_missing_column:ratio", "missing_column_ratio"),
        "Column missing: {{ range $i, $each := printf `clickstream_missing_column_info{dataset=%q}` $labels.dataset "
        '| query | sortByLabel "column" }}{{ if $i }}, {{ end }}{{ $each.Labels.column }} in '
        "{{ $each.Labels.file }}{{ end }}",
        f"{ON_DAY}, {say.percent('dataset:clickstream_missing_column:ratio')} of the events lie in files that lack a "
        f"mapped column; the limit is {say.limit_percent('missing_column_ratio')}.",
    ),
    Check(
        "ImplausibleTimestamps",
        WARNING,
        INTEGRITY,
        exceeds("dataset:clickstream_implausible_timestamp:ratio", "implausible_timestamp_ratio"),
        f"Implausible timestamp rate high: {say.percent('dataset:clickstream_implausible_timestamp:ratio')}",
        f"In the newest files, {say.whole('dataset:clickstream_implausible_timestamp_events:max')} of "
        f"{say.whole('dataset:clickstream_anchor_file_events:max')} events have a timestamp that is missing, no "
        "time, before 2000 or more than a day ahead, and count on no day; "
        f"the limit is {say.limit_percent('implausible_timestamp_ratio')}.",
    ),
)

_DEVICE = "dataset_device:clickstream_device_revenue"


def _of_device(series: str) -> str:
    return (
        "{{ with printf `100 * last_over_time(" + series + "{dataset=%q,device=%q}[36h])` "
        '.Labels.dataset .Labels.device | query }}{{ . | first | value | printf "%.2f%%" }}{{ end }}'
    )


_BUSINESS = (
    _share_drop(
        "ConversionRateDrop",
        "dataset:clickstream_conversion",
        "conversion_drop_ratio",
        "Conversion rate",
        "the share of sessions with a purchase",
        ("baseline_sessions", "baseline_purchases", "baseline_converting_sessions", "day_sessions"),
    ),
    Check(
        "DirectShareHigh",
        WARNING,
        BUSINESS,
        either(
            "dataset:clickstream_direct_session:ratio",
            "direct_share",
            "dataset:clickstream_direct_session:increase",
            "direct_share_increase",
        ),
        f"Direct traffic unusually high: {say.percent('dataset:clickstream_direct_session:ratio')}",
        f"{ON_DAY}, {_counts('clickstream_direct_sessions', 'clickstream_sessions')} sessions are direct; the limit is "
        f"{say.limit_percent('direct_share')}, or {say.limit_points('direct_share_increase')} above the "
        "baseline.",
        ("day_events", "day_sessions"),
    ),
    Check(
        "DeviceRevenueShift",
        WARNING,
        BUSINESS,
        "max by (dataset) (\n"
        f"  ({there(f'{_DEVICE}:shift')} > bool on (dataset) group_left () {limit('device_share_shift')})\n"
        "  * on (dataset, device)\n"
        f"  ({there(f'{_DEVICE}:shift')} > bool on (dataset, device) {there(f'{_DEVICE}:noise')})\n"
        ")",
        "Device revenue shift detected: {{ with printf `topk(1, last_over_time("
        f"{_DEVICE}:shift{{dataset=%q}}[36h]) > on (dataset, device) last_over_time({_DEVICE}:noise[36h]))` "
        f"$labels.dataset | query }}}}{{{{ with first . }}}}{{{{ .Labels.device }}}} {_of_device(f'{_DEVICE}:ratio')} "
        f"vs baseline {_of_device(f'{_DEVICE}:baseline_ratio')}{{{{ end }}}}{{{{ end }}}}",
        f"{IN_HOURS}, a device's share of the revenue has moved by more than "
        f"{say.limit_points('device_share_shift')}, and by more than "
        f"{say.limit_tenths('device_share_deviations')} standard errors.",
        (*_REVENUE_GUARDS, "day_revenue"),
    ),
    _share_drop(
        "AssistedShareDrop",
        "dataset:clickstream_assisted",
        "assisted_drop_ratio",
        "Assisted purchase share",
        "the share of purchases that another source assisted",
        ("baseline_identified_purchases", "baseline_assisted_purchases", "day_identified_purchases"),
    ),
    Check(
        "RevenueSpike",
        INFO,
        BUSINESS,
        exceeds("dataset:clickstream_revenue:rise_ratio", "revenue_spike_ratio"),
        f"Revenue spike detected: {_REVENUE}",
        _REVENUE_OVER,
        _REVENUE_GUARDS,
    ),
)

_REASONS = (
    Check(
        "SmallSampleDay",
        INFO,
        BUSINESS,
        f'1 - (max by (dataset) ({GUARD}{{guard="day_events"}}) > -Inf)',
        f"Small sample: {say.whole('dataset:clickstream_events:anchor')} events on {say.DAY}, "
        f"{say.limit('min_day_events')} needed; {say.SWITCHED_OFF}",
        f"The {say.HOURS} complete hours of the day have too few events to be compared with other days.",
    ),
    Check(
        "BaselineShort",
        INFO,
        BUSINESS,
        f'1 - (max by (dataset) ({GUARD}{{guard="baseline_days"}}) > -Inf)',
        f"Baseline short: {say.whole('dataset:clickstream_baseline:days')} of {say.limit('min_baseline_days')} days "
        f"needed; {say.SWITCHED_OFF}",
        f"Too few of the seven days before have at least {say.limit('min_day_events')} events.",
    ),
    Check(
        "LowVolume",
        INFO,
        BUSINESS,
        f"count by (dataset) {low_volume()} > bool 0\nor on (dataset) {IN_ORDER}",
        "Low volume: "
        + say.names(low_volume(",dataset=%q").replace("\n", " "), "guard", ' | reReplaceAll "_" " "')
        + f" under the minimum; {say.SWITCHED_OFF}",
        "A handful of events would decide these checks, so they do not judge.",
    ),
    Check(
        "NotMeasured",
        INFO,
        INTEGRITY,
        'count by (dataset) (clickstream_not_measured{reason!="query failed"}) > bool 0\n'
        f"or on (dataset) (dataset:clickstream_series:not_a_number > 0) > bool 0\nor on (dataset) {IN_ORDER}",
        "Not measured: "
        + say.names('count by (reason) (clickstream_not_measured{dataset=%q,reason!="query failed"})', "reason")
        + "{{ with printf `dataset:clickstream_series:not_a_number{dataset=%q} > 0` $labels.dataset | query }}"
        + '{{ . | first | value | printf " %.0f" }} gauges are no numbers{{ end }}'
        + f"; {say.SWITCHED_OFF}",
        "The data set does not have what these checks need, by its configuration.",
    ),
)

CHECKS: tuple[Check, ...] = (*_PIPELINE, *_INTEGRITY, *_BUSINESS, *_REASONS)
"""Every check, in the order of the rule file."""
