"""Measures three forms of an alert against the same outages, on every generation of Prometheus.

python tests/faults/latch.py

While the data are bad, the exporter, Prometheus and Alertmanager go and come back; then the data heal.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from pager import BAD, HEALTHY, awaited, outages, paged, serve  # noqa: E402

from alerting import rulefile  # noqa: E402
from tests.support import generations  # noqa: E402
from tests.support.generations import Generation  # noqa: E402

PLAIN, KEPT, LATCHED = "state == 1", "state == 1, keep_firing_for: 5m", "last_over_time(state[36h]) == 1"
LONGEST = 400.0
"""Seconds to wait for the resolve: more than five minutes."""


@dataclass(frozen=True)
class Measured:
    """What PagerDuty received, and how long after the data healed the resolve came; None if never."""

    generation: str
    form: str
    triggers: int
    false_resolves: int
    at: str
    seconds: float | None


def written(form: str) -> str:
    """The shipped rule file with its alerts in this form."""
    groups = deepcopy(rulefile.groups())
    for rule in groups[rulefile.GROUP]:
        if "alert" in rule and form != LATCHED:
            _unlatch(rule, keep=form == KEPT)
    return json.dumps({"groups": [{"name": name, "rules": each} for name, each in groups.items()]})


def _unlatch(rule: dict[str, Any], *, keep: bool) -> None:
    plain = re.sub(r"last_over_time\((\S+)\[36h\]\)", r"\1", rule["expr"])
    if keep and plain != rule["expr"]:
        rule["keep_firing_for"] = "5m"
    rule["expr"] = plain


def measure(programs: Generation, form: str) -> Measured:
    """Run the outages with the alerts in this form, and heal the data."""
    os.environ |= {"PROMETHEUS": str(programs.prometheus), "ALERTMANAGER": str(programs.alertmanager)}
    with tempfile.TemporaryDirectory() as folder, paged(Path(folder) / "bench", written(form)) as (bench, pager):
        serve(bench, BAD, 2)
        awaited(lambda: pager.actions == ["trigger"])
        resolved: list[str] = []
        for outage in outages(bench):
            resolved += [outage] * (pager.actions.count("resolve") - len(resolved))
        healed = serve(bench, HEALTHY, 3)
        awaited(lambda: pager.actions[-1:] == ["resolve"], LONGEST)
        at = [event.at for event in pager.events if event.action == "resolve"][len(resolved) :]
        seconds = at[-1] - healed if at else None
        return Measured(
            programs.name, form, pager.actions.count("trigger"), len(resolved), ", ".join(resolved), seconds
        )


def table(found: list[Measured]) -> str:
    """A line for each form and generation."""
    lines = [f"{'Prometheus':12}{'alert fires on':36}{'triggers':>9}{'false resolves':>16}{'healed to resolve':>19}"]
    for each in found:
        seconds = "never" if each.seconds is None else f"{each.seconds:.0f} s"
        counts = f"{each.triggers:9}{each.false_resolves:16}{seconds:>19}"
        lines.append(f"{each.generation:12}{each.form:36}{counts}  {each.at}".rstrip())
    return "\n".join(lines)


def main() -> int:
    """Print the table; two benches run at a time."""
    since = time.monotonic()
    programs = [generations.found(), generations.newest()]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        runs = [pool.submit(measure, each, form) for form in (KEPT, PLAIN, LATCHED) for each in programs]
        print(table([run.result() for run in runs]))
    print(f"\n{time.monotonic() - since:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
