"""The report in pipelines: exit codes, JUnit, and the snippets of alerting/README.md run as they stand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from alerting import arguments, rulefile
from alerting.stack.stack import Stack, running
from exporter.demo.write import write_demo

README = (Path(__file__).parents[1] / "alerting" / "README.md").read_text("utf-8")
PROGRAMS = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
"""An environment that has the project's commands on its PATH."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo data of March 2025, whose last day is broken."""
    return write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9)).parent


@pytest.fixture(scope="module")
def stack(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Running servers on the demo's last day."""
    with running(tmp_path_factory.mktemp("stack"), demo / "config.yml", ("--as-of", "2025-03-09"), "3s") as made:
        yield made


def shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, as a pipeline runs it."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=PROGRAMS | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def cases(path: Path) -> dict[str, str]:
    """The test cases of a JUnit file, each with the name of its outcome."""
    suites = ElementTree.parse(path).findall("testsuite")
    found = {case.get("name", ""): case[0].tag if len(case) else "" for suite in suites for case in suite}
    found.pop("", None)
    for suite in suites:
        tags = [case[0].tag for case in suite.findall("testcase") if len(case)]
        counted = [int(suite.get(name, -1)) for name in ("tests", "failures", "errors", "skipped")]
        assert counted == [len(found), tags.count("failure"), tags.count("error"), tags.count("skipped")]
    return found


def test_the_readme_has_the_exit_codes_of_the_help() -> None:
    """The table in the README and the text of --help say the same of each code."""
    table = re.findall(r"^\| (\d+) \| (\w*) ?\| (.*) \|$", README, re.MULTILINE)
    lines = re.findall(r"^  (\d+) +(.+)$", arguments.EXIT_CODES, re.MULTILINE)
    assert [code for code, _, _ in table] == [code for code, _ in lines] == ["0", "1", "2", "64"]
    assert [text for _, _, text in table] == [said.removeprefix(said.partition(": ")[0] + ": ") for _, said in lines]


def test_the_airflow_snippet_runs(stack: Stack, tmp_path: Path) -> None:
    """The operator's command, in its environment, fails the task for the broken day, and for a day not loaded yet."""
    call = re.search(r"BashOperator\((.*?)^\)", README, re.DOTALL | re.MULTILINE)
    assert call
    operator = eval(f"dict({call[1]})")
    assert set(operator) == {"task_id", "bash_command", "env", "append_env"}
    assert operator["env"]["DAY"] == "{{ macros.ds_add(ds, -1) }}"
    urls = {"EXPORTER": stack.exporter, "ALERTMANAGER": stack.alertmanager}
    done = shell(operator["bash_command"], tmp_path, DAY="2025-03-09", **urls)
    assert (done.returncode, '"status": "FAIL"' in done.stdout) == (1, True)
    done = shell(operator["bash_command"], tmp_path, DAY="2025-03-10", **urls)
    assert (done.returncode, "requested 2025-03-10, but the newest day in the data is 2025-03-09" in done.stdout) == (
        2,
        True,
    )


@pytest.mark.parametrize(("days_ago", "code"), [(0, 0), (1, 1)], ids=["healthy", "broken"])
def test_the_github_snippet_runs(tmp_path: Path, days_ago: int, code: int) -> None:
    """The step passes for a healthy yesterday, fails for a broken one, and leaves a test report."""
    snippet = re.search(r"```yaml\n(- name: Check.*?)```", README, re.DOTALL)
    assert snippet
    (step,) = yaml.safe_load(snippet[1])
    today = datetime.now(UTC).date()
    write_demo(tmp_path, today - timedelta(days=days_ago), 10)  # whose last day is broken
    (tmp_path / "events" / f"events_{today}.parquet").unlink(missing_ok=True)
    done = shell(step["run"], tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    found = cases(tmp_path / "events.xml")
    assert list(found) == list(rulefile.checks())
    assert {check for check, outcome in found.items() if outcome == "failure"} == ({"RevenueDrop"} if code else set())


def test_junit_tells_what_failed_what_warned_and_what_was_off(demo: Path, tmp_path: Path) -> None:
    """A critical alert is a failure, a warning is only said, and a check that was off is skipped."""
    command = f"clickstream-check {demo / 'config.yml'} --as-of 2025-03-09 --junit events.xml"
    assert shell(command, tmp_path).returncode == 1
    outcomes = {check: outcome for check, outcome in cases(tmp_path / "events.xml").items() if outcome}
    warned = ("NullClientIds", "JsonErrors", "ConversionRateDrop")
    expected = {"RevenueDrop": "failure", "DataStale": "skipped"} | dict.fromkeys(warned, "system-out")
    assert outcomes == expected
    text = (tmp_path / "events.xml").read_text("utf-8")
    assert '<failure message="Revenue drop detected: 10890 EUR vs baseline 33139 EUR" />' in text
    assert [path.name for path in tmp_path.iterdir()] == ["events.xml"]


def test_an_expected_snapshot(stack: Stack, tmp_path: Path) -> None:
    """The snapshot of the data has a verdict; another one has none, and JUnit has an error."""
    ask = f"clickstream-report --alertmanager.url {stack.alertmanager} --details --dataset shop"
    report_of = shell(f"{ask} --exporter.url {stack.exporter}", tmp_path).stdout
    snapshot = re.findall(r'"snapshot": (\d+)', report_of)[0]
    assert shell(f"{ask} --snapshot {snapshot}", tmp_path).returncode == 1
    done = shell(f"{ask} --snapshot 1 --exporter.url {stack.exporter} --junit events.xml", tmp_path)
    assert done.returncode == 2
    assert f"requested snapshot 1, but the data give {snapshot}" in done.stdout
    assert cases(tmp_path / "events.xml") == {"verdict": "error"}


@pytest.mark.parametrize("option", ["--snapshot 0", "--snapshot x", "--date 2025-3-9", "--junit /no/such/folder/x.xml"])
def test_an_expectation_that_is_none_is_a_usage_error(tmp_path: Path, option: str) -> None:
    """Exit 64, a message that names the option, and nothing on stdout."""
    done = shell(f"clickstream-report {option}", tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert option.split(maxsplit=1)[0] in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "clickstream-check no-such.yml",
        "clickstream-check config.yml --dataset other",
        "clickstream-report --alertmanager.url http://127.0.0.1:9 --http.config.file no-such.yml",
    ],
)
def test_v13_a_usage_error_leaves_no_passing_junit(demo: Path, tmp_path: Path, command: str) -> None:
    """A configuration that cannot be used today does not leave the verdict of yesterday."""
    (tmp_path / "config.yml").write_bytes((demo / "config.yml").read_bytes())
    (tmp_path / "events.xml").write_text('<testsuites><testsuite><testcase name="verdict" /></testsuite></testsuites>')
    assert shell(f"{command} --junit events.xml", tmp_path).returncode == 64
    assert cases(tmp_path / "events.xml") == {"verdict": "error"}


def test_v13_a_killed_report_leaves_no_passing_junit(tmp_path: Path) -> None:
    """Until there is a verdict, the file says so."""
    command = [sys.executable, "-m", "alerting.report", "--date", "2025-03-09", "--junit", str(tmp_path / "events.xml")]
    command += ["--alertmanager.url", "http://127.0.0.1:9"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while not (tmp_path / "events.xml").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert cases(tmp_path / "events.xml") == {"verdict": "error"}
