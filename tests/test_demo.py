"""The demo data set: 29 healthy days, and a last one with its known incident."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from shutil import which
from statistics import fmean

import duckdb
import pytest

from exporter.demo.shop import Event
from exporter.demo.write import LAST_DAY, demo_events, write_demo

DAILY = """
SELECT
    SUM((TRY_CAST(event_data AS JSON) ->> '$.revenue')::DOUBLE),
    AVG((client_id IS NULL)::INT),
    COUNT(*) FILTER (event_data IS NOT NULL AND NOT JSON_VALID(event_data))
FROM read_parquet(?)
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder: its relative path and its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def moved_by(later: timedelta, event: Event) -> tuple[object, ...]:
    """The event so much later, without what names its day: ids of events, clients and orders."""
    data = re.sub(r"ORD-\d{8}", "ORD", event.event_data or "")
    client = event.client_id and event.client_id.partition(".")[0]
    moment = event.timestamp + later
    return client, event.page_url, event.referrer, moment, event.event_name, data, event.user_agent


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[float, float, int]]:
    """Revenue, NULL client share and cut payloads of each day, oldest first."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, LAST_DAY)
    with duckdb.connect() as connection:
        paths = sorted(folder.glob("events/*.parquet"))
        return [connection.execute(DAILY, [str(path)]).fetchall()[0] for path in paths]


def test_same_bytes(tmp_path: Path) -> None:
    """Two runs write the same 30 files and configuration, byte for byte, and nothing else."""
    write_demo(tmp_path / "one", LAST_DAY)
    config = write_demo(tmp_path / "two", LAST_DAY)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert config == tmp_path / "two" / "config.yml"
    assert len(contents(tmp_path / "two")) == 31


def test_the_last_day_decides_nothing_but_the_dates() -> None:
    """A demo that ends on another weekday is the same, so many days later: its verdict is that of the README."""
    later = timedelta(days=632)
    usual, other = demo_events(LAST_DAY, 3), demo_events(LAST_DAY + later, 3)
    assert {day + later: [moved_by(later, event) for event in events] for day, events in usual.items()} == {
        day: [moved_by(timedelta(), event) for event in events] for day, events in other.items()
    }


def test_healthy_days(days: list[tuple[float, float, int]]) -> None:
    """Before the last day revenue is steady, client ids are there and payloads are whole."""
    healthy = days[:-1]
    mean = fmean(revenue for revenue, _, _ in healthy)
    assert len(healthy) == 29
    assert [revenue for revenue, _, _ in healthy if abs(revenue / mean - 1) > 0.25] == []
    assert [share for _, share, _ in healthy if share >= 0.02] == []
    assert sum(cut for _, _, cut in healthy) == 0


def test_incident(days: list[tuple[float, float, int]]) -> None:
    """On the last day most revenue and a third of the client ids are lost, and some payloads are cut."""
    revenue, null_share, cut = days[-1]
    assert revenue < 0.4 * fmean(revenue for revenue, _, _ in days[-8:-1])
    assert 0.30 < null_share < 0.39
    assert cut > 0


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """One line names it, without a traceback."""
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "exporter.demo", str(tmp_path / "file" / "demo")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"python -m exporter.demo: {tmp_path}/file/demo/events: Not a directory\n"


@pytest.mark.skipif(not which("make"), reason="no make")
@pytest.mark.parametrize(("target", "has_dev"), [("demo", False), ("rules", False), ("test", True), ("lint", True)])
def test_what_make_installs(target: str, has_dev: bool) -> None:
    """The demo needs no test tools, and waits for none."""
    root = Path(__file__).parents[1]
    done = subprocess.run(["make", "-nB", target], cwd=root, check=True, capture_output=True, text=True, timeout=60)
    assert ("pip install" in done.stdout, ".[dev]" in done.stdout) == (True, has_dev)
