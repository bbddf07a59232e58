"""Thirty seeded days of a web shop's events."""

import json
import math
from bisect import bisect
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from statistics import NormalDist
from uuid import NAMESPACE_URL, uuid5

VISITS_PER_DAY = 970
PURCHASES_PER_DAY = 42
MEDIAN_BASKET = 710.0
WEEKDAY_FACTORS = (1.03, 1.01, 0.98, 0.99, 1.00, 0.96, 1.03)
HOUR_WEIGHTS = (
    28, 20, 15, 13, 14, 20, 30, 40, 46, 52, 56, 58,
    58, 55, 53, 53, 54, 57, 62, 66, 64, 56, 46, 34,
)  # fmt: skip


SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0"
DEVICES = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Safari/605.1.15",
    f"Mozilla/5.0 (iPad; CPU OS 18_3 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
)
DEVICE_ENDS = (0.30, 0.57, 0.79, 0.93)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

PAGES = ("/", "/new", "/sale", "/lamps", "/chairs", "/tables", "/lamps/arc-lamp", "/chairs/oak-chair")
CLICK_ID_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789_-"


@dataclass(frozen=True)
class Source:
    """Where a visit comes from: its network, landing query (`{}` is a click id) and referrer."""

    network: str
    query: str = ""
    referrer: str | None = None


GOOGLE_ADS = "?utm_source=google&utm_medium=cpc&utm_campaign=spring_sale&gclid=Cj0KCQ{}"
FACEBOOK_ADS = "?utm_source=facebook&utm_medium=paid_social&utm_campaign=lookbook&fbclid=IwAR{}"
SOURCES = (
    Source("direct"),
    Source("google", referrer="https://www.google.com/"),
    Source("google", GOOGLE_ADS, "https://www.google.com/"),
    Source("facebook", FACEBOOK_ADS, "https://l.facebook.com/"),
    Source("newsletter", "?utm_source=newsletter&utm_medium=email&utm_campaign=weekly"),
)
SOURCE_SHARES = (0.28, 0.30, 0.18, 0.12, 0.12)


@dataclass(frozen=True)
class Order:
    """A purchase: its id, revenue, payment provider, and currency."""

    transaction_id: str
    revenue: float
    payment: str
    currency: str = "EUR"


@dataclass(frozen=True)
class Visit:
    """One session of one client: its start, and the names of its events in order."""

    client_id: str | None
    start: datetime
    source: Source
    user_agent: str
    names: tuple[str, ...]
    order: Order | None = None


@dataclass(frozen=True)
class Event:
    """One row of a file; the field names are the column names."""

    event_id: str
    client_id: str | None
    page_url: str
    referrer: str | None
    timestamp: datetime
    event_name: str
    event_data: str | None
    user_agent: str


def at_quantile(day: date, quantile: float) -> datetime:
    """Return the UTC time at which a share (0 to 1) of the day's visits has started."""
    target = quantile * sum(HOUR_WEIGHTS)
    hour, end = next((hour, end) for hour, end in enumerate(accumulate(HOUR_WEIGHTS)) if end > target)
    hours = hour + 1 - (end - target) / HOUR_WEIGHTS[hour]
    return datetime.combine(day, time(), UTC) + timedelta(milliseconds=int(hours * 3_600_000))


def start_times(day: date, visits: float, random: Random) -> list[datetime]:
    """Return about `visits` ascending start times, one in each equal share of the day's traffic."""
    count = round(visits * random.uniform(0.96, 1.04))
    return [at_quantile(day, (index + random.random()) / count) for index in range(count)]


def evenly(index: int, root: int, offset: float) -> float:
    """Return a number in [0, 1): random to look at, yet any stretch of indexes is spread evenly."""
    return (index * math.sqrt(root) + offset) % 1


def new_client(start: datetime, random: Random) -> str:
    """Return a client id as a browser cookie holds it: a random number and the first visit's second."""
    return f"{random.randrange(10**9, 10**10)}.{int(start.timestamp())}"


def browsing_names(random: Random) -> tuple[str, ...]:
    """Return the 1 to 12 event names of a visit without a purchase."""
    names = ["page_viewed"] * min(1 + int(random.expovariate(0.4)), 9)
    names += ["email_filled_on_popup"] * (random.random() < 0.05)
    in_cart = len(names) > 1 and random.random() < 0.33
    names += ["product_added_to_cart"] * in_cart
    names += ["checkout_started"] * (in_cart and random.random() < 0.3)
    return tuple(names)


