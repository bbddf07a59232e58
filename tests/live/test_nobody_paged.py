"""However a Prometheus scrapes the exporter, a drop pages as ever, or NotJudged says that nothing is judged."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from alerting import rulefile
from alerting.gate.proof import UnprovenError, proven
from alerting.gate.verdict import Subject, Verdict
from alerting.http.alertmanager import listing
from alerting.http.client import Client, FetchError
from alerting.stack.stack import Server, alertmanager_at, await_answer, end, free_address, prometheus_at, start, write
from tests.broken_days.delivery import Delivery, healthy, without
from tests.broken_days.shop import PURCHASE, SHOP
from tests.broken_days.watching import watch
from tests.support.processes import Exporter, wait_for

pytestmark = pytest.mark.xdist_group("test_nobody_paged")  # so that the servers are started once

DATASET = "shop"
NEWEST = date(2025, 3, 16)
DROP, NOT_JUDGED, DOWN = "ClickstreamRevenueDrop", "ClickstreamNotJudged", "ClickstreamExporterDown"
INTERVAL = "2s"
PATIENCE = 60.0
CYCLES = 8.0
"""Seconds within which own rules have recorded, and the next cycle has seen it: alerts of the cycles before stay."""

STATE = 'max(timestamp(dataset:clickstream_check:state{check="RevenueDrop"}))'
SHORT = "4s"
"""What the alerts outside the certificate wait for, instead of ten minutes."""

Alert = Mapping[str, Any]
Scrape = dict[str, Any]

FOREIGN = {
    "clickstream_events:total": "sum by (dataset) (clickstream_events)",
    "clickstream_weekly": 'sum without (lag) (clickstream_events{lag=~"[0-6]"})',
}
"""Recording rules of a user; the second keeps the labels instance and job."""


@dataclass(frozen=True)
class Setup:
    """How somebody's Prometheus differs from the shipped one: what it scrapes, and what it records and adds itself."""

    scrapes: Callable[[Sequence[str]], list[Scrape]] = lambda targets: [_job("clickstream", targets[:1])]
    records: Mapping[str, str] = field(default_factory=dict)
    external: Mapping[str, str] = field(default_factory=dict)


def _job(name: str, targets: Sequence[str], **more: Any) -> Scrape:
    labels = more.pop("labels", {})
    return {"job_name": name, "static_configs": [{"targets": [*targets], "labels": labels}], **more}


DROPPED = [{"source_labels": ["lag"], "regex": "9", "action": "drop"}]
SETUPS = {
    "as_shipped": Setup(),
    "two_jobs": Setup(lambda targets: [_job(each, targets[:1]) for each in ("clickstream", "kubernetes-pods")]),
    "two_exporters": Setup(lambda targets: [_job("clickstream", targets)]),
    "renamed_job": Setup(lambda targets: [_job("web-analytics", targets[:1])]),
    "own_recording_rules": Setup(records=FOREIGN),
    "label_of_the_target": Setup(lambda targets: [_job("clickstream", targets[:1], labels={"team": "data"})]),
    "replica_a": Setup(external={"replica": "a"}),
    "replica_b": Setup(external={"replica": "b"}),
}
LAG_DROPPED = Setup(lambda targets: [_job("clickstream", targets[:1], metric_relabel_configs=DROPPED)])


@dataclass(frozen=True)
class Servers:
    """The URLs of a Prometheus for each setup, and of the Alertmanager of the replicas."""

    prometheus: Mapping[str, str]
    alertmanager: str


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A Prometheus for each setup, all of the same two exporters, on whose last day most purchases are lost."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as opened:
        targets = _exporters(folder, opened)
        alertmanager = free_address()
        urls = {}
        for name, setup in {**SETUPS, "lag_dropped": LAG_DROPPED}.items():
            here = folder / name
            here.mkdir()
            _write(here, setup, targets, [alertmanager] if setup.external else [])
            address = free_address()
            urls[name] = f"http://{address}"
            _start(opened, prometheus_at(address, here, INTERVAL), here)
        _start(opened, alertmanager_at(alertmanager, folder / "replica_a"), folder / "replica_a")
        yield Servers(urls, f"http://{alertmanager}")


def _start(opened: ExitStack, server: Server, folder: Path) -> None:
    process = start(server, folder)
    opened.callback(end, process)
    await_answer(server, process, folder)


def _lost(delivery: Delivery) -> Delivery:
    """The delivery with a fourth of the last day's purchases."""
    orders = {event.order for event in delivery.days[delivery.last] if event.name == PURCHASE}
    kept = set(sorted(map(str, orders))[::4])
    return without(delivery, lambda event: event.name == PURCHASE and event.order not in kept)


