"""Dagster runs the example of alerting/integrations/dagster.py against real servers."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pipelines import BROKEN, HEALTHY, MISSING, example, needs, python

from alerting.stack.stack import Stack

pytestmark = needs("dagster")

TEST = """
import json
from dagster import DagsterInstance
job = definitions.resolve_implicit_global_asset_job_def()
run = job.execute_in_process(instance=DagsterInstance.ephemeral(), partition_key={day!r}, raise_on_error=False)
checks = [
    [each.asset_check_key.name, each.passed, each.partition, each.description, sorted(each.metadata["report"].value)]
    for each in run.get_asset_check_evaluations()
]
made = [each.asset_key.path[-1] for each in run.get_asset_materialization_events()]
print("ENDED", json.dumps([checks, made, run.success]))
"""


def ended(folder: Path, stack: Stack, day: str) -> tuple[list[list[object]], list[str], bool, str]:
    """The checks and the materialized assets of the example's run for the day, whether it succeeded, and the log."""
    code = example("dagster.py", stack, day)
    assert '"--date"])' in code
    code = "from dagster import RetryPolicy\n" + code.replace('"--date"])', '"--date"], RetryPolicy())')  # no retry
    done = python(code + TEST.format(day=day), folder, {"DAGSTER_HOME": str(folder)})
    found = re.findall(r"^ENDED (.*)$", done.stdout, re.MULTILINE)
    assert len(found) == 1, done.stdout + done.stderr
    return (*json.loads(found[0]), done.stderr)


def test_a_pass(tmp_path: Path, healthy: Stack) -> None:
    """The check of the partition passes, with the report, and the asset behind it is materialized."""
    (check,), made, success, _ = ended(tmp_path, healthy, HEALTHY)
    assert check == ["clickstream_verdict", True, HEALTHY, "", ["alerts", "date", "status"]]
    assert (made, success) == (["events", "revenue"], True)


def test_a_fail(tmp_path: Path, broken: Stack) -> None:
    """The check fails with the messages, and the asset behind it is not materialized."""
    (check,), made, success, _ = ended(tmp_path, broken, BROKEN)
    assert check[:3] == ["clickstream_verdict", False, BROKEN]
    assert str(check[3]).startswith("CRITICAL Revenue drop detected: 10890 EUR vs baseline 33139 EUR\nWARN ")
    assert (made, success) == (["events"], False)


def test_a_missing_day(tmp_path: Path, broken: Stack) -> None:
    """The step of the check fails, with the reason; the check neither passes nor fails."""
    checks, made, success, log = ended(tmp_path, broken, MISSING)
    assert (checks, made, success) == ([], ["events"], False)
    assert f"requested {MISSING}, but the newest day in the data is {BROKEN}" in log
