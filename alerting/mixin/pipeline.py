"""The checks of the pipeline: are the data there, whole, and plausible in volume? They fail the daily job and page."""

from __future__ import annotations

from alerting.mixin import business
from alerting.mixin.baselines import ENOUGH_DAYS, EXCLUDED
from alerting.mixin.check import (
    BUSINESS,
    CRITICAL,
    IN_HOURS,
    IN_ORDER,
    PIPELINE,
    Check,
)
from alerting.mixin.drop_messages import (
    below,
    brings,
    chance_of_purchases,
    contributors,
    lost_or,
    other_evidence,
    since,
    usual_limit,
    usually_off,
    why_low,
    with_it,
)
from alerting.mixin.expressions import BASELINE_DAYS, STARTED, exceeds, limit, nan_aware, valid
from alerting.mixin.lost import is_lost
from alerting.mixin.messages import (
    CURRENCY,
    DAY,
    HOURS,
    MISSING_DAY,
    WEEKDAY,
    clock,
    duration,
    each_series,
    formatted,
    hours_since,
    instant,
    label_values,
    limit_hours,
    limit_points,
    limit_whole,
    money,
    percent,
    points,
    tenths,
    time_since,
    whole,
)

_QUERIES = "clickstream_exporter_query_success"
_UNREADABLE = "dataset:clickstream_unreadable_files:max"
_NEVER = "dataset:clickstream_never_found:count"
_CONFIGURED = "max by (what, configured) (clickstream_configured_events{dataset=%q}) == 0"
_OCCUR = "sort_desc(topk(5, max by (event_name) (clickstream_frequent_events{dataset=%q})))"
_MISSING_HOURS = "dataset:clickstream_missing_hours:before_end"
_HOURS = 'max by (start, end) (clickstream_missing_hours_info{part!="end",dataset=%q})'
_MISSING_DAYS = "dataset:clickstream_missing_days:count"
_LAST = "dataset:clickstream_last_event_timestamp_seconds:max"
_REPEATED = "dataset:clickstream_repeated_{}:{}"


def _events_in(what: str, parts: str) -> str:
    """How many events the missing hours of these parts of the day have, or should have."""
    series = f'clickstream_missing_hours_{what}{{part=~"{parts}",dataset=%q}}'
    return formatted(f"sum(max by (part) ({series}))", "%.0f")


def _repeated(what: str, ratio: str) -> str:
    """A share of purchases or contents that earlier days have, 0.00% where there is none."""
    return percent(_REPEATED.format(what, ratio), "0.00%")


EFFECTS = ("RevenueDrop", *business.NAMES)
"""The checks of the business, whose alerts are inhibited while data are missing or not whole."""

EFFECTS_OF_LOSS = (*EFFECTS, "EventVolumeDrop", "NoPurchases")
"""Those that are inhibited where files or hours are missing."""


def _low(name: str, limit_name: str) -> str:
    """1 where a volume is lost, too far below the mean of seven days, or its drop is critical; otherwise 0."""
    return (
        f"(\n  {is_lost(name)}\n  or on (dataset)\n"
        f"  ({exceeds(f'dataset:clickstream_{name}:mean_drop_ratio', limit_name)})\n  + on (dataset)\n"
        f"  {valid(f'dataset:clickstream_{name}:critical')}\n) > bool 0"
    )


def _known(name: str) -> str:
    """Only where there are enough baseline days, or the volume is lost: then four weeks say what is usual."""
    return f"and on (dataset) ({ENOUGH_DAYS} or on (dataset) {is_lost(name)})"


def _is_info(name: str) -> str:
    """Where a low volume is neither critical nor lost."""
    return f"dataset:clickstream_{name}:critical == 0 unless on (dataset) {is_lost(name)}"


def _usually_off(name: str) -> str:
    """How far a day usually is off, and what follows for the limit."""
    percent_off = f"100 * {usually_off(name)}"
    return formatted(percent_off, "A usual day is %.1f%% off, so the limit here is ", "The limit is ") + "<limit>."


