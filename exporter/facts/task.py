"""What the exporter asks of the reading processes; pickled on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from exporter.config.model import Dataset, Resources
from exporter.facts.model import Known
from exporter.measures.declared import Measure


@dataclass(frozen=True)
class Look:
    """Which files does a data set have? Answered with them, or with None where they are those of the last answer."""

    name: str
    dataset: Dataset
    resources: Resources


@dataclass(frozen=True)
class Task:
    """Measure every day of a data set's history that is not `known` yet.

    `as_of` leaves out all later days; of those that are not known, the newest `days` are measured, None for all.
    `resources` is what it may take, `kept` a folder for what later readings need again.
    """

    name: str
    dataset: Dataset
    measures: tuple[Measure, ...]
    known: Known
    as_of: date | None
    now: datetime
    days: int | None
    resources: Resources
    kept: Path
