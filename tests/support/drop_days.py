"""A day that is judged by the definitions of `drops`: an oracle for the numbers of the rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.support.drops import (
    ERRORS,
    EVENTS_AT_ONCE,
    OF_AMOUNTS,
    Expectation,
    Numbers,
    chance,
    device_noise,
    expectation,
    rate_noise,
    share_noise,
    too_many,
    usual_lags,
)


@dataclass(frozen=True)
class Day:
    """A judged day: its volumes by gauge, the limits, and the lags of the days that are excluded by hand."""

    volumes: Mapping[str, Numbers]
    limits: Mapping[str, float]
    excluded: Collection[int] = ()

    @property
    def usual(self) -> list[int]:
        """The lags of usual days."""
        return usual_lags(self.volumes["events"].whole, self.excluded, self.limits["min_day_events"])

    @property
    def baseline(self) -> list[int]:
        """The lags of the baseline days."""
        return [lag for lag in self.usual if lag <= 7]

    def expectation(self, name: str) -> Expectation | None:
        """What the day should have of a volume."""
        return expectation(self._volume(name), self.usual)

    def _volume(self, name: str) -> Numbers:
        if name == "priced_purchases":
            return self.volumes["purchases"].minus(self.volumes["purchases_without_revenue"])
        return self.volumes[name]

    def least(self, name: str) -> float | None:
        """From which drop of a volume on it is no accident."""
        found, priced = self.expectation(name), self.expectation("priced_purchases")
        if not found or not priced:
            return None
        by = {
            "revenue": ("revenue_drop_ratio", chance(priced.expected, OF_AMOUNTS)),
            "priced_purchases": ("revenue_drop_ratio", chance(priced.expected, ERRORS)),
            "events": ("event_drop_ratio", chance(found.expected, ERRORS, EVENTS_AT_ONCE)),
        }
        limit, explained = by[name]
        return found.least(self.limits[limit], explained)

    def fell(self, name: str) -> bool:
        """Whether a volume fell by more than is an accident."""
        found, least = self.expectation(name), self.least(name)
        return bool(found and least is not None and found.drop is not None and found.drop > least)

    def is_critical(self, name: str, limit: str, evidence: Sequence[bool]) -> bool | None:
        """Whether the drop pages: it is below its limit and low for the weekday, and there is some evidence."""
        found = self.expectation(name)
        if not found or found.drop is None:
            return None
        return found.drop > self.limits[limit] and found.is_below_weekday() and any(evidence)

    @property
    def revenue_critical(self) -> bool | None:
        """Whether RevenueDrop pages."""
        evidence = [self.fell("revenue"), self.fell("priced_purchases"), self.conversion_fell, self.unpriced]
        return self.is_critical("revenue", "revenue_drop_ratio", evidence)

    @property
    def events_critical(self) -> bool | None:
        """Whether EventVolumeDrop pages."""
        return self.is_critical("events", "event_drop_ratio", [self.fell("events")])

    @property
    def unpriced(self) -> bool:
        """Whether too many purchases have no amount."""
        number, of = (self.volumes[name].comparable[0] for name in ("purchases_without_revenue", "purchases"))
        return too_many(number, of, self.limits["purchase_without_revenue_ratio"])

    @property
    def conversion_fell(self) -> bool:
        """Whether the conversion rate fell by more than its limit and by more than chance, and below four weeks."""
        part, of, limit = "converting_sessions", "sessions", "conversion_drop_ratio"
        base, noise, today = self.base(part, of), self.rate_noise(part, of, limit), self.volumes[of].comparable[0]
        if not base or noise is None or not today:
            return False
        rate, usual = self.volumes[part].comparable[0] / today, self.usual_share(part, of)
        fell, below = 1 - rate / base, usual is not None and rate < usual * (1 - self.limits[limit])
        return fell > self.limits[limit] and fell > noise and below

    def base(self, part: str, of: str) -> float | None:
        """The share on the baseline days together."""
        whole = self.volumes[of].total(self.baseline)
        return self.volumes[part].total(self.baseline) / whole if whole else None

    def usual_share(self, part: str, of: str) -> float | None:
        """The median share of the usual days."""
        parts, wholes = self.volumes[part].whole, self.volumes[of].whole
        shares = [parts[lag] / wholes[lag] for lag in self.usual if lag in parts and wholes.get(lag)]
        return median(shares) if shares else None

    def rate_noise(self, part: str, of: str, limit: str) -> float | None:
        """By how much the rate may fall."""
        base, today = self.base(part, of), self.volumes[of].comparable[0]
        if not base or not today:
            return None
        return rate_noise(self.limits[limit], base, base * today, self.volumes[part].total(self.baseline))

    def share_noise(self, part: str, of: str, limit: str) -> float | None:
        """By how many points the share may rise."""
        base, today = self.usual_share(part, of), self.volumes["sessions"].comparable[0]
        before = self.volumes["sessions"].total(self.baseline)
        if base is None or not today or not before:
            return None
        return share_noise(self.limits[limit], base, today, before, 1.0 if of == "sessions" else 2.0)

    def device_noise(self, device: str) -> float | None:
        """By how many points the share of a device may move."""
        every = [each for name, each in self.volumes.items() if name.startswith("device_revenue ")]
        whole = sum(each.total(self.baseline) for each in every)
        base = self.volumes[f"device_revenue {device}"].total(self.baseline) / whole if whole else None
        today = self.volumes["purchases"].comparable[0]
        before = self.volumes["purchases"].total(self.baseline)
        return (
            device_noise(self.limits["device_share_shift"], base, today, before) if base and today and before else None
        )
