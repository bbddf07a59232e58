"""The listener, below the pages."""

from __future__ import annotations

import asyncio
import logging
import socket
from http import HTTPStatus

import pytest

from exporter.web.listener import Listener, Request, Response


async def fetch(body: bytes) -> bytes:
    """What a slow client gets of a server whose send buffer is far smaller than the answer."""

    async def answer(_request: Request) -> Response:
        return Response(HTTPStatus.OK, body)

    listener = Listener(answer)
    await listener.start("127.0.0.1", 0)
    assert listener._server is not None
    (server,) = listener._server.sockets
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    reader, writer = await asyncio.open_connection(*server.getsockname(), limit=4096)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asyncio.sleep(0.2)
    received = await reader.read()
    writer.close()
    await listener.close()
    return received


def test_an_answer_that_fills_the_send_buffer_ends_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    """As /metrics does on a network that is slower than the loopback: all of it arrives, and nothing is logged."""
    body = b"0" * 60_000
    with caplog.at_level(logging.WARNING):
        received = asyncio.run(fetch(body))
    assert received.endswith(b"\r\n\r\n" + body)
    assert caplog.messages == []
