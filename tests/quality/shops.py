"""Healthy simulated shops: what drives their days, and what is counted on a day that is driven so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tests.broken_days.shop import HOURS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Key = tuple[str, str]
"""A gauge without its prefix, and the value of its label, "" if it has none."""

Counts = Mapping[Key, NDArray[np.float64] | NDArray[np.int64]]

RATE = 0.02
"""Purchases by sessions."""

PER_SESSION = 3.6
"""Events of a session, on average."""

MANY = 300
"""Purchases a day from which on their amounts are not drawn one by one."""

KINDS = {
    ("mobile", "android"): 0.33,
    ("mobile", "ios"): 0.27,
    ("desktop", "windows"): 0.22,
    ("desktop", "macos"): 0.09,
    ("desktop", "linux"): 0.02,
    ("tablet", "ios"): 0.05,
    ("bot", "bot"): 0.02,
}
"""Device and platform of a session -> its share of the sessions."""

NAMES = {"email_filled_on_popup": 0.03, "product_added_to_cart": 0.10, "checkout_started": 0.05}
"""Event name -> its share of the sessions; page views are the rest, and purchases have their own rate."""

FEW = {
    ("duplicate_events", ""): ("events", 0.0003),
    ("invalid_events", ""): ("events", 0.0002),
    ("json_error_events", ""): ("events", 0.001),
    ("duplicate_purchases", ""): ("purchases", 0.01),
    ("purchases_without_transaction_id", ""): ("purchases", 0.005),
}
"""Gauge -> what it is a small part of, and the usual share."""


@dataclass(frozen=True)
class Drivers:
    """What drives the days of some shops: arrays with a row a shop and a column a day.

    `mix` is how the sessions are divided among the KINDS, which is the last axis. `sessions` is their expected number,
    the others are rates, and `price` is the median amount.
    """

    sessions: Floats
    mix: Floats
    conversion: Floats
    price: Floats
    direct: Floats
    null_client: Floats
    missing_referrer: Floats
    missing_utm: Floats
    assisted: Floats
    unpriced: Floats

    def each(self, change: Callable[[Floats], Floats]) -> Drivers:
        """The drivers with every array changed."""
        return Drivers(**{name: change(array) for name, array in vars(self).items()})

    def __getitem__(self, which: object) -> Drivers:
        return self.each(lambda array: array[which])  # type: ignore[index]


def drivers(purchases: float, shops: int, days: int, rng: Generator) -> Drivers:
    """Healthy shops of so many purchases a day: weekdays, autocorrelation, trend, campaigns, and rates that vary."""
    shape, weekday = (shops, days), np.arange(days) % 7
    usual = np.exp(rng.normal(0, 0.08, (shops, 7)))
    usual[:, 5:] *= np.exp(rng.normal(0, 0.25, (shops, 1)))
    usual /= usual.mean(1, keepdims=True)
    trend = np.cumsum(np.full(shape, 1.0) * rng.normal(0, 0.002, (shops, 1)), 1)
    traffic, better = _campaigns(shape, rng)
    conversion = np.exp(rng.normal(0, 0.06, (shops, 7)))[:, weekday] * np.exp(better + rng.normal(0, 0.05, shape))
    return Drivers(
        sessions=purchases / RATE * usual[:, weekday] * np.exp(_wandering(shape, rng) + trend + traffic),
        mix=np.broadcast_to(np.array(list(KINDS.values())), (*shape, len(KINDS))),
        conversion=np.clip(RATE * conversion, 0, 0.9),
        price=np.exp(rng.normal(0, 0.05, shape) - 0.08 * (traffic > 0)),
        direct=_varying(rng.uniform(0.15, 0.50, (shops, 1)), shape, rng),
        null_client=_varying(np.full((shops, 1), 0.01), shape, rng),
        missing_referrer=_varying(rng.uniform(0.35, 0.75, (shops, 1)), shape, rng),
        missing_utm=_varying(rng.uniform(0.60, 0.78, (shops, 1)), shape, rng),
        assisted=_varying(np.full((shops, 1), 0.15), shape, rng),
        unpriced=np.full(shape, 0.01),
    )


def _wandering(shape: tuple[int, int], rng: Generator) -> Floats:
    """The level of each day, as a logarithm: what is left of yesterday's, and something new."""
    new, level = rng.normal(0, 0.06, shape), np.zeros(shape)
    for day in range(shape[1]):
        level[:, day] = 0.7 * level[:, day - 1] * (day > 0) + new[:, day]
    return level


