"""How the events of a day are distributed over its hours: which hours are missing, and where the day ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, takewhile
from statistics import median
from typing import TypeVar

from exporter.gauges.sums import variance

T = TypeVar("T")

Counts = Sequence[int]
"""Events by hour of the day: 24 numbers."""

SCANT = 0.1
"""Hours with at most this share of their usual events are missing: strays do not fill them."""

ALIKE = 0.25
"""An earlier day with at most this share of the usual events in the same hours seems to miss them, too."""

BEYOND = 2
"""If an earlier day misses more hours than so many beyond those of today, it is another fault, and excuses nothing."""

HABIT = 3
"""What so many earlier days miss is usual, whatever else they miss."""

LUMP = 8
"""Events that come together, as those of a session do: chance acts on sessions, not on single events."""

BURST = 32
"""Events that may come together on a healthy day, as those of a mailing do. A day that misses more than such bursts
explain is not whole."""

LEFT = 0.05
"""Hours that leave less than this share of a usual day cannot be told from a day that is low as a whole."""

FEW = 4
"""A variance over n days is raised by the factor 1 + FEW / n: a few days may be similar by chance."""

CERTAIN_TAIL, CERTAIN = 2.7, 3.0
"""Standard deviations by which hours must fall short of the usual: at the end of a day, and elsewhere in it, where ten
times as many windows can fall short by chance. Counts cannot fall below zero, so their lower tail is far thinner than a
normal one: of 10,000 simulated healthy days, including bursty ones, one or two fell short by as much.
"""


@dataclass(frozen=True)
class Gap:
    """Missing hours, from `start` until before `end`: how many events they have, and how many are expected."""

    start: int
    end: int
    events: int
    expected: float


class Hours:
    """The hours of a day, to compare with those of the days before it, the latest first.

    The usual share of an hour is the median over the days, so that a few bad days do not lower it. How much days differ
    is a matter of those that are whole: the first day of the data often is not.
    """

    def __init__(self, today: Counts, before: Sequence[Counts]) -> None:
        self._today = _running_sum(today)
        self._filled = [sum(each) > 0 for each in before]
        self._before = [_running_sum(each) for each in before if sum(each)]
        self._level = median(each[24] for each in self._before) if self._before else 0.0
        self._is_whole = _are_whole(self._before, self._level)
        self._lump = max(LUMP, lump(_chosen(self._before, self._is_whole), self._level))
        shares = [[(each[hour + 1] - each[hour]) / each[24] for each in self._before] for hour in range(24)]
        self._usual = [self._level * median(each) if each else 0.0 for each in shares]

    def whole(self, lags: Sequence[int]) -> Sequence[int]:
        """Which of the days before, given by lag, lack no hours; all of them if fewer than three are whole."""
        return _chosen([lag for lag, filled in zip(lags, self._filled, strict=True) if filled], self._is_whole)

    def usual_share(self, hours: int) -> float:
        """The share of a usual day in so many of its first hours."""
        return sum(self._usual[:hours]) / max(sum(self._usual), 1e-9)

    def tail(self) -> Gap | None:
        """The missing hours at the end of the day."""
        return self._trimmed(_widest(self._gap(start, 24, None) for start in range(1, 24)))

    def head(self, tail: Gap | None) -> Gap | None:
        """The missing hours at the start of the day, before the `tail`."""
        return self._trimmed(_widest(self._gap(0, end, tail) for end in range(1, _end(tail))))

    def hole(self, head: Gap | None, tail: Gap | None) -> Gap | None:
        """The missing hours inside the day, after the `head` and before the `tail`."""
        first, last = head.end + 1 if head else 1, _end(tail)
        windows = ((start, end) for start in range(first, last) for end in range(start + 1, last))
        return self._trimmed(_widest(self._gap(start, end, tail) for start, end in windows))

    def _trimmed(self, gap: Gap | None) -> Gap | None:
        """The gap without filled hours at its edges, in which the events ended or began."""
        if gap is None:
            return None
        filled = [self._today[hour + 1] - self._today[hour] > SCANT * self._usual[hour] for hour in range(24)]
        start, end = gap.start, gap.end
        while start + 1 < end and filled[start]:
            start += 1
        while start + 1 < end < 24 and filled[end - 1]:
            end -= 1
        share = sum(self._usual[start:end]) / max(sum(self._usual[gap.start : gap.end]), 1e-9)
        return Gap(start, end, self._today[end] - self._today[start], gap.expected * share)

    def _gap(self, start: int, end: int, tail: Gap | None) -> Gap | None:
        """The hours from `start` until before `end` if they are missing, otherwise None."""
        shares = [(each[end] - each[start]) / each[24] for each in self._before]
        usual = median(shares) if shares else 0.0
        expected = usual * self._expected_level(start, end, usual, tail)
        events = self._today[end] - self._today[start]
        if not expected or events > SCANT * expected:
            return None
        noise = self._noise(start, end, shares, expected)
        certain = CERTAIN_TAIL if end == 24 else CERTAIN
        return Gap(start, end, events, expected) if noise and expected - events >= certain * noise else None

    def _expected_level(self, start: int, end: int, usual: float, tail: Gap | None) -> float:
        """The events expected on the whole day: extrapolated from its other hours, but no more than on other days.

        0 if these are too few to tell.
        """
        others = self._today[24] - self._today[end] + self._today[start]
        share = 1 - usual
        if tail:
            others -= tail.events
            share -= median((each[24] - each[tail.start]) / each[24] for each in self._before)
        return min(self._level, others / share) if share >= LEFT else 0.0

    def _noise(self, start: int, end: int, shares: Sequence[float], expected: float) -> float | None:
        """The standard deviation of the events in these hours; None if it is usual to miss them.

        The days right before do not count: the fault may have begun on one of them.
        """
        usual = median(shares)
        alike = [share <= ALIKE * usual for share in shares]
        running = len(list(takewhile(bool, alike)))
        earlier = [number for number in range(running, len(shares)) if alike[number]]
        if len(shares) <= 2 * running or self._excuse(earlier, start, end):
            return None
        others = _chosen(shares[running:], self._is_whole[running:])
        spread = variance(others) * (expected / usual) ** 2 * (1 + FEW / len(others))
        return math.sqrt(max(self._lump * expected, spread))

    def _excuse(self, days: Sequence[int], start: int, end: int) -> bool:
        """Whether days that miss these hours, too, make that usual: many of them, or one that misses little else."""
        return len(days) >= HABIT or any(
            self._is_whole[number] or self._misses_little_else(self._before[number], start, end) for number in days
        )

    def _misses_little_else(self, day: Counts, start: int, end: int) -> bool:
        """Whether the day misses, beyond these hours, hardly more than today."""
        return _beyond(self._stretch(day, start, end), self._stretch(self._today, start, end)) <= BEYOND

    def _stretch(self, day: Counts, start: int, end: int) -> tuple[int, int]:
        """All hours around these that the day misses."""
        missed = [day[hour + 1] - day[hour] <= ALIKE * usual for hour, usual in enumerate(self._usual)]
        before, after = takewhile(bool, missed[:start][::-1]), takewhile(bool, missed[end:])
        return start - len(list(before)), end + len(list(after))


def _beyond(hours: tuple[int, int], others: tuple[int, int]) -> int:
    """How many of the hours are before or after the others."""
    return max(others[0] - hours[0], 0) + max(hours[1] - others[1], 0)


def _running_sum(counts: Counts) -> list[int]:
    return list(accumulate(counts, initial=0))


def _widest(gaps: Iterator[Gap | None]) -> Gap | None:
    """The gap that lacks most events; those it has count twice, so that it does not extend into a healthy hour."""
    return max(filter(None, gaps), key=lambda gap: (gap.expected - 2 * gap.events, gap.start), default=None)


def lump(days: Sequence[Counts], level: float) -> float:
    """How many events come together, of days as running sums from hour to hour and a usual day of `level` events.

    That is the variance of hourly events from day to day over their mean, of all hours.
    """
    spread = [
        variance([(each[hour + 1] - each[hour]) * level / each[-1] for each in days])
        for hour in range(len(days[0]) - 1 if days else 0)
    ]
    return sum(spread) / level * (1 + FEW / len(days)) if days and level else 0.0


def _chosen(each: Sequence[T], is_whole: Sequence[bool]) -> Sequence[T]:
    """Those of whole days, or all where fewer than three are whole."""
    chosen = [one for one, whole in zip(each, is_whole, strict=True) if whole]
    return chosen if len(chosen) > 2 else each


def _are_whole(days: Sequence[Sequence[int]], level: float) -> list[bool]:
    """Whether each of the days has events in all hours in which even bursts of BURST events could not fail to come."""
    hours = [[(each[hour + 1] - each[hour]) / each[24] for each in days] for hour in range(24)]
    usual = list(accumulate(map(median, hours), initial=0.0)) if days else [0.0] * 25
    windows = [(start, end, SCANT * ((usual[end] - usual[start]) * level)) for start, end in combinations(range(25), 2)]
    return [
        not any(
            each[end] - each[start] <= most and _is_short(each, usual, level, start, end)
            for start, end, most in windows
        )
        for each in days
    ]


def _is_short(day: Sequence[int], usual: Sequence[float], level: float, start: int, end: int) -> bool:
    share, events = usual[end] - usual[start], day[end] - day[start]
    expected = share * min(level, (day[24] - events) / (1 - share) if share < 1 else level)
    return events <= SCANT * expected and expected - events >= CERTAIN * math.sqrt(BURST * expected)


def _end(tail: Gap | None) -> int:
    return tail.start if tail else 24