def browsing_visit(start: datetime, random: Random) -> Visit:
    """Return a visit without a purchase; one in a hundred is a crawler, and one has no client id."""
    client_id = new_client(start, random)
    if random.random() < 0.01:
        return Visit(client_id, start, SOURCES[0], GOOGLEBOT, ("page_viewed",))
    source = random.choices(SOURCES, SOURCE_SHARES)[0]
    device = DEVICES[bisect(DEVICE_ENDS, random.random())]
    return Visit(client_id if random.random() > 0.01 else None, start, source, device, browsing_names(random))


def order_of(day: date, index: int, offset: float) -> Order:
    """Return the day's order at `index`: log-normal revenue, one in seven by a second payment provider."""
    basket = NormalDist(math.log(MEDIAN_BASKET), 0.5).inv_cdf(0.01 + 0.98 * evenly(index, 5, offset))
    revenue = round(math.exp(basket), 2 if index % 3 else 0)
    payment = "walletpay" if index % 7 == 4 else "cardflow"
    return Order(f"ORD-{day:%Y%m%d}-{index + 1:04}", revenue, payment)


def buying_visits(day: date, factor: float, random: Random) -> Iterator[Visit]:
    """Yield the day's visits with a purchase."""
    offset = random.random()
    for index, start in enumerate(start_times(day, PURCHASES_PER_DAY * factor, random)):
        views = ("page_viewed",) * random.randint(2, 7)
        names = (*views, "product_added_to_cart", "checkout_started", "checkout_completed")
        source = random.choices(SOURCES, SOURCE_SHARES)[0]
        device = DEVICES[bisect(DEVICE_ENDS, evenly(index, 2, offset))]
        yield Visit(new_client(start, random), start, source, device, names, order_of(day, index, offset))


def earlier_visit(buying: Visit, random: Random) -> Visit:
    """Return a visit of the same client 1 to 6 days before, from another network that is not direct."""
    source = random.choice([other for other in SOURCES[1:] if other.network != buying.source.network])
    start = at_quantile(buying.start.date() - timedelta(days=random.randint(1, 6)), random.random())
    return replace(buying, start=start, source=source, names=browsing_names(random), order=None)


def visits_of(day: date, factor: float, random: Random) -> Iterator[Visit]:
    """Yield the visits that the day brings about, `factor` times the usual: its own, and earlier ones of its buyers."""
    for start in start_times(day, VISITS_PER_DAY * factor, random):
        yield browsing_visit(start, random)
    for visit in buying_visits(day, factor, random):
        yield visit
        if random.random() < 0.5:
            yield earlier_visit(visit, random)


def landing_url(source: Source, random: Random) -> str:
    """Return the URL of a visit's first page, with campaign and click id."""
    click_id = "".join(random.choices(CLICK_ID_LETTERS, k=22))
    return f"https://shop.example{random.choice(PAGES)}{source.query.format(click_id)}"


def next_page(name: str, page_url: str, referrer: str | None, random: Random) -> tuple[str, str | None]:
    """Return page and referrer of the event after one at `page_url`; one in eight loses its referrer."""
    here = page_url.partition("?")[0]
    page, before = {
        "page_viewed": (f"https://shop.example{random.choice(PAGES)}", here),
        "checkout_started": ("https://checkout.shop.example/payment", "https://shop.example/cart"),
        "checkout_completed": ("https://checkout.shop.example/thanks", here),
    }.get(name, (page_url, referrer))
    return page, None if random.random() < 0.125 else before


def payload(name: str, order: Order | None, random: Random) -> str | None:
    """Return an event's JSON, None for names that carry none."""
    product = {"sku": f"SKU-{random.randrange(1000, 1400)}", "quantity": random.choice((1, 1, 1, 2))}
    if name == "checkout_completed" and order:
        return json.dumps({**asdict(order), "items": [product]})
    if name == "checkout_started":
        return json.dumps({"payment": order.payment if order else "cardflow", "items": [product]})
    return json.dumps(product) if name == "product_added_to_cart" else None


def event_id(visit: Visit, position: int) -> str:
    """Return the id of the visit's event at `position`, as the tracker made it: a UUID."""
    return str(uuid5(NAMESPACE_URL, f"{visit.client_id} {visit.start} {visit.user_agent} {position}"))


def events_of(visit: Visit, random: Random) -> Iterator[Event]:
    """Yield the visit's events, seconds to minutes apart, up to midnight UTC."""
    moment, page, referrer = visit.start, landing_url(visit.source, random), visit.source.referrer
    for position, name in enumerate(visit.names):
        if position:
            moment += timedelta(milliseconds=int(min(3 + random.expovariate(1 / 45), 600) * 1000))
            page, referrer = next_page(name, page, referrer, random)
        if moment.date() == visit.start.date():
            row_id, data = event_id(visit, position), payload(name, visit.order, random)
            yield Event(row_id, visit.client_id, page, referrer, moment, name, data, visit.user_agent)
