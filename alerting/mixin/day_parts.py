"""The recording rules about the parts of a day: its hours, names, repeats, segments and amounts."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.baselines import OF_HOURS
from alerting.mixin.drops import LUMP
from alerting.mixin.expressions import (
    BASELINE_DAY,
    ERRORS,
    LAGS,
    LAGS_BEFORE,
    STARTED,
    WEEKS_BEFORE,
    Record,
    baseline_sum,
    day_ratio,
    days_before,
    dedup,
    limit,
    nan_aware,
    number,
    share,
    valid,
)

_CLOCK = "clickstream_day_end_clock_seconds"

DAY_ENDS = (
    number("dataset:clickstream_day_end:anchor", f'max by (dataset) ({_CLOCK}{{lag="0"}})'),
    number("dataset:clickstream_missing_hours:end", nan_aware("max", 'clickstream_missing_hours{part="end"}')),
    number(
        "dataset:clickstream_day_end:baseline",
        f"(min by (dataset) ({_CLOCK}{{{LAGS_BEFORE}}} > on (dataset) group_left ()\n"
        f"(dataset:clickstream_day_end:anchor + on (dataset) 3600 * {limit('partial_day_hours')}))\n"
        "or on (dataset) (dataset:clickstream_day_end:anchor "
        "+ on (dataset) 3600 * dataset:clickstream_missing_hours:end))",
    ),
    number("dataset:clickstream_missing_hours:before_end", nan_aware("max", 'clickstream_missing_hours{part!="end"}')),
)

_CONFIGURED = dedup("clickstream_configured_events", "what")

NEVER_FOUND = (
    number(
        "dataset:clickstream_never_found:count",
        f"""\
sum by (dataset) (
  ({_CONFIGURED} == bool 0)
  * on (dataset, what)
  (
    {dedup('clickstream_searched_events{what!="revenue"}', "what")}
      >= bool on (dataset) group_left () {limit("min_searched_events")}
    or
    {dedup('clickstream_searched_events{what="revenue"}', "what")}
      >= bool on (dataset) group_left () {limit("min_day_purchases")}
  )
) + on (dataset) 0 * sum by (dataset) ({{__name__=~"clickstream_(configured|searched)_events"}})
+ on (dataset) 0 * {limit("min_searched_events")}
+ on (dataset) 0 * {limit("min_day_purchases")}""",
    ),
)


_INDISTINCT = "dataset:clickstream_indistinct_visitors:day"

INDISTINCT = number(
    _INDISTINCT,
    f"""\
(
  {share("dataset:clickstream_sessions:day", "dataset:clickstream_events:day")}
  < bool on (dataset)
  (
    quantile by (dataset) (0.5,
      {valid("dataset_lag:clickstream_sessions:history")}
      / on (dataset, lag) ({valid("dataset_lag:clickstream_events:history")} > 0)
    )
    * on (dataset) (1 - {limit("session_drop_ratio")})
  )
)""",
)
"""1 where far fewer sessions than usual are among as many events: then the visitors have one client id, or none."""


def _repeated(name: str, part: str, whole: str, where: str = "") -> Iterator[Record]:
    """The share of the anchor day that earlier days also have, and how far it is above the usual share.

    It is not above it where `where` is 0.
    """
    ratio, usual = f"dataset:clickstream_{name}:ratio", f"dataset:clickstream_{name}:usual_ratio"
    yield day_ratio(name, f"{part}:day", f"{whole}:day")
    before = [days_before(f"clickstream_{gauge}") for gauge in (part, whole)]
    yield number(usual, f"quantile by (dataset) (0.5, {before[0]}\n/ on (dataset, lag) ({before[1]} > 0))")
    enough = f"dataset:clickstream_{whole}:day >= on (dataset) {limit('min_day_purchases')}"
    above = f"({ratio} - on (dataset) {usual}){where}"
    yield number(f"dataset:clickstream_{name}:increase", f"({above} and on (dataset) {enough})")


REPEATED = (
    *_repeated("repeated_purchase", "repeated_purchases", "purchases"),
    INDISTINCT,
    *_repeated(
        "repeated_content",
        "repeated_contents",
        "contents",
        f" * on (dataset) (1 - {valid(_INDISTINCT)} or on (dataset) {STARTED} * 0 + 1)",
    ),
    number(
        "dataset:clickstream_repeated_day:increase",
        f"""\
