"""A verdict in the order in which a person reads it: causes, effects, warnings, and what was not judged."""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerting.gate.verdict import FAIL, Line, Verdict

UNKNOWN = "UNKNOWN"
REASONS = ("SmallSampleDay", "BaselineShort", "LowVolume", "NotMeasured", "LimitOutOfReach", "SwitchedOff")
"""The checks that report which others are switched off, and why."""

_WHY = {
    "QueryFailing": "the measures they need failed",
    "NoData": "there is no data",
    "": "the gauges they need are missing",
}
_AS_OF = "DataStale: --as-of sets the newest day, so its age has no meaning"


@dataclass(frozen=True)
class Section:
    """A group of alerts under a title."""

    title: str
    lines: tuple[Line, ...]


def word(verdict: Verdict) -> str:
    """PASS, FAIL or UNKNOWN."""
    return verdict.status if verdict.proven else UNKNOWN


def about(verdict: Verdict) -> str:
    """What was judged, and how many alerts fire."""
    what = f"data set {verdict.dataset}" if verdict.dataset else "no data set"
    what += f", {verdict.date or 'no day'}"
    if not verdict.proven:
        return f"{what}: no verdict could be proven, which counts as {FAIL}"
    counts = {name: sum(line.severity == name for line in verdict.lines) for name in ("CRITICAL", "WARN", "INFO")}
    shown = [f"{number} {name}" for name, number in counts.items() if number]
    shown += [f"{len(verdict.inhibited)} inhibited"] if verdict.inhibited else []
    return f"{what}: {', '.join(shown) or 'nothing fires'}"


def owner(verdict: Verdict) -> str:
    """Whom to tell about the data set; empty where no alert says so."""
    return next((line.owner for line in (*verdict.lines, *verdict.inhibited) if line.owner), "")


def sections(verdict: Verdict) -> list[Section]:
    """The alerts of a proven verdict as causes, effects and the rest, without empty sections."""
    causes = [line for line in verdict.lines if line.severity == "CRITICAL" and line.tier != "business"]
    business = [line for line in verdict.lines if line.tier == "business" and line.severity != "INFO"]
    shown = {id(line) for line in (*causes, *business)}
    hidden = [replace(line, description="") for line in verdict.inhibited]  # its cause explains it
    rest = [line for line in verdict.lines if id(line) not in shown and line.check not in REASONS]
    found = (
        Section("Causes (pipeline)", tuple(causes)),
        Section("Effects (business)", (*business, *hidden)),
        Section("Warnings and notes", tuple(rest)),
    )
    return [section for section in found if section.lines]


def judged(verdict: Verdict) -> str:
    """How many checks of a proven verdict judged."""
    off = len(verdict.switched_off)
    return f"{verdict.judged} of {verdict.checks} checks judged{f', {off} off' if off else ''}"


def basis(verdict: Verdict) -> str:
    """The status, how many checks judged, and the first reason why others did not, on one line."""
    return plain(": ".join([word(verdict), judged(verdict), *not_judged(verdict)[:1]]))


def reason(verdict: Verdict, check: str) -> str:
    """Why the check is switched off."""
    return next((why for why, checks in _reasons(verdict) if check in checks), "switched off")


def not_judged(verdict: Verdict) -> list[str]:
    """Which checks of a proven verdict are switched off, and why."""
    return [why for why, _ in _reasons(verdict)]


def _reasons(verdict: Verdict) -> list[tuple[str, tuple[str, ...]]]:
    """Each reason why checks are switched off, with these checks."""
    found = [(line.message, line.checks_off) for line in verdict.lines if line.check in REASONS]
    explained = {check for _, checks in found for check in checks}
    others = [check for check in verdict.switched_off if check not in explained]
    if "DataStale" in others and not _fires(verdict, "NoData"):
        others.remove("DataStale")
        found.append((_AS_OF, ("DataStale",)))
    if others:
        why = next(why for check, why in _WHY.items() if not check or _fires(verdict, check))
        found.append((f"{', '.join(others)}: {why}", tuple(others)))
    return found


def _fires(verdict: Verdict, check: str) -> bool:
    return any(line.check == check for line in verdict.lines)


def plain(text: str) -> str:
    """The text on one line, without control or other unprintable characters."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
