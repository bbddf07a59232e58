"""The exporter's image, without an engine: its RUN lines are run here, in a folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from shipped import ROOT, SERVICES, instructions, mounts

from alerting.stack.programs import find

pytestmark = pytest.mark.xdist_group("tests/compose/test_image.py")  # so that the wheel is built once


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs that the first stage of the Dockerfile makes of what .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("image")
    source = folder / "source"
    source.mkdir()
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line.startswith("!"):
            copy = shutil.copytree if (ROOT / line[1:]).is_dir() else shutil.copy
            copy(ROOT / line[1:], source / line[1:])
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in (each for each in instructions("RUN") if each.startswith(("pip", "python", "/opt"))):
        here = re.sub(r"(?<!\S)(?=/wheels\b|/opt/)", str(folder), line)
        done = subprocess.run(here.split(), check=False, cwd=source, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{here}\n{done.stderr}"
    return folder / "opt/clickstream/bin"


def test_the_image_holds_the_commands_and_no_installer(programs: Path) -> None:
    """The programs start, and nothing that could install another is beside them."""
    for name in ("clickstream-exporter", "clickstream-report"):
        subprocess.run([programs / name, "--help"], check=True, capture_output=True)
    assert [path.name for path in programs.iterdir() if path.name.startswith("pip")] == []


def test_the_wheel_holds_all_that_is_read(programs: Path, tmp_path: Path) -> None:
    """SQL, rules and the demo's configuration are in it, so the image measures without the clone."""
    subprocess.run([programs / "python", "-m", "exporter.demo", tmp_path / "demo"], check=True, cwd=tmp_path)
    command = [programs / "clickstream-exporter", "--config.file", tmp_path / "demo/config.yml", "--once"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'clickstream_purchases{dataset="shop",lag="0"} 14.0' in done.stdout
    judged = "import alerting.rulefile; print(len(alerting.rulefile.groups()))"
    assert subprocess.check_output([programs / "python", "-c", judged], cwd=tmp_path).strip() == b"2"


def test_the_wheel_alone_is_enough(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a clone, the exporter writes what Prometheus, Alertmanager and Grafana load."""
    monkeypatch.delenv("PYTHONPATH", raising=False)  # or the clone would be found

    def ran(*arguments: str) -> list[str]:
        command = [programs / "clickstream-exporter", *arguments]
        return subprocess.check_output(command, cwd=tmp_path, text=True).splitlines()

    assert ran("--version") == [tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]]
    written = {name: (tmp_path / name).read_bytes() for name in ran("--print-rules", "new/rules")}
    written |= {name: (tmp_path / name).read_bytes() for name in ran("--print-dashboards", "boards")}
    assert written["new/rules/rules/clickstream.yml"] == (ROOT / "alerting/rules/clickstream.yml").read_bytes()
    assert len([name for name in written if name.startswith("new/rules/runbooks/")]) > 40
    shipped = {f"boards/{each.name}": each.read_bytes() for each in (ROOT / "grafana/dashboards").iterdir()}
    assert shipped.items() <= written.items()
    for command in (["promtool", "check", "config", "prometheus.yml"], ["amtool", "check-config", "alertmanager.yml"]):
        subprocess.run([find(command[0]), *command[1:]], check=True, capture_output=True, cwd=tmp_path / "new/rules")


def test_s6_the_image_starts_as_the_stack_mounts_it() -> None:
    """It reads, keeps and listens where the volumes and the port are, and not as root."""
    (entrypoint,), arguments = (json.loads(instructions(name)[0]) for name in ("ENTRYPOINT", "CMD"))
    assert entrypoint == "clickstream-exporter"
    options = dict(argument.split("=") for argument in arguments)
    assert options["--config.file"] in mounts("exporter")
    assert mounts("exporter")[options["--storage.path"]] == ("exporter", False)
    assert options["--web.listen-address"] == "0.0.0.0:9847"
    assert SERVICES["exporter"]["command"][: len(arguments)] == arguments
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions("USER")[-1])
