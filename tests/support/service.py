"""An HTTP server of our own on the loopback, that stands in for one that we do not have."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from alerting.stack.stack import free_address


@dataclass(frozen=True)
class Answer:
    """What a request is answered with; `late` is how far the Date header is off."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    late: timedelta = timedelta()
    headers: Mapping[str, str] = field(default_factory=dict)


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    def handle_error(self, *_args: object) -> None:
        """Nothing."""


class Service:
    """An HTTP server on a free address of the loopback, that can stop and listen there again.

    It speaks `tls`, if any. What requests had for the header Authorization is `named`, empty where they had none; all
    but `lets_in` is answered with `shut`, if that is given.
    """

    def __init__(
        self,
        answer: Callable[[str, str, bytes], Answer],
        tls: ssl.SSLContext | None = None,
        lets_in: str | None = None,
        shut: Answer | None = None,
    ) -> None:
        self.address = free_address()
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        self.named: list[str] = []
        self._tls = tls

        def let_in(method: str, path: str, body: bytes, authorization: str) -> Answer:
            self.named.append(authorization)
            return shut if shut and authorization != lets_in else answer(method, path, body)

        self._handler = _handler(let_in)
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def start(self) -> None:
        """Listen, if nobody does."""
        if self._server is None:
            host, _, port = self.address.partition(":")
            self._server = _Quiet((host, int(port)), self._handler)
            if self._tls:  # shaking hands is for the thread of the connection
                sock = self._server.socket
                self._server.socket = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(answer: Callable[[str, str, bytes, str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Speaks HTTP/1.0: no connection outlives its answer, so who stops is gone at once."""

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = answer(self.command, self.path, body, self.headers.get("Authorization", ""))
            self.send_response_only(found.status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + found.late, usegmt=True))
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.body)))
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = _reply  # noqa: N815

    return Handler