def _campaigns(shape: tuple[int, int], rng: Generator) -> tuple[Floats, Floats]:
    """How much more traffic and how much more conversion there is, as logarithms: a few days every two months."""
    traffic, better = np.zeros(shape), np.zeros(shape)
    for shop, day in zip(*np.nonzero(rng.random(shape) < 0.02), strict=True):
        days = slice(day, day + rng.integers(1, 5))
        traffic[shop, days] = np.log(rng.uniform(1.4, 2.5))
        better[shop, days] = np.log(rng.uniform(1.0, 1.3))
    return traffic, better


def _varying(share: Floats, shape: tuple[int, int], rng: Generator) -> Floats:
    """A share that differs a little from day to day."""
    odds = share / (1 - share) * np.exp(rng.normal(0, 0.08, shape))
    return odds / (1 + odds)


def counted(by: Drivers, rng: Generator) -> tuple[Counts, Ints]:
    """What is counted on the days: each gauge, and the events by hour of the day, which is the last axis."""
    sessions = rng.poisson(by.sessions[..., None] * by.mix)
    of_kind = _events(sessions, rng)
    visits, events = sessions.sum(-1), of_kind.sum(-1)
    converting = rng.binomial(sessions, by.conversion[..., None])
    purchases = converting + rng.binomial(converting, 0.04)
    bought = purchases.sum(-1)
    identified = rng.binomial(bought, 0.98)
    counts = {
        ("events", ""): events,
        ("payload_events", ""): events,
        ("sessions", ""): visits,
        ("converting_sessions", ""): converting.sum(-1),
        ("direct_sessions", ""): rng.binomial(visits, by.direct),
        ("purchases", ""): bought,
        ("identified_purchases", ""): identified,
        ("assisted_purchases", ""): rng.binomial(identified, by.assisted),
        **{key: rng.binomial({"events": events, "purchases": bought}[of], share) for key, (of, share) in FEW.items()},
        **{
            (f"{name}_events", ""): _part(events, visits, getattr(by, name), rng)
            for name in ("null_client", "missing_referrer", "missing_utm")
        },
        **_named(events, visits, bought, rng),
        **_by_label("device_events", of_kind, 0),
        **_by_label("platform_events", of_kind, 1),
        **_takings(purchases, by, rng),
    }
    return counts, _hourly(events, visits, rng)


def _events(sessions: Ints, rng: Generator) -> Ints:
    """The events of so many sessions, of which each has one or more."""
    return sessions + rng.negative_binomial(np.maximum(sessions, 1e-9), 1 / PER_SESSION)


def _part(events: Ints, sessions: Ints, share: Floats, rng: Generator) -> Ints:
    """The events of that share of the sessions: they come together, so their share varies more than that."""
    those = rng.binomial(sessions, share)
    part, rest = _events(those, rng), _events(sessions - those, rng)
    return np.rint(events * (part / np.maximum(part + rest, 1))).astype(np.int64)


def _named(events: Ints, sessions: Ints, purchases: Ints, rng: Generator) -> dict[Key, Ints]:
    found = {("named_events", name): rng.binomial(sessions, share) for name, share in NAMES.items()}
    found["named_events", "checkout_completed"] = purchases
    viewed = np.maximum(events - sum(found.values()), 0)
    return found | {("named_events", "page_viewed"): viewed}


