"""The visits of a small shop: ten days of which every number is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

FIRST = datetime(2025, 3, 1, 0, 5, tzinfo=UTC)
DAYS = 10
VISITS = 40
BUYERS = 12

AGENTS = (
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/133.0.0.0 Safari/537.36", "desktop"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "mobile"),
    ("Mozilla/5.0 (iPad; CPU OS 18_3 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1", "tablet"),
)
SOURCES = ((None, None, None), ("google", "cpc", "spring"), ("newsletter", "email", "weekly"))


@dataclass(frozen=True)
class Hit:
    """One event: which `step` of a visit it is, and who sent it from where; an order has an amount in cents."""

    number: int
    at: datetime
    step: str
    client: str
    page: str
    referrer: str | None
    agent: str
    device: str
    campaign: tuple[str | None, str | None, str | None]
    order: str | None = None
    cents: int | None = None


@dataclass(frozen=True)
class Truth:
    """What the newest day has."""

    events: int
    purchases: int
    revenue: float
    sessions: int


def hits() -> list[Hit]:
    """All events of the shop, by time."""
    found = sorted(_hits(Random(7)), key=lambda hit: hit.at)
    return [Hit(**{**vars(hit), "number": number}) for number, hit in enumerate(found)]


def truth(of: list[Hit]) -> Truth:
    """The numbers of the newest day."""
    last = max(hit.at.date() for hit in of)
    day = [hit for hit in of if hit.at.date() == last]
    bought = [hit for hit in day if hit.step == "purchase"]
    revenue = sum(hit.cents or 0 for hit in bought) / 100
    return Truth(len(day), len(bought), revenue, len({hit.client for hit in day}))


def _hits(random: Random) -> Iterator[Hit]:
    """A visit is of a client of its own, so it is a session."""
    for day in range(DAYS):
        for visit in range(VISITS):
            start = FIRST + timedelta(days=day, minutes=35 * visit + random.randrange(5))
            agent, device = random.choice(AGENTS)
            client = f"{random.randrange(10**9, 10**10)}.{day}{visit:02}"
            campaign = source, medium, name = random.choice(SOURCES)
            query = f"?utm_source={source}&utm_medium={medium}&utm_campaign={name}" if source else ""
            steps = ["view", "view", "cart"] + (["checkout", "purchase"] if visit < BUYERS else [])
            for number, step in enumerate(steps):
                page = f"https://www.shop.example/p/{random.randrange(50)}{query if not number else ''}"
                referrer = "https://www.google.com/" if not number and source != "newsletter" else None
                order = f"ORD-{day:02}-{visit:03}" if step == "purchase" else None
                cents = random.randrange(1000, 90000) if order else None
                at = start + timedelta(seconds=40 * number)
                yield Hit(0, at, step, client, page, referrer, agent, device, campaign, order, cents)
