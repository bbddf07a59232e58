"""The dashboard of the exporter itself: what it did, over scrape time."""

from __future__ import annotations

from typing import Any

from grafana.source import board, palette
from grafana.source.kinds import coloured, graph, stat, table
from grafana.source.panels import Panel, joined, override, placed, renamed, target, targets, transform
from grafana.source.promql import ALL, keyed

_OWN = "clickstream_exporter"
_EXPORTERS = f"last_over_time({_OWN}_build_info[36h])"
"""The targets that are or were exporters, whatever the name of their job."""


def _of_exporters(series: str) -> str:
    return f"{series} and on (job, instance) {_EXPORTERS}"


def _of_dataset(gauge: str, how: str = "max") -> str:
    return f"{how} by (dataset) ({gauge}{{{ALL}}})"


def _graph(title: str, description: str, unit: str, *queries: tuple[str, str], **rest: Any) -> Panel:
    listed = [
        target(expr, chr(65 + index), table=False, legend=legend, ranged=True)
        for index, (expr, legend) in enumerate(queries)
    ]
    return graph(title, description, listed, {"unit": unit} | rest.pop("defaults", {}), **rest)


def _tile(
    title: str, description: str, expr: str, words: dict[int, tuple[str, str]], missing: str, label: str = "dataset"
) -> Panel:
    return stat(
        title,
        description,
        [target(expr, table=False, legend=f"{{{{{label}}}}}")],
        {
            "mappings": palette.mapping(words),
            "color": {"mode": "thresholds"},
            "thresholds": palette.steps(palette.UNKNOWN),
            "noValue": missing,
        },
    )


UP = _tile(
    "Scrapes",
    "Whether Prometheus can scrape the exporter. ExporterDown fires after ten minutes without a scrape.",
    f"min by (instance) ({_of_exporters('up')})",
    {0: ("DOWN", palette.CRITICAL), 1: ("up", palette.IN_ORDER)},
    "no target",
    "instance",
)

REFRESHED = _tile(
    "Last refresh",
    "Whether the last refresh succeeded. If not, the exporter keeps serving the previous snapshot.",
    _of_dataset(f"{_OWN}_refresh_success", "min"),
    palette.YES_NO,
    "unknown",
)

IN_TIME = _tile(
    "Refreshes",
    "RefreshFailing fires if the last refresh failed, or none has succeeded for three intervals.",
    _of_dataset("dataset:clickstream_refresh:failing"),
    {0: ("ok", palette.IN_ORDER), 1: ("FAILING", palette.CRITICAL)},
    "unknown",
)

CONFIGURATION = _tile(
    "Configuration",
    "Whether the last reload succeeded. If not, the previous configuration stays in use, but a restart would fail: "
    "`--check-config` prints the reason.",
    f"min by (instance) ({_OWN}_config_last_reload_successful)",
    {0: ("REFUSED", palette.WARNING), 1: ("in use", palette.IN_ORDER)},
    "unknown",
    "instance",
)

AGE = _graph(
    "Time since the last successful refresh",
    "It rises to the refresh interval and drops back. Beyond three intervals, the limit, RefreshFailing fires.",
    "s",
    (f"time() - {_of_dataset(f'{_OWN}_last_refresh_timestamp_seconds')}", "{{dataset}}"),
    (f"3 * {_of_dataset(f'{_OWN}_refresh_interval_seconds')}", "Limit of {{dataset}}"),
    overrides=[
        {
            "matcher": {"id": "byRegexp", "options": "/^Limit of/"},
            "properties": [
                {"id": "color", "value": palette.fixed(palette.CRITICAL)},
                {"id": "custom.lineStyle", "value": {"dash": [8, 6], "fill": "dash"}},
                {"id": "custom.fillOpacity", "value": 0},
            ],
        }
    ],
)

DURATION = _graph(
    "Refresh duration",
    "If it approaches the interval, refreshes run back to back.",
    "s",
    (_of_dataset(f"{_OWN}_refresh_duration_seconds"), "{{dataset}}"),
)

RECOMPUTED = _graph(
    "Days measured again",
    "Days whose events the last refresh read: all after a start without storage, few after a daily load.",
    "short",
    (_of_dataset(f"{_OWN}_days_recomputed"), "{{dataset}}"),
)

