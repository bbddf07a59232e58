"""What a simulation found: the days as configured, and with the limits that were tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from alerting.simulate.incidents import Incident
from alerting.simulate.judged import Days


@dataclass(frozen=True)
class Result:
    """The days of a data set; `quiet` are those without an event.

    `limits` has the limits that were tried, and `tried` the days with them; both are empty without --limit. `incidents`
    is None without --incidents.
    """

    dataset: str
    days: Days
    quiet: tuple[date, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    tried: Days = field(default_factory=dict)
    incidents: tuple[Incident, ...] | None = None

    @property
    def complete(self) -> bool:
        """Whether every day was judged."""
        return bool(self.days) and all(each.proven for each in (*self.days.values(), *self.tried.values()))

    @property
    def setting(self) -> str:
        """The limits that were tried, as text."""
        return ", ".join(f"{name}={value:g}" for name, value in self.limits.items())
