"""A server on the loopback that answers whatever it likes, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[socket.socket], None]
"""Answers a request on a connection that is closed after it; ends with OSError when the client has gone."""

HEAD = b"HTTP/1.1 200 OK\r\nDate: Sun, 09 Mar 2025 12:00:00 GMT\r\n"


@contextmanager
def rogue(script: Script) -> Iterator[str]:
    """The URL of a server that lets the script answer every request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                script(connection)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def says(body: bytes, *headers: bytes, date: bytes = b"Sun, 09 Mar 2025 12:00:00 GMT") -> Script:
    """Answers 200 with a body, further headers and the time."""
    lines = [b"HTTP/1.1 200 OK", b"Date: " + date, b"Content-Length: %d" % len(body), *headers]
    return lambda connection: connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)


def drips(head: bytes, drop: bytes = b" ", pause: float = 0.1) -> Script:
    """Answers with `head`, and then with one drop after the other for a minute."""

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(int(60 / max(pause, 0.001))):
            connection.sendall(drop)
            time.sleep(pause)

    return script


def floods(head: bytes, flood: bytes) -> Script:
    """Answers with `head`, and then with the same again and again, as fast as it can."""

    def script(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(flood)

    return script
