"""A sample of a gauge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One number of a gauge; `labels` without the data set's."""

    gauge: str
    labels: tuple[tuple[str, str], ...]
    value: float
