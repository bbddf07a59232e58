"""The anatomy of the anchor day: where its events end, which hours are missing, and whether there is a time of day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from exporter.config.checks import Limits
from exporter.days import HOURS_24, Day, day
from exporter.facts.model import DayFacts
from exporter.gauges.hours import Counts, Gap, Hours

BASELINE_LAGS = 28
"""Days before the anchor day that define what is usual at an hour."""

ENDS = 8
"""The end of the day's events is served for lags 0 to 7; the seven latest whole days define the usual one."""

NEARLY_ALL = 0.9
"""So many of a day's events have no time of day: a few of others, from another source, do not give them one."""

HALF = 0.5
"""The complete hours of a day must usually hold this share of its events: less says nothing about the day."""

_EVENTS = "clickstream_events"


@dataclass(frozen=True)
class Part:
    """The missing hours in one part of the anchor day (start, inside or end); `hours` is 0 if none are missing."""

    name: str
    hours: float
    gap: Gap | None


@dataclass(frozen=True)
class Anatomy:
    """How the events of the anchor day are distributed over its hours.

    `complete` is the number of complete hours, counted from midnight, `skipped` has those that the clock skips. `whole`
    are the lags of the days that define what is usual and lack no hours. `ends` maps lags to the time of day at which
    the day's events end, in seconds since midnight. All but the first two are empty if too few days define what is
    usual, or if the timestamps have no time of day.
    """

    has_times: bool
    complete: int
    ends: Mapping[int, int]
    parts: Sequence[Part]
    whole: Sequence[int] = ()
    skipped: range = range(0)


def examine(
    anchor: date,
    facts: Mapping[date, DayFacts],
    zone: ZoneInfo,
    limits: Limits,
    is_excluded: Callable[[date], object] = lambda _: False,
    *,
    is_whole: bool = True,
) -> Anatomy:
    """The anatomy of the day `anchor`, which must be in `facts`. Excluded days do not define what is usual.

    It `is_whole` unless it may still be filled: then its few first hours are what there is to compare.
    """
    days = {lag: (day(when, zone), each) for when, each in facts.items() if (lag := (anchor - when).days) >= 0}
    if not _has_times(days.values()):
        return Anatomy(False, 24, {}, ())
    skipped = _skipped(days[0][0])
    counts = {lag: _counts(each, skipped) for lag, (_, each) in days.items() if _hours(each)}
    baseline = [lag for lag in sorted(counts) if 0 < lag <= BASELINE_LAGS and not is_excluded(days[lag][0].date)]
    usual = _usual_lags(counts, baseline, limits)
    if 0 not in counts or len(usual) < limits.min_baseline_days:
        return Anatomy(True, _complete(days[0], None), {}, ())
    today = _beside(counts, 0, usual)
    whole = today.whole(usual)
    tails = {lag: _beside(counts, lag, usual).tail() for lag in counts if lag < ENDS or lag in whole[: ENDS - 1]}
    ends = {lag: _end(days[lag], tail) for lag, tail in tails.items()}
    parts = tuple(_parts(today, tails[0], median(ends[lag] for lag in whole[: ENDS - 1]) - ends[0]))
    served = {lag: end for lag, end in ends.items() if lag < ENDS}
    complete = _complete(days[0], tails[0])
    if is_whole and not tails[0] and today.usual_share(complete) < HALF:
        complete = 24  # bursts of a small shop: the last was early, and nothing says that the day is not over
    return Anatomy(True, complete, served, parts, whole, skipped)


def _parts(hours: Hours, tail: Gap | None, earlier: float) -> Iterator[Part]:
    """The parts of the day, which ends `earlier` than usual by so many seconds."""
    yield Part("end", max(earlier / 3600, 0.0) if tail else 0.0, tail)
    head = hours.head(tail)
    for name, gap in (("start", head), ("inside", hours.hole(head, tail))):
        yield Part(name, float(gap.end - gap.start) if gap else 0.0, gap)


def _beside(counts: Mapping[int, Counts], lag: int, usual: Sequence[int]) -> Hours:
    """The hours of a day, to compare with those of the other days that define what is usual."""
    return Hours(counts[lag], [counts[other] for other in usual if other != lag])


def _usual_lags(counts: Mapping[int, Counts], baseline: Sequence[int], limits: Limits) -> Sequence[int]:
    """The lags of the days that define what is usual: those with enough events; if these are too few, all with any."""
    enough = [lag for lag in baseline if sum(counts[lag]) >= limits.min_day_events]
    return enough if len(enough) >= limits.min_baseline_days else baseline


def _has_times(days: Iterable[tuple[Day, DayFacts]]) -> bool:
    """Whether the events have a time of day: not if, on most days, nearly all are in the first hour or at 00:00 UTC."""
    filled = [(of, facts) for of, facts in days if facts.lasts]
    return 2 * sum(_is_dated(*each) for each in filled) <= len(filled)


def _is_dated(of: Day, facts: DayFacts) -> bool:
    """Whether nearly all events of the day have the time that a date becomes."""
    counts = counts_of(facts, _EVENTS)
    hour = max(range(24), key=counts.__getitem__)
    at_midnight = hour in facts.lasts and facts.lasts[hour] % HOURS_24 == 0
    return counts[hour] >= NEARLY_ALL * sum(counts) and (hour == of.wall_clock(of.start).hour or at_midnight)


def _hours(facts: DayFacts) -> Mapping[int, object]:
    return facts.found.get(_EVENTS, {}).get("", {})


def _counts(facts: DayFacts, skipped: range) -> Counts:
    """The day's events by hour, without the hours that the anchor day's clock skips."""
    return [0 if hour in skipped else events for hour, events in enumerate(counts_of(facts, _EVENTS))]


def counts_of(facts: DayFacts, gauge: str) -> Counts:
    """What a gauge without labels counts on the day, by hour."""
    hours = facts.found.get(gauge, {}).get("", {})
    return [int(hours.get(hour, 0)) for hour in range(24)]


def _skipped(of: Day) -> range:
    """The whole hours that the clock skips on the day, for example when summer time begins, also at midnight."""
    if first := of.wall_clock(of.start).hour:
        return range(first)
    jump = of.after - of.before
    if jump <= 0:
        return range(0)
    last = of.wall_clock(of.shift_at - 1) + timedelta(microseconds=1)
    return range(last.hour, last.hour + -(-jump // 3_600_000_000))


def _complete(of: tuple[Day, DayFacts], tail: Gap | None) -> int:
    """How many hours of the day are complete: those before the hour in which its events end."""
    if tail:
        return tail.start - 1
    hour = of[0].wall_clock(of[1].last_event or of[0].start).hour
    return 24 if hour == 23 else hour


def _end(of: tuple[Day, DayFacts], tail: Gap | None) -> int:
    """The time of day of the last event that is not a stray, in seconds since midnight."""
    when, facts = of
    lasts = [last for hour, last in facts.lasts.items() if not tail or hour < tail.start]
    local = when.wall_clock(max(lasts, default=when.start))
    return local.hour * 3600 + local.minute * 60 + local.second
