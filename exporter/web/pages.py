"""The pages of the exporter; only the one that refreshes waits for queries."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from exporter.arguments import METRICS
from exporter.gauges.exposition import Process
from exporter.refresh import Refresher, State
from exporter.web.listener import Request, Response
from exporter.web.page import Page

PROBES = ("/-/healthy", "/-/ready")
"""The paths that a prober asks; the answers reveal nothing."""


class Pages:
    """Answers requests by path; `page` is the one for people.

    `refresh` measures now, `reload` reads the configuration and returns a problem.
    """

    def __init__(
        self,
        refresher: Refresher,
        process: Process,
        page: Page,
        refresh: Callable[[], Awaitable[State]],
        reload: Callable[[], Awaitable[str | None]],
        telemetry_path: str = METRICS,
    ) -> None:
        self._refresher = refresher
        self._process = process
        self._refresh = refresh
        self._reload = reload
        self._people = page
        self._pages: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
            "/": ("GET", self._page),
            telemetry_path: ("GET", self._metrics),
            "/-/healthy": ("GET", self._healthy),
            "/-/ready": ("GET", self._ready),
            "/-/refresh": ("POST", self._refresh_now),
            "/-/reload": ("POST", self._reload_now),
        }

    async def answer(self, request: Request) -> Response:
        """The answer to a request."""
        if request.path not in self._pages:
            return Response(HTTPStatus.NOT_FOUND, b"not found\n")
        method, page = self._pages[request.path]
        if request.method != method and (method, request.method) != ("GET", "HEAD"):
            allowed = (("Allow", method),)
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, f"expected {method}\n".encode(), headers=allowed)
        if method == "POST" and _is_cross_site(request):
            return Response(HTTPStatus.FORBIDDEN, b"refused: the request comes from another site\n")
        return await page(request)

    async def _page(self, _request: Request) -> Response:
        return await self._people.answer()

    async def _metrics(self, _request: Request) -> Response:
        body = self._refresher.state.exposition + self._process.render()
        return Response(HTTPStatus.OK, body, "text/plain; version=0.0.4; charset=utf-8")

    async def _healthy(self, _request: Request) -> Response:
        return Response(HTTPStatus.OK, b"alive\n")

    async def _ready(self, _request: Request) -> Response:
        if any(view.snapshot for view in self._refresher.state.views.values()):
            return Response(HTTPStatus.OK, b"ready\n")
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, b"no snapshot yet\n")

    async def _refresh_now(self, _request: Request) -> Response:
        state = await self._refresh()
        body = json.dumps({"datasets": [_outcome(state, name) for name in state.views]}, indent=2)
        status = HTTPStatus.SERVICE_UNAVAILABLE if state.errors else HTTPStatus.OK
        return Response(status, f"{body}\n".encode(), "application/json")

    async def _reload_now(self, _request: Request) -> Response:
        if problem := await self._reload():
            return Response(HTTPStatus.INTERNAL_SERVER_ERROR, f"{problem}\n".encode())
        return Response(HTTPStatus.OK, b"reloaded: the next refresh uses it\n")


def _outcome(state: State, name: str) -> dict[str, Any]:
    """The outcome of a refresh for the data set `name`: snapshot, date and what was left out, or the error."""
    taken = state.views[name].snapshot
    if name in state.errors or taken is None:
        return {"dataset": name, "error": state.errors.get(name, "no snapshot")}
    aside = {
        number: int(sample.value)
        for number in ("unreadable_files", "waiting_files", "early_events", "implausible_timestamp_events")
        for sample in taken.samples
        if sample.gauge == f"clickstream_{number}"
    }
    return {"dataset": name, "snapshot": taken.number, "date": taken.date and taken.date.isoformat(), **aside}


def _is_cross_site(request: Request) -> bool:
    """Whether a browser sent the request from a page of another origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != request.headers.get("host") or origin == "null"
    except ValueError:
        return True
