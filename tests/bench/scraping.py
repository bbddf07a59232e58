"""What a scrape takes while the exporter refreshes, and whether its memory stays level."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from alerting.stack.stack import free_address

BETWEEN = 0.02
"""Seconds between two scrapes."""


def scrapes(folder: Path, refreshes: int) -> dict[str, float]:
    """Scrape an exporter that measures its newest day again and again; times in ms, memory in MB."""
    address = free_address()
    command = [sys.executable, "-m", "exporter", "--config.file", str(folder / "config.yml")]
    with subprocess.Popen([*command, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL) as process:
        try:
            return _scraped(f"http://{address}", process.pid, max((folder / "events").glob("*.parquet")), refreshes)
        finally:
            process.terminate()


def _scraped(url: str, process: int, newest: Path, refreshes: int) -> dict[str, float]:
    times: list[float] = []
    memory: list[float] = []
    over = threading.Event()
    _refresh(url)
    scraper = threading.Thread(target=_scrape, args=(url, times, over))
    scraper.start()
    for _ in range(refreshes):
        os.utime(newest)
        _refresh(url)
        memory.append(_resident(process))
    over.set()
    scraper.join()
    times.sort()
    return {
        "scrapes": len(times),
        "refreshes": refreshes,
        "p50_ms": statistics.median(times) * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
        "most_ms": times[-1] * 1000,
        "early_mb": max(memory[:10]),
        "late_mb": max(memory[-10:]),
    }


def _scrape(url: str, times: list[float], over: threading.Event) -> None:
    while not over.wait(BETWEEN):
        started = time.perf_counter()
        with urllib.request.urlopen(f"{url}/metrics") as response:
            response.read()
        times.append(time.perf_counter() - started)


def _refresh(url: str) -> None:
    """Have the exporter refresh; it may only be starting."""
    deadline = time.monotonic() + 30
    while True:
        with suppress(ConnectionError, urllib.error.URLError):
            urllib.request.urlopen(urllib.request.Request(f"{url}/-/refresh", method="POST")).close()
            return
        if time.monotonic() > deadline:
            raise TimeoutError(url)
        time.sleep(0.1)


def _resident(process: int) -> float:
    """The memory of the exporter and of the process that starts its readers, in MB."""
    children = " ".join(each.read_text() for each in Path(f"/proc/{process}/task").glob("*/children")).split()
    statm = [Path(f"/proc/{pid}/statm").read_text().split() for pid in (str(process), *children)]
    return sum(int(each[1]) for each in statm) * os.sysconf("SC_PAGE_SIZE") / 2**20
