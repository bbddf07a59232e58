"""What a day should have, how far off a day usually is, and from which drop on that is no accident: an oracle.

It follows the definitions and knows nothing of the rules. A lag of 1 to 28 is *usual* if its day has enough events and
is not excluded; weeks are lags 1 to 7, 8 to 14, 15 to 21 and 22 to 28, and the weekday of the anchor day is lags 7, 14,
21 and 28. None is what cannot be said.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import fmean, median

WEEKS = range(4)
DEVIATIONS = 4.5
"""So many times the usual deviation of a day is an accident."""

MOST = 0.90
"""A drop of more than this is never an accident."""

SAME_WEEKDAY = 0.75
"""Of the median of the same weekday: what is above is the end of a campaign."""

ERRORS, OF_AMOUNTS, OF_SHARES = 3.0, 6.0, 2.5
"""Standard errors of a number, of the sum of so many amounts, and of a share."""

EVENTS_AT_ONCE = 8

Lags = Mapping[int, float]
"""A number for each lag."""


@dataclass(frozen=True)
class Numbers:
    """A volume: of whole days, and over the complete hours of the anchor day, which lags 0 to 7 have."""

    whole: Lags
    comparable: Lags

    def minus(self, other: Numbers) -> Numbers:
        """This volume without a part of it."""
        return Numbers(
            {lag: value - other.whole[lag] for lag, value in self.whole.items()},
            {lag: value - other.comparable[lag] for lag, value in self.comparable.items()},
        )

    def total(self, usual: Collection[int]) -> float:
        """The sum over the baseline days."""
        return math.fsum(value for lag, value in self.comparable.items() if lag in usual and lag)


def usual_lags(events: Lags, excluded: Collection[int], least: float) -> list[int]:
    """The lags of usual days."""
    return [lag for lag in range(1, 29) if events.get(lag, -1) >= least and lag not in excluded]


@dataclass(frozen=True)
class Expectation:
    """What the anchor day should have, the usual deviation of a day, the median of the weekday, and how far it fell.

    `spread` is how far days are from the mean of their week, while the usual deviation is not known.
    """

    today: float
    expected: float | None
    deviation: float
    spread: float | None
    same_weekday: float | None

    @property
    def drop(self) -> float | None:
        """The drop below the expectation, as a ratio."""
        return 1 - self.today / self.expected if self.expected else None

    def least(self, limit: float, chance: float) -> float:
        """From which drop on it is no accident; `chance` is what chance explains."""
        return max(limit, min(MOST, max(DEVIATIONS * self.deviation, DEVIATIONS * (self.spread or 0), chance)))

    def is_below_weekday(self) -> bool:
        """Whether it is low even for the same weekday, where two of them are known."""
        return self.same_weekday is None or self.today < SAME_WEEKDAY * self.same_weekday


def expectation(of: Numbers, usual: Collection[int]) -> Expectation | None:
    """The expectation from usual days; None without a baseline day."""
    baseline = [value for lag, value in of.comparable.items() if lag and lag in usual]
    if not baseline:
        return None
    shares = _shares(of.whole, usual)
    weekday = [shares[lag] for lag in (7, 14, 21, 28) if lag in shares]
    factor = median(weekday) if len(weekday) >= 2 else 1.0
    deviation = _deviation(shares) if len(weekday) >= 3 else 0.0
    spread = _mean_off(shares.values()) if len(weekday) < 3 and shares else None
    same_weekday = _same_weekday(of, usual, fmean(baseline))
    return Expectation(of.comparable[0], fmean(baseline) * factor, deviation, spread, same_weekday)


def _shares(whole: Lags, usual: Collection[int]) -> dict[int, float]:
    """Each usual day by the mean of its week; without the weeks that have nothing."""
    found: dict[int, float] = {}
    for week in WEEKS:
        days = [lag for lag in range(7 * week + 1, 7 * week + 8) if lag in usual]
        mean = fmean(whole[lag] for lag in days) if days else 0.0
        found |= {lag: whole[lag] / mean for lag in days if mean > 0}
    return found


def _deviation(shares: Lags) -> float:
    """How far a day usually is from the usual share of its weekday, as a log ratio."""
    by_weekday = {day: median(value for lag, value in shares.items() if lag % 7 == day % 7) for day in shares}
    ratios = [value / by_weekday[lag] for lag, value in shares.items() if by_weekday[lag] > 0]
    return _mean_off(ratios) if ratios else 0.0


def _mean_off(ratios: Collection[float]) -> float:
    """The mean of how far ratios are from 1, as logarithms; a half or double at most."""
    return fmean(abs(math.log(min(max(ratio, 0.5), 2.0))) for ratio in ratios)


def _same_weekday(of: Numbers, usual: Collection[int], baseline: float) -> float | None:
    """The median of the weekday, of whole days, brought to the complete hours; None of fewer than two."""
    days = [of.whole[lag] for lag in (7, 14, 21, 28) if lag in usual]
    last_week = [of.whole[lag] for lag in range(1, 8) if lag in usual]
    if len(days) < 2 or not last_week or not fmean(last_week):
        return None
    return median(days) * baseline / fmean(last_week)


def chance(expected: float | None, errors: float, at_once: float = 1.0) -> float:
    """Which drop chance explains where so many are expected, of which some come together."""
    return errors * math.sqrt(at_once / expected) if expected else math.inf


def rate_noise(limit: float, base: float, expected: float, counted: float) -> float:
    """By how much a rate may fall, relatively: `counted` made the baseline rate `base`."""
    return OF_SHARES * math.sqrt((1 - base) * (1 / expected + 1 / counted) + (limit / 3) ** 2)


def share_noise(limit: float, base: float, today: float, before: float, at_once: float = 1.0) -> float:
    """By how many points a share may rise, by the sessions of today and of the baseline; events come twice at once."""
    at = min(base + limit, 0.999)
    return OF_SHARES * math.sqrt(at_once * at * (1 - at) * (1 / today + 1 / before) + (limit / 3) ** 2)


def device_noise(limit: float, base: float, today: float, before: float) -> float:
    """By how many points a device's share of the revenue may move, by the purchases of today and of the baseline."""
    at = min(base + limit, 0.999)
    return OF_SHARES * math.sqrt(
        4 * max(base * (1 - base), at * (1 - at)) * (1 / today + 1 / before) + (limit / 3) ** 2
    )


def too_many(number: float, of: float, limit: float) -> bool:
    """Whether a few among a few are more than the limit and chance make."""
    return number >= 2 and number > limit * of + OF_SHARES * math.sqrt(limit * of)
