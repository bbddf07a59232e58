"""Airflow runs the example of alerting/integrations/airflow.py against real servers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from pipelines import BROKEN, HEALTHY, MISSING, example, needs, python, run

from alerting.stack.stack import Stack

pytestmark = needs("airflow")

TEST = """

if __name__ == "__main__":
    run = judged.dag.test(logical_date=datetime.fromisoformat({day!r}).replace(tzinfo=UTC))
    print("STATES", json.dumps({{each.task_id: each.state for each in run.get_task_instances()}}))
"""

WAIT = """
import asyncio
from pathlib import Path
from pkgutil import resolve_name
from alerting.integrations.airflow import JudgedTrigger

async def main():
    path, given = JudgedTrigger({command!r}, 0.1).serialize()
    event = asyncio.ensure_future(anext(resolve_name(path)(**given).run()))
    asked = Path({asked!r})
    while not event.done() and (not asked.exists() or len(asked.read_text().split()) < 3):
        await asyncio.sleep(0.1)
    event.cancel()
    try:
        print("FIRED", await event)
    except asyncio.CancelledError:
        print("CANCELLED")

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of an Airflow with an empty database."""
    folder = tmp_path_factory.mktemp("airflow")
    (folder / "dags").mkdir()
    variables = {"AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = run([sys.executable, "-m", "airflow", "db", "migrate"], folder, variables)
    assert done.returncode == 0, done.stderr
    return variables


def ended(home: dict[str, str], stack: Stack, day: str, *, sensor: bool = True) -> tuple[dict[str, str], str]:
    """The states of the example's tasks after its run for the day, and the log.

    A run of this kind has no triggerer that ends the sensor by its timeout.
    """
    code = example("airflow.py", stack, day)
    assert "retries=2" in code
    code = code.replace("retries=2", "retries=0")
    if not sensor:
        code, count = re.subn(r"judged = .*\n +judged >> ", "judged = ", code)
        assert count == 1
    imports = "import json\nfrom datetime import UTC, datetime\n"
    done = python(imports + code + TEST.format(day=day), Path(home["AIRFLOW_HOME"]) / "dags", home)
    found = re.findall(r"^STATES (.*)$", done.stdout, re.MULTILINE)
    assert len(found) == 1, done.stdout + done.stderr
    return json.loads(found[0]), done.stdout + done.stderr


def test_a_pass(home: dict[str, str], healthy: Stack) -> None:
    """Sensor and verdict succeed."""
    states, _ = ended(home, healthy, HEALTHY)
    assert states == {"judged": "success", "verdict": "success"}


def test_a_fail(home: dict[str, str], broken: Stack) -> None:
    """The sensor succeeds, since the day is judged; the verdict fails, and the log has the message."""
    states, log = ended(home, broken, BROKEN)
    assert states == {"judged": "success", "verdict": "failed"}
    assert "Revenue drop detected: 10890 EUR" in log
    assert "AirflowFailException" in log


def test_a_missing_day(home: dict[str, str], broken: Stack) -> None:
    """The verdict fails with another exception than for a FAIL, and the log has the reason."""
    states, log = ended(home, broken, MISSING, sensor=False)
    assert states == {"verdict": "failed"}
    assert "NoVerdict" in log
    assert "AirflowFailException" not in log
    assert f"requested {MISSING}, but the newest day in the data is {BROKEN}" in log


def test_the_trigger_waits(tmp_path: Path, broken: Stack) -> None:
    """It asks again and again about a missing day; when it is cancelled, the command ends, too."""
    asked, command = tmp_path / "asked", tmp_path / "command"
    servers = f"--exporter.url {broken.exporter} --alertmanager.url {broken.alertmanager}"
    script = f"#!/bin/sh\necho $$ >> {asked}\nexec clickstream-report --timeout 2 {servers} --date $1\n"
    command.write_text(script, "utf-8")
    command.chmod(0o755)
    code = WAIT.format(command=[str(command), MISSING], asked=str(asked))
    done = python(code, tmp_path, {"AIRFLOW_HOME": str(tmp_path)})
    assert done.stdout.splitlines()[-1:] == ["CANCELLED"], done.stdout + done.stderr
    pids = asked.read_text("utf-8").split()
    assert len(pids) == 3
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
