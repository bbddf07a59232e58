"""What the chart creates, as Helm renders it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from alerting import report
from exporter import cli
from exporter.demo.write import write_demo
from tests.chart.chart import CHART, EVERYTHING, MANIFESTS, ROOT, manifests, objects, render
from tests.support.documents import rows
from tests.support.generations import Generation

helm = pytest.importorskip("helm_python", reason="Helm is not installed: `make test-chart` installs it")

RULES = ROOT / "alerting/rules/clickstream.yml"
OPERATORS_LIMIT = 512 * 1024
"""Bytes of a PrometheusRule's groups that the operator writes into a ConfigMap."""

each_way = pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["default", "everything"])


def one(kind: str, values: dict[str, Any] = EVERYTHING) -> dict[str, Any]:
    """The only object of this kind."""
    (found,) = (each for each in objects(values) if each["kind"] == kind)
    return found


def pods(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The templates of all pods."""
    specs = [each["spec"] for each in objects(values) if each["kind"] in {"Deployment", "CronJob"}]
    return [spec.get("jobTemplate", {"spec": spec})["spec"]["template"] for spec in specs]


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


def test_the_pod_measures(tmp_path: Path) -> None:
    """With the files of the ConfigMap where they are mounted, the exporter prints the demo's gauges and one's own."""
    config = write_demo(tmp_path / "clickstream", date(2025, 3, 9)).read_text("utf-8")
    values = {"config": f"{config}    measures: [searches.sql]\n", "measures": EVERYTHING["measures"]}
    (container,) = pods(values)[0]["spec"]["containers"]
    for mount in container["volumeMounts"]:
        if mount["name"] == "config":
            text = one("ConfigMap", values)["data"][mount["subPath"]]
            (tmp_path / mount["mountPath"].lstrip("/")).write_text(text, "utf-8")
    arguments = [argument.replace("=/", f"={tmp_path}/") for argument in container["args"]]
    command = [sys.executable, "-m", "exporter", *arguments, "--once"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'clickstream_purchases{dataset="shop",lag="0"} 14.0' in done.stdout
    assert 'clickstream_searches{dataset="shop",lag="0"}' in done.stdout


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


@each_way
def test_s6_a_pod_can_do_as_little_as_it_needs(values: dict[str, Any]) -> None:
    """What the Pod Security Standard `restricted` asks for, and a root file system that nobody writes to."""
    assert len(pods(values)) == (2 if values else 1)
    for pod in (each["spec"] for each in pods(values)):
        assert pod["automountServiceAccountToken"] is False
        assert {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}.items() <= pod[
            "securityContext"
        ].items()
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            written = {each["name"] for each in container["volumeMounts"] if not each.get("readOnly")}
            assert written <= {"storage", "tmp"}


def test_the_user_is_that_of_the_image() -> None:
    """Who owns the folders of the image, and by its group the volumes."""
    (user,) = re.findall(r"^USER (\d+):\1$", (ROOT / "exporter/Dockerfile").read_text("utf-8"), re.MULTILINE)
    for pod in pods(EVERYTHING):
        assert {pod["spec"]["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {int(user)}


def test_s4_secrets_are_referred_to() -> None:
    """None is created, and each that the values name is mounted or read by its name."""
    assert [each for each in objects(EVERYTHING) if each["kind"] == "Secret"] == []
    exporter, judging = (json.dumps(pod) for pod in pods(EVERYTHING))
    assert set(re.findall(r'"secretName": "([^"]+)"', exporter)) == {"google-key", "web-config"}
    assert '"envFrom": [{"secretRef": {"name": "s3-keys"}}]' in exporter
    assert re.findall(r'"secretName": "([^"]+)"', judging) == ["report-access"]


@each_way
def test_the_exporter_takes_its_arguments(values: dict[str, Any]) -> None:
    """Those of the image, on every address; each file that they name is mounted, and what it serves on is checked."""
    (container,) = pods(values)[0]["spec"]["containers"]
    parsed = cli._arguments(container["args"])
    mounted = {each["mountPath"] for each in container["volumeMounts"]}
    assert {str(parsed.config), str(parsed.storage)} <= mounted
    assert parsed.web is None or str(parsed.web.parent) in mounted
    assert container["ports"] == [{"name": "http", "containerPort": parsed.address.port}]
    probes = [container[each]["httpGet"] for each in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert [each["path"] for each in probes] == ["/-/healthy", "/-/healthy", "/-/ready"]
    assert {each["scheme"] for each in probes} == {"HTTPS" if parsed.web else "HTTP"}


def test_the_report_takes_its_arguments() -> None:
    """A container for each data set, with the servers of the values."""
    _, judging = pods(EVERYTHING)
    for container, dataset in zip(judging["spec"]["containers"], EVERYTHING["report"]["datasets"], strict=True):
        assert container["command"] == ["clickstream-report"]
        parsed = report._arguments(container["args"])
        assert (parsed.dataset, parsed.format, parsed.timeout) == (dataset, "text", 90)
        assert parsed.exporter == "https://clickstream-exporter:9847"
        assert parsed.alertmanagers == EVERYTHING["report"]["alertmanagerUrls"]


def test_the_exit_code_gates_the_job() -> None:
    """A proven FAIL and unusable arguments fail the job at once; what could not be proven is tried again."""
    job = one("CronJob")["spec"]["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    codes = {int(row[0]) for row in rows("alerting/README.md", "In a pipeline") if row[0].isdigit()}
    assert codes - {0, *rule["onExitCodes"]["values"]} == {2}
    assert (rule["action"], job["backoffLimit"]) == ("FailJob", 2)
    assert job["template"]["spec"]["restartPolicy"] == "Never"


def test_every_selector_selects_the_exporter_alone() -> None:
    """Of the two pods, and for Prometheus the Service of the chart."""
    exporter, judging = (pod["metadata"]["labels"].items() for pod in pods(EVERYTHING))
    policy = one("NetworkPolicy")["spec"]
    selectors = [
        one("Deployment")["spec"]["selector"]["matchLabels"],
        one("Service")["spec"]["selector"],
        policy["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= exporter
        assert not selector.items() <= judging
    reporting, *others = policy["ingress"][0]["from"]
    assert reporting["podSelector"]["matchLabels"].items() <= judging
    assert others == EVERYTHING["networkPolicy"]["from"]
    selected = one("ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    assert selected <= one("Service")["metadata"]["labels"].items()
