"""What a verdict says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.text import clean

LONGEST = 4000
"""Characters of a reason for no verdict."""

PASS, FAIL = "PASS", "FAIL"
SEVERITIES = {"critical": "CRITICAL", "warning": "WARN", "info": "INFO"}


@dataclass(frozen=True)
class Wanted:
    """What the verdict must be about; what is None is taken from the exporter's answer."""

    dataset: str | None = None
    date: str | None = None
    snapshot: int | None = None


@dataclass(frozen=True)
class Line:
    """An alert of the report; `check` is the one that it belongs to, if any.

    What only helps a person to read it is no part of the proof, so it makes no two lines differ.
    """

    severity: str
    message: str
    check: str = ""
    tier: str = field(default="", compare=False)
    description: str = field(default="", compare=False)
    runbook: str = field(default="", compare=False)
    checks_off: tuple[str, ...] = field(default=(), compare=False)
    """The checks that are switched off, where the alert reports why."""


@dataclass(frozen=True)
class Verdict:
    """What the report says; `proven` is false where no verdict could be proven: unknown.

    `inhibited` are the alerts that another one silences, `switched_off` those of the `checks` that did
    not judge, and `missing` is what an unknown verdict lacks.
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
        """How many of the checks judged."""
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


def unknown(wanted: Wanted, *missing: str) -> Verdict:
    """The verdict where none could be proven: FAIL, with what is missing as its one alert."""
    shown = tuple(clean(" ".join(each.split()), LONGEST) for each in missing)  # a server may have said it
    line = Line("CRITICAL", f"Not judged: {'; '.join(shown)}")
    return Verdict(wanted.date, (line,), False, wanted.dataset, wanted.snapshot, missing=shown)


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines by severity, then message."""
    return tuple(sorted(lines, key=lambda line: (list(SEVERITIES.values()).index(line.severity), line.message)))
