"""Shares by day, each with the limit of its check."""

from __future__ import annotations

from exporter.measures.devices import DEVICES as DEVICE_NAMES
from grafana.source import palette, promql
from grafana.source.dates import Series, bars, by_date, judged_days, limit
from grafana.source.kinds import stat
from grafana.source.panels import Panel, target
from grafana.source.shares import MIN_AXIS, Share, by_day


def _few(check: str, title: str, part: str, whole: str, limit: str) -> Panel:
    return by_day(Share(check, title, part, whole, limit=limit, few=whole))


def _lasting(check: str, title: str, part: str, **limits: str) -> Panel:
    return by_day(Share(check, title, part, "events", days=promql.FOUR_WEEKS, **limits))


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
        _few("DuplicateEvents", "Duplicate events", "duplicate_events", "events", "duplicate_event_ratio"),
        _few(
            "DuplicatePurchases",
            "Purchases with a repeated transaction id",
            "duplicate_purchases",
            "purchases",
            "duplicate_purchase_ratio",
        ),
        _few("InvalidEvents", "Events outside the taxonomy", "invalid_events", "events", "invalid_event_ratio"),
    ],
    [
        _lasting(
            "NullClientIds",
            "Events without a client id",
            "null_client_events",
            limit="null_client_ratio",
            increase="null_client_increase",
            recorded="null_client",
        ),
        _lasting(
            "MissingReferrer",
            "Events without a referrer",
            "missing_referrer_events",
            increase="missing_referrer_increase",
            recorded="missing_referrer",
        ),
        _lasting(
            "MissingUtm",
            "Events without a UTM parameter",
            "missing_utm_events",
            increase="missing_utm_increase",
            recorded="missing_utm",
        ),
    ],
    [
        _few(
            "JsonErrors",
            "Payloads that are not valid JSON",
            "json_error_events",
            "payload_events",
            "json_error_ratio",
        ),
        _few(
            "PurchasesWithoutRevenue",
            "Purchases without an amount above zero",
            "purchases_without_revenue",
            "purchases",
            "purchase_without_revenue_ratio",
        ),
        COLUMNS,
    ],
]

WITHOUT_ID = _few(
    "PurchasesWithoutTransactionId",
    "Purchases without a transaction id",
    "purchases_without_transaction_id",
    "purchases",
    "purchase_without_transaction_id_ratio",
)

FOREIGN_CURRENCY = _few(
    "ForeignCurrency",
    "Purchases in another currency",
    "foreign_currency_purchases",
    "purchases",
    "foreign_currency_ratio",
)

CONFLICTS = _few(
    "EventIdConflicts",
    "Event ids with unlike contents",
    "conflicting_events",
    "events",
    "event_id_conflict_ratio",
)

BOTS = _lasting(
    "BotShareHigh",
    "Events by bots",
    "bot_events",
    increase="bot_share_increase",
    recorded="bot",
)

BOT_SESSIONS = by_date(
    "Sessions by bots",
    "Sessions that begin with an event of a bot. With exclude_bots, no other number of sessions has them.",
    [bars("Sessions by bots", promql.of_day("bot_sessions"), palette.DEVICES["bot"])],
    "short",
)

CONVERSION = by_day(
    Share(
        "ConversionRateDrop",
        "Sessions with a purchase",
        "converting_sessions",
        "sessions",
        drop="conversion_drop_ratio",
        recorded="conversion",
    )
)

DIRECT = by_day(
    Share(
        "DirectShareHigh",
        "Direct sessions",
        "direct_sessions",
        "sessions",
        limit="direct_share",
        increase="direct_share_increase",
        drop="direct_share_drop_ratio",
        recorded="direct_session",
        drop_check="DirectShareDrop",
        days=promql.FOUR_WEEKS,
    )
)

ASSISTED = by_day(
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
