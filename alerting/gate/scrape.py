"""Is a scrape whole? What is wrong with the gauges that Prometheus has of a data set."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

SERIES = "clickstream_series"
"""How many samples of the data set the exporter served."""

GAUGE_SERIES = "clickstream_gauge_series"
"""How many of each gauge it served, where it says so."""

Series = Sequence[tuple[Mapping[str, str], float]]


def scrape_problem(series: Series) -> str | None:
    """The first thing that is wrong with a data set's gauges, given with their labels and values; None for nothing."""
    if any(labels["__name__"] == GAUGE_SERIES for labels, _ in series):
        return next(_counted_by_gauge(series), None)
    targets = {(labels.get("job", ""), labels.get("instance", "")) for labels, _ in _named(SERIES, series)}
    if len(targets) > 1:
        named = ", ".join(instance for _, instance in sorted(targets))
        return f"Prometheus scrapes the data set from {len(targets)} targets: {named}"
    return _counted(series)


def _named(name: str, series: Series) -> Series:
    return [each for each in series if each[0]["__name__"] == name]


def _counted_by_gauge(series: Series) -> Iterator[str]:
    """By target and gauge; what else begins with clickstream_ is somebody else's."""
    served = {_of(labels, labels["gauge"]): value for labels, value in _named(GAUGE_SERIES, series)}
    own = [(_of(labels, labels["__name__"]), value) for labels, value in series]
    if wrong := sorted(
        {key[0] for key, value in own if math.isnan(value) and (key in served or key[0] == GAUGE_SERIES)}
    ):
        yield f"{', '.join(wrong[:3])} is NaN"
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
            "a relabeling or a recording rule may add them, or some are left over"
        )


def _total(series: Series, job: str, instance: str) -> Iterator[str]:
    """A target says how many series it has in all, once; so many stand there when each gauge has its own."""
    target = f"job {job}, instance {instance}"
    totals = [value for labels, value in _named(SERIES, series) if _of(labels, SERIES) == (SERIES, job, instance)]
    counted = [value for labels, value in _named(GAUGE_SERIES, series) if _of(labels, "") == ("", job, instance)]
    yield from _difference(len(totals), 1, f"{SERIES} from {target}")
    if len(totals) == 1 and math.isnan(totals[0]):
        yield f"{SERIES} is NaN"
    elif len(totals) == 1 and (of_gauges := sum(counted) + len(counted) + 1) != totals[0]:
        yield (
            f"{GAUGE_SERIES} counts {of_gauges:.0f} of {totals[0]:.0f} series from {target}: a relabeling may drop some"
        )


def _of(labels: Mapping[str, str], gauge: str) -> tuple[str, str, str]:
    return gauge, labels.get("job", ""), labels.get("instance", "")


def _counted(series: Series) -> str | None:
    """All together, for an exporter that does not say how many each gauge has."""
    served = [value for _, value in _named(SERIES, series)]
    wrong = sorted({labels["__name__"] for labels, value in series if math.isnan(value)})
    if wrong:
        return f"{', '.join(wrong[:3])} is NaN"
    if not served:
        return f"Prometheus has no {SERIES}, which says how many series there must be"
    if len(series) < served[0]:
        return f"Prometheus has {len(series)} of {served[0]:.0f} series that the exporter served"
    if len(series) > served[0]:
        names = _doubled([labels for labels, _ in series])
        return f"Prometheus has {len(series)} series where the exporter served {served[0]:.0f}: " + (
            f"{', '.join(names[:3])} is there twice" if names else "some are left over"
        )
    return None


def _doubled(series: Sequence[Mapping[str, str]]) -> list[str]:
    """The gauges of which some series differ only in a label that the others do not have."""
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
