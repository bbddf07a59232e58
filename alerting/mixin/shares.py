"""The recording rules of shares: of the whole anchor day, and over the complete hours against the baseline."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.expressions import (
    DRIFT,
    Record,
    baseline_sum,
    complete_hours,
    day_ratio,
    limit,
    nan_aware,
    number,
    share,
)


def _drift(name: str, part: str, whole: str, drift: str) -> Iterator[Record]:
    """A share over the complete hours, the same share on the baseline days, and how far apart they are."""
    part, whole = f"clickstream_comparable_{part}", f"clickstream_comparable_{whole}"
    anchor, baseline = (f"dataset:clickstream_{name}:{which}_ratio" for which in ("comparable", "baseline"))
    yield number(anchor, share(complete_hours(part), complete_hours(whole)))
    yield number(baseline, share(baseline_sum(part), baseline_sum(whole)))
    expr = {
        "increase": f"({anchor} - on (dataset) {baseline} and on (dataset) {DRIFT} == 1)",
        "drop_ratio": f"1 - {anchor} / on (dataset) ({baseline} > 0)",
    }
    yield number(f"dataset:clickstream_{name}:{drift}", expr[drift])


def _increase(name: str, part: str, whole: str) -> Iterator[Record]:
    """A share of the whole anchor day, and how far it is above the baseline over the complete hours."""
    yield day_ratio(name, f"{part}:day", f"{whole}:day")
    yield from _drift(name, part, whole, "increase")


SHARES = (
    day_ratio("duplicate_event", "duplicate_events:day", "events:day"),
    day_ratio("duplicate_purchase", "duplicate_purchases:day", "purchases:day"),
    day_ratio("invalid_event", "invalid_events:day", "events:day"),
    day_ratio("json_error", "json_error_events:day", "payload_events:day"),
    day_ratio("purchase_without_revenue", "purchases_without_revenue:day", "purchases:day"),
    day_ratio("purchase_without_transaction_id", "purchases_without_transaction_id:day", "purchases:day"),
    day_ratio("implausible_timestamp", "implausible_timestamp_events:max", "anchor_file_events:max"),
    number(
        "dataset:clickstream_missing_column_events:max", nan_aware("max", 'clickstream_missing_column_events{lag="0"}')
    ),
    number("dataset:clickstream_changed_column_events:max", nan_aware("max", "clickstream_changed_column_events")),
    day_ratio("missing_column", "missing_column_events:max", "events:day"),
    *_increase("null_client", "null_client_events", "events"),
    *_increase("missing_referrer", "missing_referrer_events", "events"),
    *_increase("missing_utm", "missing_utm_events", "events"),
    *_increase("direct_session", "direct_sessions", "sessions"),
    *_drift("conversion", "converting_sessions", "sessions", "drop_ratio"),
    *_drift("assisted", "assisted_purchases", "identified_purchases", "drop_ratio"),
)

_DEVICE = "clickstream_comparable_device_revenue"
_DEVICE_BASELINE = "dataset_device:clickstream_device_revenue:baseline_ratio"

DEVICES = (
    number(
        "dataset_device:clickstream_device_revenue:ratio",
        share(complete_hours(_DEVICE, "dataset, device"), complete_hours(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(
        _DEVICE_BASELINE,
        share(baseline_sum(_DEVICE, "dataset, device"), baseline_sum(_DEVICE), "on (dataset) group_left ()"),
    ),
    number(
        "dataset_device:clickstream_device_revenue:shift",
        f"abs(dataset_device:clickstream_device_revenue:ratio - on (dataset, device) {_DEVICE_BASELINE})",
    ),
    number(
        "dataset_device:clickstream_device_revenue:noise",
        f"""\
sqrt(
  1.5 * {_DEVICE_BASELINE} * (1 - {_DEVICE_BASELINE})
  * on (dataset) group_left ()
  (
    1 / (dataset:clickstream_purchases:anchor > 0)
    + on (dataset)
    1 / (dataset:clickstream_purchases:baseline * on (dataset) dataset:clickstream_baseline:days > 0)
  )
)
* on (dataset) group_left () {limit("device_share_deviations")}""",
    ),
)
