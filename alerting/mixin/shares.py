"""The recording rules of shares: of the whole anchor day, and over the complete hours against the baseline.

A share is compared with its baseline beyond its limit, and beyond its noise: what chance explains by the number of
sessions or purchases, and a third of the limit for what differs from day to day.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.drops import LUMP
from alerting.mixin.expressions import (
    BASELINE_DAY,
    DRIFT,
    ERRORS,
    STARTED,
    WEEKS_BEFORE,
    Record,
    baseline_series,
    baseline_sum,
    complete_hours,
    day_ratio,
    dedup,
    limit,
    nan_aware,
    number,
    share,
    valid,
)

_LUMPS_OF_EVENTS = 2
"""The variance of a share of events is so many times that of a share of sessions, which are of unlike length."""

VISITS = (
    number(
        "dataset:clickstream_visits:anchor",
        f"((dataset:clickstream_sessions:anchor > 0)\n"
        f"or on (dataset) (dataset:clickstream_events:anchor / {LUMP} > 0))",
    ),
    number(
        "dataset:clickstream_visits:counted",
        f"(({baseline_sum('clickstream_comparable_sessions')}) > 0\n"
        f"or on (dataset) ({baseline_sum('clickstream_comparable_events')}) / {LUMP} > 0)",
    ),
)


def _compared(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share over the complete hours, and the same share on those of the seven days together that have the part."""
    part, whole = f"clickstream_comparable_{part}", f"clickstream_comparable_{whole}"
    yield number(f"dataset:clickstream_{name}:comparable_ratio", share(complete_hours(part), complete_hours(whole)))
    of_same_days = f"sum by (dataset) ({baseline_series(whole)} and on (dataset, lag) {part})"
    yield number(f"dataset:clickstream_{name}:baseline_ratio", share(baseline_sum(part), f"({of_same_days})"))


