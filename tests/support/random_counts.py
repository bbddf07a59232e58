"""Random numbers of up to eight days: plausible, and at, just under and just over what the checks compare them with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

DEVICES = ("mobile", "desktop", "tablet", "bot", "other")
SPLITS = ((0.5, 0.25, 0.25, 0, 0), (0.75, 0.25, 0, 0, 0), (1, 0, 0, 0, 0), (0.25, 0.5, 0.125, 0, 0.125))
"""How the devices share the revenue."""


@dataclass(frozen=True)
class Part:
    """A gauge that counts a part of another, its usual `shares`, and the limits that its number is compared with."""

    of: str
    shares: tuple[float, ...] = (0, 1 / 64, 1 / 8, 1 / 4, 1 / 2)
    ratio: str = ""
    increase: str = ""
    drop: str = ""
    baseline: str = ""
    day: str = ""

    def aims(self, limits: dict[str, float], share: float, most: int) -> list[float]:
        """What the anchor day's number, up to `most`, is compared with where the baseline has `share`."""
        shares = [limits[self.ratio]] if self.ratio else []
        shares += [share + limits[self.increase]] if self.increase else []
        shares += [share * (1 - limits[self.drop])] if self.drop else []
        return [*(each * most for each in shares), *([limits[self.day]] if self.day else [])]


FEW = (0, 0, 1 / 64)
PARTS = {
    "duplicate_events": Part("events", FEW, ratio="duplicate_event_ratio"),
    "invalid_events": Part("events", FEW, ratio="invalid_event_ratio"),
    "null_client_events": Part("events", ratio="null_client_ratio", increase="null_client_increase"),
    "missing_referrer_events": Part("events", increase="missing_referrer_increase"),
    "missing_utm_events": Part("events", increase="missing_utm_increase"),
    "bot_events": Part("events", increase="bot_share_increase"),
    "missing_column_events referrer": Part("events", (0,), ratio="missing_column_ratio"),
    "missing_column_events revenue": Part("events", (0,), ratio="missing_column_ratio"),
    "named_events page_viewed": Part("events", (1 / 2, 1 / 4), baseline="min_baseline_named_events"),
    "named_events signed_up": Part("events", (0, 1 / 64), baseline="min_baseline_named_events"),
    "payload_events": Part("events", (1 / 4, 1)),
    "json_error_events": Part("payload_events", FEW, ratio="json_error_ratio"),
    "sessions": Part("events", (1 / 4, 1 / 2, 1), baseline="min_baseline_sessions", drop="session_drop_ratio"),
    "bot_sessions": Part("sessions"),
    "direct_sessions": Part("sessions", ratio="direct_share", increase="direct_share_increase"),
    "converting_sessions": Part("sessions", (1 / 8,) * 5 + (1 / 4,) * 5 + (0,), drop="conversion_drop_ratio"),
    "purchases": Part("events", (1 / 16, 1 / 8), baseline="min_baseline_purchases", day="min_day_purchases"),
    "duplicate_purchases": Part("purchases", FEW, ratio="duplicate_purchase_ratio"),
    "field_events price": Part("purchases", (1, 1 / 2, 1 / 8), day="min_day_field_events"),
    "filled_field_events price": Part("field_events price", (1, 7 / 8, 1 / 2, 0), drop="field_drop_ratio"),
    "field_events section": Part("events", (1, 1 / 2, 0), day="min_day_field_events"),
    "filled_field_events section": Part("field_events section", (1, 3 / 4, 1 / 64, 0), drop="field_drop_ratio"),
    "purchases_without_revenue": Part("purchases", FEW, ratio="purchase_without_revenue_ratio"),
    "purchases_without_transaction_id": Part("purchases", FEW, ratio="purchase_without_transaction_id_ratio"),
    "conflicting_events": Part("events", FEW, ratio="event_id_conflict_ratio"),
    "foreign_currency_purchases": Part("purchases", FEW, ratio="foreign_currency_ratio"),
    "repeated_purchases": Part("purchases", (0, 0, 1 / 8), increase="repeated_day_ratio"),
    "contents": Part("events", (1 / 2, 1 / 4), day="min_day_purchases"),
    "repeated_contents": Part("contents", (0, 1 / 8, 1 / 4), increase="repeated_day_ratio"),
    "device_events mobile": Part("events", (1 / 2, 3 / 4), drop="segment_drop_ratio"),
    "device_events tablet": Part("events", (0, 1 / 32, 1 / 8), drop="segment_drop_ratio"),
    "platform_events ios": Part("events", (1 / 4, 1 / 2), drop="segment_drop_ratio"),
    "identified_purchases": Part("purchases", (1, 1 / 2), baseline="min_baseline_purchases"),
    "assisted_purchases": Part("identified_purchases", (1 / 2,) * 5 + (1 / 4,) * 5 + (0,), drop="assisted_drop_ratio"),
}
"""Gauge, with its label's value, to what it is a part of."""


