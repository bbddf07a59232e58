"""A day in an S3 bucket on the loopback, against the same day on the local disk; the server is another process."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import yaml
from events import write_day
from work import LAST, RUNS, Cost, cold_window, in_process, measured, refreshing, write_config

CPU_BAR = 1.15
"""What the day may cost in a bucket, as a multiple of the local disk."""

LATENCY = 0.05
"""Seconds that are added to each request."""

FETCH_BAR = 2.0
"""Seconds of wall time that a new day may take longer with that latency."""

UNCHANGED_BAR = 1500.0
"""Milliseconds of CPU that a refresh of 10,000 objects may take when nothing happened to them."""

COUNT = 10_000
NAME = "bench"
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}

DELAYED = """
import sys, time
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
app = DomainDispatcherApplication(create_backend_app)
def slow(environ, start):
    time.sleep(float(sys.argv[2]))
    return app(environ, start)
run_simple("127.0.0.1", int(sys.argv[1]), slow, threaded=True)
"""


@contextmanager
def server(delay: float = 0.0) -> Iterator[tuple[str, Any]]:
    """The URL of a server, and a client with an empty bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", DELAYED, str(port), str(delay)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            client = boto3.client("s3", endpoint_url=url)
            _until_it_answers(port)
            client.create_bucket(Bucket=NAME)
            yield url, client
        finally:
            process.kill()


def _until_it_answers(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)


def configure(folder: Path, url: str) -> None:
    """The configuration of the data in the bucket, below `folder`."""
    folder.mkdir(exist_ok=True)
    path = write_config(folder)
    config = yaml.safe_load(path.read_text())
    config["datasets"]["shop"] |= {"files": f"s3://{NAME}/events/*.parquet", "object_store": {"endpoint": url}}
    path.write_text(yaml.safe_dump(config))


def bucket_figures(folder: Path) -> dict[str, float]:
    """What a day costs in a bucket: CPU as a multiple of the disk, seconds more with latency, ms if unchanged."""
    os.environ.update(KEYS)
    local, remote = folder / "bucket-local", folder / "bucket-remote"
    (local / "events").mkdir(parents=True)
    write_config(local)
    day = write_day(local / "events" / "day.parquet", LAST, 1_000_000)
    figures: dict[str, float] = {}
    with server() as (url, client):
        client.upload_file(str(day), NAME, "events/day.parquet")
        configure(remote, url)
        pairs = [(in_process(cold_window, local), in_process(cold_window, remote)) for _ in range(RUNS)]
        figures["cpu"] = statistics.median(there.cpu for _, there in pairs) / statistics.median(
            here.cpu for here, _ in pairs
        )
        here = statistics.median(one.wall for one, _ in pairs)
    with server(LATENCY) as (url, client):
        client.upload_file(str(day), NAME, "events/day.parquet")
        configure(remote, url)
        figures["fetch_s"] = statistics.median(in_process(cold_window, remote).wall for _ in range(3)) - here
    figures["unchanged_ms"] = _unchanged(folder / "bucket-many")
    shutil.rmtree(local)
    return figures


def _unchanged(folder: Path) -> float:
    """Milliseconds of CPU of a refresh of COUNT objects to which nothing happened."""
    folder.mkdir()
    content = write_day(folder / "one.parquet", LAST, 200).read_bytes()
    with server() as (url, client):
        for number in range(COUNT):
            client.put_object(Bucket=NAME, Key=f"events/{number:05}.parquet", Body=content)
        configure(folder, url)
        return in_process(_nothing_happens, folder).cpu * 1000


def _nothing_happens(folder: Path) -> Cost:
    """What a refresh costs when nothing happened; not in the process that started the server, which would count."""
    with refreshing(folder) as refresh:
        refresh()
        refresh()
        return measured(refresh)
