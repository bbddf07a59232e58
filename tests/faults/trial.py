"""One trial: data change, a fault strikes, the gate judges, and the truth is known."""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import drawn
from bench import Bench
from days import DATASET, Day, Line, choose, truth, truths

from alerting.gate.judge import judge
from alerting.gate.verdict import PASS, Subject, Verdict
from alerting.http.client import Client
from alerting.stack.stack import StackError

HEALTHY = 40.0
"""Seconds within which a bench without faults must be judged right."""

REASONS = 6.0
"""Seconds that the gate may take to ask Prometheus for the reason, after its time is over."""

BEFOREHAND = -0.5
"""A fault that strikes by then is at work when the data change."""

RIGHT, UNKNOWN, FALSE_PASS, FALSE_FAIL = "right", "unknown", "false PASS", "false FAIL"
NEEDLESS, UNNAMED = "needless unknown", "unnamed unknown"
"""An unknown that must not be, and one whose reason does not name the true cause."""


class BenchError(Exception):
    """A bench that is not judged right although nothing is wrong with it; a proven verdict has an outcome."""

    def __init__(self, what: str, outcome: str | None) -> None:
        super().__init__(what)
        self.outcome = outcome


@dataclass(frozen=True)
class Fault:
    """What strikes, and how it may end.

    `unknown` is what an unknown's reason must match; None where the gate must prove a verdict. `hides` says that
    nobody can know the truth when the fault strikes before the data change: a proven verdict is then a false one.
    It strikes at one of the `moments`, in seconds after the data changed; without a fault, the gate is through
    within one or two. The gate has `seconds`; with `second` it asks both Alertmanagers, and with `fronted` it asks
    Prometheus by a clock of ours. What `spoils` leaves traces that the next trial must not find. Data in which one of
    the checks `about` fires are chosen more often. `promise` is the number of what must hold.
    """

    name: str
    promise: str
    strike: Callable[[Trial], None]
    unknown: str | None = None
    hides: bool = False
    seconds: float = 12.0
    second: bool = False
    fronted: bool = False
    spoils: bool = False
    moments: tuple[float, float] = (-1.5, 1.0)
    about: tuple[str, ...] = ()


@dataclass
class Trial:
    """What a fault may look at and change while its trial lasts."""

    bench: Bench
    fault: Fault
    rng: random.Random
    before: Day
    after: Day
    moment: float
    unknown: str | None
    note: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    silences: dict[str, str] = field(default_factory=dict)
    """Check -> until when its alert is silenced."""
    silenced: tuple[float, float] = (0.0, 0.0)
    """When setting the silence began and ended."""
    struck: float = math.inf
    """When the fault had struck: on a busy machine, that takes a while."""
    failed: Exception | None = None
    """Why the fault could not strike."""


@dataclass(frozen=True)
class Result:
    """How a trial ended; `message` is the reason of an unknown, or what is wrong with a verdict.

    `kind` is that of the data, where they are of the catalogue. `late` says that the fault struck when the verdict
    was there already, `overran` that the gate took longer than it had, and than asking Prometheus why may take.
    """

    fault: str
    number: int
    outcome: str
    message: str
    note: str
    seconds: float
    late: bool = False
    overran: bool = False
    kind: str = ""


def run(bench: Bench, fault: Fault, seed: str, number: int) -> Result:
    """Run one trial on a bench that is whole; the seed decides what is random. Raises BenchError before it begins."""
    rng = random.Random(seed)
    trial = plan(bench, fault, rng)
    settle(trial)
    begin = time.monotonic() + 0.05 - min(trial.moment, 0.0)
    striking = threading.Thread(target=_strike, args=(trial, begin + trial.moment), daemon=True)
    striking.start()
    time.sleep(max(0.0, begin - time.monotonic()))
    bench.exporter.day = trial.after
    found, seconds = ask(trial, fault.seconds)
    judged_at = time.monotonic()
    trial.over.set()
    striking.join(30)
    if trial.failed:
        raise BenchError(f"{fault.name} did not strike: {trial.failed!r}", None)
    outcome, message = judged(trial, found, begin, judged_at)
    note = f"{trial.before.case} -> {trial.after.case} at {trial.moment:+.2f} s {trial.note}".rstrip()
    late, overran = begin + trial.moment > judged_at, seconds > fault.seconds + REASONS
    return Result(fault.name, number, outcome, message, note, seconds, late, overran, trial.after.kind)


