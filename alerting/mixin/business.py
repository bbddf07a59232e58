"""The checks of the business: drifts that warn those who act on its numbers, where the data can be trusted."""

from __future__ import annotations

from alerting.mixin.check import (
    BUSINESS,
    DRIFT,
    IN_HOURS,
    ON_DAY,
    REVENUE_GUARDS,
    WARNING,
    Check,
    counts,
    share_dropped,
)
from alerting.mixin.expressions import exceeds, exceeds_either, last, limit, valid
from alerting.mixin.messages import (
    WEEKDAY,
    limit_percent,
    limit_points,
    limit_tenths,
    money,
    number_of_each,
    of_first,
    percent,
    tenths,
    two_decimals,
)

_DEVICE = "dataset_device:clickstream_device_revenue"
_SHIFTED = f"topk(1, {last(f'{_DEVICE}:shift{{dataset=%q}}')} > on (dataset, device) {last(f'{_DEVICE}:noise')})"


def _of_shifted(series: str) -> str:
    """A share of the device that has shifted most."""
    share = f"100 * {last(f'{series}{{dataset=%q,device=%q}}')}"
    return of_first(_SHIFTED, number_of_each(share, ("dataset", "device"), "%.2f%%"))


CHECKS = (
    share_dropped(
        "ConversionRateDrop",
        "dataset:clickstream_conversion",
        "conversion_drop_ratio",
        "Conversion rate",
        "the share of sessions with a purchase",
        (
            "baseline_sessions",
            "baseline_purchases",
            "baseline_converting_sessions",
            "day_sessions",
            "reach_conversion_drop",
        ),
    ),
    Check(
        "DirectShareHigh",
        WARNING,
        BUSINESS,
        exceeds_either(
            "dataset:clickstream_direct_session:ratio",
            "direct_share",
            "dataset:clickstream_direct_session:increase",
            "direct_share_increase",
            "dataset:clickstream_direct_session:noise",
        ),
        "Direct traffic unusually high",
        "<value>",
        f"{ON_DAY}, {counts('clickstream_direct_sessions', 'clickstream_sessions')} sessions are direct; "
        "the limit is <limit>.",
        value=percent("dataset:clickstream_direct_session:ratio"),
        limit=f"{limit_percent('direct_share')}, or {limit_points('direct_share_increase')} above the baseline",
        guards=("day_events", "day_sessions"),
    ),
    share_dropped(
        "DirectShareDrop",
        "dataset:clickstream_direct_session",
        "direct_share_drop_ratio",
        "Direct traffic",
        "the share of direct sessions",
        ("baseline_sessions", "baseline_direct_sessions", "day_sessions", "reach_direct_share_drop"),
        "drop_noise",
    ),
    Check(
        "DeviceRevenueShift",
        WARNING,
        BUSINESS,
        "max by (dataset) (\n"
        f"  ({valid(f'{_DEVICE}:shift')} > bool on (dataset) group_left () {limit('device_share_shift')})\n"
        "  * on (dataset, device)\n"
        f"  ({valid(f'{_DEVICE}:shift')} > bool on (dataset, device) {valid(f'{_DEVICE}:noise')})\n"
        ")",
        "Device revenue shift detected",
        f"{of_first(_SHIFTED, '{{ .Labels.device }}')} <value> vs baseline <baseline>",
        f"{IN_HOURS}, the share of revenue from this device differs from its baseline by more than <limit>, and by "
        f"more than {limit_tenths('device_share_deviations')} standard errors, of chance and of what is usual.",
        value=_of_shifted(f"{_DEVICE}:ratio"),
        baseline=_of_shifted(f"{_DEVICE}:baseline_ratio"),
        limit=limit_points("device_share_shift"),
        guards=(*REVENUE_GUARDS, "day_revenue", "reach_device_share_shift"),
    ),
    share_dropped(
        "AssistedShareDrop",
        "dataset:clickstream_assisted",
        "assisted_drop_ratio",
        "Assisted purchase share",
        "the share of purchases that another source assisted",
        (
            "baseline_identified_purchases",
            "baseline_assisted_days",
            "baseline_assisted_purchases",
            "day_identified_purchases",
            "reach_assisted_drop",
        ),
    ),
    Check(
        "AmountShift",
        WARNING,
        BUSINESS,
        exceeds("dataset:clickstream_median_purchase_amount:shift_factor", "amount_shift_factor"),
        "Amount shift detected",
        "median <value> vs baseline <baseline>",
        f"{ON_DAY}, the median purchase amount differs from that of the baseline days by a factor of "
        f"{tenths('dataset:clickstream_median_purchase_amount:shift_factor')}; the limit is <limit>. "
        "A change of unit, such as to cents, looks like this.",
        value=two_decimals("dataset:clickstream_median_purchase_amount:day"),
        baseline=two_decimals("dataset:clickstream_median_purchase_amount:baseline"),
        limit=limit_tenths("amount_shift_factor"),
        guards=(*DRIFT, "day_purchases", "baseline_purchases"),
    ),
    Check(
        "RevenueSpike",
        WARNING,
        BUSINESS,
        exceeds("dataset:clickstream_revenue:rise_ratio", "revenue_spike_ratio"),
        "Revenue spike detected",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, revenue is {percent('dataset:clickstream_revenue:rise_ratio')} above what a {WEEKDAY} brings, or "
        "above the mean of seven days if that is more; the limit is <limit>. "
        f"Up to {limit_percent('revenue_spike_warning_ratio')} it is an info, above that a warning.",
        value=money("dataset:clickstream_revenue:anchor"),
        baseline=money("dataset:clickstream_revenue:baseline"),
        limit=limit_percent("revenue_spike_ratio"),
        guards=REVENUE_GUARDS,
        info_where="dataset:clickstream_revenue_spike:small == 1",
    ),
)

NAMES = tuple(check.name for check in CHECKS)
"""The checks that are here."""
