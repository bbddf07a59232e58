"""Healthy days of synthetic shops: sessions of several events, the same for the same shop and date."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from types import MappingProxyType
from typing import NamedTuple

HOUR = 3_600_000_000
"""In microseconds, as all times here."""

DAY = 24 * HOUR
CLIENTS = 40_000
DOMAIN = "shop.example"

HOURS = (
    *(1.5, 1.0, 0.7, 0.5, 0.5, 0.8, 1.6, 2.8, 4.0, 5.0, 5.6, 5.8),
    *(5.8, 5.6, 5.4, 5.4, 5.6, 5.8, 6.2, 6.8, 7.0, 6.2, 4.6, 2.9),
)
"""How many sessions begin in an hour, in proportion."""

AGENTS = {
    "android": (0.34, "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/134.0.0.0 Mobile Safari/537.36"),
    "ios": (0.27, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) Version/18.3 Mobile/15E148 Safari/604.1"),
    "windows": (0.24, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/134.0.0.0 Safari/537.36"),
    "mac": (0.10, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.3 Safari/605.1.15"),
    "ipad": (0.05, "Mozilla/5.0 (iPad; CPU OS 18_3 like Mac OS X) Version/18.3 Mobile/15E148 Safari/604.1"),
}
"""Platform -> its share of the sessions, and its user agent."""

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SOURCES = {
    (None, ""): 0.30,
    ("https://www.google.com/", ""): 0.34,
    ("https://www.google.com/", "?utm_source=google&utm_medium=cpc&utm_campaign=spring"): 0.18,
    (None, "?utm_source=newsletter&utm_medium=email&utm_campaign=weekly"): 0.18,
}
"""Referrer and query of a landing page -> the share of the sessions."""

VIEW, SEARCH, CART, CHECKOUT, PURCHASE = "page_view", "search", "add_to_cart", "begin_checkout", "purchase"
TAXONOMY = (VIEW, SEARCH, CART, CHECKOUT, PURCHASE)


class Event(NamedTuple):
    """One row, in microseconds since the epoch; amount and order are those of a purchase."""

    at: int
    name: str
    client: str | None
    url: str
    referrer: str | None
    agent: str
    amount: float | None = None
    order: str | None = None


Days = Mapping[date, Sequence[Event]]


@dataclass(frozen=True)
class Shop:
    """A shop with about so many events a day, of which one in 80 is a purchase.

    `weekdays` are the factors of Monday to Sunday. With `bursts`, a day's sessions begin at so many moments only.
    """

    name: str
    events: int
    weekdays: tuple[float, ...] = (0.98, 0.96, 1.0, 1.02, 1.06, 1.05, 0.93)
    bursts: int = 0


SHOP = Shop("shop", 3500)
SMALL = Shop("small", 400)
TINY = Shop("tiny", 90)
BURSTY = Shop("bursty", 400, bursts=9)
QUIET_SUNDAYS = Shop("quiet-sundays", 3500, (1.06, 1.05, 1.08, 1.1, 1.1, 1.06, 0.55))

PER_SESSION = 3.6
"""Events of a session, on average."""


def midnight(day: date) -> int:
    """The beginning of a day in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def hour(event: Event) -> int:
    """The hour of the day."""
    return event.at % DAY // HOUR


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events by time."""
    return tuple(sorted(events, key=lambda event: event.at))


@cache
def day_of(shop: Shop, day: date) -> tuple[Event, ...]:
    """The events of a healthy day, ordered by time."""
    rng = Random(f"{shop.name} {day}")
    usual = shop.events * shop.weekdays[day.weekday()] / PER_SESSION
    sessions = round(usual * rng.lognormvariate(0, 0.05) + rng.gauss(0, 0.5) * math.sqrt(usual))
    starts = list(_starts(shop, sessions, rng))
    found = [event for number, start in enumerate(starts) for event in _session(midnight(day), start, number, rng)]
    return in_order(found)


def history(shop: Shop, last: date, days: int) -> Days:
    """So many healthy days up to the last."""
    dates = [last - timedelta(days=lag) for lag in reversed(range(days))]
    return MappingProxyType({each: day_of(shop, each) for each in dates})


def _starts(shop: Shop, sessions: int, rng: Random) -> Iterator[int]:
    """When sessions begin, counted from midnight."""
    moments = [_moment(rng) for _ in range(shop.bursts or sessions)]
    for number in range(sessions):
        yield min(rng.choice(moments) + rng.randrange(HOUR // 3), DAY - 1) if shop.bursts else moments[number]


def _moment(rng: Random) -> int:
    (chosen,) = rng.choices(range(24), cum_weights=_HOURS)
    return int(chosen * HOUR + rng.random() * HOUR)


_HOURS = tuple(accumulate(HOURS))
_AGENTS = [agent for _, agent in AGENTS.values()]
_AGENT_WEIGHTS = tuple(accumulate(share for share, _ in AGENTS.values()))
_SOURCES = list(SOURCES)
_SOURCE_WEIGHTS = tuple(accumulate(SOURCES.values()))


def _session(begin: int, start: int, number: int, rng: Random) -> Iterator[Event]:
    """The events of one client, seconds to minutes apart, up to midnight."""
    (agent,), ((referrer, query),) = (
        rng.choices(_AGENTS, cum_weights=_AGENT_WEIGHTS),
        rng.choices(_SOURCES, cum_weights=_SOURCE_WEIGHTS),
    )
    client = None if rng.random() < 0.01 else f"{rng.randrange(CLIENTS):08}"
    at, page = begin + start, f"https://{DOMAIN}/{query}"
    for name in _names(rng):
        if at >= begin + DAY:
            return
        bought = name == PURCHASE
        amount = round(rng.lognormvariate(math.log(55), 0.6), 2) if bought else None
        yield Event(at, name, client, page, referrer, agent, amount, f"{begin // DAY}-{number:05}" if bought else None)
        page, referrer = f"https://{DOMAIN}/p/{rng.randrange(300)}", f"https://{DOMAIN}/"
        at += int(min(2 + rng.expovariate(1 / 40), 900) * 1_000_000)


def _names(rng: Random) -> Iterator[str]:
    yield from [VIEW] * min(1 + int(rng.expovariate(0.45)), 12)
    if rng.random() < 0.25:
        yield SEARCH
        yield VIEW
    if rng.random() < 0.22:
        yield CART
        if rng.random() < 0.40:
            yield CHECKOUT
            if rng.random() < 0.58:
                yield PURCHASE
