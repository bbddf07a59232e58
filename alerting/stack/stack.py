"""Runs a real exporter, Prometheus and Alertmanager on free loopback ports for the duration of a `with`."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import yaml

from alerting import rulefile
from alerting.stack.programs import find
from alerting.stack.relocate import runnable
from alerting.stack.watchdog import REGISTER, watchdog

START_TIMEOUT = 30.0
"""Seconds for a server to start answering."""

GOGC = "400"
"""The variable GOGC of the servers: those that live for a minute may take more memory, and less time to free it."""


class StackError(Exception):
    """A server that did not start: `name: what`."""


@dataclass(frozen=True)
class Stack:
    """The URLs of the servers, and their processes by name."""

    exporter: str
    prometheus: str
    alertmanager: str
    processes: dict[str, subprocess.Popen[bytes]]


@contextmanager
def running(folder: Path, config: Path, options: Sequence[str] = (), interval: str = "1s") -> Iterator[Stack]:
    """Start the three servers, with data and logs in `folder`, and stop them at the end.

    `options` are further options of the exporter. Scrapes and rules run every `interval`. Nobody is notified. The
    servers stop even when this process is killed. Raises StackError, and ServerError when a program is missing.
    """
    exporter, prometheus, alertmanager = (free_address() for _ in range(3))
    write(folder, [exporter], [alertmanager], interval)
    servers = (
        _exporter(config, exporter, options),
        alertmanager_at(alertmanager, folder),
        prometheus_at(prometheus, folder, interval),
    )
    with ExitStack() as stack:
        watchdog_pipe = stack.enter_context(watchdog())
        processes = {each.name: stack.enter_context(of_server(each, folder, watchdog_pipe)) for each in servers}
        for each in servers:
            await_answer(each, processes[each.name], folder)
        yield Stack(f"http://{exporter}", f"http://{prometheus}", f"http://{alertmanager}", processes)


def free_address() -> str:
    """A free loopback address.

    Its port is below the ephemeral range, so that no outgoing connection takes it before the server does.
    """
    while True:
        port = random.randrange(15_000, 32_000)  # noqa: S311 - not a secret
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return f"127.0.0.1:{port}"


def write(
    folder: Path,
    exporters: Sequence[str],
    alertmanagers: Sequence[str],
    interval: str,
    *,
    scrapes: str = "",
    rules: bool = True,
) -> None:
    """Write the shipped rules and inhibitions, with the given interval and addresses, into `folder`.

    `scrapes` is the interval between two scrapes, if that is another. Without `rules`, Prometheus evaluates none.
    """
    prometheus = {
        "global": {"scrape_interval": scrapes or interval, "evaluation_interval": interval},
        "rule_files": ["clickstream.yml"] if rules else [],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [*alertmanagers]}]}]},
        "scrape_configs": [{"job_name": "clickstream", "static_configs": [{"targets": [*exporters]}]}],
    }
    shipped: dict[str, Any] = yaml.safe_load((files("alerting") / "alertmanager.yml").read_text("utf-8"))
    quiet = {
        "route": {"receiver": "nowhere"},
        "receivers": [{"name": "nowhere"}],
        "inhibit_rules": shipped["inhibit_rules"],
    }
    (folder / "clickstream.yml").write_text(rulefile.text(), "utf-8")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(prometheus), "utf-8")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(quiet), "utf-8")


@dataclass(frozen=True)
class Server:
    """The command and working directory of a server, and the URL that answers once it is ready."""

    name: str
    command: list[str]
    folder: Path | None
    ready: str


def _exporter(config: Path, address: str, options: Sequence[str]) -> Server:
    module = (sys.executable, "-P", "-m", "exporter")
    shown = ("--web.listen-address", address, "--log.format", "plain")
    command = [*module, "--config.file", str(config), *shown, *options]
    return Server("exporter", command, None, f"http://{address}/-/healthy")


def prometheus_at(address: str, folder: Path, interval: str, options: Sequence[str] = ()) -> Server:
    """Prometheus with the configuration that `write` put into `folder`, where its data go, too."""
    command = [
        str(find("prometheus")),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={address}",
        f"--rules.alert.resend-delay={interval}",
        "--log.level=warn",
        *options,
    ]
    return Server("prometheus", command, folder, f"http://{address}/-/ready")


def alertmanager_at(address: str, folder: Path) -> Server:
    """Alertmanager with the configuration that `write` put into `folder`, where its data go, too."""
    program, cwd = runnable(find("alertmanager"), folder)
    command = [
        str(program),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return Server("alertmanager", command, cwd, f"http://{address}/-/ready")


@contextmanager
def of_server(server: Server, folder: Path, watchdog_pipe: int) -> Iterator[subprocess.Popen[bytes]]:
    """The started server; it ends with this context."""
    process = start(server, folder, watchdog_pipe)
    try:
        yield process
    finally:
        end(process)


def start(server: Server, folder: Path, watchdog_pipe: int | None = None) -> subprocess.Popen[bytes]:
    """The started server; the exporter logs to stderr, the others to a file in `folder`.

    Its process is registered with the watchdog that reads `watchdog_pipe`, if there is one.
    """
    command = server.command if watchdog_pipe is None else [*REGISTER, *server.command]
    stdin = subprocess.DEVNULL if watchdog_pipe is None else watchdog_pipe
    with (folder / f"{server.name}.log").open("ab") as log:
        errors = None if server.name == "exporter" else subprocess.STDOUT
        variables = {"GOGC": GOGC} | os.environ
        return subprocess.Popen(command, cwd=server.folder, env=variables, stdin=stdin, stdout=log, stderr=errors)


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate the process; kill it after 5 seconds."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def await_answer(
    server: Server, process: subprocess.Popen[bytes], folder: Path, timeout: float = START_TIMEOUT
) -> None:
    """Wait until the server answers. Raises StackError with the tail of its log."""
    deadline = time.monotonic() + timeout
    while not _answers(server.ready):
        if process.poll() is not None or time.monotonic() > deadline:
            code = process.poll()
            what = f"no answer within {timeout:g} s" if code is None else f"exited with code {code}"
            tail = (folder / f"{server.name}.log").read_text("utf-8", "replace")[-800:].strip()
            raise StackError(f"{server.name}: {what}{': ' + tail if tail else ''}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    open_url: Callable[..., Any] = build_opener(ProxyHandler({})).open
    try:
        with open_url(url, timeout=1):
            return True
    except (URLError, OSError):
        return False
