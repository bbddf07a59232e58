"""What is delivered of a shop: days, further files and the configuration; and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .shop import DAY, DOMAIN, PURCHASE, TAXONOMY, Days, Event, Shop, day_of, history, in_order

SCHEMA = pa.schema(
    [
        ("timestamp", pa.timestamp("us", "UTC")),
        ("event_name", pa.string()),
        ("client_id", pa.string()),
        ("page_url", pa.string()),
        ("referrer", pa.string()),
        ("user_agent", pa.string()),
        ("event_data", pa.string()),
    ]
)
SETTINGS: Mapping[str, Any] = {
    "columns": {
        **{name: name for name in SCHEMA.names if name != "event_data"},
        "payload": "event_data",
        "revenue": "$.revenue",
        "transaction_id": "$.transaction_id",
    },
    "purchase": PURCHASE,
    "taxonomy": list(TAXONOMY),
    "site_domains": [DOMAIN],
}


@dataclass(frozen=True)
class Delivery:
    """Days of a shop up to `last`, further files by name, and what the configuration has otherwise.

    With `dated`, the timestamps are dates. With `together`, all files lie in one folder, which is what is configured.
    """

    shop: Shop
    last: date
    days: Days
    files: Mapping[str, bytes] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    dated: bool = False
    together: bool = False


def healthy(shop: Shop, last: date, days: int) -> Delivery:
    """So many healthy days of a shop."""
    return Delivery(shop, last, history(shop, last, days))


def on(delivery: Delivery, days: int, change: Callable[[Sequence[Event]], Sequence[Event]]) -> Delivery:
    """The delivery with its newest days changed, so many of them."""
    newest = sorted(delivery.days)[-days:]
    changed = {day: in_order(change(delivery.days[day])) for day in newest}
    return replace(delivery, days={**delivery.days, **changed})


def without(delivery: Delivery, gone: Callable[[Event], bool], days: int = 1) -> Delivery:
    """The delivery without such events on its newest days."""
    return on(delivery, days, lambda events: [event for event in events if not gone(event)])


def table(events: Sequence[Event], *, dated: bool = False) -> pa.Table:
    """The events as they lie in a file."""
    names = [pa.array(values, pa.string()) for values in zip(*(event[1:6] for event in events), strict=True)]
    payloads = pa.array([_payload(event) for event in events], pa.string())
    if dated:
        stamps = pa.array([event.at // DAY for event in events], pa.int32()).cast(pa.date32())
    else:
        stamps = pa.array([event.at for event in events], pa.int64()).cast(SCHEMA.field("timestamp").type)
    return pa.Table.from_arrays([stamps, *names, payloads], SCHEMA.names)


def _payload(event: Event) -> str | None:
    if event.name != PURCHASE:
        return None
    return json.dumps({"revenue": event.amount, "transaction_id": event.order, "items": 2})


def parquet(of: pa.Table) -> bytes:
    """The table as a file."""
    sink = pa.BufferOutputStream()
    pq.write_table(of, sink)
    return bytes(sink.getvalue())


def write(delivery: Delivery, folder: Path, name: str) -> dict[str, Any]:
    """Write what is delivered below `folder`, and return what the data set `name` has in the configuration.

    Healthy days lie in a folder of their shop, once for all data sets.
    """
    own, shared = folder / name, folder / f"healthy-{delivery.shop.name}"
    for each in (own, shared):
        each.mkdir(exist_ok=True)
    listed = []
    for day, events in delivery.days.items():
        is_shared = events is day_of(delivery.shop, day) and not (delivery.together or delivery.dated)
        path = (shared if is_shared else own) / f"{day}.parquet"
        if not path.exists():
            path.write_bytes(parquet(table(events, dated=delivery.dated)))
        listed += [str(path)] if is_shared else []
    for file, content in delivery.files.items():
        (own / file).parent.mkdir(exist_ok=True)
        (own / file).write_bytes(content)
    files = str(own) if delivery.together else listed + [f"{own}/*.parquet"] * any(own.iterdir())
    return {**SETTINGS, "files": files, **delivery.settings}
