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


def usual(expected: str, deviation: str, days: int = promql.A_WEEK) -> list[Series]:
    """A band around what is expected: how far off a day usually is. There is none where that is not known."""
    known = f"({deviation} > 0)"
    ends = [promql.at_compared(f"{expected} * (1 {sign} {known})", days) for sign in "+-"]
    names = ("Usual range", "Usual range, lower end")
    unnamed = {"legend": True, "tooltip": False, "viz": False}
    return [
        line(names[0], ends[0], palette.BASELINE, lineWidth=0, fillOpacity=18, fillBelowTo=names[1]),
        line(names[1], ends[1], palette.BASELINE, lineWidth=0, hideFrom=unnamed),
    ]


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


def _override(series: Series, axis: dict[str, Any], **properties: Any) -> Panel:
    drawn = {f"custom_{key}": value for key, value in (series.fields | axis).items()}
    return override(series.name, color=palette.fixed(series.colour), **properties, **drawn)


EXCLUDED = Series(
    "Excluded from baselines",
    promql.EXCLUDED,
    palette.EXCLUDED,
    {"drawStyle": "bars", "fillOpacity": 25, "lineWidth": 0, "barWidthFactor": 1},
)
"""A shade behind the days that are in no baseline, on an axis of its own: there is one even where a day is empty."""

_SHADE = {"axisPlacement": "hidden", "axisSoftMin": 0, "axisSoftMax": 1}


def by_date(title: str, description: str, series: Sequence[Series], unit: str, top: float | None = None) -> Panel:
    """A chart over the dates of the data; its axis spans at least zero to `top`.

    The ends of the axis are those of each series, not of the panel: the dates have an axis, too.
    """
    axis = {"axisSoftMin": 0} | ({} if top is None else {"axisSoftMax": top})
    shade = _override(EXCLUDED, _SHADE, unit="bool_yes_no")
    every = [EXCLUDED, *series]
    return panel(
        "trend",
        title,
        description,
        targets(promql.padded_date(), *(each.expr for each in every)),
        defaults={"unit": unit, "custom": {"showPoints": "never"}},
        options={"legend": LEGEND, "tooltip": TOOLTIP, "xField": DATE},
        overrides=[override(DATE, unit=SHOWN), shade, *(_override(each, axis) for each in series)],
        transformations=joined([each.name for each in every]),
    )


def judged_days(value: str, *checks: str, days: int = promql.A_WEEK, rest: str = "") -> list[Series]:
    """Bars by day: the anchor day, in another colour where one of the checks fires, the baseline days and the rest.

    The baseline has so many `days`. What is not compared is `rest`, or else the number of the days that are neither.
    """
    of_anchor, fires, informs = (
        f"({value}) and on (lag) {promql.ANCHOR}",
        promql.fires(*checks),
        promql.informs(*checks),
    )
    neither = f"({fires} or {informs})" if promql.may_inform(checks) else fires
    inform = [bars("Anchor day, info", f"{of_anchor} and on () ({informs} unless {fires})", palette.INFO)]
    return [
        bars("Anchor day, alert fires", f"{of_anchor} and on () {fires}", palette.SEVERITY[promql.severity(checks[0])]),
        *(inform if promql.may_inform(checks) else ()),
        bars("Anchor day", f"{of_anchor} unless on () {neither}", palette.ANCHOR),
        bars("Baseline days", f"({value}) and on (lag) {promql.baseline_days(days)}", palette.BASELINE_DAY),
        bars(
            "Not compared",
            rest or f"({value}) unless on (lag) {promql.compared(days)}",
            palette.NOT_COMPARED,
            opacity=45,
        ),
    ]
