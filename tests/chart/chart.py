"""The chart as Helm renders it; `python -m tests.chart.chart` writes its manifests for people without Helm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "exporter/helm"
MANIFESTS = CHART / "manifests.yaml"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
EVERYTHING: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "everything.yml").read_text("utf-8"))

HEADER = """\
# The chart with its default values, for people without Helm: kubectl apply --filename manifests.yaml
# Replace `config.yml` in the ConfigMap, and `image` in the Deployment. After a change of the ConfigMap:
# kubectl rollout restart deployment/clickstream-exporter
# Written by `make manifests` from templates/ and values.yaml: change it there.
"""

# Last, so that nothing of .venv is replaced; not in .venv, where one of the packages would become a plugin of pytest.
sys.path.append(str(ROOT / ".servers/chart"))


def render(values: dict[str, Any], chart: Path = CHART, release: str = "clickstream-exporter") -> dict[str, str]:
    """The text of each template that is not empty, by its file name."""
    import helm_python  # noqa: PLC0415 (only where it is installed)

    with helm_python.Chart.load(chart) as loaded:
        texts = loaded.render(values, name=release, namespace="default")
    return {Path(name).name: text for name, text in sorted(texts.items()) if text.strip()}


def objects(values: dict[str, Any], release: str = "clickstream-exporter") -> list[dict[str, Any]]:
    """What is created with these values."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for text in render(values, release=release).values() for each in yaml.load_all(text, loader) if each]


def one(kind: str, values: dict[str, Any] = EVERYTHING) -> dict[str, Any]:
    """The only object of this kind."""
    (found,) = (each for each in objects(values) if each["kind"] == kind)
    return found


def pods(values: dict[str, Any]) -> list[dict[str, Any]]:
    """The templates of all pods."""
    specs = [each["spec"] for each in objects(values) if each["kind"] in {"Deployment", "CronJob"}]
    return [spec.get("jobTemplate", {"spec": spec})["spec"]["template"] for spec in specs]


def manifests() -> str:
    """The text of MANIFESTS."""
    return HEADER + "".join(f"---\n{text.strip()}\n" for text in render({}).values())


if __name__ == "__main__":
    MANIFESTS.write_text(manifests(), "utf-8")
