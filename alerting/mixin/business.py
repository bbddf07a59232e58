"""Does the business drift? What warns those who spend by it, where the data can be trusted."""

from __future__ import annotations

from alerting.mixin import messages as say
from alerting.mixin.check import (
    BUSINESS,
    DRIFT,
    IN_HOURS,
    ON_DAY,
    REVENUE_GUARDS,
    WARNING,
    Check,
    apart_from_baseline,
    counts,
    share_dropped,
)
from alerting.mixin.expressions import exceeds, exceeds_either, last, limit, valid

_DEVICE = "dataset_device:clickstream_device_revenue"


def _of_device(series: str) -> str:
    return (
        "{{ with printf `100 * last_over_time(" + series + "{dataset=%q,device=%q}[36h])` "
        '.Labels.dataset .Labels.device | query }}{{ . | first | value | printf "%.2f%%" }}{{ end }}'
    )


_REVENUE, _ = apart_from_baseline("revenue", "drop_ratio", "revenue_drop_ratio")
_, _REVENUE_OVER = apart_from_baseline("revenue", "rise_ratio", "revenue_spike_ratio")


def _median(when: str) -> str:
    """The median amount on the anchor day, or on the baseline days."""
    return last(f"dataset:clickstream_median_purchase_amount:{when}{{dataset=%q}}")


CHECKS = (
    share_dropped(
        "ConversionRateDrop",
        "dataset:clickstream_conversion",
        "conversion_drop_ratio",
        "Conversion rate",
        "the share of sessions with a purchase",
        ("baseline_sessions", "baseline_purchases", "baseline_converting_sessions", "day_sessions"),
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
        ),
        f"Direct traffic unusually high: {say.percent('dataset:clickstream_direct_session:ratio')}",
        f"{ON_DAY}, {counts('clickstream_direct_sessions', 'clickstream_sessions')} sessions are direct; the limit is "
        f"{say.limit_percent('direct_share')}, or {say.limit_points('direct_share_increase')} above the "
        "baseline.",
        ("day_events", "day_sessions"),
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
        "Device revenue shift detected: {{ with printf `topk(1, last_over_time("
        f"{_DEVICE}:shift{{dataset=%q}}[36h]) > on (dataset, device) last_over_time({_DEVICE}:noise[36h]))` "
        f"$labels.dataset | query }}}}{{{{ with first . }}}}{{{{ .Labels.device }}}} {_of_device(f'{_DEVICE}:ratio')} "
        f"vs baseline {_of_device(f'{_DEVICE}:baseline_ratio')}{{{{ end }}}}{{{{ end }}}}",
        f"{IN_HOURS}, a device's share of the revenue has moved by more than "
        f"{say.limit_points('device_share_shift')}, and by more than "
        f"{say.limit_tenths('device_share_deviations')} standard errors.",
        (*REVENUE_GUARDS, "day_revenue"),
    ),
    share_dropped(
        "AssistedShareDrop",
        "dataset:clickstream_assisted",
        "assisted_drop_ratio",
        "Assisted purchase share",
        "the share of purchases that another source assisted",
        ("baseline_identified_purchases", "baseline_assisted_purchases", "day_identified_purchases"),
    ),
    Check(
        "AmountShift",
        WARNING,
        BUSINESS,
        exceeds("dataset:clickstream_median_purchase_amount:shift_factor", "amount_shift_factor"),
        f"Amount shift detected: median {say.value(_median('day'), '%.2f')} vs baseline "
        f"{say.value(_median('baseline'), '%.2f')}",
        f"{ON_DAY}, the median amount of a purchase differs from the median of the baseline days by a factor of "
        f"{say.tenths('dataset:clickstream_median_purchase_amount:shift_factor')}; the limit is "
        f"{say.limit_tenths('amount_shift_factor')}. Amounts in another unit, such as cents, look like this.",
        (*DRIFT, "day_purchases", "baseline_purchases"),
    ),
    Check(
        "RevenueSpike",
        WARNING,
        BUSINESS,
        exceeds("dataset:clickstream_revenue:rise_ratio", "revenue_spike_ratio"),
        f"Revenue spike detected: {_REVENUE}",
        f"{_REVENUE_OVER} Above {say.limit_percent('revenue_spike_warning_ratio')} it is a warning.",
        REVENUE_GUARDS,
        unless="dataset:clickstream_revenue_spike:small",
    ),
)
