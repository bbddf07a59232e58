"""One reading of a data set, in this very process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exporter import plan
from exporter.facts import measure
from exporter.facts.model import Known, Measured
from tests.support.exposition import SHOP, write_config


def measured(folder: Path, known: Known | None = None, **settings: Any) -> Measured:
    """What a reading of the files in `folder` finds; the settings are added to those of the shop."""
    read = plan.load(write_config(folder, web=SHOP | settings))
    (folder / "kept").mkdir(exist_ok=True)
    return measure.measure(
        "web",
        read.config.datasets["web"],
        read.measures["web"],
        known or Known(),
        None,
        datetime.now(UTC),
        most=None,
        resources=read.config.resources,
        kept=folder / "kept",
        spill=folder,
    )
