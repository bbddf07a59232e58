"""A connection that ends at a deadline, whatever the server does; only the resolver of names has its own."""

from __future__ import annotations

import io
import socket
import ssl
import time
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import SplitResult

from alerting.http.access import Access


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline; a socket's own timeout starts again with every byte."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_remaining(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, deadline: float, sock: socket.socket, *others: Any, **named: Any) -> None:
        super().__init__(sock, *others, **named)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, deadline))


class Connection(HTTPConnection):
    """A connection to an origin, with the access to it if there is one, that ends at a deadline."""

    def __init__(self, origin: SplitResult, access: Access | None, deadline: float) -> None:
        secure = origin.scheme == "https"
        super().__init__(origin.hostname or "", origin.port or (443 if secure else 80))
        self.response_class = partial(_Response, deadline)  # type: ignore[assignment]
        self._tls = (access.tls if access else ssl.create_default_context()) if secure else None
        self._server_name = access and access.server_name
        self._deadline = deadline

    def connect(self) -> None:
        """Connect to the first address of the host that accepts, and verify the server's name where TLS is used."""
        self.sock = _connected(self.host, self.port, self._deadline)
        if self._tls:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._server_name or self.host)

    def send(self, data: Any) -> None:
        """Send `data` before the deadline."""
        if self.sock is None:
            self.connect()
        self.sock.settimeout(_remaining(self._deadline))
        super().send(data)


def _connected(host: str, port: int, deadline: float) -> socket.socket:
    """A socket connected before the deadline: all addresses of the host share it. Raises OSError."""
    refusal = OSError("the host has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.settimeout(_remaining(deadline))
            made.connect(address)
            made.settimeout(_remaining(deadline))
        except OSError as error:
            made.close()
            refusal = error
        else:
            return made
    raise refusal


def _remaining(deadline: float) -> float:
    """The seconds until the deadline. Raises TimeoutError once it has passed."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("timed out")
    return remaining