_EVENTS_FELL = (
    f"events are {below('events')} under the "
    f"{whole('dataset:clickstream_events:expected')} that {brings('events')}. {_usually_off('events')}"
)
_REVENUE_FELL = (
    f"revenue is {below('revenue')} under the "
    f"{money('dataset:clickstream_revenue:expected')} that {brings('revenue')}. {_usually_off('revenue')} "
    f"Purchases with an amount: {whole('dataset:clickstream_priced_purchases:anchor')} of "
    f"{whole('dataset:clickstream_priced_purchases:expected')} expected, "
    f"{below('priced_purchases')} fewer; chance explains {chance_of_purchases()}."
)

_FEW_ON_THIS_WEEKDAY = (
    'quantile by (dataset) (0.5, max by (dataset, lag) (clickstream_purchases{lag=~"7|14|21|28"})\n'
    f"unless on (dataset, lag) {EXCLUDED}) < on (dataset) {limit('min_day_purchases')}"
)
"""Where the same weekday has so few purchases that none is no news."""


CHECKS = (
    Check(
        "QueryFailing",
        CRITICAL,
        PIPELINE,
        f"1 - ({nan_aware('min', _QUERIES)} > -Inf)",
        "Query failing",
        label_values(
            f"min by (dataset, query) ({_QUERIES}{{dataset=%q}}) == 0 or on (dataset) "
            f"min by (dataset, query) (last_over_time({_QUERIES}{{dataset=%q}}[36h])) == 0",
            "query",
        ),
        "These measures failed in the last refresh, so the checks that need them are switched off; "
        "the exporter's log has the reason.",
    ),
    Check(
        "UnreadableFiles",
        CRITICAL,
        PIPELINE,
        f"{valid(_UNREADABLE)} > bool 0",
        "Unreadable files",
        "<value>{{ with printf `clickstream_unreadable_file_info{dataset=%q}` $labels.dataset | query }}"
        "{{ with first . }}, first {{ .Labels.file }} ({{ .Labels.reason }}){{ end }}{{ end }}",
        f"<value> of {whole('dataset:clickstream_files:max')} files were set aside; their events are not counted."
        f"{with_it(EFFECTS_OF_LOSS)}",
        value=whole(_UNREADABLE),
    ),
    Check(
        "NoData",
        CRITICAL,
        PIPELINE,
        f"{STARTED} * 0 + 1 unless on (dataset) clickstream_last_event_timestamp_seconds\nor on (dataset) {IN_ORDER}",
        "No data",
        "data set {{ $labels.dataset }} has no event",
        f"No event with a plausible timestamp was found in {whole('dataset:clickstream_files:max')} files.",
    ),
    Check(
        "DataStale",
        CRITICAL,
        PIPELINE,
        f"(time() - {_LAST} > -Inf)\n> bool on (dataset) ({limit('max_data_age_hours')} * 3600)",
        "Data stale",
        f"last event {instant(_LAST)}, {time_since(_LAST)} ago",
        f"The newest event is from {DAY}; the limit is <limit>.",
        value=f"{hours_since(_LAST)} h",
        limit=limit_hours("max_data_age_hours"),
    ),
    Check(
        "NeverFound",
        CRITICAL,
        PIPELINE,
        f"{valid(_NEVER)} > bool 0",
        "Never found",
        each_series(_CONFIGURED, "{{ $each.Labels.what }} ({{ $each.Labels.configured }})", by="what")
        + "; names that occur: "
        + each_series(_OCCUR, "{{ $each.Labels.event_name }} ({{ $each.Value }})"),
        "The configuration names something that no day has, so whatever depends on it cannot be judged. Either a name "
        "or a path in the configuration is wrong, or the tracking no longer sends it.",
    ),
    Check(
        "PartialDay",
        CRITICAL,
        PIPELINE,
        exceeds("dataset:clickstream_missing_hours:end", "partial_day_hours"),
        "Partial day",
        f"{DAY} ends at <value>, baseline days end after <baseline>",
        f"The newest day ends more than <limit> before a usual day. After its end it has "
        f"{_events_in('events', 'end')} events; {_events_in('expected_events', 'end')} are usual. "
        f"Only its {HOURS} complete hours are compared.{with_it(EFFECTS_OF_LOSS)}",
        value=clock("dataset:clickstream_day_end:anchor"),
        baseline=clock("dataset:clickstream_day_end:baseline"),
        limit=limit_hours("partial_day_hours"),
        info_where="dataset:clickstream_intraday:max == 1",
    ),
    Check(
        "HoursMissing",
        CRITICAL,
        PIPELINE,
        f"{valid(_MISSING_HOURS)} >= bool on (dataset) {limit('missing_hours')}",
        "Hours missing",
        f"{DAY} from "
        + each_series(_HOURS, "{{ $each.Labels.start }} to {{ $each.Labels.end }}", " and from ", by="start"),
        f"These hours have {_events_in('events', 'start|inside')} events; "
        f"{_events_in('expected_events', 'start|inside')} are usual. No other day has such a gap, except those right "
        f"before it. The longest gap is <value>; the check fires from <limit> on.{with_it(EFFECTS_OF_LOSS)}",
        value=duration(_MISSING_HOURS),
        limit=limit_hours("missing_hours"),
    ),
    Check(
        "MissingDay",
        CRITICAL,
        PIPELINE,
        exceeds(_MISSING_DAYS, "max_missing_days"),
        "Missing day",
        f"{MISSING_DAY} has no event",
        f"Days without an event among the {BASELINE_DAYS} before {DAY}: <value>; the limit is <limit>."
        f"{with_it(EFFECTS)}",
        value=whole(_MISSING_DAYS),
        limit=limit_whole("max_missing_days"),
        info_where="dataset:clickstream_missing_days:over == 1",
    ),
    Check(
        "RepeatedDay",
        CRITICAL,
        PIPELINE,
        exceeds(_REPEATED.format("day", "increase"), "repeated_day_ratio"),
        "Repeated day",
        f"{DAY} has {_repeated('purchase', 'ratio')} of its transaction ids and {_repeated('content', 'ratio')} of its "
        "events from days before",
        f"Counted are transaction ids that any of the {BASELINE_DAYS} days before has, and distinct events, without "
        "their timestamps, that the most similar of these days has. On a usual day it is "
        f"{_repeated('purchase', 'usual_ratio')} and {_repeated('content', 'usual_ratio')}. The larger increase is "
        f"<value>; the limit is <limit>.{with_it(EFFECTS)}",
        value=points(_REPEATED.format("day", "increase")),
        limit=limit_points("repeated_day_ratio"),
        guards=("baseline_days", "day_contents"),
    ),
    Check(
        "EventVolumeDrop",
        CRITICAL,
        PIPELINE,
        _low("events", "event_drop_ratio"),
        "Event volume drop detected",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, {lost_or('events', 'are', '', _EVENTS_FELL)}"
        f"{since('events')}{contributors('events')}{with_it((*EFFECTS, 'NoPurchases'))}",
        value=whole("dataset:clickstream_events:anchor"),
        baseline=whole("dataset:clickstream_events:reference"),
        limit=percent("dataset:clickstream_events:least_drop_ratio"),
        guards=("baseline_events",),
        info_where=_is_info("events"),
        info_title="Events low",
        explanation=why_low("events", "event_drop_ratio", "events"),
    ),
    Check(
        "NoPurchases",
        CRITICAL,
        PIPELINE,
        f"({valid('dataset:clickstream_purchases:anchor')} == bool 0)\n{_known('purchases')}",
        "No purchases",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, there is no purchase, where <baseline> are usual.{with_it(EFFECTS)}",
        value=whole("dataset:clickstream_purchases:anchor"),
        baseline=tenths("dataset:clickstream_purchases:reference"),
        guards=("baseline_purchases",),
        info_where=_FEW_ON_THIS_WEEKDAY,
        explanation=f", as it happens on {WEEKDAY}s",
    ),
    Check(
        "RevenueDrop",
        CRITICAL,
        BUSINESS,
        f"{_low('revenue', 'revenue_drop_ratio')}\n{_known('revenue')}",
        "Revenue drop detected",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, {lost_or('revenue', 'is', CURRENCY, _REVENUE_FELL)}{since('purchases')}{contributors('revenue')}",
        value=money("dataset:clickstream_revenue:anchor"),
        baseline=money("dataset:clickstream_revenue:reference"),
        limit=usual_limit("revenue", "revenue_drop_ratio"),
        guards=("day_events", "baseline_purchases", "baseline_revenue"),
        info_where=_is_info("revenue"),
        info_title="Revenue low",
        explanation=why_low("revenue", "revenue_drop_ratio", "purchases"),
        evidence=other_evidence(),
    ),
)
