"""`clickstream-check` through its front door."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
import yaml

from exporter.demo.write import write_demo
from tests.support.exposition import age
from tests.support.processes import children, processor_time, wait_for

COMMAND = [sys.executable, "-m", "alerting.check"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the demo data."""
    return write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9))


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the last nine days of the demo data: quicker to measure."""
    config = write_demo(tmp_path_factory.mktemp("week"), date(2025, 3, 9))
    for path in sorted((config.parent / "events").iterdir())[:-9]:
        path.unlink()
    return config


def check(*arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def messages(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The messages of the report on stdout."""
    return [alert["message"] for alert in json.loads(done.stdout)["alerts"]]


def changed(demo: Path, name: str, **keys: object) -> Path:
    """The demo's configuration with other keys of its data set, in a file beside it."""
    config = yaml.safe_load(demo.read_text("utf-8"))
    config["datasets"]["shop"].update(keys)
    path = demo.with_name(name)
    path.write_text(yaml.safe_dump(config), "utf-8")
    return path


def left_running(folder: Path) -> list[str]:
    """The command lines of servers that work in `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in text:
            found.append(text)
    return found


def test_a_healthy_day_passes(demo: Path, tmp_path: Path) -> None:
    """No alert, PASS, exit 0, nothing else on stdout, and nothing is left."""
    done = check(demo, "--as-of", "2025-03-08", environment={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.stdout == '{\n  "date": "2025-03-08",\n  "alerts": [],\n  "status": "PASS"\n}\n'
    assert done.returncode == 0
    assert (left_running(tmp_path), list(tmp_path.iterdir())) == ([], [])


def test_data_that_nobody_renewed_are_stale(week: Path) -> None:
    """Without --as-of the clock counts: old data fail."""
    done = check(week)
    assert done.returncode == 1
    assert any(message.startswith("Data stale: last event 2025-03-09 23:5") for message in messages(done))


def test_the_cause_silences_the_effect(week: Path) -> None:
    """The last hours of UTC are the first of the next day in India: a partial day, and that is the one alarm."""
    keys = {"time_zone": "Asia/Kolkata", "limits": {"min_baseline_purchases": 1}, "drop_rule": "plain"}
    done = check(changed(week, "kolkata.yml", **keys), "--as-of", "2025-03-10", "--details")
    assert done.returncode == 1
    alerts = {alert["message"]: alert["severity"] for alert in json.loads(done.stdout)["alerts"]}
    critical = [message for message, severity in alerts.items() if severity == "CRITICAL"]
    assert len(critical) == 1
    assert critical[0].startswith("Partial day: 2025-03-10 ends at 05:")
    assert any(message.startswith("Inhibited by PartialDay: ") for message in alerts)


def test_a_day_that_fills_up_is_normal_for_an_intraday_data_set(week: Path) -> None:
    """With the cadence intraday the same day is only remarked upon."""
    config = changed(week, "intraday.yml", time_zone="Asia/Kolkata", cadence="intraday", purchase=[])
    done = check(config, "--as-of", "2025-03-10")
    assert done.returncode == 0
    severities = {alert["severity"] for alert in json.loads(done.stdout)["alerts"] if "Partial" in alert["message"]}
    assert severities == {"INFO"}


def test_what_is_not_mapped_is_switched_off_with_its_reason(week: Path) -> None:
    """Without client ids and payload the rest is judged, and the report says what was not."""
    columns = {"page_url": "page_url", "referrer": "referrer"}
    done = check(changed(week, "bare.yml", columns=columns), "--as-of", "2025-03-09", "--details")
    assert done.returncode == 0
    off = json.loads(done.stdout)["details"]["switched_off"]
    assert {"NullClientIds", "RevenueDrop", "JsonErrors", "ConversionRateDrop", "DeviceRevenueShift"} <= set(off)
    assert any(message.startswith("Not measured: no column client_id, ") for message in messages(done))
    assert any(", no column payload" in message for message in messages(done))


def test_a_measure_that_fails_fails_the_day_and_nothing_else(demo: Path) -> None:
    """QueryFailing names the measure; the other checks are judged."""
    demo.with_name("broken.sql").write_text(
        "-- clickstream_broken: Help.\nSELECT hour, nope AS clickstream_broken FROM events"
    )
    done = check(changed(demo, "measure.yml", measures=["broken.sql"]), "--as-of", "2025-03-08")
    assert messages(done) == ["Query failing: broken"]
    assert done.returncode == 1


def test_one_of_many_data_sets_is_measured_alone(demo: Path) -> None:
    """The others cost nothing: one whose measure takes hours is not asked, and one without a folder fails nothing."""
    endless = "SELECT 0 AS hour, count(*) AS clickstream_endless FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 1"
    demo.with_name("endless.sql").write_text(f"-- clickstream_endless: Takes hours.\n{endless}")
    config = yaml.safe_load(demo.read_text("utf-8"))
    shop = config["datasets"]["shop"]
    others = {"first": {**shop, "measures": ["endless.sql"]}, "second": {**shop, "files": "nowhere/*.parquet"}}
    path = demo.with_name("many.yml")
    path.write_text(yaml.safe_dump({**config, "datasets": {**others, "shop": shop}}, sort_keys=False), "utf-8")
    done = check(path, "--dataset", "shop", "--as-of", "2025-03-08")
    assert (done.returncode, messages(done)) == (0, [])
    done = check(path, "--dataset", "web")
    assert (done.returncode, done.stdout) == (64, "")
    assert "expected one of first, second, shop" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--as-of", "tomorrow"), ("--timeout", "-1"), ("--dataset", "web")])
def test_bad_arguments_leave_stdout_empty(demo: Path, arguments: tuple[str, ...]) -> None:
    """Exit 64, and the reason on stderr."""
    done = check(*([demo, *arguments] if arguments else []))
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr


def test_a_missing_folder_is_unknown(demo: Path) -> None:
    """The folder is named, exit 2."""
    done = check(changed(demo, "gone.yml", files="nowhere/*.parquet"))
    assert done.returncode == 2
    assert messages(done) == [
        f"Not judged: the refresh of data set shop failed: {demo.parent}/nowhere: no such file or folder"
    ]


def test_a_day_whose_file_is_cut_is_unknown(week: Path, tmp_path: Path) -> None:
    """The newest day that could be read is named, and that a file was set aside."""
    folder = Path(shutil.copytree(week.parent, tmp_path / "demo"))
    (newest,) = folder.rglob("*2025-03-09*.parquet")
    newest.write_bytes(newest.read_bytes()[:-1])
    age(newest)
    done = check(folder / week.name, "--as-of", "2025-03-09")
    assert done.returncode == 2
    assert messages(done) == [
        "Not judged: requested 2025-03-09, but the newest day in the data is 2025-03-08; unreadable files, set aside: 1"
    ]


def test_a_missing_program_is_unknown(demo: Path) -> None:
    """The variable that names no program is named, exit 2, and the report is still there."""
    done = check(demo, environment={**os.environ, "PROMETHEUS": "/no/such/prometheus"})
    assert done.returncode == 2
    assert messages(done) == ["Not judged: PROMETHEUS: /no/such/prometheus is not an executable file"]


def test_v13_a_closed_stdout_is_no_pass(week: Path) -> None:
    """A report that nobody could read does not exit with 0."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, str(week), "--as-of", "2025-03-08"], stdout=write, stderr=subprocess.DEVNULL, check=False
    )
    os.close(write)
    assert done.returncode == 2


@pytest.mark.parametrize("processes", [1, 3, 5])
def test_p1_a_check_that_is_killed_leaves_no_servers(demo: Path, tmp_path: Path, processes: int) -> None:
    """SIGKILL, when so many run: its servers end within seconds, and what the exporter has started with them."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, str(demo)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    below = wait_for(lambda: len(found := descendants(process.pid)) >= processes and found)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 90
    while any(processor_time(pid) >= 0 for pid in below) or left_running(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def descendants(process: int) -> set[int]:
    """What this process has started, and what these have."""
    found = children(process)
    return found.union(*map(descendants, found))


def test_a_check_that_is_ended_ends_its_servers(demo: Path, tmp_path: Path) -> None:
    """SIGTERM: exit 2, nothing on stdout, nothing left."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [*COMMAND, str(demo)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    deadline = time.monotonic() + 90
    while len(left_running(tmp_path)) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=90)
    assert (process.returncode, stdout) == (2, b"")
    assert (left_running(tmp_path), list(tmp_path.iterdir())) == ([], [])
