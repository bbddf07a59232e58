"""The kinds of panels that the dashboards use, each with what is the same wherever it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana.source.panels import Panel, panel


def stat(title: str, description: str, queries: Sequence[Panel], defaults: Panel, **rest: Any) -> Panel:
    """A number in large type on its colour, one tile a field; `options` may change how it looks."""
    options = {
        "colorMode": "background_solid",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": False,
    }
    options |= rest.pop("options", {})
    return panel("stat", title, description, queries, defaults=defaults, options=options, **rest)


def table(title: str, description: str, queries: Sequence[Panel], defaults: Panel, **rest: Any) -> Panel:
    """A table."""
    options: Panel = {"cellHeight": "sm", "frameIndex": 0, "showHeader": True}
    options |= rest.pop("options", {})
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False} | defaults.get("custom", {})
    return panel("table", title, description, queries, defaults=defaults | {"custom": custom}, options=options, **rest)


def coloured() -> Panel:
    """A cell of a table on the colour of its value."""
    return {"type": "color-background", "mode": "basic"}


LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
TOOLTIP = {"hideZeros": True, "mode": "multi", "sort": "none"}


def graph(title: str, description: str, queries: Sequence[Panel], defaults: Panel, **rest: Any) -> Panel:
    """Lines over the time of the scrapes: what the exporter did, not what the data say."""
    custom = {"drawStyle": "line", "lineInterpolation": "stepAfter", "lineWidth": 2, "fillOpacity": 10}
    defaults = (
        {"color": {"mode": "palette-classic"}}
        | defaults
        | {"custom": custom | {"showPoints": "never", "axisSoftMin": 0}}
    )
    options = {"legend": LEGEND, "tooltip": TOOLTIP}
    return panel("timeseries", title, description, queries, defaults=defaults, options=options, **rest)
