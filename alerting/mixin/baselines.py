"""The recording rules of the baseline days, and of the volumes that are compared with them."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.expressions import (
    BASELINE_DAY,
    LAGS_BEFORE,
    STARTED,
    Record,
    baseline_mean,
    complete_hours,
    dedup,
    limit,
    number,
    valid,
)

_EVENTS_BEFORE = f"clickstream_events{{{LAGS_BEFORE}}}"

BASELINE = (
    number(
        BASELINE_DAY,
        f"{dedup(_EVENTS_BEFORE, 'lag')}\n>= on (dataset) group_left () {limit('min_day_events')}",
    ),
    Record(
        "dataset:clickstream_baseline:days",
        f"count by (dataset) {valid(BASELINE_DAY)} or on (dataset) {STARTED} * 0",
    ),
    number(
        "dataset:clickstream_missing_days:count",
        f"sum by (dataset) ({dedup(_EVENTS_BEFORE, 'lag')} == bool 0)"
        f" + on (dataset) 0 * sum by (dataset) ({_EVENTS_BEFORE})",
    ),
    number("dataset:clickstream_missing_days:over", "(" + dedup('clickstream_events{lag="1"}') + " > bool 0)"),
)


_ALL_DAYS = dedup(f"clickstream_comparable_events{{{LAGS_BEFORE}}}", "lag")
_ALL_MEAN = f"(sum by (dataset) ({_ALL_DAYS}) / on (dataset) count by (dataset) ({_ALL_DAYS}))"
_ENOUGH_DAYS = f"dataset:clickstream_baseline:days >= on (dataset) {limit('min_baseline_days')}"

# Where too few days have min_day_events, all days are the baseline of the event volume. The limit is then at least
# 4.5 times their mean deviation, and 3 standard errors of events that come in sessions of about eight; at most 90%.
EVENT_DROP = (
    number(
        "dataset:clickstream_events:expected",
        f"(dataset:clickstream_events:baseline and on (dataset) {_ENOUGH_DAYS}\n"
        f"or on (dataset) ({_ALL_MEAN}\n"
        f"and on (dataset) count by (dataset) ({_ALL_DAYS}) >= on (dataset) {limit('min_baseline_days')}))",
    ),
    number(
        "dataset:clickstream_events:drop_ratio",
        "1 - dataset:clickstream_events:anchor / on (dataset) (dataset:clickstream_events:expected > 0)",
    ),
    number(
        "dataset:clickstream_events:deviation",
        f"sum by (dataset) (abs(ln(clamp({_ALL_DAYS} / on (dataset) group_left () ({_ALL_MEAN} > 0), 0.5, 2))))\n"
        f"/ on (dataset) count by (dataset) ({_ALL_DAYS})",
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
) + on (dataset) 0 * {limit("event_drop_ratio")}""",
    ),
)


def _volume(name: str, *drifts: str) -> Iterator[Record]:
    """A volume over the complete hours, its baseline, and how far apart they are."""
    anchor, baseline = f"dataset:clickstream_{name}:anchor", f"dataset:clickstream_{name}:baseline"
    yield number(anchor, complete_hours(f"clickstream_comparable_{name}"))
    yield number(baseline, baseline_mean(f"clickstream_comparable_{name}"))
    exprs = {
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
        "rise_ratio": f"{anchor} / on (dataset) ({baseline} > 0) - 1",
    }
    for drift in drifts:
        yield number(f"dataset:clickstream_{name}:{drift}", exprs[drift])


VOLUMES = (
    *_volume("events"),
    *EVENT_DROP,
    *_volume("purchases"),
    *_volume("revenue", "drop_ratio", "rise_ratio"),
    number(
        "dataset:clickstream_revenue_spike:small",
        f"{valid('dataset:clickstream_revenue:rise_ratio')}\n"
        f"<= bool on (dataset) {limit('revenue_spike_warning_ratio')}",
    ),
    *_volume("sessions"),
    *_volume("identified_purchases"),
    number(
        "dataset_event_name:clickstream_named_events:baseline",
        baseline_mean("clickstream_comparable_named_events", "dataset, event_name"),
    ),
)
