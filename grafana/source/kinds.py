"""The kinds of panels in the dashboards, with their shared properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafana.source.panels import Panel, panel


def stat(title: str, description: str, queries: Sequence[Panel], defaults: Panel, **rest: Any) -> Panel:
    """A large number on a coloured background, one tile per field; `options` override its appearance."""
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
    """Cell options: a background in the colour of the value."""
    return {"type": "color-background", "mode": "basic"}


LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
TOOLTIP = {"hideZeros": True, "mode": "multi", "sort": "none"}


def graph(title: str, description: str, queries: Sequence[Panel], defaults: Panel, **rest: Any) -> Panel:
    """Lines over scrape time: what the exporter did, not what the data contain."""
    custom = {"drawStyle": "line", "lineInterpolation": "stepAfter", "lineWidth": 2, "fillOpacity": 10}
    defaults = (
        {"color": {"mode": "palette-classic"}}
        | defaults
        | {"custom": custom | {"showPoints": "never", "axisSoftMin": 0}}
    )
    options = {"legend": LEGEND, "tooltip": TOOLTIP}
    return panel("timeseries", title, description, queries, defaults=defaults, options=options, **rest)
