"""Why are other checks switched off? Silence must never be mistaken for health."""

from __future__ import annotations

from alerting.mixin import messages as say
from alerting.mixin.check import BUSINESS, IN_ORDER, INFO, INTEGRITY, Check
from alerting.mixin.expressions import GUARD, is_open


def low_volume(dataset: str = "") -> str:
    """The guards that are closed for want of events; `dataset` is a selector, like `,dataset=%q`."""
    return (
        f'({GUARD}{{guard=~"day_.+",guard!="day_events"{dataset}}} == 0\n'
        f'or {GUARD}{{guard=~"baseline_.+",guard!="baseline_days"{dataset}}} == 0\n'
        f"and on (dataset) {is_open('baseline_days')})"
    )


_SWITCHED_OFF = "max by (check, reason) (clickstream_switched_off_info{dataset=%q})"

CHECKS = (
    Check(
        "EarlyEvents",
        INFO,
        INTEGRITY,
        "(dataset:clickstream_early_events:max > -Inf) > bool 0",
        f"Early events: {say.whole('dataset:clickstream_early_events:max')} of days after {say.DAY} that are not over",
        "They are too few to make their day the newest one, and count on no day until they are more. A few are of "
        "devices whose clocks are fast.",
    ),
    Check(
        "WaitingFiles",
        INFO,
        INTEGRITY,
        "(dataset:clickstream_waiting_files:max > -Inf) > bool 0",
        f"Files being written: {say.whole('dataset:clickstream_waiting_files:max')}, first "
        + say.listed(
            "max by (file, reason) (clickstream_waiting_file_info{dataset=%q})",
            "{{ $each.Labels.file }} ({{ $each.Labels.reason }})",
        ),
        "A file that is still written is waited for, and its events are not counted yet. One that stays unfinished for "
        "five minutes is unreadable.",
    ),
    Check(
        "ReplacedText",
        INFO,
        INTEGRITY,
        "(dataset:clickstream_replaced_text_events:max > -Inf) > bool 0",
        f"Text replaced: {say.whole('dataset:clickstream_replaced_text_events:max')} events had text that is not UTF-8",
        f"In the files of {say.DAY}; what could not be read of these texts was replaced, the events are counted.",
    ),
    Check(
        "SwitchedOff",
        INFO,
        INTEGRITY,
        f"count by (dataset) (clickstream_switched_off_info) > bool 0\nor on (dataset) {IN_ORDER}",
        "Switched off by hand: "
        + say.listed(_SWITCHED_OFF, "{{ $each.Labels.check }} ({{ $each.Labels.reason }})", by="check"),
        "The configuration switches these checks off, so they judge nothing: `switched_off`.",
    ),
    Check(
        "LimitOutOfReach",
        INFO,
        INTEGRITY,
        f'count by (dataset) ({GUARD}{{guard=~"reach_.+"}} == 0) > bool 0\nor on (dataset) {IN_ORDER}',
        "Limit out of reach: "
        + say.names(
            f'{GUARD}{{guard=~"reach_.+",dataset=%q}} == 0',
            "guard",
            ' | reReplaceAll "reach_" "" | reReplaceAll "_" " "',
        )
        + f" cannot rise that far; {say.SWITCHED_OFF}",
        "The baseline and the limit are more than all events together, so these checks could never fire.",
    ),
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
