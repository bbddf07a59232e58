"""Makes days of events for the benchmark: sessions of visitors, a unique URL and a payload on every row."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

EVENTS_PER_VISIT = 8
VISITS_PER_VISITOR = 1.3

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0"
AGENTS = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) {_WEBKIT} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Safari/605.1.15",
    f"Mozilla/5.0 (iPad; CPU OS 18_3 like Mac OS X) {_WEBKIT} Mobile/15E148 Safari/604.1",
)

DAY = """
COPY (
  WITH numbered AS (
    SELECT i // $per_visit                     AS visit,
           i % $per_visit                      AS step,
           CAST(hash(i + $seed) >> 1 AS BIGINT) AS h
    FROM range($events) AS numbers(i)
  ), visits AS (
    SELECT *,
           CAST(hash(visit + $seed) >> 1 AS BIGINT) AS v,
           -- Visitors come back on other days: their numbers are drawn from one range for all days.
           CAST(hash(visit + $seed) >> 2 AS BIGINT) % CAST($events / $per_visit * 5 / $again AS BIGINT) AS visitor
    FROM numbered
  )
  SELECT CAST($day AS TIMESTAMP) + to_microseconds(v % 84000000000 + step * 20000000 + h % 15000000) AS "timestamp",
         CASE
           WHEN step = 7 AND v % 25 = 0 THEN 'checkout_completed'
           WHEN step = 6 AND v % 10 = 0 THEN 'checkout_started'
           WHEN step = 4 AND v % 4 = 0  THEN 'product_added_to_cart'
           ELSE 'page_viewed'
         END AS event_name,
         CASE WHEN v % 97 <> 0 THEN printf('%d.%d', visitor, visitor * 7919 % 1000000000) END AS client_id,
         printf('https://shop.example/%s/%d', ['new', 'sale', 'lamps', 'chairs', 'tables'][1 + h % 5], h % 100000)
           || CASE
                WHEN step = 0 AND v % 5 = 0 THEN
                  printf('?utm_source=%s&utm_medium=cpc&gclid=%d', ['google', 'facebook', 'bing'][1 + v % 3], h)
                ELSE printf('?view=%d', h)
              END AS page_url,
         CASE
           WHEN step > 0  THEN printf('https://shop.example/%d', h % 1000)
           WHEN v % 3 = 0 THEN 'https://www.google.com/'
           WHEN v % 7 = 0 THEN 'https://l.facebook.com/'
         END AS referrer,
         ['de', 'de', 'de', 'at', 'ch', 'fr', 'nl', 'it', 'es', 'pl'][1 + v % 10] AS country,
         $agents[1 + v % 5] || CASE WHEN v % 11 = 0 THEN printf(' Build/%d', v % 400) ELSE '' END AS user_agent,
         CASE
           WHEN h % 2000 = 0 THEN '{"cut'
           WHEN step = 7 AND v % 25 = 0 THEN
             printf('{"revenue": %d.%02d, "transaction_id": "%d", "currency": "EUR"}', 10 + v % 300, h % 100, v)
           ELSE printf('{"sku": "SKU-%d", "quantity": %d, "view": "%d"}', h % 5000, 1 + h % 3, h)
         END AS event_data
  FROM visits
  ORDER BY "timestamp"
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def write_day(path: Path, day: date, events: int) -> Path:
    """Write one day of so many events to `path`."""
    with duckdb.connect() as connection:
        connection.execute(
            DAY.replace("{path}", str(path)),
            {
                "day": day.isoformat(),
                "seed": day.toordinal() * 1_000_003,
                "events": events,
                "per_visit": EVENTS_PER_VISIT,
                "again": VISITS_PER_VISITOR,
                "agents": list(AGENTS),
            },
        )
    return path
