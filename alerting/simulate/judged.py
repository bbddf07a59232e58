"""What was found on each day: the verdict, and the state of each check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from alerting import rulefile
from alerting.formats.outline import reason
from alerting.gate.verdict import Line, Verdict

Days = Mapping[date, Verdict]
"""The verdict about each day, in the order of the days."""

ORDER, FIRED, INHIBITED, OFF, UNKNOWN = "in order", "fired", "inhibited", "off", "unknown"
NOTIFYING = ("CRITICAL", "WARN")
"""The severities that notify somebody; the first one pages."""


@dataclass(frozen=True)
class State:
    """The state of a check on a day; `message` is that of its alert, or why it is off."""

    state: str
    severity: str = ""
    message: str = ""

    @property
    def fires(self) -> bool:
        """Whether its alert fires, inhibited or not."""
        return self.state in (FIRED, INHIBITED)


def states(verdict: Verdict) -> dict[str, State]:
    """The state of each check."""
    return {check: _state(verdict, check) for check in rulefile.checks()}


def _state(verdict: Verdict, check: str) -> State:
    if not verdict.proven:
        return State(UNKNOWN, message="; ".join(verdict.missing))
    if line := next(_of(verdict.lines, check), None):
        return State(FIRED, line.severity, line.message)
    if line := next(_of(verdict.inhibited, check), None):
        return State(INHIBITED, message=line.message)
    if check in verdict.switched_off:
        return State(OFF, message=reason(verdict, check))
    return State(ORDER)


def _of(lines: tuple[Line, ...], check: str) -> Iterator[Line]:
    return (line for line in lines if line.check == check)


def notifying(verdict: Verdict) -> dict[str, Line]:
    """The alerts that notify somebody, by check."""
    return {line.check: line for line in verdict.lines if verdict.proven and line.severity in NOTIFYING}


def worst(verdict: Verdict) -> str:
    """The highest severity that fires; empty if nothing does."""
    return verdict.lines[0].severity if verdict.proven and verdict.lines else ""
