"""The fragment that is merged into an Alertmanager that exists: ours arrive as ever, and theirs where they went."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_routes import route_of, run

from alerting import rulefile
from alerting.http.alertmanager import CERTIFICATE, listing
from alerting.http.client import Client
from alerting.mixin.fragment import PATH, PREFIX, WHOLE, render
from alerting.stack.stack import alertmanager_at, await_answer, end, free_address, start
from tests.support.foreign_tree import fragment, merged, theirs
from tests.support.generations import Generation
from tests.support.shipped_routes import shipped

RULES = [rule for rule in chain(*rulefile.groups().values()) if "alert" in rule]
CERTIFIED = {"alertname": CERTIFICATE, "severity": "none", "snapshot": "5", "dataset": "shop"}
FOREIGN = (
    {"alertname": "DiskFull", "severity": "critical"},
    {"alertname": "DiskFull", "severity": "warning", "tier": "business"},
    {"alertname": "Deployed", "severity": "info", "dataset": "shop"},
    {"alertname": "Watchdog", "severity": "none"},
    {"alertname": "NoSeverity"},
    {"alertname": "ClickstreamLag", "severity": "critical"},
    {"alertname": "ClickstreamLag", "severity": "warning", "tier": "backend"},
)
"""Alerts of others, some with labels of ours and names that begin as ours do."""


def labels_of(rule: dict[str, Any]) -> dict[str, str]:
    """The labels of an alert of the shipped rules, but those that are templates."""
    fixed = {name: value for name, value in rule["labels"].items() if "{{" not in value}
    return {"alertname": rule["alert"], "dataset": "shop", **fixed}


def named(config: Any) -> Any:
    """Part of the shipped configuration with the names that receivers have in the fragment."""
    if isinstance(config, list):
        return [named(each) for each in config]
    if not isinstance(config, dict):
        return config
    return {key: PREFIX + each if key == "receiver" else named(each) for key, each in config.items()}


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Their configuration without ours."""
    (tmp_path / "before.yml").write_text(yaml.safe_dump(theirs()), "utf-8")
    return tmp_path / "before.yml"


@pytest.fixture
def after(tmp_path: Path) -> Path:
    """Their configuration with ours."""
    (tmp_path / "after.yml").write_text(yaml.safe_dump(merged()), "utf-8")
    return tmp_path / "after.yml"


def test_the_fragment_is_the_shipped_configuration() -> None:
    """It was written by `make rules`; its route, receivers and inhibitions are those of alertmanager.yml."""
    assert PATH.read_text("utf-8") == render(WHOLE.read_text("utf-8"))
    whole, part = shipped(), fragment()
    (_, route) = part["route"]["routes"]
    assert {key: each for key, each in route.items() if key != "matchers"} == named(whole["route"])
    assert part["receivers"] == [{**each, "name": PREFIX + each["name"]} for each in whole["receivers"]]
    assert part["inhibit_rules"] == whole["inhibit_rules"]
    assert part["templates"] == whole["templates"]


def test_n2_every_alert_is_routed_as_by_the_whole_file(generation: Generation, after: Path) -> None:
    """In a tree that routes by severity alone, each severity of each tier goes where it goes without that tree."""
    run(generation.amtool, "check-config", after)
    kinds = {(rule["labels"]["severity"], rule["labels"].get("tier")): labels_of(rule) for rule in RULES}
    assert ("info", "pipeline") in kinds
    assert ("none", None) in kinds
    for labels in kinds.values():
        assert route_of(generation, labels, after) == PREFIX + route_of(generation, labels)


def test_n2_no_alert_is_left_to_the_default_receiver() -> None:
    """What the second route matches by its name and tier is every alert but the certificate, which the first has."""
    assert {rule["labels"].get("tier") for rule in RULES if rule["alert"] != CERTIFICATE} == {
        *("pipeline", "integrity", "business")
    }
    assert all(rule["alert"].startswith("Clickstream") for rule in RULES)


@pytest.mark.parametrize("labels", FOREIGN, ids=lambda labels: "-".join(labels.values()))
def test_n2_theirs_goes_where_it_went(
    generation: Generation, before: Path, after: Path, labels: dict[str, str]
) -> None:
    """Our routes catch nothing of others."""
    assert route_of(generation, labels, after) == route_of(generation, labels, before)


@pytest.fixture
def url(generation: Generation, tmp_path: Path) -> Iterator[str]:
    """An Alertmanager with the merged configuration, and no integration."""
    config = {**merged(), "templates": []}
    config["receivers"] = [{"name": each["name"]} for each in config["receivers"]]
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config), "utf-8")
    with generation.chosen():
        server = alertmanager_at(free_address(), tmp_path)
    process = start(server, tmp_path)
    try:
        await_answer(server, process, tmp_path)
        yield server.ready.removesuffix("/-/ready")
    finally:
        end(process)


def test_n2_inhibitions_of_a_merged_alertmanager(url: str) -> None:
    """A cause inhibits its effect and nothing of theirs; the certificate notifies nobody, and is listed."""
    names = ("ExporterDown", "PartialDay", "RevenueDrop")
    ours = [labels_of(next(rule for rule in RULES if rule["alert"] == f"Clickstream{name}")) for name in names]
    another = {"alertname": "OrdersLate", "severity": "critical", "tier": "business"}
    posted = [*ours, CERTIFIED, another, {**another, "dataset": "shop"}]
    Client().send(f"{url}/api/v2/alerts", [{"labels": labels} for labels in posted], 10)
    deadline = time.monotonic() + 90
    while True:  # what is listed is inhibited a moment later
        found = listing(Client(), url, 10)
        inhibited = [alert.name for alert in found.alerts if alert.inhibited_by]
        if len(found.alerts) == len(posted) and inhibited:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert inhibited == ["ClickstreamRevenueDrop"]
    receivers = {
        each["labels"]["alertname"]: [receiver["name"] for receiver in each["receivers"]]
        for each in Client().get(f"{url}/api/v2/alerts", 10).body
    }
    assert receivers[CERTIFICATE] == ["clickstream-nowhere"]
    assert receivers["OrdersLate"] == ["audit", "pagerduty"]
    assert [alert.name for alert in found.certificates("shop")] == [CERTIFICATE]
