"""The samples about known days: which days are in no baseline, and which checks are informational on the anchor day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile

from exporter.config import known_days
from exporter.config.model import Dataset
from exporter.facts.model import DayFacts
from exporter.gauges.sample import Sample
from exporter.text import clean


def known(dataset: Dataset, days: Mapping[int, DayFacts]) -> Iterator[Sample]:
    """The samples of the days, given by lag."""
    for lag, facts in days.items():
        reason = dataset.exclusion(facts.date)
        yield Sample("clickstream_excluded_day", (("lag", str(lag)),), reason is not None)
        if reason:
            labels = (("lag", str(lag)), ("reason", clean(reason)))
            yield Sample("clickstream_excluded_day_info", labels, 1)
    for check, reason in (_of_missing_days(dataset, days) | dataset.known_checks(days[0].date)).items():
        yield Sample("clickstream_known_check_info", (("check", check), ("reason", clean(reason))), 1)


def _of_missing_days(dataset: Dataset, days: Mapping[int, DayFacts]) -> dict[str, str]:
    """MissingDay and why, if all days without events right before the anchor day are known to be missing."""
    missing = list(takewhile(lambda facts: facts.last_event is None, (days[lag] for lag in sorted(days)[1:])))
    reasons = [dataset.known_checks(facts.date).get("MissingDay") for facts in missing]
    found = [reason for reason in reasons if reason]
    return {"MissingDay": known_days.joined(found)} if found and len(found) == len(missing) else {}
