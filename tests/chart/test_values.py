"""What the chart can be told: its values, their schema and their documentation, also where Helm is not installed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from exporter.config.model import load
from tests.chart.chart import CHART, EVERYTHING, ROOT, VALUES
from tests.support.documents import rows, section, words

SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))


def merged(base: dict[str, Any], *changes: dict[str, Any]) -> dict[str, Any]:
    """The values as Helm merges them: mapping by mapping."""
    made = deepcopy(base)
    for key, value in (pair for each in changes for pair in each.items()):
        both = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if both else value
    return made


def problems(values: dict[str, Any]) -> list[str]:
    """Where the schema refuses the values."""
    return [error.json_path for error in Draft7Validator(SCHEMA).iter_errors(values)]


def test_the_version_is_that_of_the_package() -> None:
    """A chart is released with the image that it starts."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    assert (chart["version"], chart["appVersion"]) == (version, version)


def test_rules_and_dashboards_are_no_copies() -> None:
    """The files of the chart are links to the folders that `make rules` and `make dashboards` write."""
    found = {path.name: path.resolve() for path in (CHART / "files").iterdir()}
    assert found == {"rules": ROOT / "alerting/rules", "dashboards": ROOT / "grafana/dashboards"}


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["default", "everything"])
def test_right_values_are_taken(values: dict[str, Any]) -> None:
    """The defaults, and those that switch everything on."""
    Draft7Validator.check_schema(SCHEMA)
    assert problems(merged(VALUES, values)) == []


def keys(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The keys that a schema lists, with those inside them."""
    for key, inner in schema.get("properties", {}).items():
        yield f"{path}{key}"
        if inner.get("additionalProperties") is False:
            yield from keys(inner, f"{path}{key}.")


def test_the_schema_has_the_keys_of_the_values() -> None:
    """A key without a default could not be found, and a key without a schema could not be set."""
    for path in keys(SCHEMA):
        *outer, key = path.split(".")
        inside = VALUES
        for each in outer:
            inside = inside[each]
        assert key in inside or path in {
            "global",
            "serviceMonitor.basicAuth.username",
            "serviceMonitor.basicAuth.password",
        }
    assert VALUES.keys() == SCHEMA["properties"].keys() - {"global"}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"replicas": 2}, "$"),
        ({"fullnameOverride": "Clickstream"}, "$.fullnameOverride"),
        ({"fullnameOverride": "c" * 46}, "$.fullnameOverride"),
        ({"image": {"tags": "1"}}, "$.image"),
        ({"image": {"pullPolicy": "always"}}, "$.image.pullPolicy"),
        ({"config": {"datasets": {}}}, "$.config"),
        ({"measures": {"../config.yml": "SELECT"}}, "$.measures"),
        ({"events": {"hostPath": {"path": "/srv"}, "nfs": {"server": "a", "path": "/"}}}, "$.events"),
        ({"env": {"AWS_SECRET_ACCESS_KEY": "x"}}, "$.env"),
        ({"env": {"AZURE_STORAGE_ACCOUNT_KEY": "x"}}, "$.env"),
        ({"credentials": {"envSecret": {"AWS_ACCESS_KEY_ID": "x"}}}, "$.credentials.envSecret"),
        ({"webConfig": {"tls": True}}, "$.webConfig.secret"),
        ({"storage": {"size": "10 GB"}}, "$.storage.size"),
        ({"serviceAccount": {"create": "no"}}, "$.serviceAccount.create"),
        ({"networkPolicy": {"from": [{}]}}, "$.networkPolicy.from[0]"),
        ({"serviceMonitor": {"interval": "15"}}, "$.serviceMonitor.interval"),
        ({"serviceMonitor": {"basicAuth": {"password": "x"}}}, "$.serviceMonitor.basicAuth.password"),
        ({"dashboards": {"labels": {"grafana_dashboard": 1}}}, "$.dashboards.labels.grafana_dashboard"),
        ({"report": {"schedule": "7 o'clock"}}, "$.report.schedule"),
        ({"report": {"prometheusUrl": "prometheus:9090"}}, "$.report.prometheusUrl"),
        ({"report": {"prometheusUrl": "http://me:secret@prometheus"}}, "$.report.prometheusUrl"),
        ({"report": {"args": ["text"]}}, "$.report.args[0]"),
        ({"report": {"alertmanagerUrls": []}}, "$.report.alertmanagerUrls"),
        ({"report": {"prometheusUrl": ""}}, "$.report.prometheusUrl"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], where: str) -> None:
    """By the key, before anything is created; all else is as in the values that switch everything on."""
    base = merged(VALUES, EVERYTHING, {"webConfig": {"secret": ""}} if "webConfig" in wrong else {})
    assert problems(merged(base, wrong)) == [where]


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    """The exporter takes the configuration that is the default."""
    path = tmp_path / "config.yml"
    path.write_text(VALUES["config"], "utf-8")
    assert list(load(path).datasets) == ["web"]


@pytest.mark.parametrize(
    ("name", "heading"), [("exporter/README.md", "On Kubernetes"), ("exporter/stores.md", "In a container")]
)
def test_the_values_that_are_shown_are_right(name: str, heading: str) -> None:
    """The values of this chart on each page can be pasted."""
    blocks = re.findall(r"```yaml\n(.*?)```", section(name, heading), re.DOTALL)
    shown = [block for block in map(yaml.safe_load, blocks) if "serviceAccount" in block]
    assert [problems(merged(VALUES, each)) for each in shown] == [[]]


def test_every_value_is_documented() -> None:
    """The table and values.yaml name the same keys."""
    named = [word.split(".")[0] for row in rows("exporter/README.md", "On Kubernetes") for word in words(row[0])]
    assert sorted(set(named)) == sorted(VALUES)
