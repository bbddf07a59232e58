"""The pages of the exporter; only the one that refreshes waits for queries."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from exporter.arguments import Address
from exporter.config.strict_yaml import ConfigError
from exporter.gauges import exposition
from exporter.plan import Plan
from exporter.refresh import Refresher, State
from exporter.web import loopback
from exporter.web.auth import Guard
from exporter.web.listener import Listener, Protection, Request, Response
from exporter.web.web_config import Web

log = logging.getLogger("exporter")

PAGE = """<!doctype html>
<html lang="en"><title>clickstream-exporter</title>
<h1>clickstream-exporter</h1>
<ul>
<li><a href="/metrics">/metrics</a>: the gauges</li>
<li><a href="/-/healthy">/-/healthy</a>: the process is alive</li>
<li><a href="/-/ready">/-/ready</a>: a snapshot is served</li>
<li><code>POST /-/refresh</code>: measure now</li>
<li><code>POST /-/reload</code>: read the configuration again</li>
</ul>
<p>{datasets}</p>
"""


SWITCH = 0.0005
"""Seconds until a refresh, which renders in another thread, yields to a scrape; a tenth of Python's default."""


class Server:
    """The endpoints, and the loop that refreshes."""

    def __init__(self, refresher: Refresher, web: Web, load: Callable[[], tuple[Plan, Web]]) -> None:
        """`load` reads the plan and the web configuration again, and may raise ConfigError."""
        self._refresher = refresher
        self._load = load
        self._guard = Guard(web.users)
        self._listener = Listener(self.answer, Protection(web.tls, self._refusal))
        self._is_local = False
        self._process = exposition.Process()
        self._loading = asyncio.Lock()
        self._reloading: asyncio.Task[str | None] | None = None
        self._changed = asyncio.Event()
        self._running: asyncio.Task[State] | None = None
        self._next: asyncio.Task[State] | None = None
        self._pages: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
            "/": ("GET", self._page),
            "/metrics": ("GET", self._metrics),
            "/-/healthy": ("GET", self._healthy),
            "/-/ready": ("GET", self._ready),
            "/-/refresh": ("POST", self._refresh_now),
            "/-/reload": ("POST", self._reload_now),
        }

    async def run(self, address: Address, stop: asyncio.Event) -> None:
        """Serve on `address`, and refresh every interval, until `stop` is set.

        Raises OSError if the address is not available.
        """
        sys.setswitchinterval(SWITCH)
        self._process.reloaded(successful=True)
        await self._listener.start(*address)
        self._is_local = loopback.is_loopback(self._listener.addresses)
        scheme = "https" if self._listener.protection.tls else "http"
        log.info("serving on %s://%s%s", scheme, "" if address.host else "*", address)
        loop = asyncio.create_task(self._refresh_loop())
        await stop.wait()
        self._refresher.stop()
        loop.cancel()
        await self._listener.close()
        with contextlib.suppress(asyncio.CancelledError):
            await loop

    async def refresh(self) -> State:
        """Refresh now. Calls during a refresh share the next one: the running one may miss their data."""
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
            self._changed.clear()
            try:
                await self.refresh()
            except Exception:
                log.exception("refresh failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._refresher.interval)

    def reload_soon(self) -> None:
        """Start a reload, as a signal requests."""
        self._reloading = asyncio.create_task(self.reload())

    async def reload(self) -> str | None:
        """Read the configuration again, for the next refresh; if it is invalid, the old one stays.

        Returns why it was refused, or None.
        """
        problem = None
        async with self._loading:
            try:
                plan, web = await asyncio.to_thread(self._load)
                self._guard = Guard(web.users, self._guard)
                self._listener.protection = Protection(web.tls, self._refusal)
                self._refresher.change(plan)
            except ConfigError as error:
                problem = str(error)
            except Exception as error:  # after any error, the old configuration stays and the answer has the reason
                log.exception("reload failed")
                problem = f"{type(error).__name__}: {error}"
        self._process.reloaded(successful=problem is None)
        if problem:
            log.error("reload refused, the old configuration stays: %s", problem)
        else:
            log.info("configuration reloaded: a refresh with it starts now")
            self._changed.set()
        return problem

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that is refused, or None."""
        other = loopback.refusal(request) if self._is_local else None
        return other or await self._guard.refusal(request)

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
        views = self._refresher.state.views.values()
        lines = [f"{view.dataset}: {view.snapshot.date if view.snapshot else 'no snapshot yet'}" for view in views]
        page = PAGE.format(datasets=html.escape("; ".join(lines) or "no snapshot yet"))
        return Response(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")

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
        state = await self.refresh()
        body = json.dumps({"datasets": [_outcome(state, name) for name in state.views]}, indent=2)
        status = HTTPStatus.SERVICE_UNAVAILABLE if state.errors else HTTPStatus.OK
        return Response(status, f"{body}\n".encode(), "application/json")

    async def _reload_now(self, _request: Request) -> Response:
        if problem := await self.reload():
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
