"""Checks that Prometheus has every gauge of a data set that the exporter served, once each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

SERIES = "clickstream_series"
"""How many samples of the data set the exporter served."""

GAUGE_SERIES = "clickstream_gauge_series"
"""How many samples of each gauge it served, where it publishes that."""

MAY_BE_STALE = "some are stale"
"""Part of a problem that ends by itself: what a killed Prometheus has left over."""

Series = Sequence[tuple[Mapping[str, str], float]]


def scrape_problem(series: Series) -> str | None:
    """The first problem with a data set's series, given as labels and values; None where there is none."""
    if any(labels["__name__"] == GAUGE_SERIES for labels, _ in series):
        return next(_counted_by_gauge(series), None)
    targets = {(labels.get("job", ""), labels.get("instance", "")) for labels, _ in _named(SERIES, series)}
    if len(targets) > 1:
        instances = ", ".join(instance for _, instance in sorted(targets))
        return f"Prometheus scrapes the data set from {len(targets)} targets: {instances}"
    return _counted(series)


def _named(name: str, series: Series) -> Series:
    return [each for each in series if each[0]["__name__"] == name]


def _counted_by_gauge(series: Series) -> Iterator[str]:
    """Problems by target and gauge; any other series that begins with clickstream_ is not ours."""
    served = {_of(labels, labels["gauge"]): value for labels, value in _named(GAUGE_SERIES, series)}
    own = [(_of(labels, labels["__name__"]), value) for labels, value in series]
    if invalid := sorted(
        {key[0] for key, value in own if math.isnan(value) and (key in served or key[0] == GAUGE_SERIES)}
    ):
        yield f"{', '.join(invalid[:3])} is NaN"
    found = Counter(key for key, _ in own)
    for key, expected in sorted(served.items()):
        yield from _difference(found[key], expected, "{} from job {}, instance {}".format(*key))
    for job, instance in sorted({key[1:] for key in served}):
        yield from _total(series, job, instance)


def _difference(found: int, expected: float, source: str) -> Iterator[str]:
    if found < expected:
        yield f"Prometheus has {found} of {expected:.0f} series of {source}: a relabeling may drop them"
    elif found > expected:
        yield (
            f"Prometheus has {found} series of {source}, which served {expected:.0f}: "
            f"a relabeling or a recording rule may add them, or {MAY_BE_STALE}"
        )


def _total(series: Series, job: str, instance: str) -> Iterator[str]:
    """A target publishes once how many series it serves: the sum over its gauges must be the same."""
    target = f"job {job}, instance {instance}"
    totals = [value for labels, value in _named(SERIES, series) if _of(labels, SERIES) == (SERIES, job, instance)]
    counted = [value for labels, value in _named(GAUGE_SERIES, series) if _of(labels, "") == ("", job, instance)]
    yield from _difference(len(totals), 1, f"{SERIES} from {target}")
    if len(totals) == 1 and math.isnan(totals[0]):
        yield f"{SERIES} is NaN"
    elif len(totals) == 1 and (counted_series := sum(counted) + len(counted) + 1) != totals[0]:
        way = "drop" if counted_series < totals[0] else "double"
        yield (
            f"{GAUGE_SERIES} counts {counted_series:.0f} of {totals[0]:.0f} series from {target}: "
            f"a relabeling may {way} some"
        )


def _of(labels: Mapping[str, str], gauge: str) -> tuple[str, str, str]:
    return gauge, labels.get("job", ""), labels.get("instance", "")


def _counted(series: Series) -> str | None:
    """The check of the total, for an exporter that does not publish the number of each gauge."""
    served = [value for _, value in _named(SERIES, series)]
    invalid = sorted({labels["__name__"] for labels, value in series if math.isnan(value)})
    if invalid:
        return f"{', '.join(invalid[:3])} is NaN"
    if not served:
        return f"Prometheus has no {SERIES}, which is the number of series to expect"
    if len(series) < served[0]:
        return f"Prometheus has {len(series)} of {served[0]:.0f} series that the exporter served"
    if len(series) > served[0]:
        names = _duplicated([labels for labels, _ in series])
        return f"Prometheus has {len(series)} series where the exporter served {served[0]:.0f}: " + (
            f"{', '.join(names[:3])} is duplicated" if names else MAY_BE_STALE
        )
    return None


def _duplicated(series: Sequence[Mapping[str, str]]) -> list[str]:
    """The gauges with series that differ only in a label which other series of the gauge lack."""
    usual = {"__name__", "dataset", "instance", "job"}
    names = sorted({labels["__name__"] for labels in series})
    found = []
    for name in names:
        own = [labels for labels in series if labels["__name__"] == name]
        shared = set.intersection(*(set(labels) for labels in own)) - usual
        keys = [tuple(labels[label] for label in sorted(shared)) for labels in own]
        if len(set(keys)) < len(keys):
            found.append(name)
    return found
