"""An HTTP server of our own on the loopback, that stands in for one that we do not have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from alerting.stack import free_address


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
    """An HTTP server on a free address of the loopback, that can stop and listen there again."""

    def __init__(self, answer: Callable[[str, str, bytes], Answer]) -> None:
        self.address = free_address()
        self.url = f"http://{self.address}"
        self._handler = _handler(answer)
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def start(self) -> None:
        """Listen, if nobody does."""
        if self._server is None:
            host, _, port = self.address.partition(":")
            self._server = _Quiet((host, int(port)), self._handler)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(answer: Callable[[str, str, bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Speaks HTTP/1.0: no connection outlives its answer, so who stops is gone at once."""

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = answer(self.command, self.path, body)
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
