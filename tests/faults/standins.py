"""HTTP servers of our own: an exporter that serves what it is told, and what stands between real servers."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from days import DATASET, Day, exposition

from alerting.stack import free_address

_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
TEXT = "text/plain; version=0.0.4; charset=utf-8"
Alerts = list[dict[str, Any]]
PATIENCE = 0.7
"""Seconds for an Alertmanager that hangs, in proportion to the interval as Prometheus' ten are to 15."""


@dataclass(frozen=True)
class Answer:
    """What a request is answered with; `late` is how far the Date header is off."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    late: timedelta = timedelta()


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    def handle_error(self, *_args: object) -> None:
        """Nothing."""


class Service:
    """An HTTP server on a free address of the loopback, that can stop and listen there again."""

    def __init__(self, answer: Callable[[str, str, bytes], Answer]) -> None:
        self.address = free_address()
        self.url = f"http://{self.address}"
        self._handler = _handler(answer)
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def start(self) -> None:
        """Listen, if nobody does."""
        if self._server is None:
            host, _, port = self.address.partition(":")
            self._server = _Quiet((host, int(port)), self._handler)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(answer: Callable[[str, str, bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Speaks HTTP/1.0: no connection outlives its answer, so who stops is gone at once."""

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = answer(self.command, self.path, body)
            self.send_response_only(found.status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + found.late, usegmt=True))
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = _reply  # noqa: N815

    return Handler


class Exporter:
    """Serves the series of `day`, changed by `change`; answers a refresh with its snapshot."""

    def __init__(self) -> None:
        self.service = Service(self._answer)
        self.twin = Service(self._answer_of_twin)
        self.day: Day | None = None
        self.told = 0
        """The snapshot that the last refresh was answered with."""
        self.reset()

    def reset(self) -> None:
        """Serve what is true, at once."""
        self.change: Callable[[Mapping[str, float]], Mapping[str, float]] = lambda series: series
        self.shown: Day | None = None
        self.delay: Callable[[], float] = float
        self.twin_day: Callable[[], Day | None] = lambda: None
        self.service.start()

    def _answer(self, method: str, path: str, _body: bytes) -> Answer:
        if (method, path) == ("POST", "/-/refresh") and self.day:
            outcome = {"dataset": DATASET, "snapshot": self.day.snapshot, "date": self.day.date}
            self.told = self.day.snapshot
            return Answer(200, json.dumps({"datasets": [outcome]}).encode())
        return Answer(200, self._scraped().encode(), TEXT) if path == "/metrics" else Answer(404)

    def _answer_of_twin(self, _method: str, _path: str, _body: bytes) -> Answer:
        """What the second target serves: usually nothing."""
        shown = self.twin_day()
        return Answer(200, exposition(shown.series if shown else {}).encode(), TEXT)

    def _scraped(self) -> str:
        """The exposition; a slow one may be of the data at its begin or at its end."""
        text, seconds = self._text(), self.delay()
        time.sleep(seconds)
        return text if seconds * 1e3 % 2 < 1 else self._text()

    def _text(self) -> str:
        shown = self.shown or self.day
        return exposition(self.change(shown.series)) if shown else ""


class Notifications:
    """Forwards what Prometheus notifies to the first Alertmanager, and to the second what `second` makes of it."""

    def __init__(self, first: str, second: str) -> None:
        self._urls = (first, second)
        self.service = Service(self._answer)
        self.reset()

    def reset(self) -> None:
        """Forward everything as it is."""
        self.lose: Callable[[], bool] = lambda: False
        self.lost_status = 500
        self.shift = timedelta()
        self.second: Callable[[Alerts], Alerts] = lambda alerts: alerts

    def _answer(self, _method: str, path: str, body: bytes) -> Answer:
        if self.lose():
            return Answer(self.lost_status)
        alerts: Alerts = json.loads(body)
        for alert in alerts:
            alert.update({each: _shifted(alert[each], self.shift) for each in ("startsAt", "endsAt") if each in alert})
        _try_post(self._urls[1] + path, self.second(alerts), PATIENCE)
        return Answer(200 if _try_post(self._urls[0] + path, alerts) else 502)


def _shifted(moment: str, shift: timedelta) -> str:
    return (datetime.fromisoformat(moment) + shift).isoformat() if shift else moment


def _try_post(url: str, body: object, timeout: float = 5) -> bool:
    try:
        post(url, body, timeout)
    except (OSError, ValueError):
        return False
    return True


def post(url: str, body: object, timeout: float = 5) -> Any:
    """The JSON that a POST of JSON is answered with, if any. Raises OSError."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with _OPEN(request, timeout=timeout) as response:
        text = response.read()
    return json.loads(text) if text else None


def get(url: str, timeout: float = 5) -> Any:
    """The JSON at the URL. Raises OSError."""
    with _OPEN(url, timeout=timeout) as response:
        return json.load(response)


def delete(url: str) -> None:
    """DELETE what is at the URL. Raises OSError."""
    _OPEN(urllib.request.Request(url, method="DELETE"), timeout=5).close()


class Front:
    """Answers for the server at `url`, by a clock that is `late`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.late = timedelta()
        self.service = Service(self._answer)

    def _answer(self, _method: str, path: str, _body: bytes) -> Answer:
        return Answer(200, json.dumps(get(self._url + path)).encode(), late=self.late)
