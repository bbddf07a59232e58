"""The checks that report why others are switched off, and what is not counted: silence must not look like health."""

from __future__ import annotations

from alerting.mixin.baselines import SAME_WEEKDAYS
from alerting.mixin.check import BUSINESS, IN_ORDER, INFO, INTEGRITY, Check
from alerting.mixin.drops import WEEKS_OF_DEVIATION, WEEKS_OF_SHARE
from alerting.mixin.expressions import BASELINE_DAYS, GUARD
from alerting.mixin.messages import (
    DAY,
    HOURS,
    NOT_NUMBERS,
    WEEKDAY,
    each_series,
    formatted,
    label_values,
    limit_whole,
    query,
    whole,
)
from alerting.mixin.switched_off import GUARD_IN_WORDS, low_volume, off_by, off_otherwise
from exporter.config.checks import NOT_ASKED

_NOT_LISTED = (
    "DataStale",
    "EarlyEvents",
    "WaitingFiles",
    "ReplacedText",
    "DaysExcluded",
    "SwitchedOff",
    "LimitOutOfReach",
    "SmallSampleDay",
    "BaselineShort",
    "HistoryShort",
    "LowVolume",
    "NotMeasured",
)
"""The checks of this module, and one that is off where the newest day is set by hand."""

_BY_HAND = "max by (check, reason) (clickstream_switched_off_info{dataset=%q})"


def _off(expr: str) -> str:
    """The names of the checks that the query finds, for a program to read."""
    return label_values(expr, "check", between=" ")


def _switched_off(expr: str) -> str:
    """The end of a sentence that names the checks that the query finds, if there are any."""
    return f"{{{{ with {query(expr)} }}}}; switched off: {label_values(expr, 'check')}{{{{ end }}}}"


_LOW_VOLUME = low_volume(",dataset=%q").replace("\n", " ")
_OFF_BY_REACH = off_by('guard=~"reach_.+"')
_OFF_BY_DAY = off_by('guard="day_events"')
_OFF_BY_BASELINE = off_by('guard="baseline_days"')
_OFF_BY_VOLUME = off_by('guard=~"day_.+|baseline_.+"', f" and on (guard) {_LOW_VOLUME}")
_OFF_OTHERWISE = off_otherwise(_NOT_LISTED)

_NOT_MEASURED = f'reason!~"query failed|{"|".join(NOT_ASKED.values())}"'
"""Selects what a data set lacks; a failed query is reported by QueryFailing."""

_NOT_MEASURED_BY_REASON = f"count by (reason) (clickstream_not_measured{{dataset=%q,{_NOT_MEASURED}}})"

_SHOWN = 5
"""So many days that are left out are listed."""

_EXCLUDED = 'clickstream_excluded_day_info{lag=~"[0-9]|1[0-9]|2[0-8]"%s}'
_EXCLUDED_OF_DATASET = f"max by (lag, reason) ({_EXCLUDED.replace('%s', ',dataset=%q')})"
_EXCLUDED_DAYS = (
    f"sort_desc(topk({_SHOWN}, {_EXCLUDED_OF_DATASET} * on (lag) group_left () "
    "(max by (lag) (clickstream_day_timestamp_seconds{dataset=%q})"
    " + on (lag) max by (lag) (clickstream_day_utc_offset_seconds{dataset=%q}))))"
)
_FURTHER_DAYS = formatted(f"count({_EXCLUDED_OF_DATASET}) - {_SHOWN} > 0", " and %.0f more")