def _lasting(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share over the complete hours, and its baseline, which a fault does not become within two weeks.

    That is the median of the baseline days of four weeks; of an incomplete day, times what the share of these hours is
    of that of whole days.
    """
    hours_part, hours_whole = f"clickstream_comparable_{part}", f"clickstream_comparable_{whole}"
    part, whole = f"clickstream_{part}", f"clickstream_{whole}"
    days = (
        f"({dedup(f'{part}{{{WEEKS_BEFORE}}}', 'lag')} > -Inf)\n  / on (dataset, lag) ({dedup(whole, 'lag')} > 0)\n"
        f"  and on (dataset, lag) {BASELINE_DAY}"
    )
    of_hours = share(baseline_sum(hours_part), f"({baseline_sum(hours_whole)})")
    of_days = share(baseline_sum(part), f"({baseline_sum(whole)})")
    yield number(
        f"dataset:clickstream_{name}:comparable_ratio", share(complete_hours(hours_part), complete_hours(hours_whole))
    )
    yield number(
        f"dataset:clickstream_{name}:baseline_ratio",
        f"""\
clamp_max(
  quantile by (dataset) (0.5,
  {days}
  )
  * on (dataset)
  (
    (
      ({of_hours})
      / on (dataset)
      (({of_days}) > 0)
      and on (dataset) dataset:clickstream_complete_hours:max < 24
    )
    or on (dataset) {STARTED} * 0 + 1
  ),
  1
)""",
    )


def _rise(name: str, limit_name: str, lumps: int) -> Iterator[Record]:
    """How far a share is above its baseline, and how far chance may bring it."""
    base = f"dataset:clickstream_{name}:baseline_ratio"
    q = f"clamp_max({valid(base)} + on (dataset) {limit(limit_name)}, 0.999)"
    yield number(
        f"dataset:clickstream_{name}:increase",
        f"(dataset:clickstream_{name}:comparable_ratio - on (dataset) {base} and on (dataset) {DRIFT} == 1)",
    )
    yield number(
        f"dataset:clickstream_{name}:noise",
        f"""\
{ERRORS} * sqrt(
  {lumps} * {q} * on (dataset) (1 - {q})
  * on (dataset)
  (1 / dataset:clickstream_visits:anchor + on (dataset) 1 / dataset:clickstream_visits:counted)
  + on (dataset) {limit(limit_name)} ^ 2 / 9
)""",
    )


def _fall(name: str, part: str, whole: str, limit_name: str, noise: str = "noise") -> Iterator[Record]:
    """How far a rate is below its baseline, relatively, and how far chance may bring it.

    It is expected to have its baseline's share of the `whole` of the day; `part` was counted on seven days.
    """
    base = f"dataset:clickstream_{name}:baseline_ratio"
    expected = f"({valid(base)} * on (dataset) dataset:clickstream_{whole}:anchor > 0)"
    counted = f"(({baseline_sum(f'clickstream_comparable_{part}')}) > 0)"
    yield number(
        f"dataset:clickstream_{name}:drop_ratio",
        f"1 - dataset:clickstream_{name}:comparable_ratio / on (dataset) ({base} > 0)",
    )
    yield number(
        f"dataset:clickstream_{name}:{noise}",
        f"""\
{ERRORS} * sqrt(
  (1 - {valid(base)})
  * on (dataset)
  (1 / {expected} + on (dataset) 1 / {counted})
  + on (dataset) {limit(limit_name)} ^ 2 / 9
)""",
    )


def _sessions() -> Iterator[Record]:
    """The sessions among as many events with a client id: a share that falls where many visitors have one id."""
    sessions, events, without = (
        dedup(f"clickstream_{name}{{{WEEKS_BEFORE}}}", "lag") for name in ("sessions", "events", "null_client_events")
    )
    of_hours = complete_hours("clickstream_comparable_null_client_events")
    yield number(
        "dataset:clickstream_client_events:anchor", f"dataset:clickstream_events:anchor - on (dataset) {of_hours}"
    )
    yield number(
        "dataset:clickstream_session:comparable_ratio",
        share("dataset:clickstream_sessions:anchor", "dataset:clickstream_client_events:anchor"),
    )
    yield number(
        "dataset:clickstream_session:baseline_ratio",
        f"""\
clamp_max(
  quantile by (dataset) (0.5,
  ({sessions} > -Inf)
  / on (dataset, lag) ({events} - on (dataset, lag) {without} > 0)
  and on (dataset, lag) {BASELINE_DAY}
  ),
  1
)""",
    )
    yield from _fall("session", "sessions", "client_events", "session_drop_ratio")


def _more(name: str, limit_name: str) -> Iterator[Record]:
    """The share of events that lack something or are of bots, of the whole day and compared with its baseline."""
    yield day_ratio(name, f"{name}_events:day", "events:day")
    yield from _lasting(name, f"{name}_events", "events")
    yield from _rise(name, limit_name, _LUMPS_OF_EVENTS)


SHARES = (
    day_ratio("duplicate_event", "duplicate_events:day", "events:day"),
    day_ratio("duplicate_purchase", "duplicate_purchases:day", "purchases:day"),
    day_ratio("invalid_event", "invalid_events:day", "events:day"),
    day_ratio("json_error", "json_error_events:day", "payload_events:day"),
    day_ratio("purchase_without_revenue", "purchases_without_revenue:day", "purchases:day"),
    day_ratio("purchase_without_transaction_id", "purchases_without_transaction_id:day", "purchases:day"),
    day_ratio("foreign_currency", "foreign_currency_purchases:day", "purchases:day"),
    day_ratio("event_id_conflict", "conflicting_events:day", "events:day"),
    day_ratio("implausible_timestamp", "implausible_timestamp_events:max", "anchor_file_events:max"),
    number(
        "dataset:clickstream_missing_column_events:max", nan_aware("max", 'clickstream_missing_column_events{lag="0"}')
    ),
    number("dataset:clickstream_changed_column_events:max", nan_aware("max", "clickstream_changed_column_events")),
    day_ratio("missing_column", "missing_column_events:max", "events:day"),
    *VISITS,
    *_more("null_client", "null_client_increase"),
    *_sessions(),
    *_more("missing_referrer", "missing_referrer_increase"),
    *_more("missing_utm", "missing_utm_increase"),
    *_more("bot", "bot_share_increase"),
    day_ratio("direct_session", "direct_sessions:day", "sessions:day"),
    *_lasting("direct_session", "direct_sessions", "sessions"),
    *_rise("direct_session", "direct_share_increase", 1),
    *_fall("direct_session", "direct_sessions", "sessions", "direct_share_drop_ratio", "drop_noise"),
    *_compared("conversion", "converting_sessions", "sessions"),
    *_fall("conversion", "converting_sessions", "sessions", "conversion_drop_ratio"),
    *_compared("assisted", "assisted_purchases", "identified_purchases"),
    *_fall("assisted", "assisted_purchases", "identified_purchases", "assisted_drop_ratio"),
)

_DEVICE = "clickstream_comparable_device_revenue"
_BASE = "dataset_device:clickstream_device_revenue:baseline_ratio"

_AT_LIMIT = f"clamp_max({valid(_BASE)} + on (dataset) group_left () {limit('device_share_shift')}, 0.999)"
_SPREAD, _SPREAD_AT_LIMIT = (f"({at} * (1 - {at}))" for at in (valid(_BASE), _AT_LIMIT))
"""The variance of a share at its baseline, and above it by the limit: few large orders lift a small device's share."""

DEVICES = (
    number(
        "dataset_device:clickstream_device_revenue:ratio",
        share(complete_hours(_DEVICE, "dataset, device"), complete_hours(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(
        _BASE,
        share(baseline_sum(_DEVICE, "dataset, device"), baseline_sum(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(
        "dataset_device:clickstream_device_revenue:shift",
        f"abs(dataset_device:clickstream_device_revenue:ratio - on (dataset, device) {_BASE})",
    ),
    number(
        "dataset_device:clickstream_device_revenue:noise",
        f"""\
sqrt(
  4 * ({_SPREAD} > on (dataset, device) {_SPREAD_AT_LIMIT} or on (dataset, device) {_SPREAD_AT_LIMIT})
  * on (dataset) group_left ()
  (
    1 / (dataset:clickstream_purchases:anchor > 0)
    + on (dataset)
    1 / (dataset:clickstream_purchases:baseline * on (dataset) dataset:clickstream_baseline:days > 0)
  )
  + on (dataset) group_left () {limit("device_share_shift")} ^ 2 / 9
)
* on (dataset) group_left () {limit("device_share_deviations")}""",
    ),
)
