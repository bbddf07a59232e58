"""The requests of the exporter to the reading processes, pickled on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from exporter.config.model import Dataset, Resources
from exporter.facts.model import Known
from exporter.measures.declared import Measure


@dataclass(frozen=True)
class Look:
    """List the files of a data set; the answer is None if they are those of the last answer."""

    name: str
    dataset: Dataset
    resources: Resources


@dataclass(frozen=True)
class Task:
    """Measure every day of a data set's history that is not `known` yet.

    Days after `as_of` are left out. Of the days that are not known, the newest `days` are measured, None for all.
    `resources` limits what the reading may use, `storage` is a folder for what later readings need again. With
    `each_with`, the result is also of each day as if it were the newest, with so many days of history.
    """

    name: str
    dataset: Dataset
    measures: tuple[Measure, ...]
    known: Known
    as_of: date | None
    now: datetime
    days: int | None
    resources: Resources
    storage: Path
    each_with: int | None = None
