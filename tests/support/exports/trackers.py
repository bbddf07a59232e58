"""The shop in the columns of each export: a row for each event, and the types of the columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from tests.support.exports.shop import Hit

TEXT, INTEGER, NUMBER = pa.string(), pa.int64(), pa.float64()
INSTANT, MOMENT = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
Row = dict[str, Any]


@dataclass(frozen=True)
class Tracker:
    """An export: its types, a row of it, and what it calls the steps of a visit."""

    types: pa.Schema
    row: Callable[[Hit, str], Row]
    names: Mapping[str, str]

    def rows(self, hits: list[Hit]) -> list[Row]:
        """A row for each event."""
        return [self.row(hit, self.names[hit.step]) for hit in hits]


def _id(hit: Hit) -> str:
    return f"{hit.number:08x}-aaaa-4bbb-8ccc-{hit.number:012x}"


def _micros(hit: Hit) -> int:
    return int(hit.at.timestamp() * 1_000_000)


VALUE = pa.struct({"string_value": TEXT, "int_value": INTEGER, "float_value": NUMBER, "double_value": NUMBER})
PARAMS = pa.list_(pa.struct({"key": TEXT, "value": VALUE}))
CAMPAIGN = pa.struct({"manual_campaign_name": TEXT, "manual_source": TEXT, "manual_medium": TEXT, "gclid": TEXT})


def _param(key: str, text: str | None = None, number: int | None = None) -> Row:
    return {"key": key, "value": {"string_value": text, "int_value": number}}


def _ga4(hit: Hit, name: str) -> Row:
    source, medium, campaign = hit.campaign
    params = [_param("page_location", hit.page), _param("ga_session_id", number=_micros(hit) // 10**9)]
    params += [_param("page_referrer", hit.referrer)] if hit.referrer else []
    params += [_param("transaction_id", hit.order), _param("currency", "EUR")] if hit.order else []
    return {
        "event_date": f"{hit.at:%Y%m%d}",
        "event_timestamp": _micros(hit),
        "event_name": name,
        "event_params": params,
        "event_previous_timestamp": _micros(hit) - 10**9,
        "event_value_in_usd": None,
        "event_bundle_sequence_id": hit.number,
        "user_pseudo_id": hit.client,
        "user_first_touch_timestamp": _micros(hit) - 10**12,
        "device": {
            "category": hit.device,
            "operating_system": "x",
            "language": "en-gb",
            "web_info": {"browser": "Chrome"},
        },
        "geo": {"country": "Austria", "city": "Graz"},
        "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
        "collected_traffic_source": {
            "manual_campaign_name": campaign,
            "manual_source": source,
            "manual_medium": medium,
        },
        "ecommerce": {
            "transaction_id": hit.order,
            "purchase_revenue": hit.cents and hit.cents / 100,
            "total_item_quantity": 1,
        }
        if hit.order
        else None,
        "stream_id": "123",
        "platform": "WEB",
    }


GA4 = Tracker(
    pa.schema(
        {
            "event_date": TEXT,
            "event_timestamp": INTEGER,
            "event_name": TEXT,
            "event_params": PARAMS,
            "event_previous_timestamp": INTEGER,
            "event_value_in_usd": NUMBER,
            "event_bundle_sequence_id": INTEGER,
            "user_pseudo_id": TEXT,
            "user_first_touch_timestamp": INTEGER,
            "device": pa.struct(
                {"category": TEXT, "operating_system": TEXT, "language": TEXT, "web_info": pa.struct({"browser": TEXT})}
            ),
            "geo": pa.struct({"country": TEXT, "city": TEXT}),
            "traffic_source": pa.struct({"name": TEXT, "medium": TEXT, "source": TEXT}),
            "collected_traffic_source": CAMPAIGN,
            "ecommerce": pa.struct(
                {"transaction_id": TEXT, "purchase_revenue": NUMBER, "total_item_quantity": INTEGER}
            ),
            "stream_id": TEXT,
            "platform": TEXT,
        }
    ),
    _ga4,
    {"view": "page_view", "cart": "add_to_cart", "checkout": "begin_checkout", "purchase": "purchase"},
)


def _segment(hit: Hit, name: str) -> Row:
    source, medium, campaign = hit.campaign
    return {
        "id": _id(hit),
        "received_at": hit.at + timedelta(seconds=9),
        "sent_at": hit.at + timedelta(seconds=4),
        "original_timestamp": hit.at + timedelta(seconds=1),
        "timestamp": hit.at,
        "uuid_ts": hit.at + timedelta(hours=1),
        "anonymous_id": hit.client,
        "user_id": None,
        "event": name,
        "event_text": name.replace("_", " ").title(),
        "context_ip": "192.0.2.1",
        "context_library_name": "analytics.js",
        "context_page_url": hit.page,
        "context_page_path": "/p",
        "context_page_referrer": hit.referrer,
        "context_user_agent": hit.agent,
        "context_timezone": "Europe/Vienna",
        "context_campaign_source": source,
        "context_campaign_medium": medium,
        "context_campaign_name": campaign,
        "order_id": hit.order or ("ORD-x" if name == "checkout_started" else None),
        "revenue": hit.cents and hit.cents / 100,
        "currency": "EUR" if hit.order else None,
    }


SEGMENT = Tracker(
    pa.schema(
        dict.fromkeys(("id",), TEXT)
        | dict.fromkeys(("received_at", "sent_at", "original_timestamp", "timestamp", "uuid_ts"), INSTANT)
        | dict.fromkeys(
            (
                "anonymous_id", "user_id", "event", "event_text", "context_ip", "context_library_name",
                "context_page_url", "context_page_path", "context_page_referrer", "context_user_agent",
                "context_timezone", "context_campaign_source", "context_campaign_medium", "context_campaign_name",
                "order_id",
            ),
            TEXT,
        )
        | {"revenue": NUMBER, "currency": TEXT}
    ),
    _segment,
    {"view": "product_viewed", "cart": "product_added", "checkout": "checkout_started", "purchase": "order_completed"},
)  # fmt: skip


def _snowplow(hit: Hit, name: str) -> Row:
    source, medium, campaign = hit.campaign
    return {
        "app_id": "shop",
        "platform": "web",
        "etl_tstamp": hit.at + timedelta(minutes=3),
        "collector_tstamp": hit.at + timedelta(seconds=5),
        "dvce_created_tstamp": hit.at + timedelta(hours=2),
        "event": {"page_view": "page_view", "transaction": "transaction"}.get(name, "unstruct"),
        "event_id": _id(hit),
        "txn_id": None,
        "user_id": None,
        "user_ipaddress": "192.0.2.1",
        "domain_userid": hit.client,
        "domain_sessionidx": 1,
        "page_url": hit.page,
        "page_urlhost": "www.shop.example",
        "page_referrer": hit.referrer,
        "mkt_source": source,
        "mkt_medium": medium,
        "mkt_campaign": campaign,
        "tr_orderid": hit.order,
        "tr_total": hit.cents and hit.cents / 100,
        "tr_currency": "EUR" if hit.order else None,
        "useragent": hit.agent,
        "dvce_type": {"desktop": "Computer", "mobile": "Mobile", "tablet": "Tablet"}[hit.device],
        "os_timezone": "Europe/Vienna",
        "dvce_sent_tstamp": hit.at + timedelta(hours=2),
        "derived_tstamp": hit.at,
        "event_vendor": "com.snowplowanalytics.snowplow",
        "event_name": name,
    }


_TSTAMPS = ("etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "dvce_sent_tstamp", "derived_tstamp")
SNOWPLOW = Tracker(
    pa.schema(
        {
            name: MOMENT if name in _TSTAMPS else NUMBER if name == "tr_total" else TEXT
            for name in (
                "app_id", "platform", "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event", "event_id",
                "txn_id", "user_id", "user_ipaddress", "domain_userid", "domain_sessionidx", "page_url", "page_urlhost",
                "page_referrer", "mkt_source", "mkt_medium", "mkt_campaign", "tr_orderid", "tr_total", "tr_currency",
                "useragent", "dvce_type", "os_timezone", "dvce_sent_tstamp", "derived_tstamp", "event_vendor",
                "event_name",
            )
        }
        | {"domain_sessionidx": INTEGER}
    ),
    _snowplow,
    {"view": "page_view", "cart": "add_to_cart", "checkout": "begin_checkout", "purchase": "transaction"},
)  # fmt: skip


def _matomo(hit: Hit, name: str) -> Row:
    return {
        "idSite": 1,
        "idVisit": int(hit.client.rpartition(".")[2]),
        "visitorId": f"{int(hit.client.replace('.', '')):016x}",
        "type": name,
        "timestamp": int(hit.at.timestamp()),
        "serverTimePretty": f"{hit.at:%b %d, %Y %H:%M:%S}",
        "url": hit.page,
        "pageTitle": "Lamps",
        "pageviewId": f"{hit.number:06x}",
        "referrerType": "search",
        "referrerUrl": hit.referrer,
        "deviceType": {"desktop": "Desktop", "mobile": "Smartphone", "tablet": "Tablet"}[hit.device],
        "countryCode": "at",
        "siteCurrency": "EUR",
        "orderId": hit.order,
        "revenue": hit.cents and f"{hit.cents / 100:.2f}",
    }


MATOMO = Tracker(
    pa.schema(
        {"idSite": INTEGER, "idVisit": INTEGER, "visitorId": TEXT, "type": TEXT, "timestamp": INTEGER}
        | dict.fromkeys(("serverTimePretty", "url", "pageTitle", "pageviewId", "referrerType", "referrerUrl"), TEXT)
        | dict.fromkeys(("deviceType", "countryCode", "siteCurrency", "orderId", "revenue"), TEXT)
    ),
    _matomo,
    {"view": "action", "cart": "event", "checkout": "goal", "purchase": "ecommerceOrder"},
)


def _posthog(hit: Hit, name: str) -> Row:
    source, medium, campaign = hit.campaign
    properties = {
        "$current_url": hit.page,
        "$referrer": hit.referrer or "$direct",
        "$raw_user_agent": hit.agent,
        "$device_type": hit.device.title(),
        "$lib": "web",
        "$timezone": "Europe/Vienna",
        "$insert_id": f"{hit.number:016x}",
        **({"utm_source": source, "utm_medium": medium, "utm_campaign": campaign} if source else {}),
        **({"order_id": hit.order, "revenue": hit.cents and hit.cents / 100, "currency": "EUR"} if hit.order else {}),
    }
    return {
        "uuid": _id(hit),
        "event": name,
        "distinct_id": hit.client,
        "person_id": _id(hit),
        "properties": json.dumps(properties),
        "person_properties": json.dumps({"email": "jane.doe@mail.example"}),
        "elements_chain": "",
        "timestamp": hit.at,
        "created_at": hit.at + timedelta(seconds=30),
        "_inserted_at": hit.at + timedelta(minutes=9),
    }


POSTHOG = Tracker(
    pa.schema(
        dict.fromkeys(("uuid", "event", "distinct_id", "person_id", "properties", "person_properties"), TEXT)
        | {"elements_chain": TEXT, "timestamp": INSTANT, "created_at": INSTANT, "_inserted_at": INSTANT}
    ),
    _posthog,
    {"view": "$pageview", "cart": "product_added", "checkout": "checkout_started", "purchase": "order_completed"},
)


def _shopify(hit: Hit, name: str) -> Row:
    amount = {"amount": hit.cents / 100, "currencyCode": "EUR"} if hit.cents else None
    checkout = {"token": "t", "order": {"id": hit.order}, "totalPrice": amount, "email": "jane.doe@mail.example"}
    return {
        "id": _id(hit),
        "seq": hit.number,
        "type": "standard",
        "name": name,
        "timestamp": hit.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "clientId": hit.client,
        "context": json.dumps(
            {
                "document": {"location": {"href": hit.page}, "referrer": hit.referrer or "", "title": "Lamps"},
                "navigator": {"userAgent": hit.agent, "language": "de"},
            }
        ),
        "data": json.dumps({"checkout": checkout} if hit.order else {"productVariant": {"price": {"amount": 5.0}}}),
    }


SHOPIFY = Tracker(
    pa.schema(
        {"id": TEXT, "seq": INTEGER} | dict.fromkeys(("type", "name", "timestamp", "clientId", "context", "data"), TEXT)
    ),
    _shopify,
    {
        "view": "page_viewed",
        "cart": "product_added_to_cart",
        "checkout": "checkout_shipping_info_submitted",
        "purchase": "checkout_completed",
    },
)

TRACKERS: Mapping[str, Tracker] = {
    "ga4": GA4,
    "segment": SEGMENT,
    "snowplow": SNOWPLOW,
    "matomo": MATOMO,
    "posthog": POSTHOG,
    "shopify": SHOPIFY,
}
