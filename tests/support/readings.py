"""One reading of a data set, in this very process."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exporter import plan
from exporter.config.model import Resources
from exporter.config.object_store import ObjectStore
from exporter.engine.duckdb.engine import DuckDB
from exporter.facts.measure import measure
from exporter.facts.model import Known, Measured
from exporter.facts.task import Task
from exporter.files.access import Access
from exporter.files.file import File
from tests.support.exposition import SHOP, write_config


def find(patterns: Iterable[str]) -> tuple[File, ...]:
    """The files on the local disk that a pattern matches."""
    return Access([*patterns], ObjectStore(), Resources(), Path()).find()


def measured(folder: Path, known: Known | None = None, **settings: Any) -> Measured:
    """What a reading of the files in `folder` finds; the settings are added to those of the shop."""
    read = plan.load(write_config(folder, web=SHOP | settings))
    (folder / "kept").mkdir(exist_ok=True)
    dataset, measures = read.config.datasets["web"], read.measures["web"]
    now, kept = datetime.now(UTC), folder / "kept"
    task = Task("web", dataset, measures, known or Known(), None, now, None, read.config.resources, kept)
    return measure(task, folder, DuckDB)
