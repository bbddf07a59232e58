"""The measured number and the limit of each check that compares one number with a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alerting.mixin.check import INFO
from alerting.mixin.checks import CHECKS
from alerting.mixin.expressions import a_few
from grafana.source.promql import ALL


@dataclass(frozen=True)
class Measured:
    """What a check compares: a recorded number, its limit and, recorded, what chance explains.

    `few` is the volume of the anchor day of which the number is a share, if a few may be chance. A check that also
    fires at an increase over a baseline has that as `against`.
    """

    number: str
    limit: str
    noise: str = ""
    few: str = ""
    against: str = ""


def _day(share: str, limit: str, against: str = "", few: str = "") -> Measured:
    return Measured(f"dataset:clickstream_{share}:ratio", limit, against=against, few=few)


def _few(share: str, whole: str) -> Measured:
    return _day(share, f"{share}_ratio", few=whole)


def _moved(share: str, kind: str, limit: str, noise: str = "noise") -> Measured:
    return Measured(f"dataset:clickstream_{share}:{kind}", limit, noise=f"dataset:clickstream_{share}:{noise}")


NUMBERS = {
    "EventVolumeDrop": Measured(
        "dataset:clickstream_events:drop_ratio", "event_drop_ratio", noise="dataset:clickstream_events:least_drop_ratio"
    ),
    "RepeatedDay": Measured("dataset:clickstream_repeated_day:increase", "repeated_day_ratio"),
    "RevenueDrop": Measured("dataset:clickstream_revenue:drop_ratio", "revenue_drop_ratio"),
    "RevenueSpike": Measured("dataset:clickstream_revenue:rise_ratio", "revenue_spike_ratio"),
    "DuplicateEvents": _few("duplicate_event", "events"),
    "EventIdConflicts": _few("event_id_conflict", "events"),
    "DuplicatePurchases": _few("duplicate_purchase", "purchases"),
    "InvalidEvents": _few("invalid_event", "events"),
    "NullClientIds": _day("null_client", "null_client_ratio", against="null_client_increase"),
    "SessionsDrop": _moved("session", "drop_ratio", "session_drop_ratio"),
    "MissingReferrer": _moved("missing_referrer", "increase", "missing_referrer_increase"),
    "MissingUtm": _moved("missing_utm", "increase", "missing_utm_increase"),
    "BotShareHigh": _moved("bot", "increase", "bot_share_increase"),
    "JsonErrors": _few("json_error", "payload_events"),
    "PurchasesWithoutRevenue": _few("purchase_without_revenue", "purchases"),
    "PurchasesWithoutTransactionId": _few("purchase_without_transaction_id", "purchases"),
    "ForeignCurrency": _few("foreign_currency", "purchases"),
    "ColumnMissing": _day("missing_column", "missing_column_ratio"),
    "ImplausibleTimestamps": _day("implausible_timestamp", "implausible_timestamp_ratio"),
    "ConversionRateDrop": _moved("conversion", "drop_ratio", "conversion_drop_ratio"),
    "DirectShareHigh": _day("direct_session", "direct_share", against="direct_share_increase"),
    "DirectShareDrop": _moved("direct_session", "drop_ratio", "direct_share_drop_ratio", "drop_noise"),
    "AssistedShareDrop": _moved("assisted", "drop_ratio", "assisted_drop_ratio"),
}
"""What each of these checks compares. Of RevenueDrop it is the limit that further evidence confirms."""


def _of_dataset(series: str, labels: str = "") -> str:
    return f"max by (dataset) ({series}{{{labels}{ALL}}} > -Inf)"


def _limit(name: str) -> str:
    return _of_dataset("dataset_limit:clickstream_limit:max", f'limit="{name}",')


def _either(one: str, sign: str, other: str) -> str:
    """One of two numbers if it is less or greater than the other, else the other, or the only one there is."""
    return f"({one} {sign} on (dataset) {other} or on (dataset) {other} or on (dataset) {one})"


def _lowest(check: Measured) -> str:
    """The least number at which the check fires."""
    limit = _limit(check.limit)
    if check.few:
        whole = f"dataset:clickstream_{check.few}:day{{{ALL}}}"
        return f"max by (dataset) (({a_few(whole, check.limit)}) / on (dataset) {whole})"
    if check.noise:
        return _either(limit, ">", _of_dataset(check.noise))
    if check.against:
        share = check.number.removesuffix(":ratio")
        beyond = _either(_limit(check.against), ">", _of_dataset(f"{share}:noise"))
        return _either(limit, "<", f"({_of_dataset(f'{share}:baseline_ratio')} + on (dataset) {beyond})")
    return limit


def _named(numbers: dict[str, str]) -> str:
    lines = (f'label_replace({expr}, "check", "{check}", "", "")' for check, expr in numbers.items())
    return "\nor ".join(lines)


def values() -> str:
    """What each of these checks measured, by data set and check."""
    return _named({check: _of_dataset(each.number) for check, each in NUMBERS.items()})


def limits() -> str:
    """The limit of each of these checks, by data set and check."""
    return _named({check: _lowest(each) for check, each in NUMBERS.items()})


def titled(check: str, severity: str) -> str:
    """What a value mapping knows a firing check by: an info may have a title of its own."""
    return f"{check}-info" if severity == INFO else check


def phrases() -> list[dict[str, Any]]:
    """A value mapping: the title of each check's alert."""
    titles = {check.name: check.title for check in CHECKS}
    titles |= {titled(check.name, INFO): check.info_title or check.title for check in CHECKS}
    titles |= {"RefreshFailing": "Refresh failing", "ExporterDown": "Exporter down", "NotJudged": "Not judged"}
    return [
        {
            "type": "value",
            "options": {name: {"text": text, "index": index} for index, (name, text) in enumerate(titles.items())},
        }
    ]
