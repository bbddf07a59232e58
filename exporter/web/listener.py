"""A small HTTP/1.1 listener for a few fixed pages, with absolute deadlines and a cap on connections.

One answer a connection. A client that is slow to shake hands, to send its request or to read the answer is cut off. At
the cap, the oldest connection is dropped: first one without a whole request, then one that is not authenticated yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from ipaddress import ip_network

import h11

CONNECTIONS, BACKLOG = 48, 16
"""The cap, and the connections accepted from the system's queue at once: together far below a process's open files."""

ASK, READ = 5.0, 10.0
"""Seconds that a client has to shake hands and send its request, and seconds that it has to read the answer."""

LARGEST = 16 * 1024
"""The maximum size of a request's head, in bytes."""


@dataclass(frozen=True)
class Request:
    """A request; header names are in lower case, and `client` is the address it comes from."""

    method: str
    path: str
    headers: Mapping[str, str]
    client: str = ""


@dataclass(frozen=True)
class Response:
    """An answer; `kind` is its content type."""

    status: HTTPStatus
    body: bytes
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Answer = Callable[[Request], Awaitable[Response]]


async def _nothing(_request: Request) -> None:
    """Refuse no request."""


@dataclass(frozen=True)
class Protection:
    """TLS, if any, and what returns the answer to a refused request, or None."""

    tls: ssl.SSLContext | None = None
    refusal: Callable[[Request], Awaitable[Response | None]] = _nothing


@dataclass(eq=False)
class _Connection:
    writer: asyncio.StreamWriter
    task: asyncio.Task[None]
    stage: int = field(default=0)
    """0 until the request is read, then 1 until it is authenticated, then 2 until it is answered, then 0."""


class Listener:
    """Listens from `start` until `close`; every request that is not refused goes to `answer`.

    A connection keeps the `protection` that it began with; another one may be set at any time.
    """

    def __init__(self, answer: Answer, protection: Protection | None = None) -> None:
        self._answer = answer
        self.protection = protection or Protection()
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._servers: list[asyncio.Server] = []

    async def start(self, host: str, port: int) -> None:
        """Listen on one more address; an empty host means all interfaces, IPv4 and IPv6.

        Raises OSError if the address is not available.
        """
        self._servers.append(await asyncio.start_server(self._accept, host, port, limit=LARGEST, backlog=BACKLOG))

    async def adopt(self, listening: socket.socket) -> None:
        """Serve on a socket that listens already."""
        self._servers.append(await asyncio.start_server(self._accept, sock=listening, limit=LARGEST, backlog=BACKLOG))

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The IP addresses and ports that it listens on."""
        return [each.getsockname()[:2] for server in self._servers for each in server.sockets]

    async def close(self) -> None:
        """Stop listening, and cut off the open connections."""
        for server in self._servers:
            server.close()
        for connection in self._connections.values():
            _cut_off(connection.writer)
            connection.task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= CONNECTIONS:
            self._make_room()
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections[task] = _Connection(writer, task)
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    def _make_room(self) -> None:
        """Cut off the oldest connection of the lowest stage."""
        oldest = min(self._connections.values(), key=lambda each: each.stage)
        _cut_off(oldest.writer)
        oldest.task.cancel()
        del self._connections[oldest.task]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await self._exchange(reader, writer, self.protection))
            async with asyncio.timeout(READ):
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # the client left, was too slow, or was dropped for a newer one
        finally:
            _cut_off(writer)

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protection: Protection
    ) -> bytes:
        """The bytes of the answer to the client's request; empty if the client left."""
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST)
        try:
            async with asyncio.timeout(ASK):
                if protection.tls:  # before any other await, or the first bytes would be read as a request
                    await writer.start_tls(protection.tls)
                request = await _read(parser, reader)
        except h11.RemoteProtocolError as error:
            status = HTTPStatus(error.error_status_hint)
            return _bytes(parser, Response(status, f"{status.phrase}\n".encode()))
        if request is None:
            return b""
        response = await self._answered(replace(request, client=_client(writer)), protection)
        return _bytes(parser, response, with_body=request.method != "HEAD")

    async def _answered(self, request: Request, protection: Protection) -> Response:
        connection = next(each for task, each in self._connections.items() if task is asyncio.current_task())
        connection.stage = 1
        response = await protection.refusal(request)
        if response is None:
            connection.stage = 2
            response = await self._answer(request)
        connection.stage = 0
        return response


def _client(writer: asyncio.StreamWriter) -> str:
    """The address of the client; for IPv6 its /64 network, in which it may use any address."""
    host: str = (writer.get_extra_info("peername") or ("",))[0]
    try:
        return str(ip_network((host.partition("%")[0], 64), strict=False)) if ":" in host else host
    except ValueError:
        return host


def _cut_off(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(AttributeError):  # of asyncio itself, if closed with bytes left to send
        writer.transport.abort()


async def _read(parser: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    """The request, read with its body, which is discarded; None if the client left."""
    request, size = None, 0
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(LARGEST)
            size += len(data)
            if size > 4 * LARGEST:
                raise h11.RemoteProtocolError("too large", error_status_hint=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            parser.receive_data(data)
        elif isinstance(event, h11.Request):
            request = _request(event)
        elif isinstance(event, h11.EndOfMessage):
            return request
        elif not isinstance(event, h11.Data):
            return None


def _request(event: h11.Request) -> Request:
    target = event.target.decode("latin-1")
    if not target.startswith("/"):  # the absolute form, as proxies send it
        target = "/" + target.partition("://")[2].partition("/")[2]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Request(event.method.decode("latin-1"), target.partition("?")[0], headers)


def _bytes(parser: h11.Connection, response: Response, *, with_body: bool = True) -> bytes:
    headers = [
        ("Content-Type", response.kind),
        ("Content-Length", str(len(response.body))),
        ("Connection", "close"),
        *response.headers,
    ]
    head = h11.Response(status_code=response.status, headers=headers, reason=response.status.phrase.encode())
    body = [h11.Data(data=response.body)] if with_body else []
    return b"".join(parser.send(event) or b"" for event in (head, *body, h11.EndOfMessage()))
