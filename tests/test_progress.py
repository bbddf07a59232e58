"""How far a long reading is, and what is served meanwhile."""

from __future__ import annotations

import logging
import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from exporter import plan
from exporter.facts import progress
from exporter.facts.model import FactsError, Measured
from exporter.facts.progress import Progress
from exporter.facts.task import Task
from exporter.refresh import Refresher, State
from tests.support.exposition import SHOP, write_config, write_rows

SLOW = """
import time
import tqdm.std
from exporter.facts.progress import Progress
now = 0.0
time.monotonic = tqdm.std.time = lambda: now
tqdm.tqdm.monitor_interval = 0
with Progress("shop", 4) as progress:
    for _ in range(4):
        now += 0.6
        progress.advance(600_000)
"""
"""Days that take 0.6 s each by a clock of its own, so that a busy machine shows the same."""


def on_terminal(code: str) -> str:
    """What a Python program writes to stderr when that is a terminal."""
    reading, writing = pty.openpty()
    termios.tcsetwinsize(writing, (24, 100))
    text = b""
    with subprocess.Popen([sys.executable, "-c", code], stderr=writing, stdout=subprocess.DEVNULL):
        os.close(writing)
        with suppress(OSError):  # which is how a terminal says that nobody writes any more
            while True:
                text += os.read(reading, 4096)
    os.close(reading)
    return text.decode()


def test_terminal() -> None:
    """On a terminal there is a bar with days, events a second and the time that is left; it goes in the end."""
    shown = on_terminal(SLOW)
    bars = [re.sub(r"\|.*\|", "", line) for line in shown.split("\r") if line.strip()]
    assert bars == [
        "shop:  50% 2/4 [00:01<00:01,  1.67 days/s, 1.00M rows/s]",
        "shop:  75% 3/4 [00:01<00:00,  1.67 days/s, 1.00M rows/s]",
        "shop: 100% 4/4 [00:02<00:00,  1.67 days/s, 1.00M rows/s]",
    ]
    assert shown.endswith("\r")


def test_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere there are lines in the log."""
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    monkeypatch.setattr(progress.time, "monotonic", iter([0.0, 10.0, 20.0]).__next__)
    with caplog.at_level(logging.INFO, "exporter"), Progress("shop", 35) as reading:
        reading.advance(12_000_000)
        reading.advance(8_000_000)
    assert caplog.messages == [
        "shop: 1 of 35 days read, 1.20M rows/s, 0:05:40 left",
        "shop: 2 of 35 days read, 1.00M rows/s, 0:05:30 left",
    ]


def test_log_of_objects(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came from an object store so far is shown, too."""
    monkeypatch.setattr(progress.time, "monotonic", iter([0.0, 10.0]).__next__)
    with caplog.at_level(logging.INFO, "exporter"), Progress("shop", 35) as reading:
        reading.advance(12_000_000, 34_000_000)
    assert caplog.messages == ["shop: 1 of 35 days read, 1.20M rows/s, 34.0MB fetched, 0:05:40 left"]


def test_short_reading_says_nothing(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """What is over at once needs no progress."""
    with caplog.at_level(logging.INFO, "exporter"), Progress("shop", 1) as reading:
        reading.advance(1)
    assert (caplog.messages, capfd.readouterr().err) == ([], "")


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """The configuration of thirty days of events."""
    for lag in range(30):
        day = date(2025, 3, 31) - timedelta(days=lag)
        rows = [{"timestamp": f"{day}T10:00:00", "event_name": "page_viewed"}] * 10
        write_rows(tmp_path / f"events/{day}.parquet", rows)
    (tmp_path / "broken.sql").write_text(
        "-- clickstream_broken: Help.\nSELECT hour, nope AS clickstream_broken FROM events"
    )
    return write_config(tmp_path, web=SHOP | {"files": "events", "history_days": 30})


def served(refresher: Refresher, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days are served, each time that something else is, from now on."""
    found: list[int] = []
    serve = refresher._serve

    def watched(*arguments: Any) -> State:
        state = serve(*arguments)
        found.append(sum(line.startswith(b"clickstream_events{") for line in state.exposition.splitlines()))
        return state

    monkeypatch.setattr(refresher, "_serve", watched)
    return found


def test_newest_days_first(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the first start the days that the checks look at are served before older ones, and each is read once."""
    refresher = Refresher(plan.load(month))
    found = served(refresher, monkeypatch)
    state = refresher.refresh()
    assert found == [8, 30]
    assert b'clickstream_exporter_days_recomputed{dataset="web"} 30.0' in state.exposition
    assert refresher.refresh().views["web"].snapshot is state.views["web"].snapshot
    refresher.stop()


def test_nobody_is_served(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the exposition is printed once, all days are read at once."""
    refresher = Refresher(plan.load(month), serving=False)
    found = served(refresher, monkeypatch)
    refresher.refresh()
    refresher.stop()
    assert found == [30]


def test_first_start_with_a_measure_that_fails(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and does not keep the rest from being served."""
    month.write_text(month.read_text().replace("history_days", "measures: [broken.sql]\n    history_days"))
    refresher = Refresher(plan.load(month))
    found = served(refresher, monkeypatch)
    state = refresher.refresh()
    refresher.stop()
    assert (found, state.errors) == ([8, 30], {})
    assert b'clickstream_exporter_query_success{dataset="web",query="broken"} 0.0' in state.exposition


def test_first_start_that_is_interrupted(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the older days could not be read, they are read at the next refresh."""
    refresher = Refresher(plan.load(month))
    found = served(refresher, monkeypatch)
    measure, asked = refresher._reader.measure, []

    def fail(task: Task) -> Measured:
        asked.append(task.days)
        if len(asked) == 2:
            raise FactsError("no memory")
        return measure(task)

    monkeypatch.setattr(refresher._reader, "measure", fail)
    assert refresher.refresh().errors == {"web": "no memory"}
    assert refresher.refresh().errors == {}
    refresher.stop()
    assert (found, asked) == ([8, 8, 30], [8, None, None])
