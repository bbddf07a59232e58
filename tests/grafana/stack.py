"""The servers that the dashboards are shown with: the demo, judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path

from boards import ask

from alerting.gate.judge import Servers, judge
from alerting.gate.verdict import Subject
from alerting.http.client import Client
from alerting.stack.stack import Stack, running
from exporter.demo.write import write_demo
from tests.support.generations import Generation

BROKEN_DAY = "2025-03-09"


@contextmanager
def judged(folder: Path, day: str, generation: Generation | None = None) -> Iterator[Stack]:
    """The running servers, once they have judged a day of the demo; `folder` is empty."""
    with generation.chosen() if generation else nullcontext(), _judged(folder, day) as stack:
        yield stack


@contextmanager
def _judged(folder: Path, day: str) -> Iterator[Stack]:
    config = write_demo(folder / "demo", date(2025, 3, 9))
    (folder / "stack").mkdir()
    with running(folder / "stack", config, ("--as-of", day)) as stack:
        servers = Servers([stack.alertmanager], stack.exporter, stack.prometheus)
        assert judge(Client(), servers, Subject(), 60, lambda _: None).exit_code < 2
        await_(lambda: settled(stack.prometheus))
        yield stack


def settled(prometheus: str) -> bool:
    """Whether all days are served, the newest snapshot is certified, and the exporter's own rules were evaluated."""
    certificates = ask(prometheus, 'ALERTS{alertname="ClickstreamCertificate",alertstate="firing"}')
    snapshots = [f"{float(each['value'][1]):.0f}" for each in ask(prometheus, "clickstream_snapshot")]
    return (
        len(ask(prometheus, "clickstream_events")) >= 29
        and [each["metric"]["snapshot"] for each in certificates] == snapshots
        and bool(ask(prometheus, "dataset:clickstream_refresh:failing"))
    )


def await_(true: Callable[[], bool]) -> None:
    """Wait until something is true; fails after 30 seconds."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)