def _by_label(gauge: str, numbers: NDArray[np.generic], label: int) -> dict[Key, NDArray[np.generic]]:
    """The numbers of the KINDS by their device (label 0) or platform (label 1)."""
    values = sorted({kind[label] for kind in KINDS})
    return {
        (gauge, value): numbers[..., [kind[label] == value for kind in KINDS]].sum(-1)  # type: ignore[attr-defined]
        for value in values
    }


def _takings(purchases: Ints, by: Drivers, rng: Generator) -> dict[Key, NDArray[np.generic]]:
    """Revenue, also by device, and the median amount: amounts are lognormal with sigma 1."""
    unpriced = rng.binomial(purchases, by.unpriced[..., None])
    priced = purchases - unpriced
    revenue, median = (_approximate if priced.sum(-1).mean() > MANY else _exact)(priced, rng)
    revenue = np.round(revenue * by.price[..., None] * 40, 2)
    return {
        ("revenue", ""): np.round(revenue.sum(-1), 2),
        ("purchases_without_revenue", ""): unpriced.sum(-1),
        ("median_purchase_amount", ""): np.round(median * by.price * 40, 2),
        **_by_label("device_revenue", revenue, 0),
    }


def _exact(priced: Ints, rng: Generator) -> tuple[Floats, Floats]:
    """The sum of so many amounts, and the median of each day, NaN on one without any."""
    flat, total = priced.ravel(), priced.sum(-1).ravel()
    amounts = np.exp(rng.normal(0, 1, flat.sum()))
    revenue = np.bincount(np.repeat(np.arange(flat.size), flat), amounts, flat.size).reshape(priced.shape)
    ordered = np.append(amounts[np.lexsort((amounts, np.repeat(np.arange(total.size), total)))], np.nan)
    first = np.cumsum(total) - total
    low, high = (np.where(total > 0, first + half, amounts.size) for half in ((total - 1) // 2, total // 2))
    return revenue, ((ordered[low] + ordered[high]) / 2).reshape(priced.shape[:-1])


def _approximate(priced: Ints, rng: Generator) -> tuple[Floats, Floats]:
    """The same for large numbers: gamma-distributed sums with the right mean and variance, and a normal median."""
    mean, variance = np.exp(0.5), (np.e - 1) * np.e
    revenue = rng.gamma(np.maximum(priced * mean**2 / variance, 1e-9), variance / mean)
    return revenue, np.exp(1.2533 / np.sqrt(np.maximum(priced.sum(-1), 1)) * rng.normal(0, 1, priced.shape[:-1]))


def _hourly(events: Ints, sessions: Ints, rng: Generator) -> Ints:
    shares = np.array(HOURS) / sum(HOURS)
    begun = rng.multinomial(np.maximum(sessions, 1), shares)
    return rng.multinomial(events, begun / begun.sum(-1, keepdims=True))


Fault = Callable[[Drivers], Drivers]


def _lost(share: float) -> Fault:
    return lambda by: replace(by, conversion=by.conversion * (1 - share))


def _without(device: str) -> Fault:
    keep = np.array([kind[0] != device for kind in KINDS])
    return lambda by: replace(by, mix=by.mix * keep)


FAULTS: Mapping[str, Fault] = {
    **{f"{share:.0%} of the purchases lost": _lost(share) for share in (0.4, 0.5, 0.6, 0.8, 1.0)},
    "amount of half missing": lambda by: replace(by, unpriced=np.full_like(by.unpriced, 0.5)),
    "half of the traffic lost": lambda by: replace(by, sessions=by.sessions / 2),
    "amounts halved": lambda by: replace(by, price=by.price / 2),
    "amounts times 100": lambda by: replace(by, price=by.price * 100),
    "direct share up 30 points": lambda by: replace(by, direct=by.direct + 0.3),
    "direct share a tenth": lambda by: replace(by, direct=by.direct / 10),
    "null ids up 10 points": lambda by: replace(by, null_client=by.null_client + 0.1),
    "conversion halved by traffic": lambda by: replace(by, sessions=by.sessions * 2, conversion=by.conversion / 2),
    "desktop gone": _without("desktop"),
}
"""What happens on the judged day."""
