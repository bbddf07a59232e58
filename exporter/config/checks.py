"""The checks that a configuration can switch off, and their limits: each declared once.

The keys and their defaults and `clickstream_limit` come from here. `python -m exporter.config` writes them into the
example and the README. The rules read a limit by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from exporter.config.strict_yaml import Model

CHECKS = (
    "QueryFailing",
    "UnreadableFiles",
    "NoData",
    "DataStale",
    "NeverFound",
    "PartialDay",
    "HoursMissing",
    "MissingDay",
    "RepeatedDay",
    "EventVolumeDrop",
    "NoPurchases",
    "RevenueDrop",
    "DuplicateEvents",
    "EventIdConflicts",
    "DuplicatePurchases",
    "InvalidEvents",
    "EventNameVanished",
    "SegmentDrop",
    "NullClientIds",
    "SessionsDrop",
    "MissingReferrer",
    "MissingUtm",
    "BotShareHigh",
    "JsonErrors",
    "PurchasesWithoutRevenue",
    "PurchasesWithoutTransactionId",
    "ForeignCurrency",
    "FieldMissing",
    "ColumnMissing",
    "ColumnChanged",
    "ImplausibleTimestamps",
    "ConversionRateDrop",
    "DirectShareHigh",
    "DirectShareDrop",
    "DeviceRevenueShift",
    "AssistedShareDrop",
    "AmountShift",
    "RevenueSpike",
)
"""The shipped rules that judge the data."""

GAUGES: Mapping[str, tuple[str, ...]] = {
    "PartialDay": ("clickstream_missing_hours",),
    "HoursMissing": ("clickstream_missing_hours",),
    "NoPurchases": ("clickstream_purchases",),
    "RevenueDrop": ("clickstream_revenue",),
    "DuplicatePurchases": ("clickstream_duplicate_purchases",),
    "InvalidEvents": ("clickstream_invalid_events",),
    "EventNameVanished": ("clickstream_named_events",),
    "SegmentDrop": ("clickstream_device_events", "clickstream_named_events", "clickstream_platform_events"),
    "NullClientIds": ("clickstream_null_client_events",),
    "SessionsDrop": ("clickstream_sessions",),
    "MissingReferrer": ("clickstream_missing_referrer_events",),
    "MissingUtm": ("clickstream_missing_utm_events",),
    "JsonErrors": ("clickstream_json_error_events",),
    "PurchasesWithoutRevenue": ("clickstream_purchases_without_revenue",),
    "PurchasesWithoutTransactionId": ("clickstream_purchases_without_transaction_id",),
    "ConversionRateDrop": ("clickstream_converting_sessions",),
    "DirectShareHigh": ("clickstream_direct_sessions",),
    "DirectShareDrop": ("clickstream_direct_sessions",),
    "DeviceRevenueShift": ("clickstream_device_revenue",),
    "AssistedShareDrop": ("clickstream_assisted_purchases",),
    "AmountShift": ("clickstream_median_purchase_amount",),
    "RevenueSpike": ("clickstream_revenue",),
    "EventIdConflicts": ("clickstream_conflicting_events",),
    "ForeignCurrency": ("clickstream_foreign_currency_purchases",),
    "BotShareHigh": ("clickstream_bot_events",),
}
"""The gauges that a data set may lack, by the check that needs one of them: without any, it is off."""

NOT_ASKED: Mapping[str, str] = {
    "EventIdConflicts": "no column event_id",
    "ForeignCurrency": "no column currency",
    "DuplicatePurchases": "purchase_rows is lines",
}
"""Why a gauge is absent, by the check that is then in order and not off: the configuration does not ask for it."""

DRIFTS = (
    "EventVolumeDrop",
    "NoPurchases",
    "RevenueDrop",
    "RevenueSpike",
    "EventNameVanished",
    "SegmentDrop",
    "MissingReferrer",
    "MissingUtm",
    "BotShareHigh",
    "SessionsDrop",
    "ConversionRateDrop",
    "DirectShareHigh",
    "DirectShareDrop",
    "DeviceRevenueShift",
    "AssistedShareDrop",
    "AmountShift",
)
"""The checks that are informational on a known day unless it names others: those that a holiday or a sale sets off."""

KNOWABLE = (*DRIFTS, "NullClientIds", "PartialDay", "HoursMissing", "MissingDay", "FieldMissing")
"""The checks that a known day can make informational."""


def _reachable(value: float) -> float:
    if value >= 1:
        raise ValueError(
            f"expected less than 1, not {value:g}: no share exceeds 1; to switch off a check, use switched_off"
        )
    return value


Ratio = Annotated[float, Field(ge=0), AfterValidator(_reachable)]
NotNegative = Annotated[float, Field(ge=0, le=1000)]
Minimum = Annotated[int, Field(ge=1, le=1_000_000)]


def _limit(default: float, check: str, meaning: str, because: str) -> Any:
    """A limit of a check, or of several: its meaning, and what its default is based on."""
    return Field(default, title=check, description=meaning, json_schema_extra={"because": because})


class Limits(Model):
    """Limits and guards, exported as `clickstream_limit{limit=…}`."""

    max_data_age_hours: Annotated[float, Field(gt=0, le=2160)] = _limit(
        36, "DataStale", "age of the last event", "a daily load that is half a day late"
    )
    min_searched_events: Minimum = _limit(
        1000,
        "NeverFound",
        "events without a configured name before it counts as never found",
        "a name that 1,000 events lack is wrong, not rare",
    )
    partial_day_hours: Annotated[float, Field(gt=0, lt=24)] = _limit(
        1,
        "PartialDay",
        "hours by which the anchor day may end earlier than usual",
        "stray events after the end do not count",
    )
    missing_hours: Annotated[int, Field(ge=1, le=23)] = _limit(
        1,
        "HoursMissing",
        "consecutive hours with at most a tenth of the usual events, beyond chance and bursts",
        "1 to 2 of 10,000 simulated healthy days of 90 to 50,000 events have one",
    )
    max_missing_days: Annotated[int, Field(ge=0, le=6)] = _limit(
        0,
        "MissingDay",
        "days without events among the seven before the anchor day",
        "a daily load skips no day; 2 for a shop that closes on weekends",
    )
    repeated_day_ratio: Ratio = _limit(
        0.50, "RepeatedDay", "share of the day that an earlier day has too, above the usual", "a full copy shares all"
    )
    event_drop_ratio: Ratio = _limit(
        0.50, "EventVolumeDrop", "drop in events", "weekends and campaigns move traffic by a third, not by half"
    )
    revenue_drop_ratio: Ratio = _limit(
        0.40,
        "RevenueDrop",
        "drop in revenue",
        "five times the worst of six healthy real days, which was 0.08 below its baseline",
    )
    revenue_spike_ratio: NotNegative = _limit(
        1.0,
        "RevenueSpike",
        "rise in revenue",
        "twice the baseline; the best of six healthy real days was 0.73 above it",
    )
    revenue_spike_warning_ratio: NotNegative = _limit(
        4.0,
        "RevenueSpike",
        "rise in revenue above which the alert is a warning",
        "five times the baseline; no sale brings that much",
    )
    amount_shift_factor: Annotated[float, Field(gt=1, le=1000)] = _limit(
        4.0,
        "AmountShift",
        "factor between the median amount and its baseline",
        "the median of 10 lognormal amounts moves that far on fewer than 1 of 1,000 days",
    )
    segment_drop_ratio: Ratio = _limit(
        0.50,
        "SegmentDrop",
        "drop of a device, platform or event name below its usual share, beyond chance",
        "",
    )
    duplicate_event_ratio: Ratio = _limit(
        0.001, "DuplicateEvents", "share of extra copies", "trackers that retry send about 0.0003 of their events twice"
    )
    event_id_conflict_ratio: Ratio = _limit(
        0.001,
        "EventIdConflicts",
        "share of extra copies of an event id whose content differs",
        "as for DuplicateEvents: a retry sends the same content",
    )
    duplicate_purchase_ratio: Ratio = _limit(
        0.05,
        "DuplicatePurchases",
        "share of repeated transaction ids",
        "up to 0.07 on nine real days, where some orders came twice",
    )
    invalid_event_ratio: Ratio = _limit(
        0.001, "InvalidEvents", "share of events with a name outside the taxonomy", "a taxonomy is a contract"
    )
    null_client_ratio: Ratio = _limit(
        0.20, "NullClientIds", "share of events without a client id", "0.01 on nine real days, 0.16 when it broke"
    )
    null_client_increase: Ratio = _limit(0.05, "NullClientIds", "increase in that share over the baseline", "")
    session_drop_ratio: Ratio = _limit(
        0.50,
        "SessionsDrop",
        "drop in sessions, and in sessions per event",
        "visitors differ from day to day, but not by half",
    )
    missing_referrer_increase: Ratio = _limit(
        0.20,
        "MissingReferrer",
        "increase in the share of events without a referrer over the baseline",
        "0.36 to 0.77 on nine real days, so only a change is significant",
    )
    missing_utm_increase: Ratio = _limit(
        0.20,
        "MissingUtm",
        "increase in the share of events without a campaign parameter over the baseline",
        "0.65 to 0.77 on nine real days",
    )
    bot_share_increase: Ratio = _limit(
        0.10,
        "BotShareHigh",
        "increase in the share of events by bots over the baseline",
        "ten points more dilute every rate and every share of visitors by a tenth",
    )
    json_error_ratio: Ratio = _limit(0.01, "JsonErrors", "share of malformed payloads", "none on nine real days")
    purchase_without_revenue_ratio: Ratio = _limit(
        0.05,
        "PurchasesWithoutRevenue",
        "share of purchases without an amount",
        "0 to 0.05 on eight real days, 0.08 on the ninth",
    )
    purchase_without_transaction_id_ratio: Ratio = _limit(
        0.05,
        "PurchasesWithoutTransactionId",
        "share of purchases without a transaction id",
        "every order has an id, except test orders",
    )
    foreign_currency_ratio: Ratio = _limit(
        0.01,
        "ForeignCurrency",
        "share of purchases in another currency",
        "a shop that sells in one currency has none; where others are usual, the revenue is only a part",
    )
    field_drop_ratio: Ratio = _limit(
        0.20,
        "FieldMissing",
        "drop in the share of events that carry a watched field",
        "one of five without it is a page or an app that lost it",
    )
    missing_column_ratio: Ratio = _limit(
        0.0, "ColumnMissing", "share of events in files that lack a mapped column", "a mapping is a contract"
    )
    implausible_timestamp_ratio: Ratio = _limit(
        0.001,
        "ImplausibleTimestamps",
        "share of events in the newest files without a plausible timestamp",
        "none on nine real days",
    )
    conversion_drop_ratio: Ratio = _limit(
        0.30, "ConversionRateDrop", "drop in the conversion rate", "six healthy real days were at most 0.11 below"
    )
    direct_share: Ratio = _limit(0.80, "DirectShareHigh", "share of direct sessions", "0.33 to 0.52 on nine real days")
    direct_share_increase: Ratio = _limit(0.15, "DirectShareHigh", "increase in that share over the baseline", "")
    direct_share_drop_ratio: Ratio = _limit(
        0.70,
        "DirectShareDrop",
        "drop in the share of direct sessions",
        "a campaign that brings twice the usual visits halves it; broken tagging leaves a tenth",
    )
    device_share_shift: Ratio = _limit(
        0.20,
        "DeviceRevenueShift",
        "change of a device's share of the revenue",
        "2 of 6 healthy real days exceeded it, by chance alone",
    )
    device_share_deviations: NotNegative = _limit(
        2.5,
        "DeviceRevenueShift",
        "standard errors that the change must also exceed",
        "a few purchases shift a share by chance",
    )
    assisted_drop_ratio: Ratio = _limit(
        0.50,
        "AssistedShareDrop",
        "drop in the share of assisted purchases",
        "3 of 20 purchases a day are assisted, so only a drop by half is significant",
    )

    # Guards: with less data than this, a check is off, and an info alert says so.
    min_baseline_days: Annotated[int, Field(ge=1, le=7)] = _limit(3, "", "baseline days", "fewer make no baseline")
    min_day_events: Minimum = _limit(
        100, "", "events that make a day a baseline day, and the anchor day comparable", "shares of fewer mean nothing"
    )
    min_day_purchases: Minimum = _limit(10, "", "purchases of the anchor day", "one of fewer is over a tenth")
    min_day_field_events: Minimum = _limit(
        20,
        "FieldMissing",
        "events of the anchor day that should carry a watched field",
        "of fewer, half may lack it by chance",
    )
    min_baseline_events: Minimum = _limit(
        60, "EventVolumeDrop", "events on an average baseline day", "fewer may halve by chance"
    )
    min_baseline_purchases: Minimum = _limit(
        15, "", "purchases on an average baseline day", "at 10, twice as many healthy days had a drop"
    )
    min_baseline_sessions: Minimum = _limit(
        100,
        "",
        "sessions on an average baseline day",
        "a rate over fewer is mostly chance",
    )
    min_baseline_named_events: Minimum = _limit(
        10, "EventNameVanished", "events of a name on an average baseline day", "the rarest of five real names had 21"
    )
