"""The checks that report why others are switched off, and what is not counted: silence must not look like health."""

from __future__ import annotations

from alerting.mixin.check import BUSINESS, IN_ORDER, INFO, INTEGRITY, Check
from alerting.mixin.drops import WEEKS_OF_DEVIATION, WEEKS_OF_SHARE
from alerting.mixin.expressions import BASELINE_DAY, BASELINE_DAYS, GUARD, STARTED, STATE, is_open
from alerting.mixin.messages import DAY, HOURS, WEEKDAY, each_series, formatted, label_values, limit_whole, whole

_NOT_LISTED = (
    "DataStale",
    "EarlyEvents",
    "WaitingFiles",
    "ReplacedText",
    "SwitchedOff",
    "LimitOutOfReach",
    "SmallSampleDay",
    "BaselineShort",
    "HistoryShort",
    "LowVolume",
    "NotMeasured",
)
"""The checks of this module, and one that is off where the newest day is set by hand."""

_STATES_OFF = f'{STATE}{{check!~"{"|".join(_NOT_LISTED)}",dataset=%q}} == 2'
_OFF = label_values(_STATES_OFF, "check", between=" ")
_SWITCHED_OFF = f"switched off: {label_values(_STATES_OFF, 'check')}"
_BY_HAND = "max by (check, reason) (clickstream_switched_off_info{dataset=%q})"
_SPACES = ' | reReplaceAll "_" " "'


def low_volume(dataset: str = "") -> str:
    """The guards that are closed because there are too few events; `dataset` is a selector, like `,dataset=%q`."""
    return (
        f'({GUARD}{{guard=~"day_.+",guard!="day_events"{dataset}}} == 0\n'
        f'or {GUARD}{{guard=~"baseline_.+",guard!="baseline_days"{dataset}}} == 0\n'
        f"and on (dataset) {is_open('baseline_days')})"
    )


_SAME_WEEKDAYS = f'(count by (dataset) ({BASELINE_DAY}{{weekday="0"}} > -Inf) or on (dataset) {STARTED} * 0)'


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
        label_values(f'{GUARD}{{guard=~"reach_.+",dataset=%q}} == 0', "guard", f' | reReplaceAll "reach_" ""{_SPACES}')
        + f" cannot move that far; {_SWITCHED_OFF}",
        "The limit, or what chance explains at this volume, is further away than these shares can move from their "
        "baseline, so these checks could not fire.",
        checks_off=_OFF,
    ),
    Check(
        "SmallSampleDay",
        INFO,
        BUSINESS,
        f'1 - (max by (dataset) ({GUARD}{{guard="day_events"}}) > -Inf)',
        "Small sample",
        f"<value> events on {DAY}, <limit> needed; {_SWITCHED_OFF}",
        f"The {HOURS} complete hours of the day have too few events to be compared with other days.",
        value=whole("dataset:clickstream_events:anchor"),
        limit=limit_whole("min_day_events"),
        checks_off=_OFF,
    ),
    Check(
        "BaselineShort",
        INFO,
        BUSINESS,
        f'1 - (max by (dataset) ({GUARD}{{guard="baseline_days"}}) > -Inf)',
        "Baseline short",
        f"<value> of <limit> days needed; {_SWITCHED_OFF}",
        f"Too few of the {BASELINE_DAYS} days before have at least {limit_whole('min_day_events')} events.",
        value=whole("dataset:clickstream_baseline:days"),
        limit=limit_whole("min_baseline_days"),
        checks_off=_OFF,
    ),
    Check(
        "HistoryShort",
        INFO,
        BUSINESS,
        f"{_SAME_WEEKDAYS} < bool {WEEKS_OF_DEVIATION}\nor on (dataset) {IN_ORDER}",
        "History short",
        f"<value> of {WEEKS_OF_DEVIATION} days before with this weekday",
        f"What share of its week a {WEEKDAY} brings is known from {WEEKS_OF_SHARE} such days in the last four weeks "
        f"on, and how far off a day usually is from {WEEKS_OF_DEVIATION} on. Until then, drops are judged without.",
        value=formatted(
            f'count(last_over_time({BASELINE_DAY}{{weekday="0",dataset=%q}}[36h]) > -Inf) or vector(0)', "%.0f"
        ),
    ),
    Check(
        "LowVolume",
        INFO,
        BUSINESS,
        f"count by (dataset) {low_volume()} > bool 0\nor on (dataset) {IN_ORDER}",
        "Low volume",
        label_values(low_volume(",dataset=%q").replace("\n", " "), "guard", _SPACES)
        + f" under the minimum; {_SWITCHED_OFF}",
        "A handful of events would decide the result of these checks, so they do not judge.",
        checks_off=_OFF,
    ),
    Check(
        "NotMeasured",
        INFO,
        INTEGRITY,
        'count by (dataset) (clickstream_not_measured{reason!="query failed"}) > bool 0\n'
        f"or on (dataset) (dataset:clickstream_gauges:not_a_number > 0) > bool 0\nor on (dataset) {IN_ORDER}",
        "Not measured",
        label_values('count by (reason) (clickstream_not_measured{dataset=%q,reason!="query failed"})', "reason")
        + "{{ with printf `dataset:clickstream_gauges:not_a_number{dataset=%q} > 0` $labels.dataset | query }}"
        + '{{ . | first | value | printf " %.0f" }} gauges are no numbers{{ end }}'
        + f"; {_SWITCHED_OFF}",
        "The data set, by its configuration, lacks what these checks need.",
        checks_off=_OFF,
    ),
)