(max by (dataset) (
  label_replace(dataset:clickstream_repeated_purchase:increase > -Inf, "of", "purchases", "", "")
  or on (dataset, of)
  label_replace(dataset:clickstream_repeated_content:increase > -Inf, "of", "contents", "", "")
) + on (dataset) 0 * sum by (dataset) ({{__name__=~"clickstream_(repeated_)?(purchases|contents)",{LAGS}}}))""",
    ),
)

_SEGMENT = "dataset_segment:clickstream_segment_events"
_DIMENSIONS = {"device_events": "device", "platform_events": "platform", "named_events": "event_name"}
_IN_DATASET = "on (dataset) group_left ()"
_IN_SEGMENT = "on (dataset, dimension, segment)"


def _segments(series: dict[str, str]) -> str:
    """The series by device, platform and event name, each with the labels `dimension` and `segment`."""
    return "\nor\n".join(
        f'label_replace(label_replace({series[gauge]}, "segment", "$1", "{label}", "(.+)"), '
        f'"dimension", "{label}", "", "")'
        for gauge, label in _DIMENSIONS.items()
    )


def _usual_shares() -> dict[str, str]:
    """The median share of each segment in the events of its day, over the baseline days of four weeks."""
    events = f"({dedup(f'clickstream_events{{{WEEKS_BEFORE}}}', 'lag')} > 0 and on (dataset, lag) {BASELINE_DAY})"
    return {
        gauge: f"quantile by (dataset, {label}) (0.5, {valid(dedup(f'clickstream_{gauge}', 'lag', label))}\n"
        f"/ on (dataset, lag) group_left () {events})"
        for gauge, label in _DIMENSIONS.items()
    }


def _of_hours() -> dict[str, str]:
    """What the share of each segment at the complete hours is of that of whole days, where these hours are fewer."""
    incomplete = "and on (dataset) dataset:clickstream_complete_hours:max < 24"
    return {
        gauge: f"({baseline_sum(f'clickstream_comparable_{gauge}', f'dataset, {label}')}\n"
        f"/ on (dataset, {label}) ({baseline_sum(f'clickstream_{gauge}', f'dataset, {label}')} > 0)\n"
        f"{incomplete})"
        for gauge, label in _DIMENSIONS.items()
    }


_ANCHOR = {gauge: f'clickstream_comparable_{gauge}{{lag="0"}}' for gauge in _DIMENSIONS}


_WHOLE = "dataset:clickstream_segment_events:whole"
"""The events that the segments share: a new kind of event, or more of one, takes nothing away from the others."""


def _chance(selector: str) -> str:
    """The squared relative standard error of the segments if events were independent."""
    return f"(1 / ({_SEGMENT}:expected{{{selector}}} > 0) + {_IN_SEGMENT} 1 / ({_SEGMENT}:baseline > 0))"


SEGMENTS = (
    number(
        _WHOLE,
        f"((dataset:clickstream_events:anchor < on (dataset) dataset:clickstream_events:expected\n"
        f"or on (dataset) {valid('dataset:clickstream_events:expected')}\n"
        f"or on (dataset) dataset:clickstream_events:anchor)\n"
        f"and on (dataset) {valid('dataset:clickstream_events:anchor')})",
    ),
    number(f"{_SEGMENT}:anchor", f"max by (dataset, dimension, segment) (\n{_segments(_ANCHOR)}\n)"),
    number(
        f"{_SEGMENT}:baseline_ratio",
        f"max by (dataset, dimension, segment) (\n{_segments(_usual_shares())}\n)",
    ),
    number(
        f"{_SEGMENT}:hours_ratio",
        f"max by (dataset, dimension, segment) (\n{_segments(_of_hours())}\n)\n/ {_IN_DATASET} ({OF_HOURS} > 0)",
    ),
    number(
        f"{_SEGMENT}:expected",
        f"({_SEGMENT}:baseline_ratio * {_IN_SEGMENT} {valid(f'{_SEGMENT}:hours_ratio')}\n"
        f"or {_IN_SEGMENT} {valid(f'{_SEGMENT}:baseline_ratio')})\n"
        f"* {_IN_DATASET} {_WHOLE}",
    ),
    number(
        f"{_SEGMENT}:baseline",
        f"{_SEGMENT}:baseline_ratio * {_IN_DATASET}\n"
        f"sum by (dataset) ({dedup(f'clickstream_events{{{WEEKS_BEFORE}}}', 'lag')} "
        f"and on (dataset, lag) {BASELINE_DAY})",
    ),
    number(f"{_SEGMENT}:drop_ratio", f"1 - {_SEGMENT}:anchor / {_IN_SEGMENT} ({_SEGMENT}:expected > 0)"),
    number(
        f"{_SEGMENT}:noise",
        f"""\
{ERRORS} * sqrt(
  (
    {LUMP} * {_chance('dimension!="event_name"')}
    or
    2 * {_chance('dimension="event_name"')}
  )
  + {_IN_DATASET} {limit("segment_drop_ratio")} ^ 2 / 9
)""",
    ),
    number(
        "dataset_event_name:clickstream_named_events:baseline",
        f'label_replace(\n{_SEGMENT}:expected{{dimension="event_name"}} / {_IN_DATASET} '
        f"({_WHOLE} > 0) * {_IN_DATASET} dataset:clickstream_events:baseline,\n"
        f'"event_name", "$1", "segment", "(.+)")',
    ),
)

_AMOUNT = "clickstream_median_purchase_amount"

AMOUNTS = (
    number(
        f"dataset:{_AMOUNT}:baseline",
        f"quantile by (dataset) (0.5, {days_before(_AMOUNT)} > -Inf)",
    ),
    number(
        f"dataset:{_AMOUNT}:shift_factor",
        f"exp(abs(ln(dataset:{_AMOUNT}:day / on (dataset) (dataset:{_AMOUNT}:baseline > 0))))",
    ),
)
