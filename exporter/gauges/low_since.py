"""Since which hour the anchor day is lower than usual: the change point of its complete hours.

The hours are split where a Poisson likelihood ratio is greatest, given how usual days are spread over them. The ratio
is evidence only after division by the variance: that of lumps or, if greater, that from day to day.

Of 62,400 simulated healthy days, 32 (0.05 %) are low since some hour; of no kind of shop more than 0.2 %. They have 12
to 500 purchases or 90 to 50,000 events, one by one or in lumps of up to 24, a level that differs by 8 to 25 % from day
to day, weekends as usual or at half of it, 9 to 24 complete hours, and 7 or 28 baseline days.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from exporter.facts.model import DayFacts
from exporter.gauges import hours
from exporter.gauges.anatomy import Anatomy, counts_of
from exporter.gauges.hours import FEW, LUMP, Counts
from exporter.gauges.sample import Sample
from exporter.gauges.sums import variance

CERTAIN = 6.0
"""The least evidence, as the logarithm of a likelihood ratio."""

LOW = 0.7
"""Hours with at most this share of their usual number are low."""

NEAR = 0.8
"""Hours with at least this share of their usual number are as usual."""

WEEK = 7
"""The minimum number of baseline days."""

ENOUGH = 3
"""If so many baseline days are of the same weekday, they define the usual number of the day."""

LUMPS = {"events": LUMP, "purchases": 1}
"""How many of what is counted come together at least."""


def low_hours(anatomy: Anatomy, by_lag: Mapping[int, DayFacts], gauges: frozenset[str]) -> Iterator[Sample]:
    """The first low hour of the anchor day, of events and purchases, each if evident and in `gauges`."""
    lags = (0, *anatomy.whole)
    clock = [hour for hour in range(anatomy.complete) if hour not in anatomy.skipped]
    for of, lump in LUMPS.items():
        gauge = f"clickstream_{of}"
        days = {lag: counts_of(by_lag[lag], gauge) for lag in lags if gauge in by_lag[lag].found}
        counts = {lag: [day[hour] for hour in clock] for lag, day in days.items()}
        if gauge in gauges and clock and 0 in counts:
            first = low_since(counts.pop(0), counts, lump)
            if first is not None:
                yield Sample("clickstream_low_since_clock_seconds", (("of", of),), clock[first] * 3600)


def low_since(today: Counts, before: Mapping[int, Counts], lump: float) -> int | None:
    """The place of the hour from which on `today` is low, 0 if the whole day is, None if neither is evident.

    `before` has the same hours of the baseline days by lag. Of what is counted, at least `lump` come together.
    """
    if len(before) < WEEK:
        return None
    level = _usual(0, {lag: sum(counts) for lag, counts in before.items()})
    days = [_running_sum(counts) for counts in before.values() if sum(counts)]
    lump = max(lump, hours.lump(days, level))
    split = _split(_running_sum(today), days)
    if split is None or split.evidence(lump) < CERTAIN:
        return 0 if _all_low(sum(today), before, level, lump) else None
    is_near = split.number - split.after >= NEAR * level * (1 - split.usual)
    is_low = split.after <= LOW * level * split.usual
    return split.hour if is_near and is_low else None


@dataclass(frozen=True)
class _Split:
    """So many of a day's `number` come `after` the hour; `shares` are those of the baseline days."""

    hour: int
    number: int
    after: int
    shares: Sequence[float]

    @property
    def usual(self) -> float:
        """The usual share after the hour."""
        return median(self.shares)

    @property
    def ratio(self) -> float:
        """The logarithm of the likelihood ratio of today's share to the usual one, 0 if it is not lower."""
        expected = self.usual * self.number
        if not self.after < expected < self.number:
            return 0.0
        return _information(self.after, expected) + _information(self.number - self.after, self.number - expected)

    def evidence(self, lump: float) -> float:
        """The ratio, as what is counted comes in lumps and the share differs from day to day."""
        chance = self.usual * (1 - self.usual) / self.number
        spread = variance(self.shares) * (1 + FEW / len(self.shares))
        return self.ratio * chance / max(lump * chance, spread)


def _split(today: Counts, days: Sequence[Counts]) -> _Split | None:
    """The split with the greatest ratio, of days as running sums; None if no later share is lower than usual."""
    number = today[-1]
    splits = [
        _Split(hour, number, number - today[hour], [1 - each[hour] / each[-1] for each in days])
        for hour in range(1, len(today) - 1)
        if days
    ]
    return max((each for each in splits if each.ratio), key=lambda each: each.ratio, default=None)


def _all_low(number: int, before: Mapping[int, Counts], level: float, lump: float) -> bool:
    """Whether the whole day is evidently low."""
    if not level or number > LOW * level:
        return False
    totals = {lag: sum(counts) for lag, counts in before.items()}
    usual = {lag: _usual(lag, totals) for lag in totals}
    off = [(totals[lag] / each - 1) ** 2 for lag, each in usual.items() if each]
    spread = sum(off) / max(len(off), 1) * (1 + FEW / len(before))
    ratio = _information(number, level) - number + level
    return ratio >= CERTAIN * max(lump, spread * level)


def _usual(lag: int, totals: Mapping[int, int]) -> float:
    """The usual number of the day at the lag: of the same weekday if there are enough, otherwise of all others."""
    others = {other: total for other, total in totals.items() if other != lag}
    same = [total for other, total in others.items() if (other - lag) % 7 == 0]
    return float(median(same if len(same) >= ENOUGH else others.values()))


def _information(number: int, expected: float) -> float:
    return number * math.log(number / expected) if number else 0.0


def _running_sum(counts: Counts) -> list[int]:
    return list(accumulate(counts, initial=0))
