"""What a check measures, and the limit that it must not pass: a pair of numbers for each check that has one limit."""

from __future__ import annotations

import re
from typing import Any

from alerting.mixin.checks import CHECKS
from grafana.source.promql import ALL

_SHARE = "dataset:clickstream_{}:ratio"

NUMBERS = {
    "EventVolumeDrop": ("dataset:clickstream_events:drop_ratio", "event_drop_ratio"),
    "RevenueDrop": ("dataset:clickstream_revenue:drop_ratio", "revenue_drop_ratio"),
    "RevenueSpike": ("dataset:clickstream_revenue:rise_ratio", "revenue_spike_ratio"),
    "DuplicateEvents": (_SHARE.format("duplicate_event"), "duplicate_event_ratio"),
    "DuplicatePurchases": (_SHARE.format("duplicate_purchase"), "duplicate_purchase_ratio"),
    "InvalidEvents": (_SHARE.format("invalid_event"), "invalid_event_ratio"),
    "NullClientIds": (_SHARE.format("null_client"), "null_client_ratio"),
    "MissingReferrer": ("dataset:clickstream_missing_referrer:increase", "missing_referrer_increase"),
    "MissingUtm": ("dataset:clickstream_missing_utm:increase", "missing_utm_increase"),
    "JsonErrors": (_SHARE.format("json_error"), "json_error_ratio"),
    "PurchasesWithoutRevenue": (_SHARE.format("purchase_without_revenue"), "purchase_without_revenue_ratio"),
    "ColumnMissing": (_SHARE.format("missing_column"), "missing_column_ratio"),
    "ImplausibleTimestamps": (_SHARE.format("implausible_timestamp"), "implausible_timestamp_ratio"),
    "ConversionRateDrop": ("dataset:clickstream_conversion:drop_ratio", "conversion_drop_ratio"),
    "DirectShareHigh": (_SHARE.format("direct_session"), "direct_share"),
    "AssistedShareDrop": ("dataset:clickstream_assisted:drop_ratio", "assisted_drop_ratio"),
}
"""Check to the rule's number and the name of the limit. NullClientIds and DirectShareHigh have a second limit."""


def _of_check(check: str, expr: str) -> str:
    return f'label_replace(max by (dataset) ({expr} > -Inf), "check", "{check}", "", "")'


def values() -> str:
    """What each of these checks measured, by data set and check."""
    return "\nor ".join(_of_check(check, f"{number}{{{ALL}}}") for check, (number, _) in NUMBERS.items())


def limits() -> str:
    """The limit of each of these checks, by data set and check."""
    series = "dataset_limit:clickstream_limit:max"
    return "\nor ".join(_of_check(check, f'{series}{{limit="{limit}",{ALL}}}') for check, (_, limit) in NUMBERS.items())


def phrases() -> list[dict[str, Any]]:
    """A value mapping: each check in the words of its alert, without the numbers."""
    said = {check.name: re.split(r":|\{\{", check.summary)[0].strip() for check in CHECKS}
    said |= {"RefreshFailing": "Refresh failing", "ExporterDown": "Exporter down"}
    return [
        {
            "type": "value",
            "options": {name: {"text": text, "index": index} for index, (name, text) in enumerate(said.items())},
        }
    ]
