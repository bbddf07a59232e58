"""The numbers of a table of days under the names of the checks' definitions.

What is missing or NaN is None: "not there". Of several numbers that are added up or compared with one another,
missing ones are left out, but where one is NaN, the result is not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache, cached_property

from tests.support.day_tables import Table

BASELINE = range(1, 8)
"""The lags of the seven days before."""

WEEKS = range(1, 29)
"""The lags of the four weeks before."""

Number = Fraction | float
Known = Number | None


class Numbers:
    """The numbers of a table under the names of the definitions."""

    def __init__(self, table: Table, now: float, number: Callable[[str], Number]) -> None:
        self.table = table
        self.now = number(repr(now))
        self.number = number
        self.comparable = cache(self._comparable)
        self.total = cache(self._total)
        self.mean = cache(self._mean)

    def whole(self, name: str, lag: int = 0, **labels: str) -> Known:
        """W: the number of the whole day."""
        return self._sum(f"clickstream_{name}", lag=str(lag), **labels)

    def _comparable(self, name: str, lag: int = 0, **labels: str) -> Known:
        """C: the number of the comparable hours."""
        return self._sum(f"clickstream_comparable_{name}", lag=str(lag), **labels)

    def gauge(self, name: str, **labels: str) -> Known:
        """The number of a gauge without lag."""
        return self._sum(f"clickstream_{name}", **labels)

    def limit(self, name: str) -> Known:
        """The limit as configured."""
        return self.gauge("limit", limit=name)

    def series(self, gauge: str, **labels: str) -> list[float]:
        """The numbers of the gauge's series that have the labels, NaN ones too."""
        wanted = labels.items()
        return [value for pairs, value in self.table.gauges.get(gauge, {}).items() if wanted <= dict(pairs).items()]

    def values(self, name: str, label: str) -> set[str]:
        """The values of a label of a gauge."""
        return {dict(pairs)[label] for pairs in self.table.gauges.get(f"clickstream_{name}", {})}

    def _sum(self, gauge: str, **labels: str) -> Known:
        found = self.series(gauge, **labels)
        if not found or any(map(math.isnan, found)):
            return None
        return sum(self.number(repr(value)) for value in found)

    def nearly(self, value: Number) -> Number:
        """The value; in floating point a little more, as a logarithm and its inverse may make it."""
        return value * (1 + 1e-12) if isinstance(value, float) else value

    def whole_days(self, name: str, lags: Iterable[int]) -> list[Known]:
        """The numbers of the whole days that have one; None where it is NaN."""
        return [self.whole(name, lag) for lag in lags if self.series(f"clickstream_{name}", lag=str(lag))]

    @cached_property
    def history(self) -> list[int]:
        """H: the lags of the baseline days of four weeks."""
        least = self.limit("min_day_events")
        events = {lag: self.whole("events", lag) for lag in WEEKS if self.gauge("excluded_day", lag=str(lag)) != 1}
        return [lag for lag, value in events.items() if value is not None and least is not None and value >= least]

    @cached_property
    def baseline(self) -> list[int]:
        """B: the lags of the baseline days of the last week."""
        return [lag for lag in self.history if lag in BASELINE]

    def counted(self, name: str, **labels: str) -> Known:
        """The sum over the baseline days of the last week, of all their hours."""
        return combined(sum, [day for lag in self.baseline if (day := self.whole(name, lag, **labels)) is not None])

    def comparable_days(self, name: str, lags: Iterable[int], **labels: str) -> list[Known]:
        """The comparable numbers of the days that have one; None where it is NaN."""
        there = [lag for lag in lags if self.series(f"clickstream_comparable_{name}", lag=str(lag), **labels)]
        return [self.comparable(name, lag, **labels) for lag in there]

    def _total(self, name: str, **labels: str) -> Known:
        """The sum over the baseline days."""
        return combined(sum, self.comparable_days(name, self.baseline, **labels))

    def _mean(self, name: str, **labels: str) -> Known:
        """The average of a baseline day."""
        return combined(mean, self.comparable_days(name, self.baseline, **labels))


def mean(numbers: list[Number]) -> Number:
    """The average of numbers, of which there are some."""
    return sum(numbers) / len(numbers)


def combined(how: Callable[[list[Number]], Number], numbers: Iterable[Known]) -> Known:
    """The sum, the average or the largest of the numbers; not there where there are none, or one is not there."""
    found = list(numbers)
    there = [number for number in found if number is not None]
    return how(there) if found and there == found else None


def ratio(part: Known, of: Known) -> Known:
    """The share; not there where the denominator is not above 0."""
    return None if part is None or of is None or of <= 0 else part / of


def minus(left: Known, right: Known) -> Known:
    """The difference of two numbers that are there."""
    return None if left is None or right is None else left - right
