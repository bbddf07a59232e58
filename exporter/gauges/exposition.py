"""Snapshots as Prometheus text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, Metric, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from exporter.gauges.own import HELP, OWN, RELOAD
from exporter.gauges.sample import Sample
from exporter.gauges.view import Refresh, View
from exporter.measures.declared import Measure


def render(views: Iterable[View]) -> bytes:
    """The exposition of the data sets in the Prometheus text format."""
    views = list(views)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(views, _helps(each for view in views for each in view.measures)))
    return generate_latest(registry)


class Process:
    """Metrics of the exporter as a process: the standard `process_…`, and the outcome of its last reload."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._time, self._successful = (Gauge(name, text, registry=self._registry) for name, text in RELOAD.items())

    def reloaded(self, *, successful: bool) -> None:
        """Record the outcome of a reload."""
        self._successful.set(successful)
        if successful:
            self._time.set_to_current_time()

    def render(self) -> bytes:
        """The exposition as it is now."""
        return generate_latest(self._registry)


def _helps(measures: Iterable[Measure]) -> dict[str, str]:
    """Every gauge with its help text, in the order of the names."""
    helps = dict(HELP)
    for measure in measures:
        helps |= measure.gauges
        for gauge, twin in measure.twins.items():
            helps[twin] = f"{measure.gauges[gauge].removesuffix('.')}, over the complete hours of the anchor day."
    return dict(sorted(helps.items()))


class _Gauges(Collector):
    def __init__(self, views: list[View], helps: Mapping[str, str]) -> None:
        self.views = views
        self.helps = helps

    def collect(self) -> Iterator[Metric]:
        families = {name: Metric(name, text, "gauge") for name, text in self.helps.items()}
        families["clickstream_exporter_build_info"].add_sample(
            "clickstream_exporter_build_info", {"version": version("clickstream-exporter")}, 1
        )
        for view in self.views:
            for sample in samples(view):
                labels = {"dataset": view.dataset, **dict(sample.labels)}
                families[sample.gauge].add_sample(sample.gauge, labels, sample.value)
        return iter(families.values())


def samples(view: View) -> list[Sample]:
    """Everything that is served of the data set, without its name."""
    links = Sample(
        "clickstream_links_info", tuple((key, value or "") for key, value in view.links.model_dump().items()), 1
    )
    found = [*(view.snapshot.samples if view.snapshot else ()), links, *_self(view.refresh)]
    counts = Counter(sample.gauge for sample in found)
    found += [Sample("clickstream_gauge_series", (("gauge", gauge),), count) for gauge, count in counts.items()]
    return [*found, Sample("clickstream_series", (), len(found) + 1)]


def _self(refresh: Refresh) -> Iterator[Sample]:
    numbers = {
        "refresh_success": refresh.success,
        "last_refresh_timestamp_seconds": refresh.finished,
        "refresh_duration_seconds": refresh.duration,
        "refresh_interval_seconds": refresh.interval,
        "days_recomputed": refresh.recomputed,
        "reading_peak_memory_bytes": refresh.peak,
    }
    for name, value in numbers.items():
        if value is not None:
            yield Sample(f"{OWN}{name}", (), value)
    for query, result in sorted((refresh.queries or {}).items()):
        labels = (("query", query),)
        yield Sample("clickstream_exporter_query_success", labels, result.error is None)
        if refresh.duration is not None:
            yield Sample("clickstream_exporter_query_duration_seconds", labels, result.seconds)
