"""What a day costs on Spark, on this machine, and how Spark plans what reads the files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml
from events import write_day
from work import LAST, measured, write_config

from exporter import plan
from exporter.engine import chosen
from exporter.facts.measure import measure
from exporter.facts.model import Known
from exporter.facts.task import Task
from tests.support.spark import free_port, server

EVENTS = 1_760_000
DAY_BAR = 60
"""Seconds of wall time for a day of so many events in local[2], once the server is warm."""


def spark_costs(folder: Path, events: int) -> tuple[dict[str, float], str]:
    """Figures of the first and of the second reading of a day by one server, and the plan of what reads its rows."""
    day = folder / f"spark-{events}"
    (day / "events").mkdir(parents=True)
    write_day(day / "events" / "day.parquet", LAST, events)
    port = free_port()
    # An option that means nothing replaces those that make Java cheap, and slow, in tests.
    settings = ("spark.driver.memory=4g", "spark.driver.extraJavaOptions=-Dnone", "spark.ui.enabled=true")
    with server(day / "spark", *settings, f"spark.ui.port={port}") as url:
        config = write_config(day)
        document = yaml.safe_load(config.read_text())
        document["datasets"]["shop"]["engine"] = {"spark": url}
        config.write_text(yaml.safe_dump(document))
        cold = measured(lambda: _read(config, folder))
        jobs, queries = _ran(port)
        warm = measured(lambda: _read(config, folder))
        jobs, queries = (now[len(before) :] for before, now in zip((jobs, queries), _ran(port), strict=True))
    plans = [each["planDescription"] for each in queries if "Scan parquet" in each["planDescription"]]
    figures = {"events": events, "jobs": len(jobs), "queries": len(queries), "scans": len(plans)}
    costs = {"cold": cold, "warm": warm}
    figures |= {f"{name}_{what}": getattr(cost, what) for name, cost in costs.items() for what in ("wall", "cpu")}
    return figures, "\n".join(plans)


def _read(config: Path, folder: Path) -> None:
    loaded = plan.load(config)
    dataset, measures = loaded.config.datasets["shop"], loaded.measures["shop"]
    task = Task("shop", dataset, measures, Known(), None, datetime.now(UTC), None, loaded.config.resources, folder)
    found = measure(task, folder, chosen.opened)
    if failed := [query.error for query in found.queries.values() if query.error]:
        raise RuntimeError(failed[0])


def _ran(port: int) -> tuple[list[Any], list[Any]]:
    """The jobs and the queries of the server, by their numbers."""
    page = f"http://127.0.0.1:{port}/api/v1/applications"
    with urlopen(page) as answer:
        page += f"/{json.load(answer)[0]['id']}"
    found = []
    for what, number in (("jobs", "jobId"), ("sql?details=false&length=1000000", "id")):
        with urlopen(f"{page}/{what}") as answer:
            found.append(sorted(json.load(answer), key=itemgetter(number)))
    return found[0], found[1]
