"""The recording rules of drops: what this weekday brings, how far off a day usually is, and what chance explains.

A volume is expected to be its mean over the seven days before, times the usual share of this weekday in the mean of its
week: the median over up to four weeks. How far a day usually is off is the mean deviation of the days from such shares;
until these are known, how far the days spread around the mean of their week stands in for it. All are learned from
whole days, and applied to the complete hours.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.baselines import ALL_DAYS_DEVIATION, AS_MANY_HOURS, ENOUGH_DAYS, EXCLUDED, LAST_WEEK, THIS_WEEKDAY
from alerting.mixin.expressions import (
    BASELINE_DAY,
    STARTED,
    WEEKS_BEFORE,
    Record,
    complete_hours,
    days_before,
    dedup,
    exceeds,
    exceeds_both,
    few,
    limit,
    number,
    valid,
)

LUMP = 8
"""Events that come together, as those of a session do."""

WEEKS_OF_SHARE, WEEKS_OF_DEVIATION = 2, 3
"""How many days of this weekday its share needs, and how many the usual deviation."""

DEVIATIONS = 4.5
"""A drop by so many usual deviations is none of them."""

ERRORS_OF_A_NUMBER = 3
"""A drop by so many standard errors is not chance."""

_AMOUNTS = 2
"""The standard error of revenue is so many times that of the number of purchases, because amounts differ."""

MOST = 0.9
"""A larger drop is never usual."""

SAME_WEEKDAY = 0.75
"""A day with this share of the median of its weekday is low only against a campaign."""


_EVENTS_OF_WEEKDAY = dedup('clickstream_events{lag=~"7|14|21|28"}', "lag")
_SAME_WEEKDAYS = f"({_EVENTS_OF_WEEKDAY} > 0 unless on (dataset, lag) {EXCLUDED})"
_QUIET_WEEKDAY = (
    f"(quantile by (dataset) (0.5, {_SAME_WEEKDAYS})\n* on (dataset)\n"
    f"clamp_min(1 - {ERRORS_OF_A_NUMBER} * sqrt({LUMP} / quantile by (dataset) (0.5, {_SAME_WEEKDAYS})), 0)\n"
    f"* on (dataset)\n{AS_MANY_HOURS}\n"
    f"and on (dataset) count by (dataset) ({_SAME_WEEKDAYS}) >= {WEEKS_OF_SHARE})"
)
"""What chance leaves of the median of this weekday, where its days have too few events to be baseline days."""


def _expectation(name: str, history: str, mean: str) -> Iterator[Record]:
    """What is expected of a volume, and how far it is from that; the number `mean` is that of seven days."""
    days, share = f"dataset_lag:clickstream_{name}:history", f"dataset_lag:clickstream_{name}:week_share"
    usual, expected = f"dataset_weekday:clickstream_{name}:week_share", f"dataset:clickstream_{name}:expected"
    known = f"count by (dataset) {valid(share + THIS_WEEKDAY)}"
    yield number(days, history)
    yield number(
        share,
        f"{days} / on (dataset, week) group_left ()\n"
        f"(sum by (dataset, week) {valid(days)} / on (dataset, week) count by (dataset, week) {valid(days)} > 0)",
    )
    yield number(usual, f"quantile by (dataset, weekday) (0.5, {valid(share)})")
    yield number(
        expected,
        f"dataset:clickstream_{name}:{mean} * on (dataset)\n(\n"
        f"  sum by (dataset) {valid(usual + THIS_WEEKDAY)} and on (dataset) {known} >= {WEEKS_OF_SHARE}\n"
        f"  or on (dataset) {STARTED} * 0 + 1\n)",
    )
    yield number(
        f"dataset:clickstream_{name}:drop_ratio",
        f"(1 - dataset:clickstream_{name}:anchor / on (dataset) ({expected} > 0) or on (dataset) {expected} == 0)",
    )
    deviation = _mean_off(f"{valid(share)} / on (dataset, weekday) group_left () ({usual} > 0)")
    thin = f"({ALL_DAYS_DEVIATION} unless on (dataset) {ENOUGH_DAYS})\n  or on (dataset) " if name == "events" else ""
    yield number(
        f"dataset:clickstream_{name}:deviation",
        f"(\n  {thin}{deviation}\n"
        f"  and on (dataset) {known} >= {WEEKS_OF_DEVIATION}\n  or on (dataset) {STARTED} * 0\n)",
    )
    yield number(
        f"dataset:clickstream_{name}:spread",
        f"({_mean_off(valid(share))}\nunless on (dataset) {known} >= {WEEKS_OF_DEVIATION})",
    )
    yield _same_weekday(name, mean, known)


def _same_weekday(name: str, mean: str, known: str) -> Record:
    """The median of this weekday, of as many hours as the anchor day has."""
    days = f"dataset_lag:clickstream_{name}:history"
    last_week = valid(days + LAST_WEEK)
    quiet = f"\nor on (dataset) {_QUIET_WEEKDAY}" if name == "events" else ""
    return number(
        f"dataset:clickstream_{name}:same_weekday",
        f"((quantile by (dataset) (0.5, {valid(days + THIS_WEEKDAY)})\n"
        f"* on (dataset) dataset:clickstream_{name}:{mean}\n"
        f"/ on (dataset) (sum by (dataset) {last_week} / on (dataset) count by (dataset) {last_week} > 0)\n"
        f"and on (dataset) {known} >= {WEEKS_OF_SHARE}){quiet})",
    )


def _mean_off(ratios: str) -> str:
    """The mean of how far the ratios are from 1, as logarithms; a half or double at most."""
    off = f"abs(ln(clamp({ratios}, 0.5, 2)))"
    return f"sum by (dataset) ({off}) / on (dataset) count by (dataset) ({off})"


def _least(name: str, limit_name: str, error: str) -> Record:
    """The drop above which it is neither usual nor chance; `error` is the relative standard error."""
    return number(
        f"dataset:clickstream_{name}:least_drop_ratio",
        f"""\
