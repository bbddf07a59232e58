"""Each fault of the lab once: the verdict is right, or unknown for the true cause; `lab.py` runs many more trials.

A quarter of the faults is tried on the older generation, too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest
from faults import FAULTS
from lab import BENCH, is_broken, tasks, trials
from trial import FALSE_FAIL, FALSE_PASS, Fault, Result

from tests.support import generations
from tests.support.generations import Generation

BENCHES = 4
PATIENCE = 12.0
"""Seconds for the gate where an unknown is allowed: enough to see that it stays unknown."""

FALSE = {FALSE_PASS, FALSE_FAIL}
"""Outcomes that no busy machine excuses."""


@pytest.fixture(scope="module")
def results(generation: Generation) -> dict[str, list[Result]]:
    """How each fault ended on one generation."""
    some = list(FAULTS.values())[:: 4 if generation == generations.found() else 1]
    faults = [replace(each, seconds=min(each.seconds, PATIENCE)) if each.unknown else each for each in some]
    ended = trials(tasks(faults, len(faults), generation.name), [generation], BENCHES)
    whole = {each.fault for each in ended if each.outcome in FALSE or not (each.outcome == BENCH or is_broken(each))}
    again = [each for each in faults if each.name not in whole]
    if again:  # on a busy machine, a verdict or its reason may come too late: these are tried once more, alone
        ended = [each for each in ended if each.fault in whole]
        ended += trials(tasks(again, len(again), f"{generation.name} again"), [generation], 1)
    found = defaultdict(list)
    for result in ended:
        found[result.fault].append(result)
    return found


@pytest.mark.parametrize("fault", [pytest.param(each, id=f"{each.promise}-{each.name}") for each in FAULTS.values()])
def test_fault(results: dict[str, list[Result]], fault: Fault) -> None:
    """No false verdict, no needless unknown, an unknown names the true cause, and all of it in time."""
    if fault.name not in results:
        pytest.skip("tried on the newest generation")
    ended = [each for each in results[fault.name] if each.outcome != BENCH]
    assert ended
    assert [each for each in ended if is_broken(each)] == []
