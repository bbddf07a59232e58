"""The exports of known trackers: the columns by which each is recognised, and what its names mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Export:
    """An export: `signature` are names of which the files must have all, of alternatives parted by `|` one.

    `columns` maps a canonical column to its names, the best first, as a configuration writes them. In place of a column
    of JSON text, a name within it may begin with `*.`. `purchases` are its names of purchases, `event_id` is its id of
    events.
    """

    title: str
    page: str
    signature: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    purchases: tuple[str, ...] = ()
    event_id: str = ""
    notes: tuple[str, ...] = field(default=())


EXPORTS: Sequence[Export] = (
    Export(
        "Google Analytics 4 (BigQuery export)",
        "ga4",
        ("event_timestamp", "event_name", "user_pseudo_id", "event_params"),
        {
            "timestamp": ("event_timestamp",),
            "event_name": ("event_name",),
            "client_id": ("user_pseudo_id",),
            "page_url": ("event_params[page_location]",),
            "referrer": ("event_params[page_referrer]",),
            "device": ("device.category",),
            "utm_source": ("collected_traffic_source.manual_source", "event_params[source]"),
            "utm_medium": ("collected_traffic_source.manual_medium", "event_params[medium]"),
            "utm_campaign": ("collected_traffic_source.manual_campaign_name", "event_params[campaign]"),
            "revenue": ("ecommerce.purchase_revenue", "event_params[value]"),
            "transaction_id": ("ecommerce.transaction_id", "event_params[transaction_id]"),
        },
        ("purchase", "in_app_purchase"),
        notes=("traffic_source is where the user came from first, so it is not mapped.",),
    ),
    Export(
        "Snowplow (atomic.events)",
        "snowplow",
        ("collector_tstamp", "event_id", "domain_userid", "event_name"),
        {
            "timestamp": ("derived_tstamp", "collector_tstamp"),
            "event_name": ("event_name",),
            "client_id": ("domain_userid",),
            "page_url": ("page_url",),
            "referrer": ("page_referrer",),
            "user_agent": ("useragent",),
            "device": ("dvce_type",),
            "utm_source": ("mkt_source",),
            "utm_medium": ("mkt_medium",),
            "utm_campaign": ("mkt_campaign",),
            "revenue": ("tr_total",),
            "transaction_id": ("tr_orderid",),
        },
        ("transaction",),
        "event_id",
    ),
    Export(
        "PostHog (batch export of events)",
        "posthog",
        ("uuid", "event", "properties", "distinct_id", "timestamp"),
        {
            "timestamp": ("timestamp",),
            "event_name": ("event",),
            "client_id": ("distinct_id",),
            "page_url": ("*.$current_url",),
            "referrer": ("*.$referrer",),
            "user_agent": ("*.$raw_user_agent", "*.$user_agent"),
            "device": ("*.$device_type",),
            "payload": ("properties",),
            "utm_source": ("*.utm_source",),
            "utm_medium": ("*.utm_medium",),
            "utm_campaign": ("*.utm_campaign",),
        },
        event_id="uuid",
    ),
    Export(
        "Segment or RudderStack (tracks)",
        "segment",
        ("anonymous_id", "event", "received_at", "sent_at|original_timestamp"),
        {
            "timestamp": ("timestamp", "original_timestamp"),
            "event_name": ("event", "event_text"),
            "client_id": ("anonymous_id",),
            "page_url": ("context_page_url", "context.page.url"),
            "referrer": ("context_page_referrer", "context.page.referrer"),
            "user_agent": ("context_user_agent", "context.userAgent", "context.user_agent"),
            "utm_source": ("context_campaign_source", "context.campaign.source"),
            "utm_medium": ("context_campaign_medium", "context.campaign.medium"),
            "utm_campaign": ("context_campaign_name", "context.campaign.name"),
        },
        ("order_completed", "Order Completed"),
        "message_id|id",
    ),
    Export(
        "Matomo (visits with their actions, or its log tables)",
        "matomo",
        ("idvisit", "visitorid|idvisitor", "timestamp|server_time", "type|action_type"),
        {
            "timestamp": ("timestamp", "server_time"),
            "event_name": ("type", "action_type"),
            "client_id": ("visitorId", "idvisitor"),
            "page_url": ("url",),
            "referrer": ("referrerUrl", "referer_url"),
            "device": ("deviceType", "config_device_type"),
            "revenue": ("revenue",),
            "transaction_id": ("orderId", "idorder"),
        },
        ("ecommerceOrder",),
        "idlink_va",
    ),
    Export(
        "Shopify (web pixel)",
        "shopify",
        ("clientId", "name", "timestamp", "data", "context"),
        {
            "timestamp": ("timestamp",),
            "event_name": ("name",),
            "client_id": ("clientId",),
            "page_url": ("context.document.location.href",),
            "referrer": ("context.document.referrer",),
            "user_agent": ("context.navigator.userAgent",),
            "payload": ("data",),
            "revenue": ("*.checkout.totalPrice.amount", "data.checkout.totalPrice.amount"),
            "transaction_id": ("*.checkout.order.id", "data.checkout.order.id", "*.checkout.token"),
        },
        ("checkout_completed",),
        "id",
    ),
)


def recognised(names: Collection[str]) -> Export | None:
    """The export that has these columns, None if it is none of the known."""
    known = {name.casefold() for name in names}
    return next((each for each in EXPORTS if all(known & set(_alternatives(name)) for name in each.signature)), None)


def _alternatives(name: str) -> list[str]:
    return name.casefold().split("|")
