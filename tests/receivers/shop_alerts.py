"""Alerts with the labels and annotations that the shipped rules give them, as `test_rules.py` proves."""

from __future__ import annotations

from typing import Any

from alerting import rulefile
from tests.support.day_cases import CASES, TABLE

_DESCRIBED = {case["alert"]: case for case in CASES.values() if "description" in case}
CHECKS = tuple(_DESCRIBED)
RUNBOOKS, GRAFANA = "https://wiki.example/runbooks", "https://grafana.example"


def alert(check: str, dataset: str = "shop", runbooks: str = RUNBOOKS, **annotations: str) -> dict[str, Any]:
    """The alert of a check, as Alertmanager takes it; `annotations` replaces some of its own."""
    case = _DESCRIBED[check]
    severity, tier = TABLE["alerts"][check]
    labels = {"alertname": f"Clickstream{check}", "dataset": dataset, "severity": severity, "tier": tier}
    told = {
        "summary": case["summary"],
        "description": case["description"],
        **case.get("numbers", {}),
        "day": "2025-03-09",
        "runbook_url": f"{runbooks}/{check}.md",
        "dashboard_url": f"{GRAFANA}/d/clickstream-dataset?var-dataset={dataset}&var-day=2025-03-09",
    }
    return {
        "labels": labels | {"check": check} if check in rulefile.checks() else labels,
        "annotations": told | annotations,
    }


def without_links(check: str, dataset: str = "shop") -> dict[str, Any]:
    """The alert of a check where the configuration names no place."""
    return alert(check, dataset, runbooks="alerting/runbooks", dashboard_url="")


def drill(check: str, dataset: str = "shop") -> dict[str, Any]:
    """The alert that a drill posts."""
    labels = {**alert(check, dataset)["labels"], "drill": "true"}
    return {"labels": labels, "annotations": {"summary": "DRILL: this is a test of the route, nothing is wrong"}}
