"""Files that are odd, half written or broken, and events that come before their day."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pyarrow as pa

from .delivery import Delivery, on, parquet, table
from .kinds import kind
from .shop import DAY, HOUR, Event

SHORT = (8, 15)


@kind("D3", {"UnreadableFiles": "CRITICAL"}, histories=SHORT)
def column_twice(delivery: Delivery, rng: Random) -> Delivery:
    """The newest file has a column twice, under the very same name."""
    made = table(delivery.days[delivery.last])
    name = rng.choice(made.column_names)
    earlier = {day: events for day, events in delivery.days.items() if day != delivery.last}
    joined = made.add_column(0, name, made[name])
    return replace(delivery, days=earlier, files={f"{delivery.last}.parquet": parquet(joined)})


@kind("D6", histories=SHORT)
def bad_byte(delivery: Delivery, rng: Random) -> Delivery:
    """One URL of the last day has a Latin-1 byte in it."""
    made = table(delivery.days[delivery.last])
    urls = [url.encode() for url in made["page_url"].to_pylist()]
    urls[rng.randrange(len(urls))] = b"https://shop.example/caf\xe9"
    spoiled = pa.array(urls, pa.binary()).view(pa.string())
    content = parquet(made.set_column(made.column_names.index("page_url"), "page_url", spoiled))
    earlier = {day: events for day, events in delivery.days.items() if day != delivery.last}
    return replace(delivery, days=earlier, files={f"{delivery.last}.parquet": content})


@kind("D3", histories=SHORT)
def empty_frame(delivery: Delivery, rng: Random) -> Delivery:
    """A file without rows, or without columns as well."""
    empty = rng.choice((pa.table({}), table(delivery.days[delivery.last]).slice(0, 0)))
    return replace(delivery, files={"empty.parquet": parquet(empty)})


@kind("D2", {"WaitingFiles": "INFO"}, clocked=True, histories=SHORT)
def file_being_written(delivery: Delivery, rng: Random) -> Delivery:
    """The first part of the next day's file, a moment old."""
    content = parquet(table(delivery.days[delivery.last]))
    return replace(delivery, files={"next.parquet": content[: int(len(content) * rng.uniform(0.1, 0.9))]})


@kind("J6", {"EarlyEvents": "INFO"}, clocked=True, histories=SHORT)
def early_strays(delivery: Delivery, rng: Random) -> Delivery:
    """One to three events of a whole day are stamped in the hours that come; their clocks are fast."""
    soon = time.time_ns() // 1000
    strays = {id(event) for event in rng.sample(delivery.days[delivery.last], rng.randint(1, 3))}

    def shifted(events: Sequence[Event]) -> list[Event]:
        return [
            event._replace(at=soon + rng.randrange(HOUR, DAY // 2)) if id(event) in strays else event
            for event in events
        ]

    return on(delivery, 1, shifted)
