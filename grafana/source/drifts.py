"""Shares by day, each with the limit of its check."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.measures.devices import DEVICES as DEVICE_NAMES
from grafana.source import palette, promql
from grafana.source.dates import Series, bars, by_date, judged_days, limit, line
from grafana.source.kinds import stat
from grafana.source.panels import Panel, target

MIN_AXIS = 0.001
"""The least upper end of an axis."""


@dataclass(frozen=True)
class Share:
    """A share and its check; `limit` applies to the whole day, `increase` and `drop` to the baseline."""

    check: str
    title: str
    part: str
    whole: str
    limit: str | None = None
    increase: str | None = None
    drop: str | None = None
    recorded: str = ""
    """The name of the share in the rules, if it has a baseline."""


def _lines(share: Share) -> list[Series]:
    """The baseline and the limits."""
    lines = []
    if share.recorded:
        before = promql.number(f"dataset:clickstream_{share.recorded}:baseline_ratio")
        lines.append(line("Baseline", promql.at_compared(before), palette.BASELINE))
        against = f"({before} + {promql.limit(share.increase)})" if share.increase else ""
        against = f"{before} * (1 - {promql.limit(share.drop)})" if share.drop else against
        lines.append(limit(share.check, promql.at_compared(against), "Limit against the baseline"))
    if share.limit:
        lines.append(limit(share.check, promql.at_all(promql.limit(share.limit)), lineWidth=1))
    return lines


def _panel(share: Share) -> Panel:
    value = promql.compared_share if share.drop or not share.limit else promql.share
    side = "below" if share.drop else "above"
    return by_date(
        share.title,
        f"{share.check} fires if the anchor day is {side} a limit.",
        [*judged_days(value(share.part, share.whole), share.check), *_lines(share)],
        "percentunit",
        top=MIN_AXIS,
    )


def _integrity(check: str, title: str, part: str, whole: str = "events", **limits: str) -> Panel:
    return _panel(Share(check, title, part, whole, **limits))


_COLUMN_EVENTS = promql.of_day("missing_column_events")

COLUMNS = by_date(
    "Events in files that lack a mapped column",
    "The share for the column that is missing most. ColumnMissing fires if the anchor day is above the limit.",
    [
        *judged_days(f"{_COLUMN_EVENTS} / on (lag) ({promql.of_day('events')} > 0)", "ColumnMissing"),
        limit("ColumnMissing", promql.at_all(promql.limit("missing_column_ratio")), lineWidth=1),
    ],
    "percentunit",
    top=MIN_AXIS,
)

INTEGRITY = [
    [
        _integrity("DuplicateEvents", "Duplicate events", "duplicate_events", limit="duplicate_event_ratio"),
        _integrity(
            "DuplicatePurchases",
            "Purchases with a repeated transaction id",
            "duplicate_purchases",
            "purchases",
            limit="duplicate_purchase_ratio",
        ),
        _integrity("InvalidEvents", "Events outside the taxonomy", "invalid_events", limit="invalid_event_ratio"),
    ],
    [
        _integrity(
            "NullClientIds",
            "Events without a client id",
            "null_client_events",
            limit="null_client_ratio",
            increase="null_client_increase",
            recorded="null_client",
        ),
        _integrity(
            "MissingReferrer",
            "Events without a referrer",
            "missing_referrer_events",
            increase="missing_referrer_increase",
            recorded="missing_referrer",
        ),
        _integrity(
            "MissingUtm",
            "Events without a UTM parameter",
            "missing_utm_events",
            increase="missing_utm_increase",
            recorded="missing_utm",
        ),
    ],
    [
        _integrity(
            "JsonErrors",
            "Payloads that are not valid JSON",
            "json_error_events",
            "payload_events",
            limit="json_error_ratio",
        ),
        _integrity(
            "PurchasesWithoutRevenue",
            "Purchases without an amount above zero",
            "purchases_without_revenue",
            "purchases",
            limit="purchase_without_revenue_ratio",
        ),
        COLUMNS,
    ],
]

WITHOUT_ID = _integrity(
    "PurchasesWithoutTransactionId",
    "Purchases without a transaction id",
    "purchases_without_transaction_id",
    "purchases",
    limit="purchase_without_transaction_id_ratio",
)

CONVERSION = _panel(
    Share(
        "ConversionRateDrop",
        "Sessions with a purchase",
        "converting_sessions",
        "sessions",
        drop="conversion_drop_ratio",
        recorded="conversion",
    )
)

DIRECT = _panel(
    Share(
        "DirectShareHigh",
        "Direct sessions",
        "direct_sessions",
        "sessions",
        limit="direct_share",
        increase="direct_share_increase",
        recorded="direct_session",
    )
)

ASSISTED = _panel(
    Share(
        "AssistedShareDrop",
        "Assisted purchases",
        "assisted_purchases",
        "identified_purchases",
        drop="assisted_drop_ratio",
        recorded="assisted",
    )
)


def _device(name: str) -> Series:
    """A device's share of the revenue, by lag."""
    revenue = promql.of_day("device_revenue", f',device="{name}"')
    every = f"sum by (lag) ({promql.of_day('device_revenue', by='lag, device')})"
    return bars(name, f"{revenue} / on (lag) ({every} > 0)", palette.DEVICES[name])


DEVICES = by_date(
    "Revenue by device",
    "Each device's share of a day's revenue. DeviceRevenueShift fires if one has moved by more than its limit and by "
    "more than chance.",
    [_device(name) for name in DEVICE_NAMES],
    "percentunit",
    top=1,
)

IMPLAUSIBLE = stat(
    "Implausible timestamps",
    "The share in the newest files. These events count on no day, so no chart shows them.",
    [target(promql.number("dataset:clickstream_implausible_timestamp:ratio"), table=False)],
    {"color": palette.fixed("text"), "unit": "percentunit", "noValue": "-"},
    options={"colorMode": "none", "text": {"valueSize": 40}},
)
