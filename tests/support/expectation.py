"""What the definitions say of drops and of usual shares, worked out in Python."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import median

from tests.support.table_numbers import BASELINE, Known, Number, Numbers, combined, mean, minus, ratio

EVENTS_AT_ONCE, EVENTS_OF_A_NAME = 8, 2
"""Events that come together, as those of a session do, and how many of them have one name."""

MOST = 0.9


def drop(today: Known, before: Known) -> Known:
    """How much less it is than before, relative to before."""
    return minus(1, ratio(today, before))


@dataclass(frozen=True)
class Volume:
    """A volume over the complete hours: its number, the mean of seven days, and the days of four weeks."""

    today: Known
    mean: Known
    days: Mapping[int, Number]
    quiet_weekday: Known = None
    """What chance leaves of the median of this weekday, where its days have too few events to be baseline days."""

    @property
    def shares(self) -> dict[int, Number]:
        """Each day as a multiple of the mean of its week."""
        means = {week: mean(days) for week in range(4) if (days := self._of_week(week)) and sum(days) > 0}
        return {lag: day / means[(lag - 1) // 7] for lag, day in self.days.items() if (lag - 1) // 7 in means}

    def _of_week(self, week: int) -> list[Number]:
        return [day for lag, day in self.days.items() if (lag - 1) // 7 == week]

    def usual(self, weekday: int) -> Number:
        """The median share of a weekday in its week."""
        return median(share for lag, share in self.shares.items() if lag % 7 == weekday)

    @property
    def weeks(self) -> int:
        """How many days of this weekday are known."""
        return sum(lag % 7 == 0 for lag in self.shares)

    @property
    def expected(self) -> Known:
        """What this weekday brings."""
        return self.mean if self.mean is None or self.weeks < 2 else self.mean * self.usual(0)

    @property
    def deviation(self) -> float:
        """How far a day usually is off."""
        usual = {weekday: self.usual(weekday) for weekday in {lag % 7 for lag in self.shares}}
        ratios = [share / usual[lag % 7] for lag, share in self.shares.items() if usual[lag % 7] > 0]
        return _mean_off(ratios) if self.weeks >= 3 and ratios else 0.0

    @property
    def spread(self) -> float:
        """How far days are from the mean of their week, while it is not known how far a day usually is off."""
        return _mean_off(self.shares.values()) if self.weeks < 3 and self.shares else 0.0

    @property
    def same_weekday(self) -> Known:
        """The median of this weekday, of as many hours as today has."""
        week = self._of_week(0)
        if self.weeks < 2 or self.mean is None or not week or sum(week) <= 0:
            return self.quiet_weekday
        return median(day for lag, day in self.days.items() if lag % 7 == 0) * self.mean / mean(week)

    @property
    def fell(self) -> Known:
        """How far it is below what is expected; not at all where nothing is."""
        return 0 if self.expected == 0 and self.today is not None else drop(self.today, self.expected)


def _mean_off(ratios: Collection[Number]) -> float:
    """The mean of how far ratios are from 1, as logarithms; a half or double at most."""
    return sum(abs(math.log(min(max(ratio, 0.5), 2.0))) for ratio in ratios) / len(ratios)


def least(volume: Volume, limit: Number, chance: float, deviation: float | None = None) -> float:
    """The drop above which it is neither usual nor chance."""
    usual = volume.deviation if deviation is None else deviation
    return max(float(limit), min(MOST, 4.5 * usual), min(MOST, 4.5 * volume.spread), min(MOST, chance))


def chance_of(times: float, expected: Known) -> float:
    """So many standard errors of a number that is expected, relative to it."""
    return MOST if not expected or expected < 0 else times / math.sqrt(expected)


def revenue_of(t: Numbers) -> Volume:
    """The revenue."""
    return Volume(t.comparable("revenue"), t.mean("revenue"), _days(t, "revenue"))


def priced_of(t: Numbers) -> Volume:
    """The purchases with an amount in the currency that is summed."""
    names, foreign = ("purchases", "purchases_without_revenue"), "foreign_currency_purchases"
    whole, without = (_days(t, name) for name in names)
    comparable = f"clickstream_comparable_{foreign}"
    there = [lag for lag in t.baseline if t.series(comparable, lag=str(lag))]
    return Volume(
        minus(
            minus(*(t.comparable(name) for name in names)),
            t.comparable(foreign) if t.series(comparable, lag="0") else 0,
        ),
        minus(minus(*(t.mean(name) for name in names)), t.mean(foreign) if there else 0),
        {
            lag: whole[lag] - without[lag] - other
            for lag in whole
            if lag in without and (other := _of_day(t, foreign, lag)) is not None
        },
    )


def _of_day(t: Numbers, name: str, lag: int) -> Known:
    """The number of the whole day; 0 where there is no series."""
    return t.whole(name, lag) if t.series(f"clickstream_{name}", lag=str(lag)) else 0


def events_of(t: Numbers) -> Volume:
    """The events, which are compared with all seven days where too few of them are baseline days."""
    included = [lag for lag in (7, 14, 21, 28) if t.gauge("excluded_day", lag=str(lag)) != 1]
    weekdays = [day for lag in included if (day := t.whole("events", lag)) is not None and day > 0]
    hours = ratio(t.total("events"), t.counted("events")) if incomplete(t) else None
    quiet = median(weekdays) if len(weekdays) >= 2 else None
    if quiet is not None:
        chance = t.number(repr(max(0.0, 1 - 3 * math.sqrt(EVENTS_AT_ONCE / quiet))))
        quiet = quiet * chance * (1 if hours is None else hours)
    return Volume(t.comparable("events"), events_mean(t), _days(t, "events"), quiet)


def usual_day(t: Numbers, name: str) -> Known:
    """The median of this weekday, or of all days while three of them are not known, of as many hours as today has."""
    days = _days(t, name)
    weekday = [day for lag, day in days.items() if lag % 7 == 0]
    usual = weekday if len(weekday) >= 3 else list(days.values())
    hours = ratio(t.total("events"), t.counted("events")) if incomplete(t) else None
    at_least = t.limit("min_baseline_days")
    if not usual or at_least is None or len(days) < at_least:
        return None
    return median(usual) * (1 if hours is None else hours)


def is_lost(t: Numbers, name: str) -> bool:
    """Whether nearly all of a volume is lost, and was on the days before."""
    today, usual, before = t.comparable(name), usual_day(t, name), mean_of(t, name)
    if today is None or usual is None:
        return False
    return today <= t.number("0.1") * usual and (before is None or before <= t.number("0.5") * usual)


def mean_of(t: Numbers, name: str) -> Known:
    """The mean of seven days."""
    return events_mean(t) if name == "events" else t.mean(name)


def usual_or_mean(t: Numbers, name: str) -> Known:
    """A usual day of what is lost, otherwise the mean of seven days."""
    return usual_day(t, name) if is_lost(t, name) else mean_of(t, name)


def _days(t: Numbers, name: str) -> dict[int, Number]:
    return {lag: day for lag in t.history if (day := t.whole(name, lag)) is not None}


def events_mean(t: Numbers) -> Known:
    """The events of a baseline day; where these are few, of any day before, if there are enough of them."""
    at_least = t.limit("min_baseline_days")
    if at_least is None or len(t.baseline) >= at_least:
        return None if at_least is None else t.mean("events")
    before = _included(t)
    return combined(mean, before) if len(before) >= at_least else None


def _included(t: Numbers) -> list[Known]:
    lags = [lag for lag in BASELINE if t.gauge("excluded_day", lag=str(lag)) != 1]
    return t.comparable_days("events", lags)


def thin_deviation(t: Numbers) -> float:
    """How far the days before are from their mean, where too few of them are baseline days."""
    days = [day for day in _included(t) if day is not None]
    return sum(abs(math.log(min(max(day / mean(days), 0.5), 2.0))) for day in days) / len(days)


def usual_share(t: Numbers, part: str, of: str, **labels: str) -> Known:
    """The median share of the baseline days of four weeks; of an incomplete day, of its hours."""
    every = (ratio(t.whole(part, lag, **labels), t.whole(of, lag, **labels)) for lag in t.history)
    shares = [share for share in every if share is not None]
    if not shares:
        return None
    of_hours = ratio(t.total(part, **labels), t.total(of, **labels))
    of_days = ratio(t.counted(part, **labels), t.counted(of, **labels))
    hours = (t.comparable_days(name, t.baseline, **labels) for name in (part, of))
    if incomplete(t) and of_days and any(None in days for days in hours):
        return None  # a NaN of these hours
    factor = ratio(of_hours, of_days) if incomplete(t) else None
    return min(median(shares) * (1 if factor is None else factor), 1)


def incomplete(t: Numbers) -> bool:
    """Whether the anchor day has fewer than 24 complete hours."""
    hours = t.gauge("complete_hours")
    return hours is not None and hours < 24


def segment_share(t: Numbers, gauge: str, labels: dict[str, str]) -> Known:
    """The median share of a segment in the events of its day."""
    shares = [ratio(t.whole(gauge, lag, **labels), t.whole("events", lag)) for lag in t.history]
    return combined(median, [share for share in shares if share is not None])


def segment_whole(t: Numbers) -> Known:
    """The events that the segments share, at most as many as are expected."""
    today, expected = t.comparable("events"), events_of(t).expected
    return today if today is None or expected is None else min(today, expected)


def segment_expected(t: Numbers, gauge: str, labels: dict[str, str]) -> Known:
    """What its usual share makes one expect of a segment, in the complete hours."""
    share, events = segment_share(t, gauge, labels), segment_whole(t)
    if share is None or events is None:
        return None
    if incomplete(t):
        of_hours = ratio(t.total(gauge, **labels), t.counted(gauge, **labels))
        all_hours = ratio(t.total("events"), t.counted("events"))
        factor = ratio(of_hours, all_hours)
        share = share if factor is None else share * factor
    return share * events


def rise_noise(t: Numbers, base: Known, limit: Known, lumps: int) -> float | None:
    """How far chance, and what differs from day to day, may raise a share."""
    today, before = (
        visits(t.comparable("sessions"), t.comparable("events")),
        visits(t.total("sessions"), t.total("events")),
    )
    if base is None or limit is None or today is None or before is None:
        return None
    q = min(float(base + limit), 0.999)
    return 2.5 * math.sqrt(lumps * q * (1 - q) * (1 / float(today) + 1 / float(before)) + float(limit) ** 2 / 9)


def visits(sessions: Known, events: Known) -> Known:
    """The sessions, or about as many by the events."""
    return sessions if sessions else events / EVENTS_AT_ONCE if events else None


def fall_noise(base: Known, whole: Known, counted: Known, limit: Known) -> float | None:
    """How far chance, and what differs from day to day, may lower a rate, relative to it."""
    if base is None or whole is None or limit is None or not counted or base * whole <= 0:
        return None
    return 2.5 * math.sqrt((1 - base) * (1 / float(base * whole) + 1 / float(counted)) + float(limit) ** 2 / 9)
