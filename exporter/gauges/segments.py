"""The gauges by segment: comparable ones alone, of the largest segments of each dimension."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from exporter.facts.model import DayFacts
from exporter.gauges.sample import Sample
from exporter.gauges.sums import exact_sum
from exporter.measures.declared import Measure, Number
from exporter.measures.segments import BUILT_IN, MOST, NONE, OTHER
from exporter.text import clean

LARGEST = 12
"""The maximum number of segments of a dimension; all others are `other`."""

COMMON = 5
"""The minimum number of events of a segment in all days served: a rarer value may identify a person."""

_EVENTS = "clickstream_comparable_segment_events"

Shown = Mapping[str, Mapping[str, str]]
"""Dimension to each segment that the facts have to the one that is shown: itself, cleaned, or `other`."""

Hours = Mapping[int, Number]


def samples(
    measures: Iterable[Measure], days: Mapping[int, DayFacts], complete: int, dimensions: Sequence[str]
) -> Iterator[Sample]:
    """The gauges of the `measures` by segment on the days, by lag, over their first `complete` hours."""
    found = shown(days.values(), dimensions)
    for gauge in (gauge for each in measures for gauge in each.gauges):
        for lag, facts in days.items():
            if facts.last_event is None or gauge in facts.found:
                yield from _of_day(gauge, facts, lag, complete, found)


def shown(days: Iterable[DayFacts], dimensions: Sequence[str]) -> Shown:
    """What is shown of the dimensions: the segments with most events in all days, and the same on each of them."""
    events: dict[str, Counter[str]] = {dimension: Counter() for dimension in dimensions}
    for dimension, segment, hours in (each for facts in days for each in _split(facts, _EVENTS)):
        if dimension in events:
            events[dimension][segment] += int(sum(hours.values()))
    return {dimension: _looks(dimension, counts) for dimension, counts in events.items()}


def _looks(dimension: str, events: Mapping[str, int]) -> dict[str, str]:
    totals: Counter[str] = Counter()
    for segment, number in events.items():
        totals[clean(segment)] += number
    common = {look for look, number in totals.items() if look in (NONE, OTHER) or number >= COMMON}
    if dimension in BUILT_IN:
        common = set(totals)
    elif len(common) > MOST:
        common = {NONE}
    largest = sorted(common - {OTHER}, key=lambda look: (-totals[look], look))[:LARGEST]
    return {segment: look if (look := clean(segment)) in largest else OTHER for segment in events}


def _of_day(gauge: str, facts: DayFacts, lag: int, complete: int, found: Shown) -> Iterator[Sample]:
    """One lag of a gauge: a segment without events has 0."""
    numbers: defaultdict[tuple[str, str], list[Number]] = defaultdict(list)
    for dimension, segment, hours in _split(facts, gauge):
        if dimension in found:
            look = found[dimension].get(segment, OTHER)
            numbers[dimension, look] += [number for hour, number in hours.items() if hour < complete]
    for dimension, looks in found.items():
        for look in sorted({*looks.values()}):
            labels = (("dimension", dimension), ("lag", str(lag)), ("segment", look))
            yield Sample(gauge, labels, exact_sum(numbers[dimension, look]))


def _split(facts: DayFacts, gauge: str) -> Iterator[tuple[str, str, Hours]]:
    """The dimension, the segment and the numbers by hour of each segment of the gauge."""
    for value, hours in facts.found.get(gauge, {}).items():
        dimension, _, segment = value.partition(":")
        yield dimension, segment, hours
