"""The report waits for a day that has not arrived."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from alerting.arguments import duration
from alerting.gate import wait
from alerting.gate.verdict import Subject, Verdict, unknown
from alerting.stack.stack import running
from exporter.demo.write import write_demo
from tests.support.generations import NEWEST_ALONE, Generation

DAY = date(2025, 3, 9)


@NEWEST_ALONE
def test_the_day_arrives_while_the_report_waits(generation: Generation, tmp_path: Path) -> None:
    """The reason is logged once, and then the day is judged, with the exit code of its verdict."""
    (tmp_path / "stack").mkdir()
    config = write_demo(tmp_path / "demo", DAY)
    file = next((tmp_path / "demo" / "events").glob(f"*{DAY}*"))
    file.rename(tmp_path / "late")
    with generation.chosen(), running(tmp_path / "stack", config) as stack:
        command = [sys.executable, "-m", "alerting.report", "--date", str(DAY), "--wait", "5m", "--exporter.url"]
        command += [stack.exporter, "--alertmanager.url", stack.alertmanager, "--prometheus.url", stack.prometheus]
        report = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert report.stderr
        for line in report.stderr:
            if line.startswith("no verdict yet"):
                break
        (tmp_path / "late").rename(file)
        out, log = report.communicate(timeout=280)
    assert line == f"no verdict yet, waiting: requested {DAY}, but the newest day in the data is 2025-03-08\n"
    assert (report.returncode, f'"date": "{DAY}"' in out, "no verdict yet" in log) == (1, True, False)


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, the last unknown is the verdict; each line and each reason was logged once."""
    monkeypatch.setattr(wait, "PAUSE", 0.01)
    attempts, logged = threading.Semaphore(0), []

    def attempt(log: object) -> Verdict:
        assert callable(log)
        log("refreshing")
        attempts.release()
        return unknown(Subject(), "no day")

    found = wait.awaited(attempt, 0.2, logged.append)
    assert (found.exit_code, logged) == (2, ["refreshing", "no verdict yet, waiting: no day"])
    assert attempts.acquire(blocking=False)
    assert attempts.acquire(blocking=False)


def test_durations() -> None:
    """With a unit, and above zero."""
    assert [duration(text) for text in ("30s", "90m", "6h")] == [30, 5400, 21600]
    for text in ("6", "0h", "-1h", "1d", "h", "1.5h", ""):
        with pytest.raises(Exception, match="expected a number with s, m or h"):
            duration(text)
