"""Days and hours that are missing, at the start, inside or at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from .delivery import Delivery, on, without
from .kinds import kind
from .shop import DAY, HOUR, SMALL, TINY, VIEW, Event, hour

PARTIAL = {"PartialDay": "CRITICAL"}
HOLE = {"HoursMissing": "CRITICAL"}


@kind("J1", HOLE)
def hours_missing_at_the_start(delivery: Delivery, rng: Random) -> Delivery:
    """Nothing of midnight to seven or later."""
    end = rng.randint(7, 11)
    return without(delivery, lambda event: hour(event) < end)


@kind("J1", HOLE)
def hours_missing_inside(delivery: Delivery, rng: Random) -> Delivery:
    """Two to four whole hours by day."""
    start, hours = rng.randint(9, 18), rng.randint(2, 4)
    return without(delivery, lambda event: start <= hour(event) < start + hours)


@kind("J1", PARTIAL)
def load_broken_off(delivery: Delivery, rng: Random) -> Delivery:
    """Nothing after an hour of the afternoon."""
    return _broken_off(delivery, rng, 1, 0)


@kind("J1", PARTIAL)
def load_broken_off_with_strays(delivery: Delivery, rng: Random) -> Delivery:
    """Nothing after an hour of the afternoon, but for one to three events late in the evening."""
    return _broken_off(delivery, rng, 1, rng.randint(1, 3))


@kind("J7", PARTIAL, shop=SMALL)
def load_of_a_small_shop_broken_off(delivery: Delivery, rng: Random) -> Delivery:
    """400 events a day, and nothing after an hour of the afternoon."""
    return _broken_off(delivery, rng, 1, 0)


@kind("J1", PARTIAL)
def load_broken_off_for_a_second_day(delivery: Delivery, rng: Random) -> Delivery:
    """The same partial load two days running."""
    return _broken_off(delivery, rng, 2, rng.randint(0, 1))


@kind("J5", PARTIAL)
def load_broken_off_for_a_third_day(delivery: Delivery, rng: Random) -> Delivery:
    """The same partial load three days running."""
    return _broken_off(delivery, rng, 3, rng.randint(0, 1))


@kind("J5", PARTIAL, histories=(29,))
def load_broken_off_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """The same partial load on most days of the last week, or longer."""
    return _broken_off(delivery, rng, rng.randint(5, 12), 0)


@kind("J1", HOLE, histories=(15, 22, 29))
def hours_missing_after_a_lost_day(delivery: Delivery, rng: Random) -> Delivery:
    """Four hours by day, of which a day some weeks ago lacked as well, when it broke off early."""
    start, lost = rng.randint(10, 16), sorted(delivery.days)[-rng.randint(4, len(delivery.days))]
    early = tuple(event for event in delivery.days[lost] if hour(event) < 6)
    again = replace(delivery, days={**delivery.days, lost: early})
    return without(again, lambda event: start <= hour(event) < start + 4)


@kind("J1", {"PartialDay": "INFO"})
def intraday_half_loaded_with_a_stray(delivery: Delivery, rng: Random) -> Delivery:
    """The running day of an intraday load, and one event of it whose clock is fast: nothing is missing."""
    half = _broken_off(delivery, rng, 1, 1)
    return replace(half, settings={"cadence": "intraday"})


@kind("J1", {"MissingDay": "CRITICAL"})
def day_missing_before_the_last(delivery: Delivery, _rng: Random) -> Delivery:
    """Yesterday's load never came."""
    return _missing(delivery, 1)


@kind("J6")
def day_missing_last_week(delivery: Delivery, rng: Random) -> Delivery:
    """A hole that was reported when it was new."""
    return _missing(delivery, rng.randint(2, 6))


@kind("J5", {"EventVolumeDrop": "CRITICAL"}, ("NoPurchases", "PartialDay", "HoursMissing"), histories=(29,))
def events_lost_for_days(delivery: Delivery, rng: Random) -> Delivery:
    """One of 40 events a day, for more than a week."""
    return on(delivery, rng.randint(8, 12), lambda events: rng.sample(events, len(events) // 40))


@kind("J7", {"EventVolumeDrop": "CRITICAL", "PartialDay": "CRITICAL"}, ("HoursMissing",), shop=TINY)
def tiny_shop_with_two_events(delivery: Delivery, rng: Random) -> Delivery:
    """90 events a day, and then two: whether they are few or an early end cannot be told."""
    return on(delivery, 1, lambda events: rng.sample(events, 2))


@kind("J7", {"EventVolumeDrop": "CRITICAL"}, ("RevenueDrop", "NoPurchases"), histories=(8,))
def dates_with_a_tenth_of_the_events(delivery: Delivery, rng: Random) -> Delivery:
    """Timestamps without a time of day, and nine tenths of the last day are gone."""
    tenth = on(delivery, 1, lambda events: rng.sample(events, len(events) // 10))
    return replace(tenth, dated=True)


@kind("J7", histories=(8,))
def dates_of_a_healthy_shop(delivery: Delivery, _rng: Random) -> Delivery:
    """Timestamps without a time of day, and nothing is missing."""
    return replace(delivery, dated=True)


def _broken_off(delivery: Delivery, rng: Random, days: int, strays: int) -> Delivery:
    end = rng.randint(14, 19)

    def change(events: Sequence[Event]) -> list[Event]:
        start = events[0].at // DAY * DAY
        late = [event._replace(at=start + DAY - rng.randrange(1, HOUR)) for event in _views(events)[:strays]]
        return [event for event in events if hour(event) < end] + late

    return on(delivery, days, change)


def _views(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.name == VIEW]


def _missing(delivery: Delivery, lag: int) -> Delivery:
    gone = sorted(delivery.days)[-1 - lag]
    return replace(delivery, days={day: events for day, events in delivery.days.items() if day != gone})
