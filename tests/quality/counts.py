"""What is counted on simulated days."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from tests.broken_days.shop import HOURS
from tests.quality.shops import KINDS, Array, Drivers

Key = tuple[str, str]
"""A gauge without its prefix, and the value of its label, "" if it has none."""

Counts = Mapping[Key, Array]

PER_SESSION = 3.6
"""Events of a session, on average."""

MANY = 300
"""Purchases a day from which on their amounts are not drawn one by one."""

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


def counted(by: Drivers, rng: Generator) -> tuple[Counts, Array]:
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
            for name in ("null_client", "missing_referrer", "missing_utm", "bot")
        },
        **_named(events, visits, bought, rng),
        ("field_events", "price"): bought,
        ("filled_field_events", "price"): rng.binomial(bought, by.filled),
        **_by_label("device_events", of_kind, 0),
        **_by_label("platform_events", of_kind, 1),
        **_takings(purchases, by, rng),
    }
    return counts, _hourly(events, visits, rng)


def _events(sessions: Array, rng: Generator) -> Array:
    """The events of so many sessions, of which each has one or more."""
    return sessions + rng.negative_binomial(np.maximum(sessions, 1e-9), 1 / PER_SESSION)


def _part(events: Array, sessions: Array, share: Array, rng: Generator) -> Array:
    """The events of that share of the sessions: they come together, so their share varies more than that."""
    those = rng.binomial(sessions, share)
    part, rest = _events(those, rng), _events(sessions - those, rng)
    rounded: Array = np.rint(events * (part / np.maximum(part + rest, 1))).astype(np.int64)
    return rounded


def _named(events: Array, sessions: Array, purchases: Array, rng: Generator) -> dict[Key, Array]:
    found = {("named_events", name): rng.binomial(sessions, share) for name, share in NAMES.items()}
    found["named_events", "checkout_completed"] = purchases
    viewed = np.maximum(events - sum(found.values()), 0)
    return found | {("named_events", "page_viewed"): viewed}


def _by_label(gauge: str, numbers: Array, label: int) -> dict[Key, Array]:
    """The numbers of the KINDS by their device (label 0) or platform (label 1)."""
    values = sorted({kind[label] for kind in KINDS})
    return {(gauge, value): numbers[..., [kind[label] == value for kind in KINDS]].sum(-1) for value in values}


def _takings(purchases: Array, by: Drivers, rng: Generator) -> dict[Key, Array]:
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


def _exact(priced: Array, rng: Generator) -> tuple[Array, Array]:
    """The sum of so many amounts, and the median of each day, NaN on one without any."""
    flat, total = priced.ravel(), priced.sum(-1).ravel()
    amounts = np.exp(rng.normal(0, 1, flat.sum()))
    revenue = np.bincount(np.repeat(np.arange(flat.size), flat), amounts, flat.size).reshape(priced.shape)
    ordered = np.append(amounts[np.lexsort((amounts, np.repeat(np.arange(total.size), total)))], np.nan)
    first = np.cumsum(total) - total
    low, high = (np.where(total > 0, first + half, amounts.size) for half in ((total - 1) // 2, total // 2))
    return revenue, ((ordered[low] + ordered[high]) / 2).reshape(priced.shape[:-1])


def _approximate(priced: Array, rng: Generator) -> tuple[Array, Array]:
    """The same for large numbers: gamma-distributed sums with the right mean and variance, and a normal median."""
    mean, variance = np.exp(0.5), (np.e - 1) * np.e
    revenue = rng.gamma(np.maximum(priced * mean**2 / variance, 1e-9), variance / mean)
    return revenue, np.exp(1.2533 / np.sqrt(np.maximum(priced.sum(-1), 1)) * rng.normal(0, 1, priced.shape[:-1]))


def _hourly(events: Array, sessions: Array, rng: Generator) -> Array:
    shares = np.array(HOURS) / sum(HOURS)
    begun = rng.multinomial(np.maximum(sessions, 1), shares)
    return rng.multinomial(events, begun / begun.sum(-1, keepdims=True))
