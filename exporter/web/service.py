"""The service: the pages on a listener, the loop that refreshes, and reloads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable

from exporter.arguments import METRICS, Address
from exporter.config.strict_yaml import ConfigError
from exporter.gauges import exposition
from exporter.plan import Plan
from exporter.refresh import Refresher, State
from exporter.web import loopback
from exporter.web.auth import Authenticator
from exporter.web.listener import Listener, Protection, Request, Response
from exporter.web.page import Page
from exporter.web.pages import PROBES, Pages
from exporter.web.verdicts import Verdicts
from exporter.web.web_config import Web

log = logging.getLogger("exporter")

SWITCH = 0.0005
"""Seconds until a refresh, which renders in another thread, yields to a scrape; a tenth of Python's default."""


class ListenError(Exception):
    """Why an address is not available: `address: what`."""


class Service:
    """Serves the pages, refreshes at intervals, and takes over another configuration."""

    def __init__(
        self,
        refresher: Refresher,
        web: Web,
        load: Callable[[], tuple[Plan, Web]],
        telemetry_path: str = METRICS,
        verdicts: Verdicts | None = None,
    ) -> None:
        """`load` reads the plan and the web configuration again, and may raise ConfigError."""
        self._refresher = refresher
        self._load = load
        self._authenticator = Authenticator(web.users)
        self._process = exposition.Process()
        self._verdicts = verdicts
        page = Page(refresher, telemetry_path, verdicts)
        self.pages = Pages(refresher, self._process, page, self.refresh, self.reload, telemetry_path)
        self._listener = Listener(self.pages.answer, Protection(web.tls, self._refusal))
        self._is_local = False
        self._loading = asyncio.Lock()
        self._reloading: asyncio.Task[str | None] | None = None
        self._changed = asyncio.Event()
        self._running: asyncio.Task[State] | None = None
        self._next: asyncio.Task[State] | None = None

    async def run(self, places: Iterable[Address | socket.socket], stop: asyncio.Event) -> None:
        """Serve on the addresses, or on sockets that listen already, and refresh every interval, until `stop` is set.

        Raises ListenError if an address is not available.
        """
        sys.setswitchinterval(SWITCH)
        self._process.reloaded(successful=True)
        for place in places:
            await self._listen(place)
        self._is_local = loopback.is_loopback(host for host, _ in self._listener.addresses)
        scheme = "https" if self._listener.protection.tls else "http"
        for host, port in self._listener.addresses:
            log.info("serving on %s://%s", scheme, Address(host, port))
        loop = asyncio.create_task(self._refresh_loop())
        await stop.wait()
        self._refresher.stop()
        loop.cancel()
        await self._listener.close()
        if self._verdicts:
            await self._verdicts.close()
        with contextlib.suppress(asyncio.CancelledError):
            await loop

    async def _listen(self, place: Address | socket.socket) -> None:
        if isinstance(place, socket.socket):
            await self._listener.adopt(place)
            return
        try:
            await self._listener.start(*place)
        except OSError as error:
            number = error.errno or 0  # asyncio's own text repeats the address; a name that is unknown has no number
            raise ListenError(f"{place}: {os.strerror(number) if number > 0 else error.strerror}") from None

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
                self._authenticator = Authenticator(web.users, self._authenticator)
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
        """The answer to a request that is refused, or None; probes need no password, because they reveal nothing."""
        other = loopback.refusal(request) if self._is_local else None
        return other or (None if request.path in PROBES else await self._authenticator.refusal(request))
