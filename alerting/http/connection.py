"""A connection that ends at a deadline, whatever the server does."""

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


class _Until(io.RawIOBase):
    """Reads from a socket until a deadline: the timeout of a socket alone begins again with every byte."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw, self._sock, self._deadline = raw, sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, deadline: float, sock: socket.socket, *others: Any, **named: Any) -> None:
        super().__init__(sock, *others, **named)
        self.fp = io.BufferedReader(_Until(self.fp.detach(), sock, deadline))


class Connection(HTTPConnection):
    """A connection that ends at a deadline, to an origin and with an access to it, if any."""

    def __init__(self, origin: SplitResult, access: Access | None, deadline: float) -> None:
        secure = origin.scheme == "https"
        super().__init__(origin.hostname or "", origin.port or (443 if secure else 80))
        self.response_class = partial(_Response, deadline)  # type: ignore[assignment]
        self._tls = (access.tls if access else ssl.create_default_context()) if secure else None
        self._name = access and access.server_name
        self._deadline = deadline

    def connect(self) -> None:
        """Connect, and ask for the server by the name that its certificate must have."""
        self.timeout = _left(self._deadline)
        super().connect()
        self.sock.settimeout(_left(self._deadline))
        if self._tls:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name or self.host)


def _left(deadline: float) -> float:
    """The seconds until the deadline. Raises TimeoutError when there is none left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
