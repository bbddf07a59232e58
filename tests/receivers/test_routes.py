"""Who is notified of what, and what inhibits what, in the shipped configuration."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from relay import Relay, awaited
from shop_alerts import CHECKS, alert, drill
from snippets import is_old, merged, with_datadog

from alerting import rulefile
from tests.support.generations import Generation
from tests.support.shipped_routes import shipped

SHIPPED = Path(rulefile.__file__).parent / "alertmanager.yml"
HEARD_BY = {
    ("critical", "pipeline"): "pagerduty",
    ("critical", "business"): "pagerduty",
    ("warning", "integrity"): "slack-data",
    ("warning", "business"): "slack-data-and-marketing",
    ("info", "integrity"): "nowhere",
    ("info", "business"): "nowhere",
}


def run(*command: object) -> str:
    """What the command prints."""
    return subprocess.run([str(each) for each in command], check=True, capture_output=True, text=True).stdout.strip()


def route_of(generation: Generation, labels: dict[str, str], config: Path = SHIPPED) -> str:
    """The receivers that amtool names."""
    words = (f"{name}={value}" for name, value in labels.items())
    return run(generation.amtool, "config", "routes", "test", f"--config.file={config}", *words)


@pytest.mark.parametrize("drilled", [False, True], ids=["real", "drill"])
def test_every_alert_has_its_receiver(generation: Generation, drilled: bool) -> None:
    """Critical pages, a warning goes to those who can fix it, an info notifies nobody; a drill takes the same route."""
    labels = [(drill if drilled else alert)(check)["labels"] for check in CHECKS]
    found = [route_of(generation, each) for each in labels]
    assert found == [HEARD_BY[each["severity"], each["tier"]] for each in labels]


def test_nobody_hears_of_the_certificate(generation: Generation) -> None:
    """The certificate always fires: it is for the report alone."""
    shipped = next(rule for rule in rulefile.groups()[rulefile.GROUP] if rule.get("alert") == "ClickstreamCertificate")
    labels = {**dict.fromkeys(shipped["labels"], "1"), "severity": shipped["labels"]["severity"], "dataset": "shop"}
    assert route_of(generation, {"alertname": shipped["alert"], **labels}) == "nowhere"


OURS = 'alertname =~ "Clickstream.+"'
"""What makes the shipped route a child of another tree."""


def foreign_tree(tmp_path: Path, **changes: object) -> Path:
    """The configuration of somebody else, with the shipped route as a child of theirs, as the README says."""
    config = shipped()
    child = {**config["route"], "matchers": [OURS], **changes}
    config["route"] = {"receiver": "theirs", "routes": [child]}
    config["receivers"].append({"name": "theirs"})
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config), "utf-8")
    return path


def test_n2_routes_in_a_foreign_tree(generation: Generation, tmp_path: Path) -> None:
    """Below a route of its own every alert goes where it went, the certificate nowhere, and theirs to them."""
    config = foreign_tree(tmp_path)
    run(generation.amtool, "check-config", config)
    for check in CHECKS:
        labels = alert(check)["labels"]
        assert route_of(generation, labels, config) == route_of(generation, labels)
    certificate = {"alertname": "ClickstreamCertificate", "severity": "none", "dataset": "shop"}
    assert route_of(generation, certificate, config) == "nowhere"
    assert route_of(generation, {"alertname": "DiskFull", "severity": "critical"}, config) == "theirs"


def test_n2_renamed_severities(generation: Generation, tmp_path: Path) -> None:
    """An alert whose severity a relabeling renames pages where the route names it, and only there."""
    page = {**alert("RevenueDrop")["labels"], "severity": "page"}
    assert route_of(generation, page, foreign_tree(tmp_path)) == "nowhere"
    routes = shipped()["route"]["routes"]
    assert routes[0]["receiver"] == "pagerduty"
    named = [{**routes[0], "matchers": ['severity =~ "critical|page"']}, *routes[1:]]
    assert route_of(generation, page, foreign_tree(tmp_path, routes=named)) == "pagerduty"


@pytest.mark.parametrize("name", ["datadog", "cloudwatch"])
def test_a_snippet_adds_a_receiver(generation: Generation, tmp_path: Path, name: str) -> None:
    """Merged as its file says, amtool accepts it; everyone notified before is still notified, and nobody else."""
    config = merged(shipped(), name)
    if name == "datadog" and is_old(generation):
        config = with_datadog(shipped(), tmp_path, "http://localhost", inline=True)
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config), "utf-8")
    run(generation.amtool, "check-config", path)
    for check in CHECKS:
        labels = alert(check)["labels"]
        before, after = route_of(generation, labels), route_of(generation, labels, path)
        assert after == ("nowhere" if before == "nowhere" else f"{name},{before}")


@pytest.mark.parametrize("cause", ["PartialDay", "NoData", "EventVolumeDrop", "NoPurchases", "UnreadableFiles"])
def test_a_drill_silences_nothing(relay: Relay, generation: Generation, dataset: str, cause: str) -> None:
    """A drill of a cause leaves the alerts that the cause itself would silence."""
    effects = ["RevenueDrop", "ConversionRateDrop"]
    relay.fire(drill(cause, dataset), *(alert(effect, dataset) for effect in effects))
    assert awaited(lambda: len(listed(relay, generation, dataset, "--active")) == 3)
    assert listed(relay, generation, dataset, "--inhibited") == []
    relay.fire(alert(cause, dataset))
    silenced = sorted(f"Clickstream{effect}" for effect in effects)
    assert awaited(lambda: listed(relay, generation, dataset, "--inhibited") == silenced)


def listed(relay: Relay, generation: Generation, dataset: str, kind: str) -> list[str]:
    """The alerts of a data set that amtool lists."""
    ask = (generation.amtool, "alert", "query", f"--alertmanager.url={relay.url}", "--output=json", kind)
    return sorted(each["labels"]["alertname"] for each in json.loads(run(*ask, f'dataset="{dataset}"')))


def test_a_drill_of_the_exporter_silences_no_data_set(relay: Relay, generation: Generation, dataset: str) -> None:
    """The one cause that silences every data set does so only when it is real."""
    down = {"alertname": "ClickstreamExporterDown", "severity": "critical", "tier": "pipeline", "drill": "true"}
    relay.fire({"labels": down, "annotations": {"summary": "DRILL: nothing is down"}}, alert("RevenueDrop", dataset))
    assert awaited(lambda: listed(relay, generation, dataset, "--active") == ["ClickstreamRevenueDrop"])
    assert listed(relay, generation, dataset, "--inhibited") == []


def test_a_drill_and_the_real_alert_are_two(relay: Relay, dataset: str) -> None:
    """A drill opens an incident of its own, and its end does not end the real one."""
    real, trial = alert("RevenueDrop", dataset), drill("RevenueDrop", dataset)
    relay.fire(real, trial)
    assert len(awaited(lambda: relay.pages(dataset, 2))) == 2
    relay.resolve(trial)
    first, second, third = awaited(lambda: relay.pages(dataset, 3))
    drilled, other = (first, second) if first["payload"]["summary"].startswith("DRILL: ") else (second, first)
    assert drilled["dedup_key"] != other["dedup_key"]
    assert (third["event_action"], third["dedup_key"]) == ("resolve", drilled["dedup_key"])
