"""The recording rules of watched fields: the share of events that carry each, its baseline, and its noise."""

from __future__ import annotations

from alerting.mixin.expressions import (
    BASELINE_DAY,
    ERRORS,
    WEEKS_BEFORE,
    baseline_sum,
    complete_hours,
    dedup,
    limit,
    number,
    share,
    valid,
)

FIELD = "dataset_field:clickstream_filled_field_events"
EVENTS = "dataset_field:clickstream_field_events:anchor"
IN_FIELD = "on (dataset, field)"
ENOUGH = f"{valid(EVENTS)} >= on (dataset) group_left () {limit('min_day_field_events')}"
"""The fields that enough events of the anchor day should carry."""

SEVERAL_FIELDS = '{__name__=~"clickstream_comparable_field_events|clickstream_comparable_filled_field_events"}'
"""The series from which the shares of the anchor day are made."""

_BY = "dataset, field"
_PART, _WHOLE = "clickstream_filled_field_events", "clickstream_field_events"
_HOURS_PART, _HOURS_WHOLE = "clickstream_comparable_filled_field_events", "clickstream_comparable_field_events"
_LUMPS = 2
"""A session often has several of the events, and lacks the field in all of them."""

_DAYS = (
    f"({dedup(f'{_PART}{{{WEEKS_BEFORE}}}', 'lag', 'field')} > -Inf)\n"
    f"/ on (dataset, lag, field) ({dedup(_WHOLE, 'lag', 'field')} > 0)\n"
    f"and on (dataset, lag) {BASELINE_DAY}"
)
_OF_HOURS = share(baseline_sum(_HOURS_PART, _BY), f"({baseline_sum(_HOURS_WHOLE, _BY)})", IN_FIELD)
_OF_DAYS = share(baseline_sum(_PART, _BY), f"({baseline_sum(_WHOLE, _BY)})", IN_FIELD)
_MEDIAN = f"quantile by ({_BY}) (0.5,\n{_DAYS}\n)"
_AT_LIMIT = f"(({FIELD}:baseline_ratio > 0) * on (dataset) group_left () (1 - {limit('field_drop_ratio')}))"
"""The share of a field that has dropped by the limit."""

FIELDS = (
    number(EVENTS, complete_hours(_HOURS_WHOLE, _BY)),
    number(f"{FIELD}:ratio", share(complete_hours(_HOURS_PART, _BY), f"({EVENTS})", IN_FIELD)),
    number(
        f"{FIELD}:baseline_ratio",
        f"""\
clamp_max(
  {_MEDIAN}
  * {IN_FIELD}
  (
    ({_OF_HOURS})
    / {IN_FIELD}
    (({_OF_DAYS}) > 0)
    and on (dataset) dataset:clickstream_complete_hours:max < 24
  )
  or {IN_FIELD}
  {_MEDIAN},
  1
)""",
    ),
    number(f"{FIELD}:drop_ratio", f"1 - {FIELD}:ratio / {IN_FIELD} ({FIELD}:baseline_ratio > 0)"),
    number(
        f"{FIELD}:noise",
        f"""\
{ERRORS} * sqrt(
  {_LUMPS} * (1 / {_AT_LIMIT} - 1)
  * {IN_FIELD}
  (1 / ({EVENTS} > 0) + {IN_FIELD} 1 / clamp_min({baseline_sum(_HOURS_WHOLE, _BY)}, 1))
  + on (dataset) group_left () {limit("field_drop_ratio")} ^ 2 / 9
)""",
    ),
)
