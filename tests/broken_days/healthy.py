"""Healthy days that look unusual: nobody may be paged."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .delivery import Delivery, on
from .kinds import kind
from .shop import BOT, BURSTY, DAY, DOMAIN, HOUR, QUIET_SUNDAYS, SMALL, TINY, VIEW, Event, hour

SUNDAY = 6


@kind("J6")
def usual_day(delivery: Delivery, _rng: Random) -> Delivery:
    """A day as any other."""
    return delivery


@kind("J7", shop=SMALL)
def small_shop(delivery: Delivery, _rng: Random) -> Delivery:
    """400 events and five purchases a day."""
    return delivery


@kind("J7", shop=TINY)
def tiny_shop(delivery: Delivery, _rng: Random) -> Delivery:
    """90 events and a purchase a day."""
    return delivery


@kind("J6", shop=BURSTY, histories=(22, 29))
def bursty_small_shop(delivery: Delivery, _rng: Random) -> Delivery:
    """Visitors come in a few bursts, at other hours each day."""
    return delivery


@kind("J6", shop=QUIET_SUNDAYS, histories=(22, 29), last=SUNDAY)
def quiet_sunday(delivery: Delivery, _rng: Random) -> Delivery:
    """55 % of what other days bring, as on every Sunday."""
    return delivery


@kind("J6")
def newsletter_burst(delivery: Delivery, rng: Random) -> Delivery:
    """Three times as many page views within one hour."""
    at = rng.randint(8, 20)

    def change(events: Sequence[Event]) -> list[Event]:
        read = [event for event in events if hour(event) == at and event.name == VIEW]
        more = [event._replace(client=f"n{number}") for number, event in enumerate([*read, *read])]
        return [*events, *more]

    return on(delivery, 1, change)


@kind("J6")
def bot_burst(delivery: Delivery, rng: Random) -> Delivery:
    """A crawler reads hundreds of pages within one hour."""
    at, pages = rng.randrange(24), rng.randint(300, 900)

    def change(events: Sequence[Event]) -> list[Event]:
        start = events[0].at // DAY * DAY + at * HOUR
        moments = [start + rng.randrange(HOUR) for _ in range(pages)]
        return [*events, *(Event(each, VIEW, "bot", f"https://{DOMAIN}/p/{each % 300}", None, BOT) for each in moments)]

    return on(delivery, 1, change)
