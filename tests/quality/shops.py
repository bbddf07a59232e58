"""Healthy simulated shops: what drives their days, and the faults that change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Array = NDArray[Any]

RATE = 0.02
"""Purchases by sessions."""

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


@dataclass(frozen=True)
class Drivers:
    """What drives the days of some shops: arrays with a row a shop and a column a day.

    `mix` is how the sessions are divided among the KINDS, which is the last axis. `sessions` is their expected number,
    the others are rates, and `price` is the median amount.
    """

    sessions: Array
    mix: Array
    conversion: Array
    price: Array
    direct: Array
    null_client: Array
    missing_referrer: Array
    missing_utm: Array
    bot: Array
    filled: Array
    assisted: Array
    unpriced: Array

    def each(self, change: Callable[[Array], Array]) -> Drivers:
        """The drivers with every array changed."""
        return Drivers(**{name: change(array) for name, array in vars(self).items()})


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
        bot=_varying(rng.uniform(0.01, 0.30, (shops, 1)), shape, rng),
        filled=_varying(rng.uniform(0.70, 0.99, (shops, 1)), shape, rng),
        assisted=_varying(np.full((shops, 1), 0.15), shape, rng),
        unpriced=np.full(shape, 0.01),
    )


def _wandering(shape: tuple[int, int], rng: Generator) -> Array:
    """The level of each day, as a logarithm: what is left of yesterday's, and something new."""
    new, level = rng.normal(0, 0.06, shape), np.zeros(shape)
    for day in range(shape[1]):
        level[:, day] = 0.7 * level[:, day - 1] * (day > 0) + new[:, day]
    return level


def _campaigns(shape: tuple[int, int], rng: Generator) -> tuple[Array, Array]:
    """How much more traffic and how much more conversion there is, as logarithms: a few days every two months."""
    traffic, better = np.zeros(shape), np.zeros(shape)
    for shop, day in zip(*np.nonzero(rng.random(shape) < 0.02), strict=True):
        days = slice(day, day + rng.integers(1, 5))
        traffic[shop, days] = np.log(rng.uniform(1.4, 2.5))
        better[shop, days] = np.log(rng.uniform(1.0, 1.3))
    return traffic, better


def _varying(share: Array, shape: tuple[int, int], rng: Generator) -> Array:
    """A share that differs a little from day to day."""
    odds = share / (1 - share) * np.exp(rng.normal(0, 0.08, shape))
    varying: Array = odds / (1 + odds)
    return varying


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
    "field of half missing": lambda by: replace(by, filled=by.filled / 2),
    "bots up 30 points": lambda by: replace(by, bot=by.bot + 0.3),
}
"""What happens on the judged day."""
