"""Dagster: a check of a daily asset, which passes with the verdict about the partition's day.

    from dagster import DailyPartitionsDefinition, Definitions, asset
    from alerting.integrations.dagster import clickstream_verdict

    SERVERS = ["--exporter.url", "http://exporter:9847", "--alertmanager.url", "http://alertmanager:9093"]
    DAYS = DailyPartitionsDefinition("2025-01-01")

    @asset(partitions_def=DAYS)
    def events() -> None: ...

    @asset(partitions_def=DAYS, deps=[events])
    def revenue() -> None: ...

    verdict = clickstream_verdict(events, DAYS, ["clickstream-report", *SERVERS, "--date"])
    definitions = Definitions(assets=[events, revenue], asset_checks=[verdict])

The check blocks: after a FAIL, the run does not materialize what depends on the asset. An unknown verdict fails the
check's step, which is retried first. The day is appended to `command`. A report answers about the newest day only, so a
backfill has `["clickstream-check", "config.yml", "--as-of"]`. Tested with Dagster 1.13.
"""

import json
import subprocess
from collections.abc import Sequence

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetsDefinition,
    DailyPartitionsDefinition,
    Failure,
    RetryPolicy,
    asset_check,
)

AFTER_A_MINUTE = RetryPolicy(max_retries=2, delay=60)


def clickstream_verdict(
    asset: AssetsDefinition,
    days: DailyPartitionsDefinition,
    command: Sequence[str],
    retry_policy: RetryPolicy = AFTER_A_MINUTE,
) -> AssetChecksDefinition:
    """A blocking check of the asset, by the verdict about each of its days."""

    @asset_check(asset=asset, partitions_def=days, blocking=True, retry_policy=retry_policy)
    def clickstream_verdict(context: AssetCheckExecutionContext) -> AssetCheckResult:
        done = subprocess.run([*command, context.partition_key], capture_output=True, text=True, check=False)
        context.log.info(done.stderr)
        if done.returncode not in (0, 1) or not done.stdout:
            description = f"no verdict, exit code {done.returncode}\n{done.stdout or done.stderr}"
            raise Failure(description, allow_retries=done.returncode != 64)
        report = json.loads(done.stdout)
        messages = "\n".join(f"{each['severity']} {each['message']}" for each in report["alerts"])
        return AssetCheckResult(passed=done.returncode == 0, description=messages, metadata={"report": report})

    return clickstream_verdict
