"""A kind of day, and what must be reported of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Protocol

from .delivery import Delivery, healthy
from .shop import SHOP, Shop

HISTORIES = (8, 15, 22, 29)
"""Days that a shop may have, the last one included."""

SEVERITIES = ("INFO", "WARN", "CRITICAL")

Change = Callable[[Delivery, Random], Delivery]


class Reported(Protocol):
    """An alert of a verdict."""

    @property
    def severity(self) -> str:
        """One of SEVERITIES."""

    @property
    def check(self) -> str:
        """The check that it belongs to."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault, or of healthy day, from which instances are drawn at random.

    `must` is check -> least severity: one of these alerts must be reported, where there are any. Criticals of other
    checks than `must` and `besides` must not. What is `clocked` is judged by the clock and ends yesterday; what is
    `refused` has no verdict. `promise` is the number of what must hold.
    """

    name: str
    promise: str
    change: Change
    must: Mapping[str, str]
    besides: Collection[str]
    shop: Shop
    histories: tuple[int, ...]
    last: int | None
    clocked: bool
    refused: bool

    def draw(self, seed: str, newest: date) -> Delivery:
        """An instance that ends in the week up to `newest`, or on one of three days `last`; on `newest` if clocked."""
        rng = Random(f"{self.name} {seed}")
        back = rng.randrange(7)
        if self.last is not None:
            back = (newest.weekday() - self.last) % 7 + 7 * rng.randrange(3)
        last = newest - timedelta(days=0 if self.clocked else back)
        return self.change(healthy(self.shop, last, rng.choice(self.histories)), rng)

    def wrong(self, reported: Iterable[Reported]) -> str:
        """What is wrong with the alerts of a proven verdict; empty when nothing is."""
        listed = {each.check: each.severity for each in reported}
        told = [check for check, least in self.must.items() if _reaches(listed.get(check), least)]
        needless = [
            check
            for check, severity in listed.items()
            if severity == "CRITICAL" and check not in (*self.must, *self.besides)
        ]
        if self.must and not told:
            return f"none of {dict(self.must)} is reported, but {listed or 'nothing'}"
        return f"needlessly critical: {needless}" if needless else ""


def _reaches(severity: str | None, least: str) -> bool:
    return severity is not None and SEVERITIES.index(severity) >= SEVERITIES.index(least)


KINDS: dict[str, Kind] = {}


def kind(
    promise: str,
    must: Mapping[str, str] | None = None,
    besides: Collection[str] = (),
    *,
    shop: Shop = SHOP,
    histories: tuple[int, ...] = HISTORIES,
    last: int | None = None,
    clocked: bool = False,
    refused: bool = False,
) -> Callable[[Change], Change]:
    """Register a function as the kind of its name; see `Kind` for the rest."""

    def register(change: Change) -> Change:
        name = change.__name__
        KINDS[name] = Kind(name, promise, change, must or {}, besides, shop, histories, last, clocked, refused)
        return change

    return register
