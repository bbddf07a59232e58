"""A bucket on a real S3 server on the loopback, and a proxy before it that counts, delays, breaks and refuses."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

NAME = "clickstream"
SECRET = "very-secret-access-key"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "reader",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Request:
    """What a client asks for: `range` is the first byte and that after the last, None for all."""

    method: str
    path: str
    range: tuple[int, int] | None

    @property
    def is_listing(self) -> bool:
        """Whether it lists the bucket."""
        return self.method == "GET" and "list-type=2" in self.path


@dataclass(frozen=True)
class Answer:
    """An answer in place of the server's; `cut` leaves out so many bytes at the end of the server's own."""

    status: int = 0
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0

    @property
    def body(self) -> bytes:
        """The error as S3 writes it."""
        return f"<Error><Code>{self.code}</Code><Message>no</Message></Error>".encode() if self.code else b""


class Proxy:
    """Passes requests on to the server at `port`, or gives the `answer` to them; keeps them in `requests`."""

    def __init__(self, port: int) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer | None] = lambda _: None
        self.delay = 0.0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy._pass_on(self, port)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *_arguments: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.server = f"http://127.0.0.1:{port}"
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def objects(self) -> list[Request]:
        """The requests for content of objects so far."""
        return [each for each in self.requests if each.method == "GET" and not each.is_listing]

    def fetched(self) -> int:
        """The bytes of objects that were asked for so far."""
        return sum(each.range[1] - each.range[0] for each in self.objects() if each.range)

    def _pass_on(self, handler: BaseHTTPRequestHandler, port: int) -> None:
        first, _, last = handler.headers.get("Range", "").removeprefix("bytes=").partition("-")
        request = Request(handler.command, handler.path, (int(first), int(last) + 1) if last else None)
        self.requests.append(request)
        time.sleep(self.delay)
        answer = self.answer(request)
        if answer and answer.status:
            handler.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(answer.body * (handler.command != "HEAD"))
            return
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(handler.command, handler.path, headers=dict(handler.headers.items()))
        given = connection.getresponse()
        content = given.read()
        handler.send_response(given.status)
        for name, value in given.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                handler.send_header(name, value)
        handler.end_headers()
        cut = answer.cut if answer else 0
        handler.wfile.write(content[: len(content) - cut])
        if cut:
            handler.close_connection = True
        connection.close()


@dataclass(frozen=True)
class Bucket:
    """A bucket with its client, and the proxy through which the exporter reaches it."""

    client: Any
    proxy: Proxy

    def put(self, key: str, path: Path) -> None:
        """Write an object."""
        self.client.put_object(Bucket=NAME, Key=key, Body=path.read_bytes())

    def put_all(self, folder: Path, prefix: str = "events/") -> None:
        """Write every file of a folder."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(prefix + path.relative_to(folder).as_posix(), path)

    def remove(self, key: str) -> None:
        """Remove an object."""
        self.client.delete_object(Bucket=NAME, Key=key)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a data set that reads all of `events/`."""
        return {"files": f"s3://{NAME}/events/**/*.parquet", "object_store": {"endpoint": self.proxy.url}}


@contextmanager
def bucket() -> Iterator[Bucket]:
    """An empty bucket on a server of its own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    keys = {"aws_access_key_id": "writer", "aws_secret_access_key": "writer", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys)
    client.create_bucket(Bucket=NAME)
    proxy = Proxy(port)
    try:
        yield Bucket(client, proxy)
    finally:
        proxy.close()
        server.stop()
