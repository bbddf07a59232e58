"""A data set as it is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.config.model import Links
from exporter.facts.model import Query
from exporter.gauges.snapshot import Snapshot
from exporter.measures.declared import Measure


@dataclass(frozen=True)
class Refresh:
    """The outcome of a data set's last refresh; times in seconds, memory in bytes, None if unknown."""

    success: bool
    finished: float | None = None
    duration: float | None = None
    interval: float | None = None
    recomputed: int | None = None
    queries: Mapping[str, Query] | None = None
    peak: int | None = None


@dataclass(frozen=True)
class View:
    """A data set as it is served: its last snapshot, if any, its measures, and the outcome of its last refresh."""

    dataset: str
    snapshot: Snapshot | None
    refresh: Refresh
    links: Links
    measures: Sequence[Measure]
