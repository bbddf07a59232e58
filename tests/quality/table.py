"""False alarms and found faults as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tests.quality.judged import Verdict
from tests.quality.samples import HEALTHY, WHOLE, Sample

LOUD = ("critical", "warning")
"""The severities that are an alarm."""

OFF = 2

Found = Mapping[Sample, Sequence[Verdict]]
Column = tuple[str, Sequence[Verdict]]
"""A heading, and the verdicts on which the numbers below it rest."""


def tables(found: Found) -> str:
    """All tables: false alarms by size and by history, and what finds each fault."""
    whole = [sample for sample in found if sample.history == WHOLE]
    healthy = [sample for sample in whole if sample.fault == HEALTHY]
    early = [sample for sample in found if sample.history != WHOLE]
    days = f"{max(sample.days for sample in healthy)} days of each size"
    parts = [f"False alarms, % of {days} in purchases a day:", _alarms(_columns(healthy, found, _size))]
    if early:
        title = f"False alarms at {early[0].size} purchases a day, % of {early[0].days} days with so much history:"
        parts += [title, _alarms(_columns(early, found, lambda sample: f"{sample.history} days"))]
    faults = dict.fromkeys(sample.fault for sample in whole if sample.fault != HEALTHY)
    if faults:
        count = max(sample.days for sample in whole if sample.fault != HEALTHY)
        parts += [f"Found, % of {count} days of each size in purchases a day:", _power(faults, whole, found)]
    return "\n\n".join(parts)


def _size(sample: Sample) -> str:
    return str(sample.size)


def _columns(samples: Iterable[Sample], found: Found, heading: Callable[[Sample], str]) -> list[Column]:
    return [(heading(sample), found[sample]) for sample in samples]


def _alarms(columns: Sequence[Column]) -> str:
    """A row for each check and severity that fired, and one for each severity of any check."""
    lines = [_line("check", "severity", *(heading for heading, _ in columns)), _rule(2, len(columns))]
    for severity in LOUD:
        fired = {check for _, each in columns for verdict in each for check in verdict.alerts}
        for check in sorted(fired):
            cells = [_cell(each, check, severity) for _, each in columns]
            if any(verdict.has(check, severity) for _, each in columns for verdict in each):
                lines.append(_line(check, severity, *cells))
        lines.append(_line("*any*", severity, *(_percent(_share(each, severity)) for _, each in columns)))
    return "\n".join(lines)


def _power(faults: Iterable[str], whole: Sequence[Sample], found: Found) -> str:
    """Rows for each fault: any alarm, and each check that finds it more often than chance."""
    lines: list[str] = []
    for fault in faults:
        samples = [sample for sample in whole if sample.fault == fault]
        columns = _columns(samples, found, _size)
        lines = lines or [_line("fault", "found by", *(heading for heading, _ in columns)), _rule(2, len(columns))]
        lines.append(_line(fault, "*any*", *(_percent(_share(each, *LOUD)) for _, each in columns)))
        lines += [_line("", check, *(_cell(each, check, *LOUD) for _, each in columns)) for check in _finders(columns)]
    return "\n".join(lines)


def _finders(columns: Sequence[Column]) -> Iterator[str]:
    """The checks that fire on a fifth of the days of some size."""
    for check in sorted({check for _, each in columns for verdict in each for check in verdict.alerts}):
        if max(_of(each, check, *LOUD) for _, each in columns) >= 0.2:
            yield check


def _cell(each: Sequence[Verdict], check: str, *severities: str) -> str:
    """How often the check fires; "off" where it is switched off on all days."""
    off = all(verdict.states.get(check) == OFF for verdict in each)
    return "off" if off else _percent(_of(each, check, *severities))


def _of(each: Sequence[Verdict], check: str, *severities: str) -> float:
    return sum(verdict.has(check, *severities) for verdict in each) / len(each)


def _share(each: Sequence[Verdict], *severities: str) -> float:
    return sum(any(severity in severities for severity in verdict.alerts.values()) for verdict in each) / len(each)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}" if 0 < share < 0.1 else f"{100 * share:.0f}"


def _rule(left: int, right: int) -> str:
    return _line(*["---"] * left, *["---:"] * right)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
