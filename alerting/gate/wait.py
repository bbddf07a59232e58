"""Waits for a day: asks again until there is a verdict about it."""

from __future__ import annotations

import time
from collections.abc import Callable

from alerting.gate.verdict import Verdict

PAUSE = 30.0
"""Seconds between two attempts."""


def awaited(attempt: Callable[[Callable[[str], None]], Verdict], seconds: float, log: Callable[[str], None]) -> Verdict:
    """The first verdict that is proven, or, after so many seconds, the last unknown one.

    `attempt` has a function for its log; of all attempts, each line is logged once, and so is each reason why there is
    no verdict yet.
    """
    end = time.monotonic() + seconds
    logged: set[str] = set()

    def once(line: str) -> None:
        if line not in logged:
            logged.add(line)
            log(line)

    while True:
        verdict = attempt(once)
        left = end - time.monotonic()
        if verdict.proven or left <= 0:
            return verdict
        once(f"no verdict yet, waiting: {'; '.join(verdict.missing)}")
        time.sleep(min(PAUSE, left))