def _exporters(folder: Path, opened: ExitStack) -> list[str]:
    """The addresses of two exporters of the same data, which have their snapshots."""
    watched = watch({DATASET: _lost(healthy(SHOP, NEWEST, 15))}, folder / "first", f"--as-of={NEWEST}")
    (folder / "second").mkdir()
    shutil.copy(watched.config, folder / "second")
    made = [Exporter(watched.folder, watched.options), Exporter(folder / "second", [f"--as-of={NEWEST}"])]
    for each in made:
        opened.callback(end, each.process)
    for each in made:
        wait_for(lambda each=each: each.ask("/-/ready")[0] == 200)
        assert each.refresh()[0] == 200
    return [f"127.0.0.1:{each.port}" for each in made]


def _write(folder: Path, setup: Setup, targets: Sequence[str], alertmanagers: Sequence[str]) -> None:
    """Write the configuration of a Prometheus, and the shipped rules with what waits ten minutes shortened."""
    write(folder, targets, alertmanagers, INTERVAL)
    config = yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))
    config["scrape_configs"] = setup.scrapes(targets)
    config["global"]["external_labels"] = dict(setup.external)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    groups = yaml.safe_load(rulefile.text())["groups"]
    for rule in (rule for group in groups for rule in group["rules"] if "for" in rule):
        rule["for"] = SHORT
    own = [{"record": name, "expr": expr} for name, expr in setup.records.items()]
    groups += [{"name": "own", "rules": own}] if own else []
    (folder / "clickstream.yml").write_text(json.dumps({"groups": groups}), "utf-8")  # JSON is YAML


def firing(url: str) -> dict[str, list[Alert]]:
    """The alerts that fire in a Prometheus, by name."""
    found: dict[str, list[Alert]] = {}
    for alert in Client().get(f"{url}/api/v1/alerts", 5).body["data"]["alerts"]:
        if alert["state"] == "firing":
            found.setdefault(alert["labels"]["alertname"], []).append(alert)
    return found


def judged_at(url: str) -> float:
    """When a Prometheus judged last, 0 if never."""
    found = Client().get(f"{url}/api/v1/query?{urlencode({'query': STATE})}", 5).body["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def settled(url: str, name: str, *quiet: str) -> dict[str, list[Alert]]:
    """What fires once the alert `name` does and those of `quiet` do not; or what fires when the time is over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = firing(url)
        if (name in found and not set(quiet) & set(found)) or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


@pytest.mark.parametrize("setup", SETUPS)
def test_n1_a_drop_pages_as_ever(servers: Servers, setup: str) -> None:
    """One critical alert about the drop, and none that says that the exporter is down or nothing is judged."""
    url, since = servers.prometheus[setup], time.time() + CYCLES
    found = settled(url, DROP, NOT_JUDGED, DOWN)
    assert [alert["labels"]["severity"] for alert in found.get(DROP, [])] == ["critical"], sorted(found)
    assert found.keys() & {NOT_JUDGED, DOWN} == set()
    wait_for(lambda: judged_at(url) >= since)


def test_n1_what_is_not_judged_pages(servers: Servers) -> None:
    """Where a relabeling drops series, NotJudged fires, and its description says what is not whole."""
    found = settled(servers.prometheus["lag_dropped"], NOT_JUDGED)
    assert [alert["labels"]["severity"] for alert in found.get(NOT_JUDGED, [])] == ["critical"], sorted(found)
    (alert,) = found[NOT_JUDGED]
    assert alert["labels"]["dataset"] == DATASET
    assert re.search("series", alert["annotations"]["description"])


def test_n1_replicas_give_one_verdict(servers: Servers) -> None:
    """Two Prometheus with a label of their own send the same to one Alertmanager: the verdict is that of one."""
    verdict = proved(servers.alertmanager)
    assert isinstance(verdict, Verdict), verdict
    assert [line.check for line in verdict.lines if line.severity == "CRITICAL"] == [DROP.removeprefix("Clickstream")]


def proved(url: str) -> Verdict | str:
    """The verdict that an Alertmanager proves, or why there is none when the time is over."""
    deadline, since = time.monotonic() + PATIENCE, dict[str, datetime]()
    while True:
        try:
            return proven(listing(Client(), url, 5), since, Subject(DATASET)).verdict
        except (UnprovenError, FetchError) as error:
            reason = str(error)
        if time.monotonic() > deadline:
            return reason
        time.sleep(0.5)
