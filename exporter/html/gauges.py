"""The samples of one data set by gauge, as a page looks them up."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from exporter.gauges.sample import Sample


class Gauges:
    """The samples of one data set; one that is NaN counts as absent."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples: dict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            if not math.isnan(sample.value):
                self._samples[sample.gauge].append(sample)

    def __bool__(self) -> bool:
        return bool(self._samples)

    def value(self, gauge: str, **labels: str) -> float | None:
        """The value of the sample that has exactly these labels, None if there is none."""
        wanted = tuple(sorted(labels.items()))
        found = (each.value for each in self._samples.get(gauge, ()) if tuple(sorted(each.labels)) == wanted)
        return next(found, None)

    def count(self, gauge: str) -> int:
        """The value of a gauge without labels as a whole number, 0 if it is absent."""
        return round(self.value(gauge) or 0)

    def by_lag(self, gauge: str) -> dict[int, float]:
        """The value of each day, by lag, of a gauge that has no other label."""
        return {int(dict(each.labels)["lag"]): each.value for each in self._samples.get(gauge, ())}

    def labels(self, gauge: str) -> list[dict[str, str]]:
        """The labels of each sample of a gauge, in the order in which they are served."""
        return [dict(each.labels) for each in self._samples.get(gauge, ())]

    def label(self, gauge: str, name: str) -> str:
        """A label of the first sample of a gauge, empty if there is none."""
        return next((each.get(name, "") for each in self.labels(gauge)), "")

    def limit(self, name: str) -> float:
        """A limit of the configuration; infinite where it is absent, so that nothing is beyond it."""
        found = self.value("clickstream_limit", limit=name)
        return math.inf if found is None else found

    @property
    def day(self) -> date | None:
        """The newest day, None without events."""
        start = self.value("clickstream_day_timestamp_seconds", lag="0")
        offset = self.value("clickstream_day_utc_offset_seconds", lag="0")
        if start is None or offset is None:
            return None
        return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=start + offset)).date()
