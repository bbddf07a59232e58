"""Snapshots as Prometheus text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, Metric, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from exporter.config import Links
from exporter.facts import Query
from exporter.measures import Measure
from exporter.sample import Sample
from exporter.snapshot import Snapshot

OWN = "clickstream_exporter_"
"""What the names of the gauges begin with that tell of the exporter itself."""

HELP = {
    "clickstream_anchor_file_events": "Rows of the anchor day's files, and of files without a plausible timestamp.",
    "clickstream_changed_column_events": "Events in files of the anchor day where a column has another name or type "
    "than in the week before.",
    "clickstream_changed_column_info": "A column that changed, how, and the first file of the anchor day where it did.",
    "clickstream_complete_hours": "Hours of the anchor day that are surely over, which comparable gauges sum up.",
    "clickstream_configured_events": "Events of all days that have the purchase name, a taxonomy name or an amount.",
    "clickstream_day_end_clock_seconds": "Wall clock at which the day's events end, strays left out, in seconds.",
    "clickstream_day_last_event_clock_seconds": "Wall clock of the day's last event, in seconds since midnight.",
    "clickstream_day_timestamp_seconds": "Start of the day in the reporting time zone, since the epoch.",
    "clickstream_day_utc_offset_seconds": "Offset of the reporting time zone from UTC at the start of the day.",
    "clickstream_early_events": "Events of days that are not over and have too few to be the anchor day.",
    "clickstream_exporter_build_info": "The version of the exporter.",
    "clickstream_exporter_days_recomputed": "Days whose events the last refresh had to read.",
    "clickstream_exporter_last_refresh_timestamp_seconds": "End of the last refresh that succeeded, since the epoch.",
    "clickstream_exporter_query_duration_seconds": "Time that a measure took in the last refresh.",
    "clickstream_exporter_query_success": "Whether a measure succeeded in the last refresh.",
    "clickstream_exporter_reading_peak_memory_bytes": "Most memory that the last reading had at once.",
    "clickstream_exporter_refresh_duration_seconds": "Time that the last refresh took.",
    "clickstream_exporter_refresh_interval_seconds": "Time between two refreshes, as configured.",
    "clickstream_exporter_refresh_success": "Whether the last refresh succeeded.",
    "clickstream_files": "Files found.",
    "clickstream_frequent_events": "Events of the most frequent names of the anchor day, in the taxonomy and not.",
    "clickstream_gauge_series": "Samples that each gauge of the data set has in this exposition.",
    "clickstream_implausible_timestamp_events": "Those of the anchor file events that have no plausible timestamp.",
    "clickstream_intraday": "Whether the data set grows during the day, so that a partial anchor day is normal.",
    "clickstream_last_event_timestamp_seconds": "The newest event of the anchor day, since the epoch.",
    "clickstream_limit": "Limits and guards of the checks, as configured.",
    "clickstream_links_info": "Where the links of the alerts lead, as configured.",
    "clickstream_missing_hours": "Hours of the anchor day that hold next to nothing, by part of the day.",
    "clickstream_missing_hours_events": "Events that the missing hours hold.",
    "clickstream_missing_hours_expected_events": "Events that the missing hours should hold.",
    "clickstream_missing_hours_info": "Which hours of the anchor day are missing.",
    "clickstream_missing_column_info": "A mapped column, and the first file of the anchor day that lacks it.",
    "clickstream_not_measured": "A gauge that the data set does not have, and why.",
    "clickstream_replaced_text_events": "Events of the anchor day's files with text that was not UTF-8.",
    "clickstream_searched_events": "Events of all days among which the configured ones were searched.",
    "clickstream_series": "Samples of the data set in this exposition, itself included.",
    "clickstream_snapshot": "48-bit hash of the configuration and of all facts.",
    "clickstream_switched_off_info": "A check that the configuration switches off, and why.",
    "clickstream_unreadable_file_info": "The first file that could not be read, and why.",
    "clickstream_unreadable_files": "Files that could not be read and were set aside.",
    "clickstream_waiting_file_info": "The first file that is being written, and how that shows.",
    "clickstream_waiting_files": "Files that are being written, and are waited for.",
}
"""Gauge to help text, for the gauges of a data set that no measure declares."""

RELOAD = {
    "clickstream_exporter_config_last_reload_success_timestamp_seconds": "When the configuration could last be used.",
    "clickstream_exporter_config_last_reload_successful": "Whether the configuration could be used when last read.",
}
"""Gauge to help text, for what tells how the configuration was read."""


@dataclass(frozen=True)
class Refresh:
    """How the last refresh of a data set went; times in seconds, memory in bytes, None where nothing is to tell."""

    success: bool
    finished: float | None = None
    duration: float | None = None
    interval: float | None = None
    recomputed: int | None = None
    queries: Mapping[str, Query] | None = None
    peak: int | None = None


@dataclass(frozen=True)
class View:
    """A data set as it is served: its last snapshot, if there was one, its measures, and how its last refresh went."""

    dataset: str
    snapshot: Snapshot | None
    refresh: Refresh
    links: Links
    measures: Sequence[Measure]


def render(views: Iterable[View]) -> bytes:
    """The exposition of the data sets in the Prometheus text format."""
    views = list(views)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(views, _helps(each for view in views for each in view.measures)))
    return generate_latest(registry)


class Process:
    """What the exporter as a process says of itself: `process_…`, the standard, and how its last reload went."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._time, self._successful = (Gauge(name, text, registry=self._registry) for name, text in RELOAD.items())

    def reloaded(self, *, successful: bool) -> None:
        """The configuration was read again."""
        self._successful.set(successful)
        if successful:
            self._time.set_to_current_time()

    def render(self) -> bytes:
        """The exposition as it is now."""
        return generate_latest(self._registry)


def _helps(asked: Iterable[Measure]) -> dict[str, str]:
    """Every gauge there is, with its help text, in the order of the names."""
    helps = dict(HELP)
    for measure in asked:
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
            for sample in _samples(view):
                labels = {"dataset": view.dataset, **dict(sample.labels)}
                families[sample.gauge].add_sample(sample.gauge, labels, sample.value)
        return iter(families.values())


def _samples(view: View) -> list[Sample]:
    links = Sample("clickstream_links_info", tuple(view.links.model_dump().items()), 1)
    samples = [*(view.snapshot.samples if view.snapshot else ()), links, *_self(view.refresh)]
    counts = Counter(sample.gauge for sample in samples)
    samples += [Sample("clickstream_gauge_series", (("gauge", gauge),), count) for gauge, count in counts.items()]
    return [*samples, Sample("clickstream_series", (), len(samples) + 1)]


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
