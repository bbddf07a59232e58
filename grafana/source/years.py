"""The days of the last years, where a history was loaded into Prometheus."""

from __future__ import annotations

from exporter.backfill import PREFIX
from grafana.source import palette, promql
from grafana.source.kinds import graph
from grafana.source.panels import Panel, target
from grafana.source.volumes import CURRENCY

_YEARS = {"timeFrom": "3y", "interval": "1d", "maxDataPoints": 3 * 366}
"""Three years, a point for each day, whatever the time range of the dashboard."""


def _by_date(title: str, name: str) -> Panel:
    expr = f"max(last_over_time({PREFIX}{name}{{{promql.ONE}}}[1d]))"
    defaults = {"unit": "short", "color": palette.fixed(palette.BASELINE_DAY), "noValue": "No history loaded"}
    described = (
        f"{title} of each whole day, over three years. `clickstream-exporter --backfill` writes the history, and "
        "`promtool tsdb create-blocks-from openmetrics` loads it."
    )
    return graph(title, described, [target(expr, table=False, legend=title, ranged=True)], defaults) | _YEARS


PANELS: list[Panel] = [
    _by_date("Events in three years", "events"),
    _by_date("Purchases in three years", "purchases"),
    _by_date(f"Revenue {CURRENCY} in three years", "revenue"),
]
