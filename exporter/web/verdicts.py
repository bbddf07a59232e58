"""The verdict about what is served, by `clickstream-report`, which runs in the background while people look."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from exporter.gauges.snapshot import Snapshot
from exporter.html.judgement import FAIL, PASS, UNKNOWN, Alert, Judgement

log = logging.getLogger("exporter")

FRESH = 60.0
"""Seconds for which a verdict is shown before the next request asks again."""

SHOWN = 300.0
"""Seconds after which a verdict is not shown any more: the same data become stale, and servers stop judging them."""

PATIENCE = 900.0
"""Seconds until a report that has not ended is killed; it waits as long as Prometheus' intervals and flags need."""

AT_ONCE = 4
"""Reports at once, which wait for most of their time: more would take the processor from scrapes as they start."""

PENDING = "the verdict is being fetched, and this page looks for it again"
FAILED = "clickstream-report failed; the log of the exporter says why"

_WORDS = {0: PASS, 1: FAIL, 2: UNKNOWN}
"""What the exit codes of a report mean."""


@dataclass(frozen=True)
class Found:
    """What a report found about a snapshot, at a time of `time.monotonic`; without a judgement, it failed."""

    snapshot: int
    judgement: Judgement | None
    at: float


class Verdicts:
    """Asks for the verdict about the snapshots that are served, and keeps the last one of each data set."""

    def __init__(
        self, alertmanagers: Sequence[str], prometheus: str | None, http: Path | None, severities: Mapping[str, str]
    ) -> None:
        """The options of clickstream-report, which has the same."""
        self._options = [
            *(f"--alertmanager.url={url}" for url in alertmanagers),
            *([f"--prometheus.url={prometheus}"] if prometheus else []),
            *([f"--http.config.file={http}"] if http else []),
            *(f"--severity={name}={ours}" for name, ours in severities.items()),
        ]
        self._found: dict[str, Found] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)

    def about(self, snapshots: Sequence[Snapshot]) -> Mapping[str, Found]:
        """What is known of exactly these snapshots, by data set; what is not, or is old, is asked for."""
        known = {}
        for each in snapshots:
            found = self._found.get(each.dataset)
            age = time.monotonic() - found.at if found and found.snapshot == each.number else math.inf
            if found and age < SHOWN:
                known[each.dataset] = found
            if age >= FRESH and each.dataset not in self._asking:
                self._asking[each.dataset] = asyncio.create_task(self._ask(each))
        return known

    async def close(self) -> None:
        """End the reports that run."""
        running = list(self._asking.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _ask(self, about: Snapshot) -> None:
        """Keep what a report finds about the snapshot, and log why it failed if it did."""
        judgement = None
        try:
            async with self._turn:
                code, output, errors = await self._report(about)
            judgement = _judgement(code, output)
            if not judgement:
                log.error("%s: clickstream-report ended with %s: %s", about.dataset, code, _last_line(errors))
        except (OSError, TimeoutError, LookupError, TypeError, ValueError) as error:
            log.error("%s: clickstream-report: %s: %s", about.dataset, type(error).__name__, error)
        finally:
            del self._asking[about.dataset]
        self._found[about.dataset] = Found(about.number, judgement, time.monotonic())

    async def _report(self, about: Snapshot) -> tuple[int | None, bytes, bytes]:
        """The exit code of a report about the snapshot, its output, and its errors."""
        day = [f"--date={about.date}"] if about.date else []
        subject = [f"--dataset={about.dataset}", f"--snapshot={about.number}", *day]
        command = [sys.executable, "-P", "-m", "alerting.report", *subject, *self._options]
        process = await asyncio.create_subprocess_exec(
            *command,
            *("--format=json", "--details"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                output, errors = await process.communicate()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
        return process.returncode, output, errors


def _judgement(code: int | None, output: bytes) -> Judgement | None:
    """The verdict that a report printed as JSON; None unless its exit code is that of a verdict."""
    word = _WORDS.get(-1 if code is None else code)
    if not word:
        return None
    report = json.loads(output)
    details = report["details"]
    off = [str(each) for each in details["reasons"]]
    alerts = [Alert(each["severity"], each["message"]) for each in report["alerts"] if each["message"] not in off]
    basis = f"{details['judged']} of {details['judged'] + len(details['switched_off'])} checks judged"
    return Judgement(word, alerts, basis if word != UNKNOWN else "", off)


def _last_line(errors: bytes) -> str:
    return (errors.decode("utf-8", "replace").splitlines() or ["no message"])[-1]
