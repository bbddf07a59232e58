"""How well the alerts match the incidents: precision and recall of each check, what was missed, and what was false."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from alerting.formats.table import table
from alerting.simulate.incidents import Incident
from alerting.simulate.judged import FIRED, UNKNOWN, Days, notifying, states


@dataclass(frozen=True)
class Score:
    """Of a check: the incidents that it notified of, those it missed, and the days on which it notified of none."""

    check: str
    found: tuple[date, ...]
    missed: tuple[tuple[date, str], ...]
    """Each with the state of the check, and the note of the incident."""

    false: tuple[date, ...]

    @property
    def precision(self) -> float | None:
        """The share of its alerts that are incidents; None without alerts."""
        return _share(len(self.found), len(self.false))

    @property
    def recall(self) -> float | None:
        """The share of the incidents that it notified of; None without incidents."""
        return _share(len(self.found), len(self.missed))


def _share(part: int, rest: int) -> float | None:
    return part / (part + rest) if part + rest else None


def scores(days: Days, incidents: Sequence[Incident]) -> list[Score]:
    """The score of each check that notified or should have: an alert notifies as critical or warning, not inhibited.

    Incidents and alerts count on days that were judged.
    """
    judged = {when: verdict for when, verdict in days.items() if verdict.proven}
    true = {(each.date, each.check): each.note for each in incidents if each.date in judged}
    fired = {(when, check) for when, verdict in judged.items() for check in notifying(verdict)}
    missed, false, found = true.keys() - fired, fired - true.keys(), true.keys() & fired
    return [
        Score(
            check,
            _days_of(check, found),
            tuple((when, _why(days, when, check, true[when, check])) for when in _days_of(check, missed)),
            _days_of(check, false),
        )
        for check in sorted({check for _, check in {*true, *fired}})
    ]


def _days_of(check: str, pairs: Iterable[tuple[date, str]]) -> tuple[date, ...]:
    return tuple(sorted(when for when, of in pairs if of == check))


def _why(days: Days, when: date, check: str, note: str) -> str:
    """How the check was instead, and what had happened."""
    state = states(days[when])[check]
    how = f"{state.severity}: {state.message}" if state.state == FIRED else state.state
    return ": ".join(filter(None, (how, state.message if state.state not in (FIRED, UNKNOWN) else "", note)))


def outside(days: Days, incidents: Iterable[Incident]) -> list[Incident]:
    """The incidents that are not scored, because their day was not judged."""
    return [each for each in incidents if each.date not in days or not days[each.date].proven]


def text(found: Sequence[Score], left_out: Sequence[Incident]) -> str:
    """The scores as a table, and below it each miss and each false alarm."""
    rows = [
        [
            *(each.check, len(each.found), len(each.missed), len(each.false)),
            *(_percent(each.precision), _percent(each.recall)),
        ]
        for each in found
    ]
    lines = [f"missed  {when} {each.check}: {why}" for each in found for when, why in each.missed]
    lines += [f"false   {when} {each.check}" for each in found for when in each.false]
    lines += [f"not scored, because the day was not judged: {each.date} {each.check}" for each in left_out]
    return table(("check", "found", "missed", "false", "precision", "recall"), rows) + "".join(
        f"{line}\n" for line in lines
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
