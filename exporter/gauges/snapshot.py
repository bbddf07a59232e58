"""A snapshot: every gauge of a data set at one moment, immutable, with a number that identifies it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from zoneinfo import ZoneInfo

from exporter.config.model import COLUMNS, Dataset
from exporter.days import Day, day
from exporter.facts.model import DayFacts, Measured
from exporter.gauges import segments
from exporter.gauges.anatomy import Anatomy, examine
from exporter.gauges.frame import frame
from exporter.gauges.known import known
from exporter.gauges.low_since import low_hours
from exporter.gauges.sample import Sample
from exporter.gauges.sums import exact_sum
from exporter.measures.declared import Measure
from exporter.measures.devices import DEVICES, PLATFORMS
from exporter.measures.segments import BUILT_IN, lacking
from exporter.text import clean

COMPARABLE_LAGS = 8
"""Lags 0 to 7 have a comparable twin: the anchor day and the seven days of the baseline."""

NO_TIMES = "timestamps without a time of day"
"""Why gauges that depend on sessions or hours are not measured."""

LOOK_BACK = 7
"""Days that measures look back on."""

TOO_EARLY = f"the data begin less than {LOOK_BACK} days before"
"""Why gauges that count sessions of earlier days are not measured."""


@dataclass(frozen=True)
class Snapshot:
    """The gauges of a data set; `number` is the same for the same data and configuration on any machine."""

    dataset: str
    date: date | None
    number: int
    samples: tuple[Sample, ...]


def take(name: str, dataset: Dataset, measures: Sequence[Measure], measured: Measured, *, by_hand: bool) -> Snapshot:
    """The snapshot of what was measured; `by_hand` means that someone chose the anchor day."""
    days = {facts.date: facts for facts in measured.days}
    anchor = max((when for when, facts in days.items() if facts.last_event is not None), default=None)
    zone = ZoneInfo(dataset.time_zone)
    anatomy = (
        examine(anchor, days, zone, dataset.limits, dataset.exclusion, is_whole=dataset.cadence == "daily")
        if anchor
        else None
    )
    samples = [*frame(dataset, measured, anchor, by_hand=by_hand)]
    samples += _missing(dataset, measures, measured, anchor, anatomy)
    if anchor and anatomy:
        samples += _days(dataset, measures, anchor, days, measured, anatomy)
    samples.sort(key=attrgetter("gauge", "labels"))
    number = _number(dataset, measures, samples)
    samples.append(Sample("clickstream_snapshot", (), number))
    return Snapshot(name, anchor, number, tuple(samples))


def _number(dataset: Dataset, measures: Sequence[Measure], samples: Iterable[Sample]) -> int:
    """A hash of 48 bits, because a gauge is exact only up to 53 bits; never 0, which would read as "none"."""
    configuration = dataset.model_dump(exclude={"files", "table", "object_store", "engine", "measures"})
    text = repr((configuration, [measure.sql for measure in measures], list(samples)))
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=6).digest(), "big") or 1


def _missing(
    dataset: Dataset, measures: Sequence[Measure], measured: Measured, anchor: date | None, anatomy: Anatomy | None
) -> Iterator[Sample]:
    """A reason for each gauge that the data set cannot have."""
    without_times = anatomy is not None and not anatomy.has_times
    for measure in measures:
        query = measured.queries.get(measure.name)
        reason = measure.unmet(dataset) or ("query failed" if query and query.error else None)
        reason = reason or (NO_TIMES if without_times and measure.needs_times else None)
        reason = reason or (TOO_EARLY if anchor and _is_too_early(anchor, _since(measure, measured)) else None)
        of_dimensions = _lacking(dataset, anatomy).values() if measure.by_segment else ()
        for each in [reason] if reason else dict.fromkeys(of_dimensions):
            for gauge in measure.gauges:
                yield Sample("clickstream_not_measured", (("gauge", gauge), ("reason", each)), 1)
    if without_times:
        yield Sample("clickstream_not_measured", (("gauge", "clickstream_missing_hours"), ("reason", NO_TIMES)), 1)


def _days(
    dataset: Dataset,
    measures: Sequence[Measure],
    anchor: date,
    days: Mapping[date, DayFacts],
    measured: Measured,
    anatomy: Anatomy,
) -> Iterator[Sample]:
    zone = ZoneInfo(dataset.time_zone)
    yield Sample("clickstream_last_event_timestamp_seconds", (), (days[anchor].last_event or 0) / 1e6)
    yield Sample("clickstream_complete_hours", (), anatomy.complete)
    yield from _parts(anatomy)
    by_lag = {(anchor - when).days: facts for when, facts in days.items() if when <= anchor}
    for lag, facts in by_lag.items():
        yield from _calendar(day(facts.date, zone), facts, lag)
    yield from known(dataset, by_lag)
    succeeded = [each for each in measures if (query := measured.queries.get(each.name)) and not query.error]
    plain = [each for each in succeeded if not each.by_segment and (anatomy.has_times or not each.needs_times)]
    gauges = _gauges(dataset, plain, measured)
    yield from low_hours(anatomy, by_lag, frozenset(gauge.name for gauge in gauges))
    for gauge in gauges:
        for lag, facts in by_lag.items():
            yield from _gauge(gauge, facts, lag, anatomy.complete)
    comparable = {lag: facts for lag, facts in sorted(by_lag.items()) if lag < COMPARABLE_LAGS}
    gone = _lacking(dataset, anatomy)
    dimensions = [name for name in (*BUILT_IN, *dataset.dimensions) if name not in gone]
    yield from segments.samples(
        (each for each in succeeded if each.by_segment), comparable, anatomy.complete, dimensions
    )


def _lacking(dataset: Dataset, anatomy: Anatomy | None) -> dict[str, str]:
    """Each dimension that the data set cannot have, and why: a channel is that of a session."""
    without_times = {"channel": NO_TIMES} if anatomy and not anatomy.has_times else {}
    return without_times | lacking(dataset)


def _parts(anatomy: Anatomy) -> Iterator[Sample]:
    """Where the days end, and which hours of the anchor day are missing."""
    for lag, end in anatomy.ends.items():
        yield Sample("clickstream_day_end_clock_seconds", (("lag", str(lag)),), end)
    for part in anatomy.parts:
        labels = (("part", part.name),)
        yield Sample("clickstream_missing_hours", labels, part.hours)
        if part.gap:
            hours = (("end", f"{part.gap.end:02}:00"), ("part", part.name), ("start", f"{part.gap.start:02}:00"))
            yield Sample("clickstream_missing_hours_info", hours, 1)
            yield Sample("clickstream_missing_hours_events", labels, part.gap.events)
            yield Sample("clickstream_missing_hours_expected_events", labels, part.gap.expected)


@dataclass(frozen=True)
class _Gauge:
    """A gauge of the measures, its twin, and the name of its label, if it has them.

    `values` maps each label value, as it is shown on every day, to the values in the data that are shown that way.
    Days before `since` have no sample.
    """

    name: str
    twin: str | None
    label: str | None
    values: Mapping[str, frozenset[str]]
    since: date | None


def _gauges(dataset: Dataset, measures: Sequence[Measure], measured: Measured) -> list[_Gauge]:
    """The gauges of the measures; a label value of any day is served for every day."""
    labels = {gauge: label for facts in measured.days for gauge, label in facts.labels.items()}
    bounded = {
        "device": DEVICES,
        "platform": PLATFORMS,
        "event_name": dataset.taxonomy,
        "field": tuple(dataset.watched_fields),
        "column": tuple(column for column in COLUMNS if column in dataset.mapped()),
    }
    gauges = []
    for measure in measures:
        for name in measure.gauges:
            seen = {value for facts in measured.days for value in facts.found.get(name, {})}
            label = labels.get(name)
            values = _shown({*bounded.get(label, ()), *seen} if label else {""})
            gauges.append(_Gauge(name, measure.twins.get(name), label, values, _since(measure, measured)))
    return gauges


def _since(measure: Measure, measured: Measured) -> date | None:
    """The first day on which the measure counts whole: the data must hold all sessions that it looks back on."""
    first = measured.first_day if measure.looks_back_on_sessions else None
    return first + timedelta(days=LOOK_BACK) if first else None


def _is_too_early(when: date, since: date | None) -> bool:
    return since is not None and when < since


def _shown(values: Iterable[str]) -> dict[str, frozenset[str]]:
    """The values by what they are after cleaning, so that no series is duplicate."""
    looks = sorted((clean(value), value) for value in values)
    return {look: frozenset(value for _, value in group) for look, group in groupby(looks, lambda pair: pair[0])}


def _gauge(gauge: _Gauge, facts: DayFacts, lag: int, complete: int) -> Iterator[Sample]:
    """The whole-day sample of one lag, and its comparable twin if the lag has one."""
    if _is_too_early(facts.date, gauge.since) or (facts.last_event is not None and gauge.name not in facts.found):
        return
    hours_of = facts.found.get(gauge.name, {})
    for look, values in gauge.values.items():
        labels = (("lag", str(lag)), *(((gauge.label, look),) if gauge.label else ()))
        found = [hours_of[value] for value in values if value in hours_of]
        yield Sample(gauge.name, labels, exact_sum(number for hours in found for number in hours.values()))
        if gauge.twin and lag < COMPARABLE_LAGS:
            pairs = (pair for hours in found for pair in hours.items())
            yield Sample(gauge.twin, labels, exact_sum(number for hour, number in pairs if hour < complete))


def _calendar(when: Day, facts: DayFacts, lag: int) -> Iterator[Sample]:
    """What maps a lag to its date, and the time of day of its last event."""
    labels = (("lag", str(lag)),)
    yield Sample("clickstream_day_timestamp_seconds", labels, when.start / 1e6)
    yield Sample("clickstream_day_utc_offset_seconds", labels, when.before / 1e6)
    if facts.last_event is not None:
        local = when.wall_clock(facts.last_event)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        yield Sample("clickstream_day_last_event_clock_seconds", labels, seconds)
