"""dbt builds a project that is gated as alerting/integrations/dbt/ says, against real servers."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pipelines import BROKEN, HEALTHY, INTEGRATIONS, MISSING, PROGRAMS, needs, run, timeout

from alerting.stack.stack import Stack

pytestmark = needs("dbt.adapters.duckdb")

SCRIPT = INTEGRATIONS / "dbt" / "clickstream_verdict.py"
DEPENDS = re.findall(r"^ {4}(-- depends_on.*)$", SCRIPT.read_text("utf-8"), re.MULTILINE)
FILES = {
    "dbt_project.yml": "{name: shop, version: '1.0.0', profile: shop}",
    "profiles.yml": "{shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}}",
    "models/sessions.sql": "\n".join([*DEPENDS, "SELECT 1 AS sessions"]),
    "models/conversion.sql": "SELECT sessions FROM {{ ref('sessions') }}",
    "models/stock.sql": "SELECT 1 AS stock",
}
VARIABLES = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A dbt project of which two models read the events, and one does not."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    for name in ("seeds", "tests"):
        (tmp_path / name).mkdir()
    shutil.copy(SCRIPT.with_suffix(".sql"), tmp_path / "tests")
    return tmp_path


def write_seed(project: Path, stack: Stack, day: str) -> int:
    """Write the seed of the day; returns the exit code."""
    servers = ["--exporter.url", stack.exporter, "--alertmanager.url", stack.alertmanager]
    report = ["clickstream-report", f"--timeout={timeout(day)}", *servers, "--date", day]
    module = "alerting.integrations.dbt.clickstream_verdict"
    return run([sys.executable, "-m", module, "seeds/clickstream_verdict.csv", *report], project).returncode


def built(project: Path, day: str) -> Mapping[str, str]:
    """What became of each node of the project."""
    command = [PROGRAMS / "dbt", "build", "--vars", json.dumps({"clickstream_day": day}), "--profiles-dir", "."]
    done = run(command, project, VARIABLES)
    results = json.loads((project / "target" / "run_results.json").read_text("utf-8"))["results"]
    found = {each["unique_id"].split(".", 1)[1]: each["status"] for each in results}
    assert done.returncode == ("fail" in found.values()), done.stdout
    return {name.removeprefix("shop."): status for name, status in found.items()}


def outcome(test: str, gated: str) -> dict[str, str]:
    """What becomes of the nodes where the test of the verdict and the gated models end so."""
    return {"clickstream_verdict": test, "sessions": gated, "conversion": gated, "stock": "success"}


def test_a_pass(project: Path, healthy: Stack) -> None:
    """Everything is built; the next day needs a verdict of its own."""
    assert write_seed(project, healthy, HEALTHY) == 0
    assert built(project, HEALTHY) == outcome("pass", "success")
    assert built(project, BROKEN) == outcome("fail", "skipped")


@pytest.mark.parametrize(("day", "status"), [(BROKEN, "FAIL"), (MISSING, "UNKNOWN")])
def test_anything_else(project: Path, broken: Stack, day: str, status: str) -> None:
    """The models that read the events are skipped, and the others are built."""
    assert write_seed(project, broken, day) == 0
    seed = (project / "seeds" / "clickstream_verdict.csv").read_text("utf-8")
    assert seed.splitlines()[1].split(",")[:2] == [day, status]
    assert built(project, day) == outcome("fail", "skipped")


def test_a_wrong_command_leaves_no_pass(project: Path, healthy: Stack) -> None:
    """The exit code says so, and the PASS of an earlier run is gone."""
    assert write_seed(project, healthy, HEALTHY) == 0
    assert write_seed(project, healthy, "yesterday") == 64
    assert built(project, HEALTHY) == outcome("fail", "skipped")
