"""Prefect runs the example of alerting/integrations/prefect.py against real servers."""

from __future__ import annotations

import re

import pytest
from pipelines import BROKEN, HEALTHY, MISSING, example, needs, python

from alerting.stack.stack import Stack

pytestmark = needs("prefect")

TEST = """
clickstream_verdict = clickstream_verdict.with_options(retry_delay_seconds=0)
state = daily({day!r}, return_state=True)
result = state.result(raise_on_failure=False)
print("ENDED", {day!r}, state.type.value, type(result).__name__)
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, healthy: Stack, broken: Stack) -> str:
    """The output of the example's flow for each day, on one temporary server of Prefect."""
    folder = tmp_path_factory.mktemp("prefect")
    variables = {
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    days = {HEALTHY: healthy, BROKEN: broken, MISSING: broken}
    code = "".join(example("prefect.py", stack, day) + TEST.format(day=day) for day, stack in days.items())
    done = python(code, folder, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def ended(printed: str, day: str) -> str:
    """How the flow of the day ended."""
    (found,) = re.findall(rf"^ENDED {day} (.*)$", printed, re.MULTILINE)
    return str(found)


def test_a_pass(printed: str) -> None:
    """The flow goes on with the report."""
    assert ended(printed, HEALTHY) == "COMPLETED NoneType"
    assert re.search(rf"^PASS {HEALTHY}$", printed, re.MULTILINE)


def test_a_fail_is_final(printed: str) -> None:
    """The task raises DataFailed with the report, and only the missing day's run is retried."""
    assert ended(printed, BROKEN) == "FAILED DataFailed"
    assert "Revenue drop detected: 10890 EUR" in printed
    assert printed.count("Retry 1/2") == 1


def test_a_missing_day_is_retried(printed: str) -> None:
    """The task raises NoVerdict with the reason, after its retries."""
    assert ended(printed, MISSING) == "FAILED NoVerdict"
    assert f"requested {MISSING}, but the newest day in the data is {BROKEN}" in printed
    assert printed.count("Retry 2/2") == 1
