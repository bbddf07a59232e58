"""The first recording rules: is the scrape complete, and do all targets serve the same snapshot?"""

from __future__ import annotations

from alerting.mixin.expressions import EVERYTHING, STARTED, Record

_TARGET = "dataset, job, instance"
_NAME = "clickstream_gauge"
"""The label for the name of a gauge: no gauge has a label of this name."""

_GAUGES = "dataset_gauge:clickstream_gauge:served"
"""How many series of each gauge a target says that it has served."""


def _of_target(aggregation: str, series: str) -> str:
    """An aggregation of the series of each gauge of a target, by the gauge's name."""
    found = f"{aggregation} by ({_TARGET}, __name__) ({series})"
    return f'max by ({_TARGET}, {_NAME}) (label_replace({found}, "{_NAME}", "$1", "__name__", "(.+)"))'


COUNTED = "dataset_gauge:clickstream_gauge:series"
"""How many series of each gauge there are, by what serves or records them."""

_FOREIGN = f"({COUNTED} and on (dataset, {_NAME}) {_GAUGES} unless on ({_TARGET}, {_NAME}) {_GAUGES})"
"""Gauges of the exporter that also come from elsewhere, such as a rule of the same name."""

_WHOLE = f"""\
(
  count by (dataset) ({COUNTED} == on ({_TARGET}, {_NAME}) {_GAUGES})
  == on (dataset)
  sum by (dataset) (
    count by ({_TARGET}) ({_GAUGES})
    and on ({_TARGET})
    (
      sum by ({_TARGET}) ({_GAUGES}) + on ({_TARGET}) count by ({_TARGET}) ({_GAUGES}) + 1
      == on ({_TARGET}) sum by ({_TARGET}) (clickstream_series)
    )
  )
)"""
"""Every gauge of every target has as many series as the exporter reports. Other names do not matter."""

SNAPSHOT = (
    Record(
        _GAUGES,
        f'sum by ({_TARGET}, {_NAME}) (label_replace(clickstream_gauge_series, "{_NAME}", "$1", "gauge", "(.+)"))',
    ),
    Record(COUNTED, _of_target("count", EVERYTHING)),
    Record(
        STARTED,
        "(max by (dataset) (clickstream_snapshot) == on (dataset) min by (dataset) (clickstream_snapshot))\n"
        f"and on (dataset)\n{_WHOLE}\nunless on (dataset)\n{_FOREIGN}",
    ),
    Record("dataset:clickstream_scrape:timestamp_seconds", "max by (dataset) (timestamp(clickstream_snapshot))"),
    Record(
        "dataset_gauge:clickstream_gauge:sum",
        f"{_of_target('sum', EVERYTHING)} and on ({_TARGET}, {_NAME}) {_GAUGES}",
    ),
    Record(
        "dataset:clickstream_gauges:not_a_number",
        "count by (dataset) (dataset_gauge:clickstream_gauge:sum)\n"
        "- on (dataset) count by (dataset) (dataset_gauge:clickstream_gauge:sum > -Inf)",
    ),
)
