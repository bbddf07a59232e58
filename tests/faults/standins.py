"""Stand-in HTTP servers: an exporter with scripted answers, and proxies between real servers."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from days import DATASET, Day, exposition

from alerting.gate import releases
from tests.support.service import Answer, Service

_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
TEXT = "text/plain; version=0.0.4; charset=utf-8"
Alerts = list[dict[str, Any]]
BUILD = f'clickstream_exporter_build_info{{version="{releases.own()}"}} 1\n'
"""By which Prometheus' targets are known for exporters."""

PATIENCE = 0.7
"""Seconds for an Alertmanager that hangs, in proportion to the interval as Prometheus' ten are to 15."""


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
        return Answer(200, (BUILD + exposition(shown.series) if shown else "").encode(), TEXT)

    def _scraped(self) -> str:
        """The exposition; a slow one may be of the data at its begin or at its end."""
        text, seconds = self._text(), self.delay()
        time.sleep(seconds)
        return text if seconds * 1e3 % 2 < 1 else self._text()

    def _text(self) -> str:
        shown = self.shown or self.day
        return BUILD + exposition(self.change(shown.series)) if shown else ""


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
