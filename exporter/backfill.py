"""`--backfill`: the days of the data as OpenMetrics, so that a Prometheus can be given a history by their dates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from exporter import replay
from exporter.facts.storage import Storage
from exporter.gauges import snapshot
from exporter.gauges.snapshot import Snapshot
from exporter.measures.declared import Measure
from exporter.plan import Plan

PREFIX = "clickstream_daily_"
"""Begins the names of the series: those of a day, as opposed to those of a lag before the anchor day."""


class BackfillError(Exception):
    """A history that could not be written: the path, and why."""


def write(plan: Plan, folder: Path, last: date | None, storage: Storage) -> Iterator[str]:
    """Write the days of each data set until `last` into `folder`/NAME.om, and tell of each file.

    A sample has the time at which its day began in the data set's time zone, and the number of the whole day. Raises
    BackfillError and FactsError.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, dataset in plan.config.datasets.items():
        measured, measures = replay.read(plan, name, None, last, storage), plan.measures[name]
        taken = snapshot.take(name, dataset, measures, measured, by_hand=True)
        path = folder / f"{name}.om"
        with _writing(path):
            path.write_bytes(_openmetrics(taken, measures))
        days = [each.date for each in measured.days]
        yield f"{path}: {len(days)} days{f' from {days[0]} to {days[-1]}' if days else ''}"


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackfillError(f"{error.filename or path}: {error.strerror}") from error


def _openmetrics(taken: Snapshot, measures: tuple[Measure, ...]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Days(taken, measures))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text


class _Days(Collector):
    """The numbers of whole days, at the time at which each began."""

    def __init__(self, taken: Snapshot, measures: tuple[Measure, ...]) -> None:
        self._taken = taken
        plain = [measure for measure in measures if not measure.by_segment]
        self._helps = {gauge: text for measure in plain for gauge, text in measure.gauges.items()}

    def collect(self) -> Iterator[Metric]:
        """One family for each gauge that has a number of a day."""
        families = {
            gauge: Metric(f"{PREFIX}{gauge.removeprefix('clickstream_')}", text, "gauge")
            for gauge, text in sorted(self._helps.items())
        }
        begin = {
            dict(each.labels)["lag"]: each.value
            for each in self._taken.samples
            if each.gauge == "clickstream_day_timestamp_seconds"
        }
        for each in self._taken.samples:
            labels = dict(each.labels)
            if each.gauge in families and "lag" in labels:
                family, at = families[each.gauge], begin[labels.pop("lag")]
                family.add_sample(family.name, {"dataset": self._taken.dataset, **labels}, each.value, at)
        for family in families.values():
            family.samples.sort(key=lambda sample: (sorted(sample.labels.items()), sample.timestamp))
        return (family for family in families.values() if family.samples)