CHECKS = (
    Check(
        "EarlyEvents",
        INFO,
        INTEGRITY,
        "(dataset:clickstream_early_events:max > -Inf) > bool 0",
        "Early events",
        f"<value> of days after {DAY} that are not over",
        "They are too few to make their day the newest one, so they count on no day until there are more. A few are "
        "normal: the clocks of some devices are fast.",
        value=whole("dataset:clickstream_early_events:max"),
    ),
    Check(
        "WaitingFiles",
        INFO,
        INTEGRITY,
        "(dataset:clickstream_waiting_files:max > -Inf) > bool 0",
        "Files being written",
        "<value>, first "
        + each_series(
            "max by (file, reason) (clickstream_waiting_file_info{dataset=%q})",
            "{{ $each.Labels.file }} ({{ $each.Labels.reason }})",
        ),
        "These files are still being written, so their events are not counted yet. A file that stays unfinished for "
        "five minutes counts as unreadable.",
        value=whole("dataset:clickstream_waiting_files:max"),
    ),
    Check(
        "ReplacedText",
        INFO,
        INTEGRITY,
        "(dataset:clickstream_replaced_text_events:max > -Inf) > bool 0",
        "Text replaced",
        "<value> events had text that is not UTF-8",
        f"In the files of {DAY}, the bytes that are not UTF-8 were replaced; the events are counted.",
        value=whole("dataset:clickstream_replaced_text_events:max"),
    ),
    Check(
        "DaysExcluded",
        INFO,
        INTEGRITY,
        f"count by (dataset) ({_EXCLUDED.replace('%s', '')}) > bool 0\nor on (dataset) {IN_ORDER}",
        "Days left out of the baseline",
        each_series(
            _EXCLUDED_DAYS,
            '{{ $each.Value | humanizeTimestamp | reReplaceAll " .*" "" }} ({{ $each.Labels.reason }})',
        )
        + _FURTHER_DAYS,
        "The configuration says that these days are unlike others (`known_days`), or before the last lasting change "
        "(`baseline_since`). No other day is compared with them.",
        value=formatted(f"count({_EXCLUDED_OF_DATASET})", "%.0f"),
    ),
    Check(
        "SwitchedOff",
        INFO,
        INTEGRITY,
        f"count by (dataset) (clickstream_switched_off_info) > bool 0\nor on (dataset) {IN_ORDER}",
        "Switched off by hand",
        each_series(_BY_HAND, "{{ $each.Labels.check }} ({{ $each.Labels.reason }})", by="check"),
        "The configuration switches these checks off (`switched_off`), so they judge nothing.",
        checks_off=label_values(_BY_HAND, "check", between=" "),
    ),
    Check(
        "LimitOutOfReach",
        INFO,
        INTEGRITY,
        f'count by (dataset) ({GUARD}{{guard=~"reach_.+"}} == 0) > bool 0\nor on (dataset) {IN_ORDER}',
        "Limit out of reach",
        f"no change could exceed it{_switched_off(_OFF_BY_REACH)}",
        "The limit, or what chance explains at this volume, is further away than these shares can move from their "
        "baseline, so these checks could not fire.",
        checks_off=_off(_OFF_BY_REACH),
    ),
    Check(
        "SmallSampleDay",
        INFO,
        BUSINESS,
        f'1 - (max by (dataset) ({GUARD}{{guard="day_events"}}) > -Inf)',
        "Small sample",
        f"<value> events on {DAY}, <limit> needed{_switched_off(_OFF_BY_DAY)}",
        f"The {HOURS} complete hours of the day have too few events to be compared with other days.",
        value=whole("dataset:clickstream_events:anchor"),
        limit=limit_whole("min_day_events"),
        checks_off=_off(_OFF_BY_DAY),
    ),
    Check(
        "BaselineShort",
        INFO,
        BUSINESS,
        f'1 - (max by (dataset) ({GUARD}{{guard="baseline_days"}}) > -Inf)',
        "Baseline short",
        f"<value> of <limit> days needed{_switched_off(_OFF_BY_BASELINE)}",
        f"Too few of the {BASELINE_DAYS} days before have at least {limit_whole('min_day_events')} events.",
        value=whole("dataset:clickstream_baseline:days"),
        limit=limit_whole("min_baseline_days"),
        checks_off=_off(_OFF_BY_BASELINE),
    ),
    Check(
        "HistoryShort",
        INFO,
        BUSINESS,
        f"{SAME_WEEKDAYS} < bool {WEEKS_OF_DEVIATION}\nor on (dataset) {IN_ORDER}",
        "History short",
        f"<value> of {WEEKS_OF_DEVIATION} days before with this weekday",
        f"Of the four weeks before, {WEEKS_OF_SHARE} days are needed to know what a {WEEKDAY} brings, and "
        f"{WEEKS_OF_DEVIATION} to know how far off a day usually is. Until then, a drop must exceed "
        "how far days differ within their week.",
        value=whole(SAME_WEEKDAYS),
    ),
    Check(
        "LowVolume",
        INFO,
        BUSINESS,
        f"count by (dataset) {low_volume()} > bool 0\nor on (dataset) {IN_ORDER}",
        "Low volume",
        f"not enough {label_values(_LOW_VOLUME, 'guard', GUARD_IN_WORDS)}{_switched_off(_OFF_BY_VOLUME)}",
        "A handful of events would decide the result of these checks, so they do not judge.",
        checks_off=_off(_OFF_BY_VOLUME),
    ),
    Check(
        "NotMeasured",
        INFO,
        INTEGRITY,
        f"count by (dataset) (clickstream_not_measured{{{_NOT_MEASURED}}}) > bool 0\n"
        f"or on (dataset) (dataset:clickstream_gauges:not_a_number > 0) > bool 0\nor on (dataset) {IN_ORDER}",
        "Not measured",
        f"{{{{ with {query(NOT_NUMBERS)} }}}}gauges with NaN: {{{{ . | first | value }}}}"
        f"{{{{ with {query(_NOT_MEASURED_BY_REASON)} }}}}, {{{{ end }}}}{{{{ end }}}}"
        + label_values(_NOT_MEASURED_BY_REASON, "reason")
        + _switched_off(_OFF_OTHERWISE),
        "The data set, by its configuration, lacks what these checks need.",
        checks_off=_off(_OFF_OTHERWISE),
    ),
)
