"""Days, files and tables that are delivered again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pyarrow as pa

from .delivery import Delivery, parquet, table
from .kinds import kind
from .shop import DAY

REPEATED = {"RepeatedDay": "CRITICAL"}


@kind("J2", REPEATED)
def yesterday_stamped_as_today(delivery: Delivery, _rng: Random) -> Delivery:
    """The rows of the day before with new dates."""
    return _copied(delivery, 1)


@kind("J2", REPEATED)
def copy_of_the_same_weekday(delivery: Delivery, _rng: Random) -> Delivery:
    """The rows of a week ago with new dates: nothing else is unusual."""
    return _copied(delivery, 7)


@kind("J5", REPEATED, histories=(22, 29))
def the_same_day_again_and_again(delivery: Delivery, rng: Random) -> Delivery:
    """The rows of one day, with new dates, on five or six days."""
    for lag in range(rng.randint(5, 6), 0, -1):
        delivery = _copied(delivery, 1, lag - 1)
    return delivery


@kind("J2", {"DuplicateEvents": "WARN", "RepeatedDay": "CRITICAL"}, histories=(8,))
def every_file_twice(delivery: Delivery, rng: Random) -> Delivery:
    """The files of the last day, or of all days, lie there under another name too."""
    newest = sorted(delivery.days)[-rng.choice((1, len(delivery.days))) :]
    return replace(delivery, files={f"again-{day}.parquet": parquet(table(delivery.days[day])) for day in newest})


@kind("J2", refused=True, histories=(8,))
def rewritten_folder(delivery: Delivery, rng: Random) -> Delivery:
    """A table format's folder, where a rewrite left the files that it replaces."""
    whole = pa.concat_tables(table(events) for events in delivery.days.values())
    names = [f"{day}.parquet" for day in delivery.days]
    log = rng.choice((_delta(names), _ICEBERG, _HUDI))
    return replace(delivery, files={"compacted.parquet": parquet(whole), **log}, together=True)


_ICEBERG = {"metadata/v2.metadata.json": b'{"format-version": 2}'}
_HUDI = {".hoodie/hoodie.properties": b"hoodie.table.name=events\n"}


def _delta(names: Iterable[str]) -> dict[str, bytes]:
    added = [json.dumps({"add": {"path": name, "dataChange": True}}) for name in names]
    removed = [json.dumps({"remove": {"path": name, "dataChange": False}}) for name in names]
    removed.append(json.dumps({"add": {"path": "compacted.parquet", "dataChange": False}}))
    return {f"_delta_log/{number:020}.json": "\n".join(each).encode() for number, each in enumerate((added, removed))}


def _copied(delivery: Delivery, lag: int, before: int = 0) -> Delivery:
    day = delivery.last - timedelta(days=before)
    again = tuple(event._replace(at=event.at + lag * DAY) for event in delivery.days[day - timedelta(days=lag)])
    return replace(delivery, days={**delivery.days, day: again})
