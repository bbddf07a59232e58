"""The samples about known days: which days are in no baseline, and which checks are informational on the anchor day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from exporter.config.model import Dataset
from exporter.gauges.sample import Sample
from exporter.text import clean


def known(dataset: Dataset, dates: Mapping[int, date]) -> Iterator[Sample]:
    """The samples of the days, given by lag."""
    for lag, when in dates.items():
        reason = dataset.exclusion(when)
        yield Sample("clickstream_excluded_day", (("lag", str(lag)),), reason is not None)
        if reason:
            labels = (("lag", str(lag)), ("reason", clean(reason)))
            yield Sample("clickstream_excluded_day_info", labels, 1)
    for check, reason in dataset.known_checks(dates[0]).items():
        yield Sample("clickstream_known_check_info", (("check", check), ("reason", clean(reason))), 1)
