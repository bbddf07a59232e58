"""The listener, below the pages."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from http import HTTPStatus

import pytest

from exporter.web import listener
from exporter.web.listener import Listener, Request, Response


async def fetch(body: bytes) -> bytes:
    """What a slow client gets of a server whose send buffer is far smaller than the answer."""

    async def answer(_request: Request) -> Response:
        return Response(HTTPStatus.OK, body)

    serving = Listener(answer)
    await serving.start("127.0.0.1", 0)
    (server,) = serving._servers[0].sockets
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    reader, writer = await asyncio.open_connection(*server.getsockname(), limit=4096)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asyncio.sleep(0.2)
    received = await reader.read()
    writer.close()
    await serving.close()
    return received


def test_the_end_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that have an hour to ask, to be answered and to read are cut off at once."""
    monkeypatch.setattr(listener, "ASK", 3600.0)
    monkeypatch.setattr(listener, "READ", 3600.0)

    async def cut_off() -> list[bytes]:
        asked = asyncio.Event()

        async def answer(request: Request) -> Response:
            if request.path == "/late":
                asked.set()
                await asyncio.sleep(3600)
            return Response(HTTPStatus.OK, b"0" * 60_000_000)

        serving = Listener(answer)
        await serving.start("127.0.0.1", 0)
        (address,) = serving.addresses
        texts = [
            b"",
            b"GET / HTTP/1.1\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        held = [await asyncio.open_connection(*address, limit=4096) for _ in texts]
        for (_, writer), text in zip(held, texts, strict=True):
            writer.write(text)
        await asyncio.wait_for(asked.wait(), 60)
        await asyncio.wait_for(serving.close(), 60)
        return [await each for each in map(ended, held)]

    *first, full, late = asyncio.run(cut_off())
    assert (first, late, len(full) < 60_000_000) == ([b"", b""], b"", True)


async def ended(held: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
    """What a client still reads of a connection that is cut off."""
    reader, writer = held
    received = b""
    with suppress(ConnectionError):
        while part := await asyncio.wait_for(reader.read(1 << 20), 60):
            received += part
    writer.close()
    return received


def test_an_answer_that_fills_the_send_buffer_ends_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    """As /metrics does on a network that is slower than the loopback: all of it arrives, and nothing is logged."""
    body = b"0" * 60_000
    with caplog.at_level(logging.WARNING):
        received = asyncio.run(fetch(body))
    assert received.endswith(b"\r\n\r\n" + body)
    assert caplog.messages == []