@dataclass(frozen=True)
class Counts:
    """What a gauge counts on each lag: on the whole day, and over the comparable hours."""

    whole: Sequence[int]
    comparable: Sequence[int]


@dataclass(frozen=True)
class Scene:
    """What all gauges of a table have in common.

    A baseline day has `times` the numbers of its comparable hours. The days differ unless they are `even`; the
    numbers of the anchor day are mostly as usual if it is `calm`.
    """

    random: Random
    limits: dict[str, float]
    times: int
    even: bool
    calm: bool
    excluded: float = 0
    """How many of the days are in no baseline."""

    baseline: list[int] = field(default_factory=list)

    def mean(self, counts: Counts) -> float:
        """The comparable average of a baseline day, 0 where there is none."""
        return sum(counts.comparable[lag] for lag in self.baseline) / max(1, len(self.baseline))

    def anchored(self, days: Iterable[int], whole: int = 0, comparable: int = 0) -> Counts:
        """The anchor day and the days before it, which are given whole."""
        before = list(days)
        whole = comparable if self.times == 1 else max(whole, comparable)
        return Counts([whole, *before], [comparable, *(each // self.times for each in before)])

    def near(self, usual: float, aims: Iterable[float], most: float) -> int:
        """A number up to `most`: the usual one, one close to an aim, none, or any."""
        random, other = self.random, self.random.random() < (0.08 if self.calm else 0.7)
        wanted = random.choice([*aims, *aims, *aims, 0, random.uniform(0, most)]) if other else usual
        return min(max(round(wanted) + random.choice((0, 0, -1, 1)) * other, 0), int(most))


def all_counts(scene: Scene, days: int) -> dict[str, Counts]:
    """The numbers of every gauge that has lags, on the anchor day and so many days before."""
    counts = {"events": events(scene, days)}
    least = scene.limits["min_day_events"]
    scene.baseline.extend(lag for lag in range(1, min(days, 7) + 1) if counts["events"].whole[lag] >= least)
    for name, part in PARTS.items():
        counts[name] = part_of(scene, part, counts[part.of])
    return counts | revenues(scene, counts)


def events(scene: Scene, days: int) -> Counts:
    """The events, of which some days have none, or as many as a baseline day must have."""
    random, least = scene.random, int(scene.limits["min_day_events"])
    size = random.choice((1024, 2000, 4000, 4096, 8000, 8192, 8192, least * scene.times + 1))
    gaps = random.choice((0, 0, 0, 0.2, 0.6))
    sizes = [size if scene.even else size + random.randint(-size // 8, size // 8) for _ in range(days)]
    few = (0, least - 1, least, least + 1)
    usual = size // scene.times
    comparable = scene.near(usual, (usual * (1 - scene.limits["event_drop_ratio"]), least), usual * 2)
    whole = max(1, scene.near(size, (least,), size * 2))
    if scene.times == 1:
        comparable = max(1, comparable)
    return scene.anchored([random.choice(few) if random.random() < gaps else each for each in sizes], whole, comparable)


def part_of(scene: Scene, part: Part, of: Counts) -> Counts:
    """The numbers of a gauge that counts a part of another."""
    random, share = scene.random, scene.random.choice(part.shares)
    level = scene.limits[part.baseline] * scene.times + random.choice((-1, 0, 1)) if part.baseline else 0
    at_limit = part.baseline and random.random() < 0.1
    days = []
    for most in of.whole[1:]:
        usual = round(level if at_limit else most * share)
        days.append(min(max(0, usual if scene.even else usual + random.randint(-2, 2)), most))
    share = scene.mean(scene.anchored(days)) / (scene.mean(of) or 1)
    comparable, whole = (
        scene.near(share * most, part.aims(scene.limits, share, most), most) for most in (of.comparable[0], of.whole[0])
    )
    return scene.anchored(days, whole, comparable)


def revenues(scene: Scene, counts: dict[str, Counts]) -> dict[str, Counts]:
    """The revenue, by device, and the purchases without it: all of them where there is no revenue."""
    purchases, price = counts["purchases"], scene.random.choice((20,) * 5 + (50, 50, 33, 33, 0))
    before = [number * price for number in purchases.whole[1:]]
    mean, today = scene.mean(scene.anchored(before)), purchases.comparable[0]
    aims = [mean * (1 - scene.limits["revenue_drop_ratio"]), mean * (1 + scene.limits["revenue_spike_ratio"])]
    comparable = scene.near(today * price, aims, max(mean * 4, today * price)) if today else 0
    revenue = scene.anchored(before, comparable + (purchases.whole[0] - today) * price, comparable)
    free = counts["purchases_without_revenue"]
    in_part = unpaid(purchases.comparable, free.comparable, revenue.comparable)
    without = Counts(unpaid(purchases.whole, list(map(max, free.whole, in_part)), revenue.whole), in_part)
    found = {"revenue": revenue, "purchases_without_revenue": without} | device_revenues(scene, revenue)
    return found | {"foreign_currency_purchases": foreign(counts, without)}


def foreign(counts: dict[str, Counts], without: Counts) -> Counts:
    """The purchases in another currency, at most all but those without revenue."""
    each, purchases = counts["foreign_currency_purchases"], counts["purchases"]
    whole, comparable = (
        [min(number, bought - free) for number, bought, free in zip(*numbers, strict=True)]
        for numbers in (
            (each.whole, purchases.whole, without.whole),
            (each.comparable, purchases.comparable, without.comparable),
        )
    )
    return Counts(whole, comparable)


def unpaid(purchases: Sequence[int], free: Sequence[int], revenue: Sequence[int]) -> list[int]:
    """The purchases without revenue, which are all of them if and only if there is no revenue."""
    return [
        min(each, bought - 1) if money else bought for bought, each, money in zip(purchases, free, revenue, strict=True)
    ]


def device_revenues(scene: Scene, revenue: Counts) -> dict[str, Counts]:
    """The revenue of each device; some of the anchor day's moves from one of the first two to the other."""
    usual, shift = scene.random.choice(SPLITS), scene.limits["device_share_shift"]
    whole = [split(money, usual) for money in revenue.whole]
    comparable = [split(money, usual) for money in revenue.comparable]
    first, second, *others = comparable[0]
    aims = [(usual[0] + sign * shift) * revenue.comparable[0] for sign in (-1, 1)]
    moved = scene.near(first, aims, first + second)
    comparable[0] = [moved, first + second - moved, *others]
    whole[0] = comparable[0] if scene.times == 1 else whole[0]
    return {
        f"device_revenue {device}": Counts([day[number] for day in whole], [day[number] for day in comparable])
        for number, device in enumerate(DEVICES)
    }


def split(money: int, shares: Sequence[float]) -> list[int]:
    """The money by device; the first takes what is left over."""
    parts = [int(money * share) for share in shares]
    return [parts[0] + money - sum(parts), *parts[1:]]
