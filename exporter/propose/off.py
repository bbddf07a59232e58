"""Which checks are off, by what a data set lacks: from what the measures need."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.config.checks import GAUGES, NOT_ASKED
from exporter.config.model import Dataset
from exporter.gauges.snapshot import NO_TIMES
from exporter.measures import declared


def off(dataset: Dataset, *, has_times: bool) -> Mapping[str, list[str]]:
    """Each reason that a data set gives, to the checks that are off for it."""
    lacking: dict[str, str] = {} if has_times else {"clickstream_missing_hours": NO_TIMES}
    for measure in declared.load():
        reason = measure.unmet(dataset) or (NO_TIMES if measure.needs_times and not has_times else None)
        if reason:
            lacking |= dict.fromkeys(measure.gauges, reason)
    found: dict[str, list[str]] = {}
    for check, gauges in GAUGES.items():
        if all(gauge in lacking for gauge in gauges) and lacking[gauges[0]] != NOT_ASKED.get(check):
            found.setdefault(lacking[gauges[0]], []).append(check)
    return found
