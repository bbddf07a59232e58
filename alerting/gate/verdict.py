"""The verdict about a day, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter import arguments
from exporter.text import clean

MAX_REASON = 4000
"""Characters of one reason why a verdict is unknown."""

PASS, FAIL = "PASS", "FAIL"
SEVERITIES = dict(zip(arguments.SEVERITIES, ("CRITICAL", "WARN", "INFO"), strict=True))


@dataclass(frozen=True)
class Subject:
    """What the verdict must be about; None stands for any, or for what the exporter's refresh returns."""

    dataset: str | None = None
    date: str | None = None
    snapshot: int | None = None


@dataclass(frozen=True)
class Line:
    """An alert of the report, and the check that it belongs to, if any.

    The fields that only help a person to read it are not compared, because they are not part of the proof.
    """

    severity: str
    message: str
    check: str = ""
    tier: str = field(default="", compare=False)
    description: str = field(default="", compare=False)
    runbook: str = field(default="", compare=False)
    checks_off: tuple[str, ...] = field(default=(), compare=False)
    """The checks that are switched off, where the alert reports why."""

    owner: str = field(default="", compare=False)
    """Whom to tell about the data set, where the configuration says so."""


@dataclass(frozen=True)
class Verdict:
    """The content of the report; the verdict is unknown where it is not `proven`.

    `inhibited` are the alerts that another one hides, `switched_off` the names of the checks that did not judge,
    `checks` the number of all, and `missing` the reasons why a verdict is unknown.
    """

    date: str | None
    lines: tuple[Line, ...]
    proven: bool
    dataset: str | None = None
    snapshot: int | None = None
    inhibited: tuple[Line, ...] = ()
    switched_off: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    checks: int = 0

    @property
    def judged(self) -> int:
        """The number of checks that judged."""
        return self.checks - len(self.switched_off)

    @property
    def status(self) -> str:
        """PASS only for a proven verdict without a critical alert."""
        critical = any(line.severity == "CRITICAL" for line in self.lines)
        return PASS if self.proven and not critical else FAIL

    @property
    def exit_code(self) -> int:
        """0 for PASS, 1 for FAIL, 2 for unknown."""
        return 2 if not self.proven else 0 if self.status == PASS else 1


def unknown(subject: Subject, *missing: str) -> Verdict:
    """The verdict where none could be proven: FAIL, with the reasons as its only alert."""
    shown = tuple(clean(" ".join(each.split()), MAX_REASON) for each in missing)  # may be a server's own text
    line = Line("CRITICAL", f"Not judged: {'; '.join(shown)}")
    return Verdict(subject.date, (line,), False, subject.dataset, subject.snapshot, missing=shown)


def by_severity(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines by severity, then message."""
    return tuple(sorted(lines, key=lambda line: (list(SEVERITIES.values()).index(line.severity), line.message)))