FILES = _graph(
    "Files",
    "Files found, and files set aside because they could not be read. UnreadableFiles fires at the first.",
    "short",
    (_of_dataset("clickstream_files"), "{{dataset}}"),
    (_of_dataset("clickstream_unreadable_files"), "Unreadable of {{dataset}}"),
    overrides=[
        {
            "matcher": {"id": "byRegexp", "options": "/^Unreadable of/"},
            "properties": [{"id": "color", "value": palette.fixed(palette.CRITICAL)}],
        }
    ],
)

MEMORY = _graph(
    "Memory",
    "Memory of the exporter's process, and the peak of each data set's last reading, which `resources` limits.",
    "bytes",
    (f"max by (instance) ({_of_exporters('process_resident_memory_bytes')})", "Exporter"),
    (_of_dataset(f"{_OWN}_reading_peak_memory_bytes"), "Reading {{dataset}}"),
)

SERIES = _graph(
    "Series",
    "Series served, and the duration of a scrape.",
    "short",
    (_of_dataset("clickstream_series"), "{{dataset}}"),
    (f"max({_of_exporters('scrape_duration_seconds')})", "Scrape"),
    overrides=[override("Scrape", unit="s", custom_axisPlacement="right", custom_fillOpacity=0)],
)

QUERIES = table(
    "Measures",
    "Each measure of the last refresh, slowest first. Checks that depend on a failed one are off: QueryFailing.",
    targets(
        keyed(f"min by (dataset, query) ({_OWN}_query_success{{{ALL}}})", "query"),
        f"max by (key) ({keyed(f'{_OWN}_query_duration_seconds{{{ALL}}}', 'query')})",
    ),
    {"custom": {"align": "left"}},
    transformations=[
        *joined("key", {"dataset": "Data set", "query": "Measure", "Value #B": "Duration", "Value #A": "Result"}),
        transform("sortBy", fields={}, sort=[{"field": "Duration", "desc": True}]),
    ],
    overrides=[
        override(
            "Duration",
            unit="s",
            decimals=3,
            min=0,
            color=palette.fixed(palette.ANCHOR),
            custom_cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
        ),
        override("Result", mappings=palette.mapping(palette.YES_NO), custom_cellOptions=coloured(), custom_width=120),
    ],
)


def _info_table(title: str, description: str, info: str, names: dict[str, str], none: str) -> Panel:
    """A table of the labels of an `info` series."""
    return table(
        title,
        description,
        targets(f"max by ({', '.join(names)}) ({info}{{{ALL}}})"),
        {"custom": {"align": "left"}, "noValue": none},
        transformations=[renamed(names, drop=["Time", "Value"])],
    )


UNREADABLE = _info_table(
    "First unreadable file",
    "The first file of each data set that could not be read, and the reason. The exporter logs the others.",
    "clickstream_unreadable_file_info",
    {"dataset": "Data set", "file": "File", "reason": "Reason"},
    "All files are readable.",
)

WAITING = _info_table(
    "First file being written",
    "The first unfinished file of each data set, and how that shows. Its events are not counted yet.",
    "clickstream_waiting_file_info",
    {"dataset": "Data set", "file": "File", "reason": "Reason"},
    "No file is being written.",
)

NOT_MEASURED = _info_table(
    "Gauges not measured",
    "Gauges that a data set lacks, and the reason. The checks that need them are off.",
    "clickstream_not_measured",
    {"dataset": "Data set", "gauge": "Gauge", "reason": "Reason"},
    "All gauges are measured.",
)

VERSION = stat(
    "Version",
    "The version of the exporter.",
    [target(f"max by (version) ({_OWN}_build_info)", table=False, legend="{{version}}")],
    {"color": palette.fixed("text"), "noValue": "-"},
    options={"colorMode": "none", "textMode": "name"},
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana's JSON."""
    panels = placed(
        (5, [(5, UP), (5, REFRESHED), (5, IN_TIME), (5, CONFIGURATION), (4, VERSION)]),
        (9, [(12, AGE), (12, DURATION)]),
        (9, [(6, RECOMPUTED), (6, FILES), (6, MEMORY), (6, SERIES)]),
        (14, [(24, QUERIES)]),
        (7, [(8, UNREADABLE), (8, WAITING), (8, NOT_MEASURED)]),
    )
    return board.dashboard(
        board.EXPORTER,
        "What the exporter did: refreshes, measures and files.",
        panels,
        [board.dataset_variable(several=True)],
    )
