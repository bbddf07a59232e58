"""An exporter as a process, the data it watches, and the processes that it starts."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

PROGRAM = Path(sys.executable).with_name("clickstream-exporter")
SUCCESS = 'clickstream_exporter_refresh_success{dataset="web"}'
SNAPSHOT = 'clickstream_snapshot{dataset="web"}'

SLOW = """-- clickstream_slow: Takes hours on a day that has an event named slow.
SELECT 0 AS hour, count(*) FILTER (i = 1) AS clickstream_slow
FROM (
  SELECT hash(i) % 7 AS i
  FROM range(1000000000000) t(i)
  LIMIT (SELECT max(CASE WHEN event_name = 'slow' THEN 1000000000000 ELSE 1 END) FROM events)
)"""


class Exporter:
    """A running exporter, in a folder with its configuration, data and output; only requests make it refresh again.

    It listens on `host`, and is asked through `tls`, if any, and as the user in `login`, written `name:password`.
    """

    def __init__(
        self,
        folder: Path,
        options: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
        login: str = "",
        host: str = "127.0.0.1",
    ) -> None:
        self.tls, self.login = tls, login
        self.asked = "::1" if host == "[::1]" else "127.0.0.1"
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        (folder / "tmp").mkdir()
        usual = {"--config.file": folder / "config.yml", "--web.listen-address": f"{host}:{self.port}"}
        self.command = [str(PROGRAM), *(f"{name}={value}" for name, value in usual.items()), *options]
        environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        with (folder / "out").open("wb") as out, (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=log, env=environment)

    def ask(self, path: str, method: str = "GET", *header: str) -> tuple[int, str]:
        """The status and the body of the answer; `header` is a name and a value."""
        status, _, body = self.answer(path, method, *header)
        return status, body

    def answer(self, path: str, method: str = "GET", *header: str) -> tuple[int, Mapping[str, str], str]:
        """The status, the headers and the body of the answer."""
        known = basic(self.login) if self.login else {}
        with closing(self.connection()) as connection:
            connection.request(method, path, headers=known | dict(zip(header[::2], header[1::2], strict=True)))
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()

    def connection(self) -> HTTPConnection:
        """A connection that is made with the first request."""
        if self.tls:
            return HTTPSConnection(self.asked, self.port, timeout=20, context=self.tls)
        return HTTPConnection(self.asked, self.port, timeout=20)

    def refresh(self) -> tuple[int, list[dict[str, Any]]]:
        """The status of a refresh, and what it says of each data set."""
        status, body = self.ask("/-/refresh", "POST")
        return status, json.loads(body)["datasets"]

    def sample(self, series: str) -> float:
        """The value of a series that /metrics has once."""
        (line,) = (line for line in self.ask("/metrics")[1].splitlines() if line.startswith(f"{series} "))
        return float(line.rpartition(" ")[2])

    def scrape(self, seconds: float) -> None:
        """Scrape for so long; no answer may take as long as Prometheus waits for one by default."""
        end = time.monotonic() + seconds
        while (started := time.monotonic()) < end:
            assert self.ask("/metrics")[0] == 200
            assert time.monotonic() - started < 10
            time.sleep(0.02)

    def hold(self, text: bytes) -> socket.socket:
        """A connection that has sent a text and does not wait."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(text)
        connection.setblocking(False)
        return connection

    def fork_servers(self) -> set[int]:
        """Its process that forks readers."""
        return children(self.process.pid)

    def readers(self, seconds: float = 0) -> set[int]:
        """The processes that read and have used so much processor time."""
        found = {pid for server in self.fork_servers() for pid in children(server)}
        return {pid for pid in found if processor_time(pid) >= seconds}


def basic(login: str) -> dict[str, str]:
    """The header that names a user and the password."""
    return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}


def is_cut(connection: socket.socket, text: bytes) -> bool:
    """Whether the exporter has closed a connection that goes on with a text."""
    try:
        connection.send(text)
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def children(process: int) -> set[int]:
    """The processes that this one has started."""
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found |= set(map(int, task.read_text().split()))
    return found


def processor_time(pid: int) -> float:
    """The seconds of processor time that a process has used, -1 for one that has ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return -1 if fields[0] == "Z" else sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return -1


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true value of the condition; what refuses a connection, or does not answer, is not there yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ConnectionError, TimeoutError):
            if value := condition():
                return value
        time.sleep(0.02)
    pytest.fail("waited in vain")


def configure(folder: Path, *datasets: str, measure: str = SLOW, **keys: object) -> None:
    """Write the configuration of data sets that have the same data and a measure more; `keys` are further ones."""
    datasets_of = {name: {"files": "data", "measures": ["more.sql"]} for name in datasets}
    (folder / "config.yml").write_text(
        yaml.safe_dump({"refresh_interval": "1h", "datasets": datasets_of} | keys, sort_keys=False)
    )
    (folder / "more.sql").write_text(measure)


def write(folder: Path, day: int = 9, event_name: str = "page_viewed") -> None:
    """Put a file with 50 events of a day of March 2025 in place, at once."""
    times = pa.array([datetime(2025, 3, day, i // 3, tzinfo=UTC) for i in range(50)])
    (folder / "data").mkdir(exist_ok=True)
    pq.write_table(pa.table({"timestamp": times, "event_name": [event_name] * 50}), folder / "new")
    (folder / "new").replace(folder / f"data/{day}.parquet")


@contextmanager
def running(
    folder: Path,
    *datasets: str,
    measure: str = SLOW,
    ready: bool = True,
    options: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
    login: str = "",
    host: str = "127.0.0.1",
    **keys: object,
) -> Iterator[Exporter]:
    """An exporter that has its first snapshot, or, if not `ready`, is busy with its first refresh."""
    configure(folder, *(datasets or ("web",)), measure=measure, **keys)
    exporter = Exporter(folder, options, tls, login, host)
    try:
        wait_for(lambda: SNAPSHOT in exporter.ask("/metrics")[1] if ready else exporter.readers(1))
        yield exporter
    finally:
        left = exporter.fork_servers() | exporter.readers()
        exporter.process.kill()
        exporter.process.wait()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
