"""Are the data there, whole, and plausible in volume? What fails the daily job and pages."""

from __future__ import annotations

from alerting.mixin import messages as say
from alerting.mixin.check import (
    BUSINESS,
    CRITICAL,
    IN_HOURS,
    IN_ORDER,
    PIPELINE,
    REVENUE_GUARDS,
    Check,
    apart_from_baseline,
)
from alerting.mixin.expressions import STARTED, exceeds, extreme, limit, there

_QUERIES = "clickstream_exporter_query_success"
_MISSING_DAYS = "dataset:clickstream_missing_days:count"
_LAST = "dataset:clickstream_last_event_timestamp_seconds:max"
_DAY_ENDS = "dataset:clickstream_day_end:baseline - on (dataset) dataset:clickstream_day_end:anchor"
_EVENTS, _EVENTS_FAR = apart_from_baseline("events", "drop_ratio", "event_drop_ratio")
_REVENUE, _REVENUE_FAR = apart_from_baseline("revenue", "drop_ratio", "revenue_drop_ratio")

CHECKS = (
    Check(
        "QueryFailing",
        CRITICAL,
        PIPELINE,
        f"1 - ({extreme('min', _QUERIES)} > -Inf)",
        "Query failing: "
        + say.names(
            "clickstream_exporter_query_success{dataset=%q} == 0 or on (dataset) "
            "last_over_time(clickstream_exporter_query_success{dataset=%q}[36h]) == 0",
            "query",
        ),
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
        REVENUE_GUARDS,
    ),
)
