"""The dashboard of one data set: its days by date, and the anchor day against its baseline."""

from __future__ import annotations

from typing import Any

from alerting.mixin.expressions import STATE
from grafana.source import (
    board,
    columns,
    days,
    drifts,
    fields,
    hours,
    likeforlike,
    notes,
    palette,
    parts,
    promql,
    repeats,
    segments,
    volumes,
    years,
)
from grafana.source.kinds import stat
from grafana.source.panels import SOURCE, Panel, heading, placed, target

CURRENCY: Panel = {
    "name": "currency",
    "label": "Currency",
    "type": "query",
    "datasource": SOURCE,
    "query": {
        "qryType": 1,
        "query": f"label_values(clickstream_dataset_info{{{promql.ONE}}}, currency)",
        "refId": "PrometheusVariableQueryEditor-VariableQuery",
    },
    "hide": 2,
    "includeAll": False,
    "multi": False,
    "options": [],
    "refresh": 2,
    "regex": "",
    "sort": 0,
}
"""Not shown: it stands in the titles of charts of money, and is empty where no currency is configured."""

DAY: Panel = {
    "name": "day",
    "label": "Day (empty: newest)",
    "type": "textbox",
    "query": "",
    "current": {"text": "", "value": ""},
    "hide": 0,
    "options": [],
}


def _fact(title: str, description: str, expr: str, **defaults: Any) -> Panel:
    """One number of the data set, in the text colour."""
    shown = {"color": palette.fixed("text"), "noValue": "-"} | defaults
    return stat(title, description, [target(expr, table=False)], shown, options={"colorMode": "none"})


VERDICT = stat(
    "Can it be trusted?",
    "The verdict on the newest day: see the overview.",
    [target(promql.verdict(promql.ONE), table=False, legend="Verdict")],
    {
        "mappings": palette.mapping(palette.VERDICTS),
        "color": {"mode": "thresholds"},
        "thresholds": palette.steps(palette.UNKNOWN),
        "noValue": "UNKNOWN",
    },
    options={"textMode": "value"},
)

OWNER = stat(
    "Owner",
    "Who owns the data set, as configured.",
    [target(f'max by (owner) (clickstream_dataset_info{{{promql.ONE},owner!=""}})', table=False, legend="{{owner}}")],
    {"color": palette.fixed("text"), "noValue": "-"},
    options={"colorMode": "none", "textMode": "name"},
)

FACTS = [
    (5, VERDICT),
    (
        4,
        _fact(
            "Anchor day",
            "The newest day in the data, in the reporting time zone of the data set: the day that is judged.",
            promql.anchor_date(promql.ONE),
            unit="time:YYYY-MM-DD",
        ),
    ),
    (
        3,
        _fact(
            "Age of the data",
            "Time since the last event.",
            f"time() - {promql.number('dataset:clickstream_last_event_timestamp_seconds:max')}",
            unit="dtdurations",
            decimals=0,
        ),
    ),
    (
        3,
        _fact(
            "Complete hours",
            "Hours of the anchor day that are certainly complete; these are compared with the same hours before.",
            promql.number("dataset:clickstream_complete_hours:max"),
        ),
    ),
    (
        3,
        _fact(
            "Baseline days",
            "Days with enough events, of the seven before. Below min_baseline_days, drift is not judged.",
            promql.number("dataset:clickstream_baseline:days"),
        ),
    ),
    (
        3,
        _fact(
            "Firing checks",
            "The number of firing checks, of any severity.",
            f"count({STATE}{{{promql.ONE}}} == 1) or max({STATE}{{{promql.ONE}}}) * 0",
        ),
    ),
    (3, OWNER),
]


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana's JSON."""
    panels = placed(
        (4, FACTS),
        (4, [(24, days.SELECTED)]),
        heading("Is the newest day complete?"),
        (8, [(8, hours.MISSING), (8, hours.ENDS), (8, notes.NOT_COUNTED)]),
        (8, [*((8, each) for each in repeats.PANELS), (8, notes.CONFIGURED)]),
        heading("Volumes by day, and what the alerts compare"),
        (9, [(8, each) for each in volumes.PANELS]),
        (8, likeforlike.PANELS),
        (9, [(10, segments.CONTRIBUTORS), (14, segments.SEGMENTS)]),
        (8, [(8, parts.PLATFORMS), (8, parts.DEVICES), (8, parts.LOST)]),
        heading("Are the data sound? Shares by day, with the limit of each check"),
        *((7, [(8, each) for each in line]) for line in drifts.INTEGRITY),
        (8, [(12, days.NAMES), (8, columns.CHANGED), (4, drifts.IMPLAUSIBLE)]),
        (7, [(8, drifts.WITHOUT_ID), (8, drifts.FOREIGN_CURRENCY), (8, drifts.CONFLICTS)]),
        (8, [(8, notes.FREQUENT), (8, notes.SWITCHED_OFF), (8, notes.EXCLUDED)]),
        (7, [(7, drifts.BOTS), (7, drifts.BOT_SESSIONS), (10, fields.FIELDS)]),
        heading("Does the business drift?"),
        (8, [(8, drifts.CONVERSION), (8, drifts.DIRECT), (8, volumes.AMOUNT)]),
        (8, [(12, drifts.DEVICES), (12, drifts.ASSISTED)]),
        heading("All days"),
        (12, [(24, days.ALL)]),
        heading("All years, where their history was loaded"),
        (7, [(8, each) for each in years.PANELS]),
    )
    return board.dashboard(
        board.DATASET,
        "The days of one data set by date, and the newest day against its baseline.",
        panels,
        [board.dataset_variable(several=False), CURRENCY, DAY],
    )
