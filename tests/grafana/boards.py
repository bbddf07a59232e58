"""The dashboards that are shipped, their queries, and what Prometheus answers to these."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from alerting.http.client import Client

ROOT = Path(__file__).parents[2]
BOARDS: dict[str, dict[str, Any]] = {
    path.stem.removeprefix("clickstream-"): json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
}


@dataclass(frozen=True)
class Query:
    """A query of a panel; `names` are what the panel calls its fields, by their names in the answer."""

    board: str
    title: str
    ref: str
    expr: str
    legend: str
    names: Mapping[str, str]


def panels(board: str) -> list[dict[str, Any]]:
    """The panels that have queries."""
    return [panel for panel in BOARDS[board]["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Query]:
    """Every query of every panel, with every data set chosen or the only one."""
    for board in BOARDS:
        for panel in panels(board):
            for target in panel["targets"]:
                yield Query(
                    board,
                    titled(panel),
                    target["refId"],
                    chosen(target["expr"]),
                    target["legendFormat"],
                    renamed(panel),
                )


def titled(panel: Mapping[str, Any]) -> str:
    """The title of a panel, with the currency of the demo."""
    return str(panel["title"]).replace("${currency}", "EUR")


def renamed(panel: Mapping[str, Any]) -> dict[str, str]:
    """What a panel calls its fields."""
    organize = [each["options"] for each in panel["transformations"] if each["id"] == "organize"]
    return {name: new for options in organize for name, new in options["renameByName"].items()}


def chosen(expr: str) -> str:
    """The query as Grafana sends it: one data set, where it needs one, or all."""
    return expr.replace('dataset="$dataset"', 'dataset="shop"').replace("$dataset", ".*")


def ask(prometheus: str, expr: str) -> list[dict[str, Any]]:
    """The series of the answer to a query of this moment."""
    answer = Client().get(f"{prometheus}/api/v1/query?{urlencode({'query': expr})}", timeout=10)
    result: list[dict[str, Any]] = answer.body["data"]["result"]
    return result


def ask_range(prometheus: str, expr: str, seconds: int = 30) -> list[dict[str, Any]]:
    """The series of the answer to a query of the last seconds."""
    now = time.time()
    asked = {"query": expr, "start": now - seconds, "end": now, "step": 1}
    answer = Client().get(f"{prometheus}/api/v1/query_range?{urlencode(asked)}", timeout=10)
    result: list[dict[str, Any]] = answer.body["data"]["result"]
    return result


def answered(prometheus: str, board: str) -> list[dict[str, Any]]:
    """The panels of a dashboard, each with what Prometheus answers to its queries."""
    return [
        {
            "panel": panel,
            "answers": {
                target["refId"]: (ask_range if target["range"] else ask)(prometheus, chosen(target["expr"]))
                for target in panel.get("targets", ())
            },
        }
        for panel in BOARDS[board]["panels"]
    ]
