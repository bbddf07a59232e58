"""Charts over the dates of the data, whatever the dashboard's time range: instant queries, joined by lag.

A trend panel has numbers on its axis, here milliseconds that are shown as dates: unlike a time series, it ends with
the newest day of the data and not with the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana.source import palette, promql
from grafana.source.kinds import LEGEND, TOOLTIP
from grafana.source.panels import Panel, override, panel, ref, renamed, targets, transform

DATE = "Date"
SHOWN = "time:MMM D"


@dataclass(frozen=True)
class Series:
    """A series of a chart, with a number for each lag; `fields` are its drawing properties."""

    name: str
    expr: str
    colour: str
    fields: dict[str, Any]


def bars(name: str, expr: str, colour: str, opacity: int = 100) -> Series:
    """Stacked bars."""
    stacking = {"group": "A", "mode": "normal"}
    fields = {"drawStyle": "bars", "fillOpacity": opacity, "lineWidth": 0, "barWidthFactor": 0.8, "stacking": stacking}
    return Series(name, expr, colour, fields)


def line(name: str, expr: str, colour: str, **fields: Any) -> Series:
    """A line."""
    return Series(name, expr, colour, {"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0} | fields)


def limit(check: str, expr: str, name: str = "Limit", **fields: Any) -> Series:
    """The limit beyond which the alert of a check fires, as a line in the colour of its severity."""
    colour = palette.SEVERITY[promql.severity(check)]
    return line(name, expr, colour, **{"lineStyle": {"dash": [8, 6], "fill": "dash"}} | fields)


def joined(names: Sequence[str], drop: Sequence[str] = ("lag",)) -> list[Panel]:
    """Transformations that join queries by lag into one table, oldest date first; the first query is the date."""
    columns = {f"Value #{ref(index)}": name for index, name in enumerate((DATE, *names))}
    return [
        transform("filterFieldsByName", include={"pattern": "^(lag|Value.*)$"}),
        transform("joinByField", byField="lag", mode="outer"),
        renamed(columns, drop=drop),
        transform("sortBy", fields={}, sort=[{"field": DATE}]),
    ]


def _override(series: Series, axis: dict[str, Any]) -> Panel:
    drawn = {f"custom_{key}": value for key, value in (series.fields | axis).items()}
    return override(series.name, color=palette.fixed(series.colour), **drawn)


def by_date(title: str, description: str, series: Sequence[Series], unit: str, top: float | None = None) -> Panel:
    """A chart over the dates of the data; its axis spans at least zero to `top`.

    The ends of the axis are those of each series, not of the panel: the dates have an axis, too.
    """
    axis = {"axisSoftMin": 0} | ({} if top is None else {"axisSoftMax": top})
    return panel(
        "trend",
        title,
        description,
        targets(promql.padded_date(), *(each.expr for each in series)),
        defaults={"unit": unit, "custom": {"showPoints": "never"}},
        options={"legend": LEGEND, "tooltip": TOOLTIP, "xField": DATE},
        overrides=[override(DATE, unit=SHOWN), *(_override(each, axis) for each in series)],
        transformations=joined([each.name for each in series]),
    )


def judged_days(value: str, check: str, rest: str = "") -> list[Series]:
    """Bars by day: the anchor day, in another colour where the check fires, the baseline days and the rest.

    What is not compared is `rest`, or else the number of the days that are neither.
    """
    colour = palette.SEVERITY[promql.severity(check)]
    of_anchor, fires = f"({value}) and on (lag) {promql.ANCHOR}", promql.fires(check)
    rest = rest or f"({value}) unless on (lag) {promql.COMPARED}"
    return [
        bars("Anchor day, alert fires", f"{of_anchor} and on () {fires}", colour),
        bars("Anchor day", f"{of_anchor} unless on () {fires}", palette.ANCHOR),
        bars("Baseline days", f"({value}) and on (lag) {promql.BASELINE_DAYS}", palette.BASELINE_DAY),
        bars("Not compared", rest, palette.NOT_COMPARED, opacity=45),
    ]
