"""The days by check: how often it judged, fired and was off, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from alerting import rulefile
from alerting.formats.outline import REASONS
from alerting.formats.table import table
from alerting.gate.verdict import Line, Verdict
from alerting.simulate.judged import FIRED, INHIBITED, OFF, ORDER, Days, states

AS_OF = "as of an old day"
"""Why DataStale is off: the age of the data has no meaning."""


@dataclass(frozen=True)
class Check:
    """A check over all days; `fired` counts days by severity, `off` by the check that says why."""

    name: str
    judged: int
    fired: Counter[str]
    inhibited: int
    longest: int
    off: Counter[str] = field(default_factory=Counter)

    @property
    def speaks(self) -> bool:
        """Whether it was ever anything but in order."""
        return bool(self.fired or self.inhibited or self.off)


def checks(days: Days) -> list[Check]:
    """Every check, in the order of the rules."""
    by_day = {when: states(verdict) for when, verdict in days.items()}
    return [_check(name, days, [by_day[when][name].state for when in days]) for name in rulefile.checks()]


def _check(name: str, days: Days, found: list[str]) -> Check:
    severities = Counter(line.severity for each in days.values() for line in _lines(each, name))
    off = Counter(why(each, name) for each, state in zip(days.values(), found, strict=True) if state == OFF)
    judged = sum(state in (ORDER, FIRED, INHIBITED) for state in found)
    return Check(name, judged, severities, found.count(INHIBITED), _longest(found), off)


def _lines(verdict: Verdict, check: str) -> list[Line]:
    return [line for line in verdict.lines if verdict.proven and line.check == check]


def _longest(found: Iterable[str]) -> int:
    """The most days in a row on which it fired, inhibited or not."""
    runs = groupby(state in (FIRED, INHIBITED) for state in found)
    return max((sum(1 for _ in run) for fires, run in runs if fires), default=0)


def why(verdict: Verdict, check: str) -> str:
    """The check that says why another is off."""
    for line in verdict.lines:
        if line.check in REASONS and check in line.checks_off:
            return line.check
    return AS_OF if check == "DataStale" else "QueryFailing" if _lines(verdict, "QueryFailing") else "gauges missing"


def rows(found: Iterable[Check]) -> str:
    """The checks that were ever anything but in order, as a table, and how many were not."""
    found = list(found)
    speaking = [each for each in found if each.speaks]
    names = ("check", "judged", "critical", "warning", "info", "inhibited", "longest", "off", "why off")
    lines = [
        [
            *(each.name, each.judged),
            *(each.fired[severity] for severity in ("CRITICAL", "WARN", "INFO")),
            *(each.inhibited, each.longest, each.off.total()),
            ", ".join(f"{name} {days}" for name, days in each.off.most_common()),
        ]
        for each in speaking
    ]
    others = len(found) - len(speaking)
    return f"{table(names, lines)}The other {others} checks judged every day and never fired.\n"