max by (dataset) (
  {limit(limit_name)}
  or on (dataset, of)
  {_usual_drop(name, "deviation")}
  or on (dataset, of)
  {_usual_drop(name, "spread")}
  or on (dataset, of)
  label_replace(clamp_max({ERRORS_OF_A_NUMBER} * {error}, {MOST}), "of", "chance", "", "")
) + on (dataset) 0 * {limit(limit_name)}""",
    )


def _usual_drop(name: str, of: str) -> str:
    """The drop that `deviation` or `spread` makes usual."""
    usual = valid(f"dataset:clickstream_{name}:{of}")
    return f'label_replace(clamp_max({DEVIATIONS} * {usual}, {MOST}), "of", "{of}", "", "")'


def _critical(name: str, limit_name: str, evidence: str) -> Iterator[Record]:
    """How far a volume is below the mean of seven days, and whether a drop is critical."""
    drop, mean_drop = (f"dataset:clickstream_{name}:{which}" for which in ("drop_ratio", "mean_drop_ratio"))
    anchor, weekday = (f"dataset:clickstream_{name}:{which}" for which in ("anchor", "same_weekday"))
    mean = f"dataset:clickstream_{name}:{'mean' if name == 'events' else 'baseline'}"
    yield number(mean_drop, f"1 - {anchor} / on (dataset) ({mean} > 0)")
    yield number(
        f"dataset:clickstream_{name}:critical",
        f"""\
(
  ({exceeds(mean_drop, limit_name)})
  and on (dataset) max by (dataset) (clickstream_plain_drops) == 1
  or on (dataset)
  ({exceeds(drop, limit_name)})
  * on (dataset)
  (
    {valid(anchor)} < bool on (dataset) ({SAME_WEEKDAY} * {valid(weekday)})
    or on (dataset) {STARTED} * 0 + 1
  )
  * on (dataset)
  (
    {evidence}
    > bool 0
  )
)""",
    )


def _fell(name: str) -> str:
    """1 where the volume fell by more than is usual, or chance."""
    drop, least = (f"dataset:clickstream_{name}:{which}" for which in ("drop_ratio", "least_drop_ratio"))
    return f"({valid(drop)} > bool on (dataset) {valid(least)})"


_UNKNOWN = f"or on (dataset) {STARTED} * 0"
_WITHOUT = "clickstream_purchases_without_revenue"
_PRICED = f"clickstream_purchases{{{WEEKS_BEFORE}}}"
_FOREIGN = dedup("clickstream_foreign_currency_purchases", "lag")
_PRICED_DAYS = (
    f"({dedup(_PRICED, 'lag')} - on (dataset, lag) {dedup(_WITHOUT, 'lag')}\n"
    f"- on (dataset, lag) ({_FOREIGN} or on (dataset, lag) {dedup(_WITHOUT, 'lag')} * 0))\n"
    f"* on (dataset, lag) group_left (week, weekday) ({BASELINE_DAY} * 0 + 1)"
)
_CHANCE = f"sqrt(1 / {valid('dataset:clickstream_priced_purchases:expected')})"
_BEYOND_CHANCE = exceeds_both(
    "dataset:clickstream_conversion:drop_ratio", "conversion_drop_ratio", "dataset:clickstream_conversion:noise"
)
_CONVERSION_BEFORE = "dataset:clickstream_conversion:usual_ratio"
_CONVERSION = (
    f"({_BEYOND_CHANCE}\n* on (dataset)\n"
    f"({valid('dataset:clickstream_conversion:comparable_ratio')} < bool on (dataset)\n"
    f"({valid(_CONVERSION_BEFORE)} * on (dataset) (1 - {limit('conversion_drop_ratio')}))))"
)
"""The conversion rate is too far below that of seven days, and of four weeks: not only below that of a sale."""

_CONVERTING, _SESSIONS = (
    dedup(f"clickstream_{name}{{{WEEKS_BEFORE}}}", "lag") for name in ("converting_sessions", "sessions")
)
_UNPRICED = few(
    complete_hours(f"clickstream_comparable_{_WITHOUT.removeprefix('clickstream_')}"),
    "dataset:clickstream_purchases:anchor",
    "purchase_without_revenue_ratio",
)
_EVIDENCE = f"""\
{_fell("revenue")}
    + on (dataset) ({_fell("priced_purchases")} {_UNKNOWN})
    + on (dataset) ({_CONVERSION} {_UNKNOWN})
    + on (dataset) ({_UNPRICED} {_UNKNOWN})"""

DROPS = (
    number(
        _CONVERSION_BEFORE,
        f"quantile by (dataset) (0.5, ({_CONVERTING} > -Inf) / on (dataset, lag) ({_SESSIONS} > 0)\n"
        f"and on (dataset, lag) {BASELINE_DAY})",
    ),
    *_expectation("events", days_before("clickstream_events"), "mean"),
    _least("events", "event_drop_ratio", f"sqrt({LUMP} / {valid('dataset:clickstream_events:expected')})"),
    *_critical("events", "event_drop_ratio", _fell("events")),
    *_expectation("priced_purchases", _PRICED_DAYS, "baseline"),
    _least("priced_purchases", "revenue_drop_ratio", _CHANCE),
    *_expectation("revenue", days_before("clickstream_revenue"), "baseline"),
    _least("revenue", "revenue_drop_ratio", f"{_AMOUNTS} * {_CHANCE}"),
    *_critical("revenue", "revenue_drop_ratio", _EVIDENCE),
)
