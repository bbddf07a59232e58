"""The six numbers of a data set's newest day, each with what is usual, its limit, and its last 35 days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from exporter.html.gauges import Gauges
from exporter.html.usual import Usual

DAYS = 35
"""Days of a curve, the newest included."""

Lags = Mapping[int, float]


@dataclass(frozen=True)
class Number:
    """A number of the newest day over its complete hours, and of whole days by lag.

    `weekday` is what this weekday brings, `mean` that of seven days; None is what is not known. A number is outside its
    limits below `lower` or above `upper`. A share is from 0 to 1.
    """

    name: str
    today: float
    mean: float | None = None
    weekday: float | None = None
    lower: float | None = None
    upper: float | None = None
    days: Lags = field(default_factory=dict)
    is_share: bool = False
    is_amount: bool = False
    currency: str = ""

    @property
    def usual(self) -> float | None:
        """What it is compared with."""
        return self.mean if self.weekday is None else self.weekday

    @property
    def change(self) -> float | None:
        """How far it is from what is usual, relative to that; None where nothing is."""
        return self.today / self.usual - 1 if self.usual else None

    @property
    def outside(self) -> str:
        """`below` or `above` where it is outside its limits, otherwise empty."""
        if self.lower is not None and self.today < self.lower:
            return "below"
        return "above" if self.upper is not None and self.today > self.upper else ""


def numbers(gauges: Gauges) -> list[Number]:
    """The numbers that the data set has."""
    usual = Usual(gauges)
    shares = (
        partial(_conversion, gauges, usual),
        partial(_direct, gauges, usual),
    )
    volumes = [_volume(gauges, usual, *each) for each in VOLUMES]
    return [each for each in (*volumes, *(share() for share in shares)) if each]


VOLUMES = (
    ("Events", "events", "event_drop_ratio"),
    ("Sessions", "sessions", ""),
    ("Purchases", "purchases", ""),
    ("Revenue", "revenue", "revenue_drop_ratio"),
)
"""Each volume: its name, its gauge, and the limit of its drop, if it has one."""

_LARGE_ENOUGH: Mapping[str, tuple[str, str]] = {
    "event_drop_ratio": ("events", "min_baseline_events"),
    "revenue_drop_ratio": ("purchases", "min_baseline_purchases"),
    "conversion_drop_ratio": ("sessions", "min_baseline_sessions"),
    "direct_share_drop_ratio": ("sessions", "min_baseline_sessions"),
    "direct_share_increase": ("sessions", "min_baseline_sessions"),
}
"""The volume whose mean must be large enough for a limit, and the guard that says how large."""


def _volume(gauges: Gauges, usual: Usual, name: str, gauge: str, limit: str) -> Number | None:
    today, days = usual.today(gauge), gauges.by_lag(f"clickstream_{gauge}")
    if today is None:
        return None
    mean, weekday = usual.mean(gauge), usual.expected(gauge)
    plain = gauges.count("clickstream_plain_drops") or weekday is None
    is_amount = gauge == "revenue"
    currency = gauges.label("clickstream_dataset_info", "currency") if is_amount else ""
    lower = _limit(gauges, usual, limit, mean if plain else weekday, lambda base, ratio: base * (1 - ratio))
    return Number(name, today, mean, weekday, lower, days=_recent(days), is_amount=is_amount, currency=currency)


def _conversion(gauges: Gauges, usual: Usual) -> Number | None:
    part, whole = "converting_sessions", "sessions"
    today, mean = usual.share(part, whole), usual.mean_share(part, whole)
    if today is None:
        return None
    lower = _limit(gauges, usual, "conversion_drop_ratio", mean, lambda base, ratio: base * (1 - ratio))
    return Number("Conversion rate", today, mean, None, lower, days=_shares(gauges, part, whole), is_share=True)


def _direct(gauges: Gauges, usual: Usual) -> Number | None:
    """The direct share, which has limits on both sides, and one that holds whatever is usual."""
    part, whole = "direct_sessions", "sessions"
    today, base = usual.share(part, whole), usual.median_share(part, whole)
    if today is None:
        return None
    lower = _limit(gauges, usual, "direct_share_drop_ratio", base, lambda base, ratio: base * (1 - ratio))
    rise = _limit(gauges, usual, "direct_share_increase", base, lambda base, points: base + points)
    upper = min(gauges.limit("direct_share"), 1 if rise is None else rise)
    mean, days = usual.mean_share(part, whole), _shares(gauges, part, whole)
    return Number("Direct share", today, mean, base, lower, upper if upper < 1 else None, days, is_share=True)


def _limit(
    gauges: Gauges, usual: Usual, name: str, base: float | None, of: Callable[[float, float], float]
) -> float | None:
    """The number at a limit of the configuration; None where too little is known for the limit to be judged."""
    if base is None or name not in _LARGE_ENOUGH or not usual.is_known:
        return None
    volume, guard = _LARGE_ENOUGH[name]
    mean = usual.mean(volume)
    return of(base, gauges.limit(name)) if mean is not None and mean >= gauges.limit(guard) else None


def _shares(gauges: Gauges, part: str, whole: str) -> Lags:
    return dict(_share_by_lag(*(gauges.by_lag(f"clickstream_{name}") for name in (part, whole))))


def _share_by_lag(parts: Lags, wholes: Lags) -> Iterator[tuple[int, float]]:
    for lag, part in _recent(parts).items():
        if wholes.get(lag):
            yield lag, part / wholes[lag]


def _recent(days: Lags) -> Lags:
    return {lag: value for lag, value in days.items() if 0 <= lag < DAYS}
