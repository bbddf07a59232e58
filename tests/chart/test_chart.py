"""What the chart creates, as Helm renders it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.chart.chart import CHART, EVERYTHING, MANIFESTS, ROOT, manifests, objects, one, render
from tests.support.generations import Generation

helm = pytest.importorskip("helm_python", reason="Helm is not installed: `make test-chart` installs it")

RULES = ROOT / "alerting/rules/clickstream.yml"
OPERATORS_LIMIT = 512 * 1024
"""Bytes of a PrometheusRule's groups that the operator writes into a ConfigMap."""

each_way = pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["default", "everything"])


@each_way
def test_helm_has_nothing_against_it(values: dict[str, Any]) -> None:
    """`helm lint --strict` finds no more than that the chart has no icon."""
    found = helm.lint(CHART, values, strict=True)
    assert found["errors"] == []
    assert [each["error"] for each in found["messages"]] == ["icon is recommended"]


def test_the_manifests_are_what_the_chart_renders() -> None:
    """They were written by `make manifests`, and by nobody since."""
    assert MANIFESTS.read_text("utf-8") == manifests()


@each_way
@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_kubernetes_takes_it(values: dict[str, Any], version: str) -> None:
    """Every object is of its schema, without an unknown field, in the oldest version that the chart names."""
    validate = pytest.importorskip("kubernetes_validate")
    found = [each for each in objects(values) if each["apiVersion"] != "monitoring.coreos.com/v1"]
    assert {each["kind"] for each in found} > {"Deployment", "ConfigMap", "Service", "ServiceAccount", "NetworkPolicy"}
    for each in found:
        validate.validate(each, version, strict=True)


def test_the_operator_takes_it() -> None:
    """Its models take ServiceMonitor and PrometheusRule, and give back every field."""
    models = pytest.importorskip("cloudcoil.models.prometheus_operator.v1")
    for kind in ("ServiceMonitor", "PrometheusRule"):
        made = one(kind)
        read = getattr(models, kind).model_validate(made)
        assert json.loads(read.model_dump_json(by_alias=True, exclude_unset=True)) == made


def test_the_rules_are_those_of_the_clone(tmp_path: Path, generation: Generation) -> None:
    """To the byte but for the indentation; promtool reads as many from both."""
    _, _, text = render(EVERYTHING)["prometheusrule.yaml"].partition("\nspec:\n")
    assert [line.removeprefix("  ") for line in text.rstrip().split("\n")] == RULES.read_text("utf-8").splitlines()
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps(one("PrometheusRule")["spec"]), "utf-8")
    printed = [
        subprocess.run([generation.promtool, "check", "rules", each], check=True, capture_output=True, text=True).stdout
        for each in (path, RULES)
    ]
    assert re.findall(r"SUCCESS: \d+ rules", printed[0]) == re.findall(r"SUCCESS: \d+ rules", printed[1]) != []


def test_the_operator_has_room_for_the_rules(tmp_path: Path) -> None:
    """It writes them into one ConfigMap, with the same YAML library as Helm, and refuses more than half a MiB."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("{apiVersion: v2, name: rules, version: 0.1.0}", "utf-8")
    (tmp_path / "clickstream.yml").write_bytes(RULES.read_bytes())
    template = '{{ .Files.Get "clickstream.yml" | fromYaml | toYaml }}'
    (tmp_path / "templates/rules.yaml").write_text(template, "utf-8")
    written = render({}, tmp_path)["rules.yaml"]
    assert written.count("- alert:") > 40
    assert len(written.encode()) <= OPERATORS_LIMIT


def test_the_dashboards_are_those_of_the_clone() -> None:
    """Byte for byte, each in a ConfigMap with the label that Grafana's sidecar looks for."""
    found = [each for each in objects(EVERYTHING) if "grafana_dashboard" in each["metadata"]["labels"]]
    shipped = {path.name: path.read_text("utf-8") for path in (ROOT / "grafana/dashboards").iterdir()}
    assert {name: text for each in found for name, text in each["data"].items()} == shipped
    assert [len(each["data"]) for each in found] == [1] * len(shipped)


def test_a_copy_without_the_clone_is_refused(tmp_path: Path) -> None:
    """Where the links lead nowhere, nothing is created without rules or dashboards."""
    for name in ("Chart.yaml", "values.yaml", "templates"):
        (tmp_path / name).symlink_to(CHART / name)
    for value in ("prometheusRule", "dashboards"):
        with pytest.raises(helm.HelmError, match=r"files/\S+ is missing: it is a link into the clone"):
            render({value: {"enabled": True}}, tmp_path)


def test_a_package_holds_what_the_links_lead_to(tmp_path: Path) -> None:
    """`helm package` makes a chart that renders the same without the clone."""
    with helm.Chart.load(CHART) as chart:
        packed = Path(chart.save(tmp_path))
    assert render(EVERYTHING, packed) == render(EVERYTHING)


def test_the_configuration_arrives_as_it_is() -> None:
    """Blanks, braces and comments included, so that an error names the right line; a measure of one's own, too."""
    assert one("ConfigMap", {"config": EVERYTHING["config"], "measures": EVERYTHING["measures"]})["data"] == {
        "config.yml": EVERYTHING["config"],
        **EVERYTHING["measures"],
    }


@pytest.mark.parametrize("release", ["shop", "x" * 53])
@pytest.mark.parametrize("override", ["", "c" * 45])
def test_every_name_is_short_enough(release: str, override: str) -> None:
    """Also with the longest name that Helm takes; a CronJob's may have 52 characters, others 63."""
    switched = {key: {"enabled": True} for key in ("serviceMonitor", "prometheusRule", "dashboards")}
    found = objects(switched | {"fullnameOverride": override, "report": EVERYTHING["report"]}, release)
    names = {each["kind"]: each["metadata"]["name"] for each in found}
    assert {name[:4] for name in names.values()} == {(override or release)[:4]}
    assert max(map(len, names.values())) <= 63
    assert len(names["CronJob"]) <= 52
