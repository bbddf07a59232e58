"""A stand-in for PagerDuty behind the shipped Alertmanager configuration, and the outages it must not hear of."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import Bench, running
from days import day

from tests.support.service import Answer, Service
from tests.support.shipped_routes import configure, shipped

HEALTHY, BAD = "healthy", "revenue-drop"
RESEND = "4s"
"""Alertmanager then believes an alert for 16 seconds; as shipped, for a minute. A restart takes seven seconds."""

GROUP_WAIT, GROUP_INTERVAL = 1, 2
PATIENCE = 60.0
"""Seconds until whatever is awaited must have come."""


@dataclass(frozen=True)
class Event:
    """What PagerDuty received, and when by the monotonic clock."""

    action: str
    key: str
    summary: str
    at: float


class Pager:
    """Takes what Alertmanager sends to PagerDuty and to Slack, and remembers the former."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._lock = threading.Lock()
        self.service = Service(self._answer)

    def _answer(self, _method: str, path: str, body: bytes) -> Answer:
        is_page = path == "/pagerduty_routing_key"
        if is_page:
            event = json.loads(body)
            summary = event.get("payload", {}).get("summary", "")
            with self._lock:
                self.events.append(Event(event["event_action"], event["dedup_key"], summary, time.monotonic()))
        return Answer(202, b'{"status": "success"}') if is_page else Answer(200, b"ok", "text/plain")

    @property
    def actions(self) -> list[str]:
        """The actions that PagerDuty received, in order."""
        return [event.action for event in self.events]

    def configure(self, folder: Path) -> None:
        """Write the shipped configuration with short intervals, and with this as PagerDuty and as Slack."""
        waits = {"group_wait": f"{GROUP_WAIT}s", "group_interval": f"{GROUP_INTERVAL}s"}
        configure(folder, self.service.url, shipped(), **waits)


@contextmanager
def paged(folder: Path, rules: str | None = None) -> Iterator[tuple[Bench, Pager]]:
    """A bench on healthy data whose first Alertmanager pages; `rules` instead of the shipped rule file."""
    pager = Pager()

    def prepare(where: Path) -> None:
        pager.configure(where)
        if rules is not None:
            (where / "clickstream.yml").write_text(rules, "utf-8")

    try:
        with running(folder, day(HEALTHY, 1), RESEND, prepare) as bench:
            await_listed(bench, snapshot=1)
            yield bench, pager
    finally:
        pager.service.stop()


def serve(bench: Bench, case: str, snapshot: int) -> float:
    """Let the exporter serve a case; returns when, once it is judged."""
    since = time.monotonic()
    bench.exporter.day = day(case, snapshot)
    await_listed(bench, snapshot)
    return since


def await_listed(bench: Bench, snapshot: int) -> None:
    """Wait until Alertmanager lists the certificate of the snapshot."""
    awaited(lambda: any(alert["labels"].get("snapshot") == str(snapshot) for alert in bench.listed()))


def awaited(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the condition came true in time; a server that does not answer makes it false."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


def outages(bench: Bench) -> Iterator[str]:
    """Let servers go and come back, one at a time and together; yields what was out, once all is well again."""
    snapshot = bench.exporter.day.snapshot if bench.exporter.day else 0
    for name, down in _DOWN.items():
        down(bench)
        bench.exporter.service.start()
        bench.start()
        _await_renewed(bench, snapshot)
        time.sleep(GROUP_WAIT + GROUP_INTERVAL)
        yield name


def _exporter_down(bench: Bench) -> None:
    """No scrape succeeds for as long as Alertmanager would need to notify."""
    bench.exporter.service.stop()
    time.sleep(2 * GROUP_INTERVAL)


def _exporter_down_at_restart(bench: Bench) -> None:
    """Prometheus starts again without data, and stays up for longer than Alertmanager keeps alerts."""
    _exporter_down(bench)
    bench.prometheus.kill()
    bench.start()
    time.sleep(4 * float(RESEND.rstrip("s")) + GROUP_INTERVAL)


def _all_down(bench: Bench) -> None:
    bench.exporter.service.stop()
    bench.prometheus.end()
    bench.alertmanager.end()


_DOWN: dict[str, Callable[[Bench], None]] = {
    "exporter": _exporter_down,
    "Prometheus": lambda bench: bench.prometheus.kill(),
    "Alertmanager": lambda bench: bench.alertmanager.end(),
    "all": _all_down,
    "Prometheus without exporter": _exporter_down_at_restart,
}


def _await_renewed(bench: Bench, snapshot: int) -> None:
    """Wait until Alertmanager has received the certificate and the alert again."""
    updated = {alert["fingerprint"]: alert["updatedAt"] for alert in _heard(bench)}

    def is_renewed() -> bool:
        found = [alert for alert in bench.listed() if alert["updatedAt"] != updated.get(alert["fingerprint"])]
        return any(alert["labels"].get("snapshot") == str(snapshot) for alert in found)

    awaited(is_renewed)


def _heard(bench: Bench) -> list[dict[str, Any]]:
    try:
        return bench.listed()
    except OSError:
        return []
