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
from alerting.mixin.expressions import STARTED, exceeds, limit, nan_aware, valid

_QUERIES = "clickstream_exporter_query_success"
_NEVER = "dataset:clickstream_never_found:count"
_CONFIGURED = "max by (what, configured) (clickstream_configured_events{dataset=%q}) == 0"
_OCCUR = "sort_desc(topk(5, max by (event_name) (clickstream_frequent_events{dataset=%q})))"
_HOURS = 'max by (start, end) (clickstream_missing_hours_info{part!="end",dataset=%q})'
_MISSING_DAYS = "dataset:clickstream_missing_days:count"
_LAST = "dataset:clickstream_last_event_timestamp_seconds:max"
_REVENUE, _REVENUE_FAR = apart_from_baseline("revenue", "drop_ratio", "revenue_drop_ratio")


def _events_in(what: str, parts: str) -> str:
    """How many events the missing hours of these parts of the day hold, or should hold."""
    series = f'clickstream_missing_hours_{what}{{part=~"{parts}",dataset=%q}}'
    return say.value(f"sum(max by (part) ({series}))", "%.0f")


CHECKS = (
    Check(
        "QueryFailing",
        CRITICAL,
        PIPELINE,
        f"1 - ({nan_aware('min', _QUERIES)} > -Inf)",
        "Query failing: "
        + say.names(
            "min by (dataset, query) (clickstream_exporter_query_success{dataset=%q}) == 0 or on (dataset) "
            "min by (dataset, query) (last_over_time(clickstream_exporter_query_success{dataset=%q}[36h])) == 0",
            "query",
        ),
        "These measures failed in the last refresh, so what rests on them is not judged; "
        "the exporter's log has the reason.",
    ),
    Check(
        "UnreadableFiles",
        CRITICAL,
        PIPELINE,
        f"{valid('dataset:clickstream_unreadable_files:max')} > bool 0",
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
        "NeverFound",
        CRITICAL,
        PIPELINE,
        f"{valid(_NEVER)} > bool 0",
        "Never found: "
        + say.listed(_CONFIGURED, "{{ $each.Labels.what }} ({{ $each.Labels.configured }})", by="what")
        + "; names that occur: "
        + say.listed(_OCCUR, "{{ $each.Labels.event_name }} ({{ $each.Value }})"),
        "What the configuration names is found on no day, so what rests on it is judged on none: a name or a path is "
        "wrong there, or the tracking no longer sends it.",
    ),
    Check(
        "PartialDay",
        CRITICAL,
        PIPELINE,
        exceeds("dataset:clickstream_missing_hours:end", "partial_day_hours"),
        f"Partial day: {say.DAY} ends at {say.clock('dataset:clickstream_day_end:anchor')}, "
        f"baseline days end after {say.clock('dataset:clickstream_day_end:baseline')}",
        f"The newest day ends more than {say.limit_tenths('partial_day_hours')} hours "
        f"before a usual day; after that it holds {_events_in('events', 'end')} events where "
        f"{_events_in('expected_events', 'end')} are usual. Its {say.HOURS} complete hours alone are compared.",
        unless="dataset:clickstream_intraday:max",
    ),
    Check(
        "HoursMissing",
        CRITICAL,
        PIPELINE,
        f"{valid('dataset:clickstream_missing_hours:before_end')} >= bool on (dataset) {limit('missing_hours')}",
        f"Hours missing: {say.DAY} from "
        + say.listed(_HOURS, "{{ $each.Labels.start }} to {{ $each.Labels.end }}", " and from ", by="start"),
        f"These hours hold {_events_in('events', 'start|inside')} events where "
        f"{_events_in('expected_events', 'start|inside')} are usual, and no other day looks like that but those right "
        "before it.",
    ),
    Check(
        "MissingDay",
        CRITICAL,
        PIPELINE,
        exceeds(_MISSING_DAYS, "max_missing_days"),
        f"Missing day: {say.MISSING_DAY} has no event",
        f"Days without an event among the seven before {say.DAY}: {say.whole(_MISSING_DAYS)}; "
        f"the limit is {say.limit('max_missing_days')}.",
        unless="dataset:clickstream_missing_days:over",
    ),
    Check(
        "RepeatedDay",
        CRITICAL,
        PIPELINE,
        exceeds("dataset:clickstream_repeated_day:increase", "repeated_day_ratio"),
        f"Repeated day: {say.DAY} has "
        f"{say.percent('dataset:clickstream_repeated_purchase:ratio', '0.00%')} of its transaction ids and "
        f"{say.percent('dataset:clickstream_repeated_content:ratio', '0.00%')} of its events from days before",
        f"Counted are transaction ids that one of the seven days before has, and distinct events, their timestamps "
        "left out, that the one of these days with most of them has. On a usual day it is "
        f"{say.percent('dataset:clickstream_repeated_purchase:usual_ratio', '0.00%')} and "
        f"{say.percent('dataset:clickstream_repeated_content:usual_ratio', '0.00%')}; the limit is "
        f"{say.limit_points('repeated_day_ratio')} more.",
        ("baseline_days", "day_contents"),
    ),
    Check(
        "EventVolumeDrop",
        CRITICAL,
        PIPELINE,
        f"{valid('dataset:clickstream_events:drop_ratio')} > bool on (dataset) "
        "dataset:clickstream_events:least_drop_ratio",
        f"Event volume drop detected: {say.whole('dataset:clickstream_events:anchor')} vs baseline "
        f"{say.whole('dataset:clickstream_events:expected')}",
        f"{IN_HOURS}, the number of events is {say.percent('dataset:clickstream_events:drop_ratio')} under the mean of "
        f"the days before; the limit is {say.percent('dataset:clickstream_events:least_drop_ratio')}.",
        ("baseline_events",),
    ),
    Check(
        "NoPurchases",
        CRITICAL,
        PIPELINE,
        f"{valid('dataset:clickstream_purchases:anchor')} == bool 0",
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
