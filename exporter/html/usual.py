"""What a day usually brings, by the definitions of the rules: the mean of seven days, and what this weekday brings.

A *baseline day* is one of the 28 days before the newest that has enough events and is in no list of days unlike others.
Volumes are compared over the complete hours of the newest day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import fmean, median

from exporter.html.gauges import Gauges

WEEK, WEEKS = 7, 4
KNOWN_WEEKDAYS = 2
"""So many days of this weekday make its share of a week known."""

Lags = Mapping[int, float]
"""A number for each lag."""


class Usual:
    """The baseline days of a data set, and what they make one expect of the newest day."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges
        excluded = {lag for lag, is_excluded in gauges.by_lag("clickstream_excluded_day").items() if is_excluded}
        before = range(1, WEEK * WEEKS + 1)
        events = gauges.by_lag("clickstream_events")
        least = gauges.limit("min_day_events")
        self._included = [lag for lag in before if lag in events and lag not in excluded]
        self.lags = [lag for lag in self._included if events[lag] >= least]

    @property
    def is_known(self) -> bool:
        """Whether the seven days before have enough baseline days to compare with."""
        return sum(lag <= WEEK for lag in self.lags) >= self._gauges.limit("min_baseline_days")

    def today(self, name: str) -> float | None:
        """A volume of the newest day over its complete hours."""
        return self._comparable(name).get(0)

    def mean(self, name: str) -> float | None:
        """The mean of a volume on the baseline days of seven, or of any of them for events if these are few."""
        of_any = name == "events" and not self.is_known
        days = self._week(name, self._included if of_any else self.lags)
        if of_any and len(days) < self._gauges.limit("min_baseline_days"):
            return None
        return fmean(days) if days else None

    def expected(self, name: str) -> float | None:
        """What this weekday brings of a volume: its usual share of the mean; None if that is not known."""
        mean, shares = self.mean(name), _weekday_shares(self._gauges.by_lag(f"clickstream_{name}"), self.lags)
        return mean * median(shares) if mean is not None and len(shares) >= KNOWN_WEEKDAYS else None

    def share(self, part: str, whole: str) -> float | None:
        """A share of the newest day over its complete hours."""
        return _ratio(self.today(part), self.today(whole))

    def mean_share(self, part: str, whole: str) -> float | None:
        """The share on the baseline days of seven together that have the part, over the same hours."""
        parts = self._comparable(part)
        return _ratio(
            sum(self._week(part, self.lags)), sum(self._week(whole, [lag for lag in self.lags if lag in parts]))
        )

    def median_share(self, part: str, whole: str) -> float | None:
        """The median share of the baseline days; of an incomplete day, times what its hours are of whole days."""
        parts, wholes = (self._gauges.by_lag(f"clickstream_{name}") for name in (part, whole))
        shares = [parts[lag] / wholes[lag] for lag in self.lags if lag in parts and wholes.get(lag)]
        if not shares:
            return None
        factor = self._share_of_hours(part, whole) if self._gauges.count("clickstream_complete_hours") < 24 else None
        return min(median(shares) * (1 if factor is None else factor), 1)

    def _share_of_hours(self, part: str, whole: str) -> float | None:
        """What the share of the complete hours is of that of whole days, on the baseline days of seven."""
        week = [lag for lag in self.lags if lag <= WEEK]
        days = (self._gauges.by_lag(f"clickstream_{name}") for name in (part, whole))
        of_days = _ratio(*(sum(each[lag] for lag in week if lag in each) for each in days))
        return _ratio(_ratio(*(sum(self._week(name, week)) for name in (part, whole))), of_days)

    def _comparable(self, name: str) -> Lags:
        return self._gauges.by_lag(f"clickstream_comparable_{name}")

    def _week(self, name: str, lags: Collection[int]) -> list[float]:
        return [value for lag, value in self._comparable(name).items() if 1 <= lag <= WEEK and lag in lags]


def _weekday_shares(days: Lags, baseline: Collection[int]) -> list[float]:
    """The newest day's weekday in each of four weeks, as a multiple of the mean of that week."""
    found = []
    for week in range(WEEKS):
        lags = range(WEEK * week + 1, WEEK * (week + 1) + 1)
        known = {lag: days[lag] for lag in lags if lag in days and lag in baseline}
        if lags[-1] in known and sum(known.values()) > 0:
            found.append(known[lags[-1]] / fmean(known.values()))
    return found


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None
