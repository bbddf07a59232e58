"""Calendar days in a reporting time zone, and instants as microseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

HOURS_24 = 86_400_000_000
"""Microseconds of 24 hours."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Day:
    """A calendar day in the reporting zone, from `start` until before `end` (microseconds since the epoch).

    The zone's offset from UTC (µs) is `before` until `shift_at` and `after` from then on.
    """

    date: date
    start: int
    end: int
    shift_at: int
    before: int
    after: int

    def wall_clock(self, instant: int) -> datetime:
        """What a clock in the zone shows at `instant` of this day, as a datetime that is labelled UTC."""
        offset = self.before if instant < self.shift_at else self.after
        return _EPOCH + timedelta(microseconds=instant + offset)


def microseconds(instant: datetime) -> int:
    """Microseconds since the epoch."""
    return _us(instant - _EPOCH)


def date_of(instant: int, zone: ZoneInfo) -> date:
    """The date of `instant` (µs since the epoch) in `zone`."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone).date()


@cache
def day(when: date, zone: ZoneInfo) -> Day:
    """The day `when` in `zone`; a zone changes its offset at most once a day."""
    start, end = _midnight(when, zone), _midnight(when + timedelta(days=1), zone)
    before, after = _offset(start, zone), _offset(end - timedelta(microseconds=1), zone)
    shift = end if before == after else _shift(start, end, zone)
    return Day(when, microseconds(start), microseconds(end), microseconds(shift), _us(before), _us(after))


def _midnight(when: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day: midnight, or the next one if the clock skips midnight."""
    return datetime(when.year, when.month, when.day, tzinfo=zone).astimezone(UTC)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _shift(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The second in which the offset changes, between `start` and `end`."""
    before = _offset(start, zone)
    while end - start > timedelta(seconds=1):
        middle = start + (end - start) // 2
        start, end = (middle, end) if _offset(middle, zone) == before else (start, middle)
    return end.replace(microsecond=0)


def _us(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)
