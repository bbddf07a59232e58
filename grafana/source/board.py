"""What the three dashboards share: variables, links to each other, and the time zone."""

from __future__ import annotations

from typing import Any

from grafana.source.panels import SOURCE, Panel

OVERVIEW, DATASET, EXPORTER = "clickstream-overview", "clickstream-dataset", "clickstream-exporter"
TITLES = {OVERVIEW: "Clickstream overview", DATASET: "Clickstream data set", EXPORTER: "Clickstream exporter"}

DATASOURCE: Panel = {
    "name": "datasource",
    "label": "Prometheus",
    "type": "datasource",
    "query": "prometheus",
    "current": {"text": "prometheus", "value": "prometheus"},
    "hide": 0,
    "includeAll": False,
    "multi": False,
    "options": [],
    "refresh": 1,
    "regex": "",
}


def dataset_variable(*, several: bool) -> Panel:
    """The variable for data sets served within the time range; `several` allows more than one, by default all."""
    query = "label_values(clickstream_series, dataset)"
    variable: Panel = {
        "name": "dataset",
        "label": "Data set",
        "type": "query",
        "datasource": SOURCE,
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "hide": 0,
        "includeAll": several,
        "multi": several,
        "options": [],
        "refresh": 2,
        "regex": "",
        "sort": 1,
    }
    if several:
        variable |= {"allValue": ".*", "current": {"text": "All", "value": "$__all"}}
    return variable


def _link(uid: str, variables: str) -> Panel:
    return {
        "title": TITLES[uid],
        "type": "link",
        "icon": "dashboard",
        "tooltip": "",
        "url": f"/d/{uid}?{variables}",
        "tags": [],
        "asDropdown": False,
        "includeVars": False,
        "keepTime": False,
        "targetBlank": False,
    }


def links(own: str) -> list[Panel]:
    """Links to the other dashboards, which keep the data source."""
    return [_link(uid, "${datasource:queryparam}") for uid in TITLES if uid != own]


def dashboard(uid: str, description: str, panels: list[Panel], variables: list[Panel]) -> dict[str, Any]:
    """A dashboard as Grafana's JSON. Its time zone is UTC for every viewer, so that no date is shifted."""
    return {
        "uid": uid,
        "title": TITLES[uid],
        "description": description,
        "tags": ["clickstream"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "weekStart": "",
        "timezone": "utc",
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "refresh": "1m",
        "links": links(uid),
        "templating": {"list": [DATASOURCE, *variables]},
        "annotations": {"list": []},
        "panels": panels,
    }
