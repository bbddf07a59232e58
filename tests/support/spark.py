"""A Spark Connect server on the loopback, as PyPI has it, with two cores."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

START = 120.0
"""Seconds for Spark to start on a busy machine."""


JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options that make Java cheap where it runs for a minute."""


def lacking() -> str | None:
    """Why Spark is not started here, or None: its tests take the processor from those that wait for servers."""
    if "TEST_SPARK" not in os.environ:
        return "`make test-spark` runs this test"
    if not find_spec("pyspark") or not find_spec("sqlglot"):
        return "Spark is not installed: pip install '.[spark]'"
    return None if shutil.which("java") else "Java 17 is not installed, which Spark needs"


needs_spark = pytest.mark.skipif(lacking() is not None, reason=lacking() or "")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def server(
    folder: Path, *settings: str, port: int | None = None, master: str = "local[2]", user: str | None = None
) -> Iterator[str]:
    """The address of a server that runs within the block, as `user`; `settings` are those of Spark, as name=value."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    if user:
        shutil.chown(folder, user)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            _command(port, master, folder, settings),
            stdout=log, stderr=log, cwd=folder, env=_environment(), user=user,
        )  # fmt: skip
        try:
            _wait(process, port, folder / "log")
            yield f"sc://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """The master of a standalone cluster that runs within the block; each worker has one core."""
    port = free_port()
    main = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", f"{port}", "--webui-port", "0"]
    folder.mkdir(parents=True, exist_ok=True)
    worker = ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g"]
    worker += ["--webui-port", "0", "--work-dir", str(folder / "work"), f"spark://127.0.0.1:{port}"]
    with ExitStack() as running, (folder / "log").open("w") as log:
        for number, command in enumerate([main, *[worker] * workers]):
            process = subprocess.Popen(
                [str(Path(_home()) / "bin" / "spark-class"), *command],
                stdout=log, stderr=log, cwd=folder, env=_environment() | {"SPARK_DAEMON_JAVA_OPTS": JAVA},
            )  # fmt: skip
            running.callback(process.wait)
            running.callback(process.kill)
            if number == 0:
                _wait(process, port, folder / "log")
        yield f"spark://127.0.0.1:{port}"


def executors() -> list[int]:
    """The processes that run tasks of a cluster on this machine."""
    found = subprocess.run(["pgrep", "-f", "CoarseGrainedExecutorBackend.*127.0.0.1"], capture_output=True, check=False)
    return [int(number) for number in found.stdout.split()]


def _command(port: int, master: str, folder: Path, settings: Sequence[str]) -> list[str]:
    given = (
        "spark.connect.grpc.binding.address=127.0.0.1",
        f"spark.connect.grpc.binding.port={port}",
        "spark.driver.memory=1500m",
        f"spark.driver.extraJavaOptions={JAVA}",
        "spark.ui.enabled=false",
        "spark.sql.shuffle.partitions=2",
        "spark.log.level=WARN",
        f"spark.local.dir={folder}",
        f"spark.sql.warehouse.dir={folder / 'warehouse'}",
        "spark.sql.catalogImplementation=in-memory",
        *settings,
    )
    conf = [part for each in given for part in ("--conf", each)]
    main = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    return [str(Path(_home()) / "bin" / "spark-submit"), "--master", master, *conf, *main]


def _environment() -> dict[str, str]:
    return os.environ | {"SPARK_HOME": _home(), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}


def _home() -> str:
    spec = find_spec("pyspark")
    assert spec
    assert spec.submodule_search_locations
    return next(iter(spec.submodule_search_locations))


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"Spark did not start:\n{log.read_text()[-3000:]}")
