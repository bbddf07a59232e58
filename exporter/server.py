"""Serves the gauges over HTTP; nothing here waits for a query."""

from __future__ import annotations

import asyncio
import html
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from hypercorn.asyncio import serve
from hypercorn.config import Config as Settings
from hypercorn.typing import ASGIFramework

from exporter.refresh import Refresher, State

log = logging.getLogger("exporter")

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Response = tuple[int, str, bytes]

PAGE = """<!doctype html>
<html lang="en"><title>clickstream-exporter</title>
<h1>clickstream-exporter</h1>
<ul>
<li><a href="/metrics">/metrics</a>: the gauges</li>
<li><a href="/-/healthy">/-/healthy</a>: the process is alive</li>
<li><a href="/-/ready">/-/ready</a>: a snapshot is there</li>
<li><code>POST /-/refresh</code>: measure now</li>
</ul>
<p>{datasets}</p>
"""


class Server:
    """The endpoints, and the loop that refreshes."""

    def __init__(self, refresher: Refresher, interval: float) -> None:
        self._refresher = refresher
        self._interval = interval
        self._running: asyncio.Task[State] | None = None
        self._next: asyncio.Task[State] | None = None

    async def run(self, address: str, stop: asyncio.Event) -> None:
        """Serve on `address` (HOST:PORT) and refresh every interval until `stop` is set.

        Raises OSError when the address cannot be taken.
        """
        loop = asyncio.create_task(self._refresh_loop())
        try:
            await serve(cast(ASGIFramework, self), _settings(address), shutdown_trigger=stop.wait)
        finally:
            loop.cancel()
            self._refresher.stop()

    async def refresh(self) -> State:
        """Refresh now. Calls during a refresh share the next one: the one that runs may not see their data."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(asyncio.to_thread(self._refresher.refresh))
            return await asyncio.shield(self._running)
        if self._next is None or self._next.done():
            self._next = asyncio.create_task(self._after(self._running))
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[State]) -> State:
        await asyncio.wait([running])
        self._next = None
        return await self.refresh()

    async def _refresh_loop(self) -> None:
        while True:
            try:
                await self.refresh()
            except Exception:
                log.exception("refresh failed")
            await asyncio.sleep(self._interval)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            status, kind, body = await self._respond(scope)
            await _send(send, scope["method"], status, kind, body)

    async def _respond(self, scope: Scope) -> Response:
        routes: dict[str, tuple[str, Callable[[], Awaitable[Response]]]] = {
            "/": ("GET", self._page),
            "/metrics": ("GET", self._metrics),
            "/-/healthy": ("GET", self._healthy),
            "/-/ready": ("GET", self._ready),
            "/-/refresh": ("POST", self._refresh_now),
        }
        if scope["path"] not in routes:
            return 404, "text/plain", b"not found\n"
        method, answer = routes[scope["path"]]
        if scope["method"] != method and (method, scope["method"]) != ("GET", "HEAD"):
            return 405, "text/plain", f"{method} is wanted\n".encode()
        if method == "POST" and _is_cross_site(scope):
            return 403, "text/plain", b"refused: the request comes from another site\n"
        return await answer()

    async def _page(self) -> Response:
        views = self._refresher.state.views.values()
        lines = [f"{view.dataset}: {view.snapshot.date if view.snapshot else 'no snapshot yet'}" for view in views]
        page = PAGE.format(datasets=html.escape("; ".join(lines) or "no snapshot yet"))
        return 200, "text/html; charset=utf-8", page.encode()

    async def _metrics(self) -> Response:
        return 200, "text/plain; version=0.0.4; charset=utf-8", self._refresher.state.exposition

    async def _healthy(self) -> Response:
        return 200, "text/plain", b"alive\n"

    async def _ready(self) -> Response:
        ready = any(view.snapshot for view in self._refresher.state.views.values())
        return (200, "text/plain", b"ready\n") if ready else (503, "text/plain", b"no snapshot yet\n")

    async def _refresh_now(self) -> Response:
        state = await self.refresh()
        body = json.dumps({"datasets": [_outcome(state, name) for name in state.views]}, indent=2)
        return 503 if state.errors else 200, "application/json", f"{body}\n".encode()


def _outcome(state: State, name: str) -> dict[str, Any]:
    """What a refresh of the data set `name` brought: its snapshot and date, or the error."""
    taken = state.views[name].snapshot
    if name in state.errors or taken is None:
        return {"dataset": name, "error": state.errors.get(name, "no snapshot")}
    return {"dataset": name, "snapshot": taken.number, "date": taken.date and taken.date.isoformat()}


def _is_cross_site(scope: Scope) -> bool:
    """Whether a browser sent the request from a page of another origin."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


async def _send(send: Send, method: str, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _settings(address: str) -> Settings:
    """Deadlines and bounds: a client that is slow or idle is cut off, and costs little until then."""
    settings = Settings()
    settings.bind = [address]
    settings.graceful_timeout = 0.3
    settings.shutdown_timeout = 0.5
    settings.keep_alive_timeout = 5
    settings.read_timeout = 10
    settings.h11_max_incomplete_size = 16 * 1024
    settings.backlog = 1024
    settings.include_server_header = False
    settings.errorlog = None
    return settings
