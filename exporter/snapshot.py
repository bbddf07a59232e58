"""A snapshot: every gauge of a data set at one moment, immutable, with a number that stands for all of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from itertools import groupby
from zoneinfo import ZoneInfo

from exporter.config import COLUMNS, Dataset
from exporter.days import Day, day
from exporter.devices import DEVICES
from exporter.facts import DayFacts, Measured
from exporter.labels import clean
from exporter.measures import Measure, Number

COMPARABLE_LAGS = 8
"""Lags 0 to 7 have a comparable twin: the anchor day and the seven days of the baseline."""


@dataclass(frozen=True)
class Sample:
    """One number of a gauge; `labels` without the data set's."""

    gauge: str
    labels: tuple[tuple[str, str], ...]
    value: float


@dataclass(frozen=True)
class Snapshot:
    """What a data set's gauges say: `number` is the same for the same data and configuration anywhere."""

    dataset: str
    date: date | None
    number: int
    samples: tuple[Sample, ...]


def take(name: str, dataset: Dataset, asked: Sequence[Measure], measured: Measured, *, by_hand: bool) -> Snapshot:
    """The snapshot of what was measured; `by_hand` says that someone chose the anchor day."""
    days = {facts.date: facts for facts in measured.days}
    anchor = max((when for when, facts in days.items() if facts.last_event is not None), default=None)
    samples = [*_frame(dataset, measured, by_hand=by_hand), *_missing(dataset, asked, measured)]
    if anchor:
        samples += _days(dataset, asked, anchor, days, measured)
    samples.sort(key=lambda sample: (sample.gauge, sample.labels))
    number = _number(dataset, asked, samples)
    samples.append(Sample("clickstream_snapshot", (), number))
    return Snapshot(name, anchor, number, tuple(samples))


def _number(dataset: Dataset, asked: Sequence[Measure], samples: Iterable[Sample]) -> int:
    """48 bits, because a gauge holds whole numbers exactly up to 53; never 0, which reads like "none"."""
    configuration = dataset.model_dump(exclude={"files", "measures"})
    text = repr((configuration, [measure.sql for measure in asked], list(samples)))
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=6).digest(), "big") or 1


def _frame(dataset: Dataset, measured: Measured, *, by_hand: bool) -> Iterator[Sample]:
    yield Sample("clickstream_files", (), measured.files)
    yield Sample("clickstream_unreadable_files", (), len(measured.unreadable))
    for first in measured.unreadable[:1]:
        labels = (("file", clean(first.name)), ("reason", clean(first.reason)))
        yield Sample("clickstream_unreadable_file_info", labels, 1)
    yield Sample("clickstream_anchor_file_events", (), measured.anchor_rows)
    yield Sample("clickstream_implausible_timestamp_events", (), measured.implausible)
    for column, file in measured.lacking.items():
        yield Sample("clickstream_missing_column_info", (("column", column), ("file", clean(file))), 1)
    yield from _changed(dataset, measured)
    yield Sample("clickstream_intraday", (), dataset.cadence == "intraday")
    for limit, value in dataset.limits.model_dump().items():
        if not (by_hand and limit == "max_data_age_hours"):
            yield Sample("clickstream_limit", (("limit", limit),), value)


def _changed(dataset: Dataset, measured: Measured) -> Iterator[Sample]:
    """In how many events a column changed, for every column, and how it did."""
    for column in dataset.mapped():
        change = measured.changed.get(column)
        yield Sample("clickstream_changed_column_events", (("column", column),), change.events if change else 0)
        if change:
            labels = (("change", clean(change.what)), ("column", column), ("file", clean(change.file)))
            yield Sample("clickstream_changed_column_info", labels, 1)


def _missing(dataset: Dataset, asked: Sequence[Measure], measured: Measured) -> Iterator[Sample]:
    """A reason for each gauge that the data set cannot have."""
    for measure in asked:
        query = measured.queries.get(measure.name)
        reason = measure.unmet(dataset) or ("query failed" if query and query.error else None)
        if reason:
            for gauge in measure.gauges:
                yield Sample("clickstream_not_measured", (("gauge", gauge), ("reason", reason)), 1)


