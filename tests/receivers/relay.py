"""A real Alertmanager that sends to a stand-in, which writes down what arrives."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerting.stack.stack import Server, alertmanager_at, await_answer, end, free_address, start
from tests.support.service import Answer, Service

PATIENCE = 90.0
"""Seconds until whatever is awaited must have come."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A POST: its path, its body as it came, and when by the monotonic clock."""

    path: str
    body: bytes
    at: float = field(compare=False)

    @property
    def json(self) -> Json:
        """The body."""
        found: Json = json.loads(self.body)
        return found


class Inbox:
    """Takes what is sent to PagerDuty, to Slack or to a webhook; `refuse` may answer otherwise than they do."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.refuse: Callable[[Request], Answer | None] = lambda _request: None
        self._lock = threading.Lock()
        self.service = Service(self._answer)

    def _answer(self, _method: str, path: str, body: bytes) -> Answer:
        request = Request(path, body, time.monotonic())
        with self._lock:
            answer = self.refuse(request) or _accepted(path)
            self.requests.append(request)
        return answer

    def at(self, path: str, containing: str = "") -> list[Request]:
        """What came at the path, or at one below it, with these words."""
        return [each for each in self.requests if each.path.startswith(path) and containing.encode() in each.body]


def _accepted(path: str) -> Answer:
    """What the service answers to what it takes."""
    if path.startswith("/slack"):
        return Answer(200, b"ok", "text/plain")
    return Answer(202, b'{"status": "success", "message": "Event processed", "dedup_key": "..."}')


@dataclass
class Relay:
    """An Alertmanager whose files are in `folder`; it can end and start again."""

    server: Server
    folder: Path
    inbox: Inbox
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.ready.removesuffix("/-/ready")

    def fire(self, *alerts: Json) -> None:
        """Let the alerts fire for an hour."""
        self._post(*(each | {"endsAt": _moment(hours=1)} for each in alerts))

    def resolve(self, *alerts: Json) -> None:
        """Let the alerts be over."""
        self._post(*(each | {"endsAt": _moment(seconds=-1)} for each in alerts))

    def _post(self, *alerts: Json) -> None:
        body = json.dumps(alerts).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def pages(self, dataset: str, number: int = 1) -> list[Json]:
        """The events of a data set that PagerDuty was sent, once there are so many; before that, none."""
        found = [each.json for each in self.inbox.at("/pagerduty_routing_key")]
        return _enough([each for each in found if each["payload"].get("component") == dataset], number)

    def messages(self, dataset: str, number: int = 1, channel: str = "data") -> list[Json]:
        """The messages about a data set that a channel of Slack was sent, once there are so many."""
        found = [each.json for each in self.inbox.at(f"/slack_{channel}_url")]
        title = re.compile(rf"(^|: ){re.escape(dataset)}[,:]")
        return _enough([each for each in found if title.search(each["attachments"][0]["title"])], number)

    def restart(self, between: Callable[[], None] = lambda: None) -> None:
        """End, do what is to be done, and start again."""
        end(self.process)
        between()
        self.process = start(self.server, self.folder)
        await_answer(self.server, self.process, self.folder)

    def status(self) -> str:
        """What its status page shows of the configuration."""
        with urllib.request.urlopen(f"{self.url}/api/v2/status", timeout=10) as response:
            return str(response.read().decode())

    def log(self) -> str:
        """What it has written."""
        return (self.folder / "alertmanager.log").read_text("utf-8")


def _enough(found: list[Json], number: int) -> list[Json]:
    return found if len(found) >= number else []


def _moment(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).isoformat()


@contextmanager
def relaying(folder: Path, write: Callable[[Path, str], None]) -> Iterator[Relay]:
    """A relay; `write` puts the configuration into the folder and receives the URL of the stand-in."""
    inbox = Inbox()
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, inbox.service.url)
    server = alertmanager_at(free_address(), folder)
    relay = Relay(server, folder, inbox, start(server, folder))
    try:
        await_answer(server, relay.process, folder)
        yield relay
    finally:
        end(relay.process)
        inbox.service.stop()


def awaited(found: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What is found as soon as it is something, or when the time is over."""
    deadline = time.monotonic() + seconds
    while not (result := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result
