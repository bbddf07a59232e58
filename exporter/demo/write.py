"""Writes the demo: the shop's days, the last one with its incident, and their configuration."""

import os
from datetime import date, timedelta
from importlib.resources import files as resources
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from exporter.demo.incident import cut_payloads, hide_clients, lose_purchases
from exporter.demo.shop import WEEKDAY_FACTORS, Event, events_of, visits_of

DAYS = 30
LAST_DAY = date(2025, 3, 9)
TEXT = pa.string()
SCHEMA = pa.schema(
    {"event_id": TEXT, "client_id": TEXT, "page_url": TEXT, "referrer": TEXT, "timestamp": pa.timestamp("us", tz="UTC")}
    | {"event_name": TEXT, "event_data": TEXT, "user_agent": TEXT}
)


def demo_events(last_day: date, days: int = DAYS) -> dict[date, list[Event]]:
    """Return the events of each of so many days up to `last_day`, which suffers an incident.

    Whichever the last day is, they are those of the demo that ends on `LAST_DAY`, as many days later or earlier.
    """
    events: dict[date, list[Event]] = {last_day - timedelta(days=lag): [] for lag in range(days)}
    for day in events:
        alike = LAST_DAY - (last_day - day)
        random = Random(alike.toordinal())  # noqa: S311
        for visit in visits_of(day, WEEKDAY_FACTORS[alike.weekday()], random):
            events.get(visit.start.date(), []).extend(events_of(visit, random))
    random = Random(LAST_DAY.toordinal())  # noqa: S311
    events[last_day] = cut_payloads(lose_purchases(hide_clients(events[last_day], random), random))
    return events


def parquet_bytes(events: list[Event]) -> bytes:
    """Return the events as one Parquet file, ordered by time."""
    rows = [vars(event) for event in sorted(events, key=lambda event: event.timestamp)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), sink, compression="zstd")
    return bytes(sink.getvalue())


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that nobody reads half of it under its name."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def write_demo(folder: Path, last_day: date, days: int = DAYS) -> Path:
    """Write daily Parquet files, 30 by default, and `config.yml` below `folder`; return the configuration's path."""
    (folder / "events").mkdir(parents=True, exist_ok=True)
    for day, events in sorted(demo_events(last_day, days).items()):
        write_file(folder / "events" / f"events_{day}.parquet", parquet_bytes(events))
    config = folder / "config.yml"
    write_file(config, (resources("exporter.demo") / "demo.yml").read_bytes())
    return config
