"""dbt: writes the verdict as a seed, so that `dbt build` skips only the models that read the events.

Where nothing may be built after a FAIL, this is not needed: `clickstream-report --date "$DAY" && dbt build`. Otherwise:

    python -m alerting.integrations.dbt.clickstream_verdict seeds/clickstream_verdict.csv \\
        clickstream-report --exporter.url http://exporter:9847 --alertmanager.url http://alertmanager:9093 --date "$DAY"
    dbt build --vars "{clickstream_day: '$DAY'}"

clickstream_verdict.sql, beside this file, belongs into the project's `tests/`: it fails unless the seed is a PASS of
that day. This line in each model that reads the events makes dbt skip it, and all behind it, when the test fails:

    -- depends_on: {{ ref('clickstream_verdict') }}

The exit code is 0 also for FAIL and unknown, since dbt decides, and 64 if the command was wrong. Tested with dbt 1.11.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

USAGE = 64
STATUS = {0: "PASS", 1: "FAIL"}
"""By exit code; anything else is UNKNOWN."""


def _write(seed: Path, *row: str) -> None:
    unfinished = seed.with_name(f".{seed.name}.tmp")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("day", "status", "reason"), row])
    os.replace(unfinished, seed)


def main(arguments: Sequence[str]) -> int:
    """Run the command and write the seed; returns 64 if the command was wrong, otherwise 0."""
    if len(arguments) < 2:
        print("usage: clickstream_verdict SEED.csv COMMAND ...", file=sys.stderr)
        return USAGE
    seed = Path(arguments[0])
    _write(seed, "none", "UNKNOWN", "the report has not finished")  # no PASS of an earlier run is left
    done = subprocess.run(arguments[1:], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    if done.returncode == USAGE or not done.stdout:
        return USAGE
    report = json.loads(done.stdout)
    reason = next((each["message"] for each in report["alerts"] if each["severity"] == "CRITICAL"), "none")
    _write(seed, report["date"] or "none", STATUS.get(done.returncode, "UNKNOWN"), reason)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
