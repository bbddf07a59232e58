"""The budget of pages: how often somebody would have been woken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from alerting.gate.verdict import Verdict
from alerting.simulate.judged import Days, notifying


@dataclass(frozen=True)
class Page:
    """A page: the check, and the judged days in a row on which it is critical, which are one incident."""

    check: str
    days: tuple[date, ...]

    def __str__(self) -> str:
        more = f" for {len(self.days)} days" if len(self.days) > 1 else ""
        return f"{self.days[0]} {self.check}{more}"


def pages(days: Days) -> list[Page]:
    """The pages, in the order in which they come."""
    found: list[Page] = []
    going: dict[str, int] = {}
    for when, verdict in days.items():
        going = {check: place for check, place in going.items() if check in _critical(verdict)}
        for check in _critical(verdict):
            if check in going:
                found[going[check]] = Page(check, (*found[going[check]].days, when))
            else:
                going[check] = len(found)
                found.append(Page(check, (when,)))
    return found


def _critical(verdict: Verdict) -> list[str]:
    return [check for check, line in notifying(verdict).items() if line.severity == "CRITICAL"]


def budget(days: Days) -> str:
    """The pages as a sentence."""
    found = pages(days)
    judged = sum(each.proven for each in days.values())
    times = "time" if len(found) == 1 else "times"
    listed = f": {', '.join(map(str, found))}" if found else ""
    return f"would have paged {len(found)} {times} in {judged} days{listed}"
