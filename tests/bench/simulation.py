"""What it costs to simulate a year whose days were measured before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from work import LAST, measured

from exporter.demo.write import write_demo

DAYS = 365
YEAR_BAR = 60
"""Seconds of wall time on two cores."""


def year(folder: Path) -> dict[str, float]:
    """CPU and wall time of `clickstream-check --simulate` on a year of the demo, and its peak memory in MB."""
    config = write_demo(folder / "year", LAST, DAYS)
    command = [sys.executable, "-m", "alerting.check", str(config), "--simulate", f"--storage.path={folder / 'kept'}"]

    def simulate() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    simulate()
    cost = measured(simulate)
    return {"cpu": cost.cpu, "wall": cost.wall, "peak_mb": cost.peak}
