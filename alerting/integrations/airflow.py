"""Airflow: a task that fails with the verdict about a day, and a sensor that waits until there is one.

    from airflow.sdk import DAG
    from alerting.integrations.airflow import ClickstreamSensor, ClickstreamVerdict

    SERVERS = ["--exporter.url", "http://exporter:9847", "--alertmanager.url", "http://alertmanager:9093"]
    REPORT = ["clickstream-report", *SERVERS, "--date"]

    with DAG("shop", schedule="0 6 * * *"):
        judged = ClickstreamSensor(task_id="judged", command=REPORT, poke_interval=300, timeout=6 * 3600)
        judged >> ClickstreamVerdict(task_id="verdict", command=REPORT, retries=2)

The day is appended to `command`. It is the run's logical date; a run that loads the day before has
`date="{{ macros.ds_add(ds, -1) }}"`. A report answers about the newest day only, so a backfill has
`command=["clickstream-check", "config.yml", "--as-of"]`. The command may be the path of one in an environment of its
own. The sensor runs it in the triggerer. Tested with Airflow 3.3.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.triggers.base import BaseTrigger, TriggerEvent


class NoVerdict(AirflowException):
    """No verdict could be proven; Airflow retries the task as its `retries` say."""


def _report(code: int, stdout: str, stderr: str) -> dict[str, Any]:
    """The report of a judged day. Raises NoVerdict, and AirflowFailException if the command was wrong."""
    if code == 64:
        raise AirflowFailException(stderr)
    if code not in (0, 1) or not stdout:
        raise NoVerdict(f"exit code {code}\n{stdout or stderr}")
    return dict(json.loads(stdout))


class ClickstreamVerdict(BaseOperator):
    """Returns the report of a PASS; a FAIL fails the task without a retry."""

    template_fields: Sequence[str] = ("command", "date")

    def __init__(self, *, command: Sequence[str], date: str = "{{ ds }}", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command, self.date = list(command), date

    def execute(self, context: Any) -> dict[str, Any]:  # noqa: ARG002 - Airflow passes it
        """Run the command."""
        done = subprocess.run([*self.command, self.date], capture_output=True, text=True, check=False)
        report = _report(done.returncode, done.stdout, done.stderr)
        if done.returncode:
            raise AirflowFailException(done.stdout)
        self.log.info("%s", done.stderr)
        return report


class ClickstreamSensor(BaseSensorOperator):
    """Waits, without a worker, until the day is judged, PASS or FAIL, and returns the report.

    A report waits `--timeout` seconds (60), and the next one starts `poke_interval` seconds (60) later. The sensor
    fails after `timeout` seconds (7 days, by Airflow's default).
    """

    template_fields: Sequence[str] = ("command", "date")

    def __init__(self, *, command: Sequence[str], date: str = "{{ ds }}", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command, self.date = list(command), date

    def execute(self, context: Any) -> None:  # noqa: ARG002 - Airflow passes it
        """Hand over to the triggerer."""
        trigger = JudgedTrigger([*self.command, self.date], self.poke_interval)
        self.defer(trigger=trigger, method_name="resume", timeout=timedelta(seconds=self.timeout))

    def resume(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - Airflow passes it
        """The report, once there is one."""
        return _report(**event)


class JudgedTrigger(BaseTrigger):
    """Fires when the command ends with anything but *unknown*."""

    def __init__(self, command: Sequence[str], poke_interval: float) -> None:
        super().__init__()
        self.command, self.poke_interval = list(command), poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What the triggerer makes the trigger of."""
        return f"{__name__}.JudgedTrigger", {"command": self.command, "poke_interval": self.poke_interval}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Run the command until the day is judged."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *self.command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            try:
                stdout, stderr = await process.communicate()
            finally:
                if process.returncode is None:  # the trigger was cancelled
                    process.terminate()
                    await process.wait()
            if process.returncode != 2:
                yield TriggerEvent({"code": process.returncode, "stdout": stdout.decode(), "stderr": stderr.decode()})
                return
            await asyncio.sleep(self.poke_interval)