def plan(bench: Bench, fault: Fault, rng: random.Random) -> Trial:
    """The random choices of a trial."""
    before = (drawn.choose(rng) if rng.random() < 0.5 else None) or choose(rng, bad=rng.random() < 0.5)
    about = fault.about if rng.random() < 0.7 else ()
    of_catalogue = drawn.choose(rng) if not about and rng.random() < 0.5 else None
    after = of_catalogue or choose(rng, bad=rng.random() < 0.5, other=before.case, about=about)
    named = {"{before}": str(before.snapshot), "{second}": re.escape(bench.second.url)}
    unknown = fault.unknown
    for placeholder, value in named.items():
        unknown = unknown and unknown.replace(placeholder, value)
    return Trial(bench, fault, rng, before, after, rng.uniform(*fault.moments), unknown)


def settle(trial: Trial) -> None:
    """Have the data of before judged. Raises BenchError when the verdict is not theirs."""
    trial.bench.exporter.day = trial.before
    found, _ = ask(trial, HEALTHY)
    wrong = difference(found, trial.before, truth(trial.before))
    if wrong:
        raise BenchError(f"{trial.before.case}: {wrong}", _false(found) if found.proven else None)


def ask(trial: Trial, timeout: float) -> tuple[Verdict, float]:
    """The gate's verdict, and the seconds that it took."""
    bench, since = trial.bench, time.monotonic()
    urls = [bench.alertmanager.url, bench.second.url][: 2 if trial.fault.second else 1]
    servers = bench.servers(urls, bench.front.service.url if trial.fault.fronted else bench.prometheus.url)
    found = judge(Client(), servers, Subject(), timeout, lambda _: None)
    return found, time.monotonic() - since


def _strike(trial: Trial, moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
    try:
        trial.fault.strike(trial)
        trial.struck = time.monotonic()
    except (OSError, StackError, LookupError) as error:
        trial.failed = error


def judged(trial: Trial, found: Verdict, begin: float, end: float) -> tuple[str, str]:
    """The outcome of a trial and what there is to say about it; the gate looked from `begin` to `end`."""
    if not found.proven:
        return _unknown(trial, found.lines[0].message)
    if trial.fault.hides and trial.moment <= BEFOREHAND and trial.struck <= begin:
        return _false(found), "a verdict where nobody can know the truth"
    wrong = [difference(found, trial.after, lines) for lines in _truths(trial, begin, end)]
    if "" in wrong and trial.after.wrong:
        return _false(found), trial.after.wrong
    return (RIGHT, "") if "" in wrong else (_false(found), wrong[0])


def _truths(trial: Trial, begin: float, end: float) -> list[tuple[Line, ...]]:
    """What may be listed: a silence that is set while the gate looks may count or not."""
    whole, silenced = truth(trial.after), truths(trial.after, trial.silences)
    if trial.silenced[1] <= begin:
        return silenced
    return [whole] if trial.silenced[0] > end else [whole, *silenced]


def _unknown(trial: Trial, reason: str) -> tuple[str, str]:
    if trial.unknown is None:
        return NEEDLESS, reason
    return (UNKNOWN if re.search(trial.unknown, reason) else UNNAMED), reason


def _false(found: Verdict) -> str:
    return FALSE_PASS if found.status == PASS else FALSE_FAIL


def difference(found: Verdict, day: Day, lines: tuple[Line, ...]) -> str:
    """What is wrong with a verdict about `day`, which must list `lines`; empty when nothing is."""
    if not found.proven:
        return found.lines[0].message
    if (found.dataset, found.snapshot, found.date or None) != (DATASET, day.snapshot, day.date):
        return f"it is about {found.date} (snapshot {found.snapshot})"
    off = set(found.switched_off)
    if off != day.switched_off:
        return f"wrongly off: {sorted(off - day.switched_off)}, wrongly judged: {sorted(day.switched_off - off)}"
    listed = tuple((line.severity, line.message) for line in found.lines)
    return "" if listed == lines else f"it lists {_shown(listed)}; true is {_shown(lines)}"


def _shown(lines: tuple[Line, ...]) -> str:
    return " | ".join(f"{severity} {message}" for severity, message in lines) or "nothing"
