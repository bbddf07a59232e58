"""Prefect: a task that returns the report of a PASS and raises at anything else, so that what follows does not run.

    from prefect import flow
    from alerting.integrations.prefect import clickstream_verdict

    SERVERS = ["--exporter.url", "http://exporter:9847", "--alertmanager.url", "http://alertmanager:9093"]

    @flow
    def daily(day: str) -> None:
        report = clickstream_verdict(day, ["clickstream-report", *SERVERS, "--date"])
        print(report["status"], report["date"])

A FAIL raises DataFailed, which is final. An unknown verdict raises NoVerdict, which is retried. The day is appended to
`command`. A report answers about the newest day only, so a backfill has `["clickstream-check", "config.yml",
"--as-of"]`. `clickstream_verdict.with_options(retries=10)` waits longer. Tested with Prefect 3.7.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from prefect import get_run_logger, task


class DataFailed(Exception):  # noqa: N818 - Prefect shows the name
    """The day was judged, and something critical fires."""


class NoVerdict(Exception):  # noqa: N818 - Prefect shows the name
    """No verdict could be proven; another try may have one."""


def _is_unknown(_task: object, _run: object, state: Any) -> bool:
    return isinstance(state.data, NoVerdict)


@task(retries=2, retry_delay_seconds=60, retry_condition_fn=_is_unknown)
def clickstream_verdict(day: str, command: Sequence[str]) -> dict[str, Any]:
    """The report of a PASS. Raises DataFailed, NoVerdict, and ValueError if the command was wrong."""
    done = subprocess.run([*command, day], capture_output=True, text=True, check=False)
    get_run_logger().info(done.stderr)
    if done.returncode == 64:
        raise ValueError(done.stderr)
    if done.returncode not in (0, 1) or not done.stdout:
        raise NoVerdict(f"exit code {done.returncode}\n{done.stdout or done.stderr}")
    if done.returncode:
        raise DataFailed(done.stdout)
    return dict(json.loads(done.stdout))
