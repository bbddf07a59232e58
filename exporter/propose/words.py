"""What columns are usually called: the words that a name is compared with, the best first."""

from __future__ import annotations

import re
from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "timestamp": (
        "event_timestamp", "event_time", "event_ts", "occurred_at", "timestamp", "ts", "time", "datetime",
        "event_datetime", "client_timestamp", "hit_timestamp", "original_timestamp", "derived_tstamp", "server_time",
        "created_at", "date_time", "timestamp_utc", "timestamp_ms", "event_date", "date",
    ),
    "event_name": ("event_name", "event", "event_type", "name", "action", "event_action", "type", "hit_type"),
    "client_id": (
        "client_id", "anonymous_id", "user_pseudo_id", "visitor_id", "cookie_id", "distinct_id", "domain_userid", "cid",
        "device_id", "browser_id", "full_visitor_id", "fullvisitorid", "uid", "user_id", "customer_id",
    ),
    "page_url": (
        "page_url", "page_location", "url", "current_url", "location_href", "location", "href", "document_location",
        "request_url", "page",
    ),
    "referrer": ("referrer", "page_referrer", "referer", "document_referrer", "referrer_url", "referer_url"),
    "user_agent": ("user_agent", "useragent", "raw_user_agent", "agent", "ua", "browser_user_agent"),
    "device": ("device_category", "device_type", "device_class", "device", "dvce_type"),
    "utm_source": ("utm_source", "campaign_source"),
    "utm_medium": ("utm_medium", "campaign_medium"),
    "utm_campaign": ("utm_campaign", "campaign_name"),
    "payload": ("event_data", "payload", "properties", "data", "event_properties", "params", "body", "attributes"),
    "revenue": (
        "purchase_revenue", "revenue", "order_total", "order_value", "total_revenue", "grand_total", "total_price",
        "total_price_amount", "total_amount", "order_amount", "transaction_revenue", "purchase_amount", "tr_total",
        "amount", "total", "value", "revenue_cents", "total_cents", "amount_cents", "revenue_minor", "amount_minor",
        "total_minor", "revenue_micros", "amount_micros", "value_cents", "price",
    ),
    "transaction_id": (
        "transaction_id", "order_id", "orderid", "order_number", "order_no", "purchase_id", "tr_orderid", "idorder",
        "checkout_id", "invoice_id",
    ),
    "event_id": ("event_id", "message_id", "insert_id", "event_uuid", "uuid", "hit_id"),
    "currency": ("currency", "currency_code", "tr_currency", "order_currency", "site_currency"),
}  # fmt: skip
"""Canonical column, and two that no configuration has, to the words that name it."""

LATER = re.compile(
    r"(?:^|[_.])(?:receiv|ingest|load|sent|insert|process|export|etl|collector|sync|updat|import|upload|arriv)"
    r"|first_touch|previous"
)
"""Part of the name of a time at which an event was not: it was sent, received or loaded then."""

MINOR = re.compile(r"(?:^|_)(cents?|minor(?:_units?)?|micros?|pence)(?:_|$)")
"""Part of the name of an amount in minor units."""

PURCHASE = re.compile(
    r"purchase|order_?(?:complete|placed|paid|confirm|success|done|create)|(?:checkout|payment)_?(?:complete|success|done)"
    r"|^(?:transaction|order|ecommerceorder|sale|conversion|buy|bought|paid)$|kauf|bestellung"
)
"""Part of the name of a purchase."""

NO_PURCHASE = re.compile(
    r"refund|cancel|return|start|begin|item|view|add|remove|fail|declin|init|abandon|intent|step|info|click|updat|cart"
)
"""Part of the name of an event about an order, but of none that brings revenue."""


def plain(name: str) -> str:
    """A name in the form of the words: `properties.orderId` and `event_params[order_id]` as `order_id`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("[", ".").replace("]", ""))
    return re.sub(r"[^a-z0-9.]+", "_", snake.lower()).strip("_")


def rank(column: str, name: str) -> int | None:
    """How well a name fits a canonical column, 0 the best; None if it does not.

    The last parts of the name count: `context.page.url` is compared as `context_page_url`, `page_url` and `url`.
    """
    parts = [part.strip("_") for part in plain(name).split(".")]
    endings = ["_".join(parts[start:]) for start in range(len(parts))]
    endings += [re.sub(r"^(?:context|properties|props?|params?|data|event_data)_", "", each) for each in endings]
    words = WORDS[column]
    return min((words.index(each) for each in endings if each in words), default=None)
