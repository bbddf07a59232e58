"""The measured number and the limit of each check that compares one number with a limit."""

from __future__ import annotations

from typing import Any

from alerting.mixin.checks import CHECKS
from grafana.source.promql import ALL

_SHARE = "dataset:clickstream_{}:ratio"

NUMBERS = {
    "EventVolumeDrop": ("dataset:clickstream_events:drop_ratio", "dataset:clickstream_events:least_drop_ratio"),
    "RepeatedDay": ("dataset:clickstream_repeated_day:increase", "repeated_day_ratio"),
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
    "PurchasesWithoutTransactionId": (
        _SHARE.format("purchase_without_transaction_id"),
        "purchase_without_transaction_id_ratio",
    ),
    "ColumnMissing": (_SHARE.format("missing_column"), "missing_column_ratio"),
    "ImplausibleTimestamps": (_SHARE.format("implausible_timestamp"), "implausible_timestamp_ratio"),
    "ConversionRateDrop": ("dataset:clickstream_conversion:drop_ratio", "conversion_drop_ratio"),
    "DirectShareHigh": (_SHARE.format("direct_session"), "direct_share"),
    "AssistedShareDrop": ("dataset:clickstream_assisted:drop_ratio", "assisted_drop_ratio"),
}
"""Check -> the recorded number, and the name of the limit or the recorded limit."""

SECOND = {
    "NullClientIds": ("dataset:clickstream_null_client:baseline_ratio", "null_client_increase"),
    "DirectShareHigh": ("dataset:clickstream_direct_session:baseline_ratio", "direct_share_increase"),
}
"""Checks that also fire at an increase over the baseline."""


def _of_dataset(series: str, labels: str = "") -> str:
    return f"max by (dataset) ({series}{{{labels}{ALL}}} > -Inf)"


def _limit(name: str) -> str:
    if ":" in name:
        return _of_dataset(name)
    return _of_dataset("dataset_limit:clickstream_limit:max", f'limit="{name}",')


def _lower(check: str, limit: str) -> str:
    """The limit of a check, or the lower of its two limits."""
    if check not in SECOND:
        return _limit(limit)
    baseline, increase = SECOND[check]
    against = f"({_of_dataset(baseline)} + on (dataset) {_limit(increase)})"
    return f"({_limit(limit)} < on (dataset) {against} or {against} or {_limit(limit)})"


def _named(numbers: dict[str, str]) -> str:
    lines = (f'label_replace({expr}, "check", "{check}", "", "")' for check, expr in numbers.items())
    return "\nor ".join(lines)


def values() -> str:
    """What each of these checks measured, by data set and check."""
    return _named({check: _of_dataset(number) for check, (number, _) in NUMBERS.items()})


def limits() -> str:
    """The limit of each of these checks, by data set and check."""
    return _named({check: _lower(check, limit) for check, (_, limit) in NUMBERS.items()})


def phrases() -> list[dict[str, Any]]:
    """A value mapping: the title of each check's alert."""
    titles = {check.name: check.title for check in CHECKS}
    titles |= {"RefreshFailing": "Refresh failing", "ExporterDown": "Exporter down", "NotJudged": "Not judged"}
    return [
        {
            "type": "value",
            "options": {name: {"text": text, "index": index} for index, (name, text) in enumerate(titles.items())},
        }
    ]