def _days(
    dataset: Dataset, asked: Sequence[Measure], anchor: date, days: Mapping[date, DayFacts], measured: Measured
) -> Iterator[Sample]:
    zone = ZoneInfo(dataset.time_zone)
    last = days[anchor].last_event or 0
    complete = _complete_hours(last, day(anchor, zone))
    yield Sample("clickstream_last_event_timestamp_seconds", (), last / 1e6)
    yield Sample("clickstream_complete_hours", (), complete)
    for when, facts in days.items():
        lag = (anchor - when).days
        if lag >= 0:
            yield from _calendar(day(when, zone), facts, lag)
    gauges = _gauges(dataset, asked, measured)
    for gauge in gauges:
        for when, facts in days.items():
            lag = (anchor - when).days
            if lag >= 0:
                yield from _gauge(gauge, facts, lag, complete)


@dataclass(frozen=True)
class _Gauge:
    """A gauge of the measures and the name of its label, if it has one.

    `values` are the label's values as they are shown, on every day, with those of the data that look so.
    """

    name: str
    label: str | None
    values: Mapping[str, frozenset[str]]


def _gauges(dataset: Dataset, asked: Sequence[Measure], measured: Measured) -> list[_Gauge]:
    """The gauges of all measures that succeeded; a label value of any day is there on every day."""
    labels = {gauge: label for facts in measured.days for gauge, label in facts.labels.items()}
    bounded = {
        "device": DEVICES,
        "event_name": dataset.taxonomy,
        "column": tuple(column for column in COLUMNS if column in dataset.mapped()),
    }
    gauges = []
    for measure in asked:
        query = measured.queries.get(measure.name)
        if query is None or query.error:
            continue
        for name in measure.gauges:
            seen = {value for facts in measured.days for value in facts.found.get(name, {})}
            label = labels.get(name)
            gauges.append(_Gauge(name, label, _shown({*bounded.get(label, ()), *seen} if label else {""})))
    return gauges


def _shown(values: Iterable[str]) -> dict[str, frozenset[str]]:
    """The values by how they look once they are clean: a series must not stand twice."""
    looks = sorted((clean(value), value) for value in values)
    return {look: frozenset(value for _, value in group) for look, group in groupby(looks, lambda pair: pair[0])}


def _gauge(gauge: _Gauge, facts: DayFacts, lag: int, complete: int) -> Iterator[Sample]:
    """The whole-day sample of one lag, and its comparable twin where the lag has one."""
    if facts.last_event is not None and gauge.name not in facts.found:
        return
    hours_of = facts.found.get(gauge.name, {})
    twin = gauge.name.replace("clickstream_", "clickstream_comparable_", 1)
    for look, values in gauge.values.items():
        labels = (("lag", str(lag)), *(((gauge.label, look),) if gauge.label else ()))
        numbers = [pair for value in values for pair in hours_of.get(value, {}).items()]
        yield Sample(gauge.name, labels, _sum(number for _, number in numbers))
        if lag < COMPARABLE_LAGS:
            yield Sample(twin, labels, _sum(number for hour, number in numbers if hour < complete))


def _sum(numbers: Iterable[Number]) -> float:
    """The exact sum; floating point is summed without an error that depends on the order."""
    numbers = list(numbers)
    if any(isinstance(number, float) for number in numbers):
        return math.fsum(float(number) for number in numbers)
    return float(sum(numbers, Decimal(0)))


def _complete_hours(last_event: int, anchor: Day) -> int:
    """How many hours of the anchor day are surely over: those before the hour of its last event."""
    hour = anchor.wall_clock(last_event).hour
    return 24 if hour == 23 else hour


def _calendar(when: Day, facts: DayFacts, lag: int) -> Iterator[Sample]:
    """What joins a lag to its date, and the wall clock at which its events end."""
    labels = (("lag", str(lag)),)
    yield Sample("clickstream_day_timestamp_seconds", labels, when.start / 1e6)
    yield Sample("clickstream_day_utc_offset_seconds", labels, when.before / 1e6)
    if facts.last_event is not None:
        local = when.wall_clock(facts.last_event)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        yield Sample("clickstream_day_last_event_clock_seconds", labels, seconds)
