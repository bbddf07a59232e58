"""A day of Google Analytics 4's BigQuery export, against the same day in flat columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import yaml
from events import write_day
from work import LAST, against

BAR = 1.5
"""What the nested day may cost, as a multiple of the flat one."""

FLAT = """
SELECT epoch_us("timestamp") AS timestamp,
       event_name,
       client_id,
       page_url,
       referrer,
       CASE WHEN contains(user_agent, 'Mobile') THEN 'mobile' ELSE 'desktop' END AS device,
       nullif(regexp_extract(page_url, 'utm_source=([^&]*)', 1), '') AS utm_source,
       nullif(regexp_extract(page_url, 'utm_medium=([^&]*)', 1), '') AS utm_medium,
       CAST(json_extract_string(nullif(event_data, '{{"cut'), '$.revenue') AS DOUBLE) AS revenue,
       json_extract_string(nullif(event_data, '{{"cut'), '$.transaction_id') AS transaction_id,
       country
FROM read_parquet('{path}')
"""

NESTED = """
WITH numbered AS (
  SELECT *, CAST(hash(page_url) % 1000000 AS BIGINT) AS number FROM ({flat})
)
SELECT timestamp AS event_timestamp,
       event_name,
       client_id AS user_pseudo_id,
       [{params}] AS event_params,
       {{'category': device, 'web_info': {{'browser': 'Chrome', 'hostname': 'shop.example'}}}} AS device,
       {{'country': country, 'city': 'Berlin'}} AS geo,
       {{'manual_source': utm_source, 'manual_medium': utm_medium, 'gclid': NULL}} AS collected_traffic_source,
       {{'purchase_revenue': revenue, 'transaction_id': transaction_id}} AS ecommerce,
       [{{'item_id': 'SKU' || number, 'item_name': 'Lamp ' || number, 'price': 1.5}}] AS items
FROM numbered
"""

PARAMS = {
    "ga_session_id": "int_value: number",
    "ga_session_number": "int_value: number % 9",
    "engagement_time_msec": "int_value: number % 99999",
    "page_title": "string_value: 'Title ' || (number % 1000)",
    "page_location": "string_value: page_url",
    "page_referrer": "string_value: referrer",
    "session_engaged": "string_value: '1'",
    "batch_ordering_id": "int_value: number % 7",
    "engaged_session_event": "int_value: 1",
    "currency": "string_value: 'EUR'",
}
"""The parameters of an event: in which field the value is, and what it is."""

VALUE = {"string_value": "VARCHAR", "int_value": "BIGINT", "float_value": "DOUBLE", "double_value": "DOUBLE"}

NESTED_COLUMNS = {
    "timestamp": "event_timestamp",
    "event_name": "event_name",
    "client_id": "user_pseudo_id",
    "page_url": "event_params[page_location]",
    "referrer": "event_params[page_referrer]",
    "device": "device.category",
    "utm_source": "collected_traffic_source.manual_source",
    "utm_medium": "collected_traffic_source.manual_medium",
    "revenue": "ecommerce.purchase_revenue",
    "transaction_id": "ecommerce.transaction_id",
}


def nested_day(folder: Path, count: int) -> dict[str, float]:
    """The CPU seconds of the first start on a day of so many events, flat and nested, and their ratio."""
    flat, nested = folder / "ga4-flat", folder / "ga4-nested"
    query = FLAT.format(path=write_day(folder / "ga4.parquet", LAST, count))
    _write(flat, query, {name: name for name in NESTED_COLUMNS}, "country")
    params = ", ".join(map(_param, PARAMS))
    _write(nested, NESTED.format(flat=query, params=params), NESTED_COLUMNS, "geo.country")
    first, second = against(flat, nested)
    return {"flat_cpu": first, "nested_cpu": second, "ratio": second / first, "bar": BAR}


def _param(key: str) -> str:
    """SQL for a key/value struct with the four fields that a value may be in."""
    given, _, value = PARAMS[key].partition(": ")
    fields = (f"'{name}': CAST({value if name == given else 'NULL'} AS {of})" for name, of in VALUE.items())
    return f"{{'key': '{key}', 'value': {{{', '.join(fields)}}}}}"


def _write(folder: Path, query: str, columns: dict[str, str], country: str) -> None:
    """The file with the rows of the query, and its configuration."""
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{folder / 'day.parquet'}' (FORMAT parquet, COMPRESSION zstd)")
    shop: dict[str, Any] = {
        "files": "day.parquet",
        "history_days": 8,
        "columns": columns,
        "dimensions": {"country": country},
        "purchase": "checkout_completed",
        "taxonomy": ["page_viewed", "product_added_to_cart", "checkout_started", "checkout_completed"],
        "site_domains": ["shop.example"],
    }
    (folder / "config.yml").write_text(yaml.safe_dump({"datasets": {"shop": shop}}))
