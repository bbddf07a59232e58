"""A Prometheus that judges an exposition with the shipped rules."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest
import yaml

from alerting import rulefile
from alerting.stack.stack import end, free_address

RULE_FILE = Path(rulefile.__file__).parent / "rules" / "clickstream.yml"
STATE = "dataset:clickstream_check:state"
CERTIFICATE = 'ALERTS{alertname="ClickstreamCertificate"}'

SOON, NEVER = "2s", "10m"
"""Between two scrapes, until the first is over and after it: a cycle during which a scrape ends certifies nothing."""

CYCLES = "1s"
"""Between two cycles of the rules; those that come due while one lasts are left out."""

PATIENCE = 900.0
"""Seconds until the first scrape, and then the first cycle, must be over."""


@contextmanager
def prometheus(program: Path, folder: Path, target: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Prometheus that has scraped the target once, and evaluates the shipped rules: its URL, and the process."""
    address = free_address()
    shutil.copy(RULE_FILE, folder)
    configure(folder, target, SOON, rules=[])
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    command = [str(program), *options, f"--web.listen-address={address}", "--log.level=warn"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        first(f"http://{address}", process, "up == 1")
        configure(folder, target, NEVER, rules=[RULE_FILE.name])
        process.send_signal(signal.SIGHUP)
        yield f"http://{address}", process
    finally:
        end(process)


def configure(folder: Path, target: str, scrapes: str, rules: list[str]) -> None:
    """Write the configuration of a Prometheus in the folder."""
    config = {
        "global": {"scrape_interval": scrapes, "scrape_timeout": scrapes, "evaluation_interval": CYCLES},
        "rule_files": rules,
        "scrape_configs": [{"job_name": "clickstream", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))


def first_cycle(url: str, process: subprocess.Popen[bytes]) -> float:
    """When the first cycle began that certified something: it is over then."""
    return first(url, process, f"max(timestamp({CERTIFICATE}))")


def first(url: str, process: subprocess.Popen[bytes], query: str) -> float:
    """The value of the query as soon as it has one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"Prometheus ended with exit code {process.returncode}")
        try:
            found = ask(url, query)
        except URLError:
            found = []  # it does not answer yet
        if found:
            return found[0][1]
        time.sleep(0.5)
    pytest.fail(f"{query} found nothing within {PATIENCE:g} s")


def ask(url: str, query: str, at: float | None = None) -> list[tuple[dict[str, str], float]]:
    """The labels and the value of every series that the query finds."""
    parameters = {"query": query} | ({} if at is None else {"time": repr(at)})
    with build_opener(ProxyHandler({})).open(f"{url}/api/v1/query?{urlencode(parameters)}", timeout=30) as response:
        found: list[dict[str, Any]] = json.load(response)["data"]["result"]
    return [(each["metric"], float(each["value"][1])) for each in found]
