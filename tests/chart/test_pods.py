"""The pods of the chart: what they may do, what they are started with, and who finds them."""

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
from tests.chart.chart import EVERYTHING, ROOT, objects, one, pods
from tests.support.documents import rows

pytest.importorskip("helm_python", reason="Helm is not installed: `make test-chart` installs it")

each_way = pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["default", "everything"])


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
    assert container["ports"] == [{"name": "http", "containerPort": parsed.addresses[0].port}]
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
