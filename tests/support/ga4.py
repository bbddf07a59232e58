"""Events of Google Analytics 4, as its BigQuery export nests them and as flat rows."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pyarrow as pa

TEXT = pa.string()
VALUE = pa.struct(
    {"string_value": TEXT, "int_value": pa.int64(), "float_value": pa.float64(), "double_value": pa.float64()}
)
PARAMS = pa.list_(pa.struct({"key": TEXT, "value": VALUE}))
ITEM = pa.struct({"item_id": TEXT, "price": pa.float64(), "quantity": pa.int64(), "item_params": PARAMS})
SCHEMA = pa.schema(
    {
        "event_date": TEXT,
        "event_timestamp": pa.int64(),
        "event_name": TEXT,
        "event_params": PARAMS,
        "event_previous_timestamp": pa.int64(),
        "event_value_in_usd": pa.float64(),
        "user_id": TEXT,
        "user_pseudo_id": TEXT,
        "user_properties": PARAMS,
        "device": pa.struct({"category": TEXT, "web_info": pa.struct({"browser": TEXT, "hostname": TEXT})}),
        "geo": pa.struct({"country": TEXT, "city": TEXT}),
        "traffic_source": pa.struct({"name": TEXT, "medium": TEXT, "source": TEXT}),
        "collected_traffic_source": pa.struct(
            {"manual_source": TEXT, "manual_medium": TEXT, "manual_campaign_name": TEXT, "gclid": TEXT}
        ),
        "ecommerce": pa.struct({"purchase_revenue": pa.float64(), "transaction_id": TEXT}),
        "items": pa.list_(ITEM),
    }
)
"""The columns of the export that matter here, beside some that nobody maps."""

NESTED: dict[str, Any] = {
    "timestamp": "event_timestamp",
    "event_name": "event_name",
    "client_id": "user_pseudo_id",
    "page_url": "event_params[page_location]",
    "referrer": "event_params[page_referrer]",
    "utm_source": "collected_traffic_source.manual_source",
    "utm_medium": "collected_traffic_source.manual_medium",
    "utm_campaign": "collected_traffic_source.manual_campaign_name",
    "device": "device.category",
    "revenue": "ecommerce.purchase_revenue",
    "transaction_id": "ecommerce.transaction_id",
}
"""The canonical columns in the export."""

FLAT = pa.schema(
    {
        **dict.fromkeys(NESTED, TEXT),
        "timestamp": pa.int64(),
        "revenue": pa.float64(),
        "country": TEXT,
        "hostname": TEXT,
        "session": pa.int64(),
    }
)
"""The same as flat columns, with two for dimensions, and the session."""

NAMES = ("page_view", "page_view", "scroll", "view_item", "add_to_cart")
SOURCES = ((None, None, None), ("google", "cpc", "spring"), ("newsletter", "email", None))
REFERRERS = (None, "https://shop.example/", "https://www.google.com/", "https://blog.example/post")


def rows(day: str, visits: int, seed: int = 1) -> list[dict[str, Any]]:
    """The flat rows of visits of three to eight events each; every tenth visit ends with a purchase."""
    random = Random(f"{day} {seed}")
    midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000
    return [row for visit in range(visits) for row in _visit(random, day, midnight, visit)]


def _visit(random: Random, day: str, midnight: int, visit: int) -> list[dict[str, Any]]:
    start = midnight + random.randrange(23 * 3600) * 1_000_000
    source, medium, campaign = random.choice(SOURCES)
    same = {
        "client_id": None if visit % 17 == 0 else f"{random.randrange(10**9)}.{random.randrange(500)}",
        "device": random.choice(["desktop", "mobile", "tablet"]),
        "country": random.choice(["Germany", "Austria", "France"]),
        "hostname": random.choice(["shop.example", "m.shop.example"]),
        "session": start // 1_000_000,
    }
    found = [
        {
            **dict.fromkeys(FLAT.names),
            **same,
            "timestamp": start + number * 30_000_000 + random.randrange(10**7),
            "event_name": random.choice(NAMES),
            "page_url": f"https://shop.example/{random.randrange(100)}",
            "referrer": random.choice(REFERRERS),
        }
        for number in range(random.randint(3, 8))
    ]
    found[0] |= {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign}
    if visit % 10 == 0:
        order = {"revenue": random.randrange(100, 10**6) / 100, "transaction_id": f"T{day}-{visit // 20}"}
        found[-1] |= {"event_name": "purchase", **order}
    return found


def event(row: dict[str, Any]) -> dict[str, Any]:
    """The row as the export has it; a parameter that is NULL is left out."""
    when = datetime.fromtimestamp(row["timestamp"] / 1e6, UTC)
    is_order = row["transaction_id"] is not None
    item = {"item_id": "SKU", "price": row["revenue"], "quantity": 1, "item_params": pairs(color="red")}
    return {
        "event_date": f"{when:%Y%m%d}",
        "event_timestamp": row["timestamp"],
        "event_name": row["event_name"],
        "event_params": pairs(
            ga_session_id=row["session"],
            page_location=row["page_url"],
            page_referrer=row["referrer"],
            engagement_time_msec=100,
            value=row["revenue"],
        ),
        "event_previous_timestamp": row["timestamp"] - 1_000_000,
        "user_pseudo_id": row["client_id"],
        "user_properties": pairs(loyal="yes"),
        "device": {"category": row["device"], "web_info": {"browser": "Chrome", "hostname": row["hostname"]}},
        "geo": {"country": row["country"], "city": "Berlin"},
        "traffic_source": {"name": "(direct)", "medium": "(none)", "source": "(direct)"},
        "collected_traffic_source": {
            "manual_source": row["utm_source"],
            "manual_medium": row["utm_medium"],
            "manual_campaign_name": row["utm_campaign"],
        },
        "ecommerce": {"purchase_revenue": row["revenue"], "transaction_id": row["transaction_id"]}
        if is_order
        else None,
        "items": [item] if is_order else [],
    }


def pairs(**values: Any) -> list[dict[str, Any]]:
    """Parameters of an event: keys, each with a value in the field of its type; one that is NULL is left out."""
    field = {str: "string_value", int: "int_value", float: "double_value"}
    given = {key: value for key, value in values.items() if value is not None}
    return [{"key": key, "value": {field[type(value)]: value}} for key, value in given.items()]


def nested(rows_: list[dict[str, Any]]) -> pa.Table:
    """The rows as a table of the export."""
    return pa.Table.from_pylist([event(row) for row in rows_], SCHEMA)


def flat(rows_: list[dict[str, Any]]) -> pa.Table:
    """The rows as a flat table."""
    return pa.Table.from_pylist(rows_, FLAT)
