"""Replays a data set: every day of a range as if it were the newest, over facts that are measured once."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from exporter.config.checks import Limits
from exporter.config.model import Dataset, Links
from exporter.facts.model import Measured
from exporter.facts.storage import Storage
from exporter.facts.task import Task
from exporter.gauges import snapshot
from exporter.gauges.view import Refresh, View
from exporter.measures.declared import Measure
from exporter.plan import Plan
from exporter.reader.client import Reader

log = logging.getLogger("exporter")

EARLIEST = date(2000, 1, 1)
"""No earlier event is plausible."""


@dataclass(frozen=True)
class Replay:
    """A data set as of each day: `days` maps those with events to what a reading as of that day finds.

    `quiet` are the days between them without an event, which are never the newest.
    """

    name: str
    dataset: Dataset
    measures: tuple[Measure, ...]
    links: Links
    days: Mapping[date, Measured]
    quiet: tuple[date, ...]

    def view(self, when: date, limits: Limits | None = None) -> View:
        """The data set as it is served as of the day, as the data set `NAME@DAY`; `limits` replace those configured."""
        dataset = self.dataset.model_copy(update={"limits": limits}) if limits else self.dataset
        measured = self.days[when]
        name = f"{self.name}@{when}"
        taken = snapshot.take(name, dataset, self.measures, measured, by_hand=True)
        interval = timedelta(days=1).total_seconds()
        refresh = Refresh(success=True, finished=time.time(), interval=interval, queries=measured.queries)
        return View(name, taken, refresh, self.links, self.measures)


def measure(plan: Plan, name: str, first: date | None, last: date | None, storage: Storage) -> Replay:
    """Measure the days from `first` until `last`, and the history that each needs.

    Without `first`, all days are replayed that have a day before them, without `last` up to the newest. Raises
    FactsError.
    """
    dataset = plan.config.datasets[name]
    measured = read(plan, name, first, last, storage, dataset.history_days)
    begin = first or min((each.date + timedelta(days=1) for each in measured.days), default=EARLIEST)
    days = {when: each for when, each in measured.as_of.items() if when >= begin}
    quiet = [each.date for each in measured.days if each.date >= begin and each.date not in days]
    return Replay(name, dataset, plan.measures[name], plan.config.links, days, tuple(quiet))


def read(
    plan: Plan, name: str, first: date | None, last: date | None, storage: Storage, each_with: int | None = None
) -> Measured:
    """Measure all days until `last`, or from the history that `first` needs on; `each_with` as in a task.

    Raises FactsError.
    """
    dataset = plan.config.datasets[name]
    now = datetime.now(UTC)
    begin = first or EARLIEST
    wide = (max(last or now.date(), begin) - begin).days + 2 + dataset.history_days
    known = storage.load(name)
    task = Task(
        name=name,
        dataset=dataset.model_copy(update={"history_days": wide}),
        measures=plan.measures[name],
        known=known,
        as_of=last,
        now=now,
        days=None,
        resources=plan.config.resources,
        storage=storage.folder(name),
        each_with=each_with,
    )
    reader = Reader()
    try:
        measured = reader.measure(task)
    finally:
        reader.stop()
    everything = replace(measured.known, days={**known.days, **measured.known.days})  # another range may need it
    if problem := measured.problem or storage.save(name, everything):
        log.warning("%s: %s", name, problem)
    return measured
