"""The steps of alerting/integrations/github/action.yml, run as GitHub's runner does, against real servers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from pipelines import BROKEN, HEALTHY, INTEGRATIONS, MISSING, PROGRAMS

from alerting.stack.stack import Stack

ACTION = yaml.safe_load((INTEGRATIONS / "github" / "action.yml").read_text("utf-8"))
INSTALL, JUDGE = ACTION["runs"]["steps"]
pytestmark = pytest.mark.xdist_group("integrations")  # so that the servers are started once
FILES = ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")


def step(made: Mapping[str, object], folder: Path, inputs: Mapping[str, str], path: str) -> tuple[int, str]:
    """Run a step with the inputs of the action; returns its exit code and its log."""
    values = {name: each.get("default", "") for name, each in ACTION["inputs"].items()} | dict(inputs)
    context = {f"inputs.{name}": value for name, value in values.items()}
    assert isinstance(made["env"], dict)
    given = {
        name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: context[found[1]], value)
        for name, value in made["env"].items()
    }
    runner = {"PATH": path, "RUNNER_TEMP": str(folder), "GITHUB_ACTION_PATH": str(INTEGRATIONS / "github")}
    for name in FILES:
        (folder / name).touch()
    (folder / "step.sh").write_text(str(made["run"]), "utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "step.sh"],
        cwd=folder,
        env={**os.environ, **given, **runner, **{name: str(folder / name) for name in FILES}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def judged(folder: Path, inputs: Mapping[str, str], path: str = "") -> tuple[int, str, str]:
    """The exit code and the log of the step that judges, and the summary; its outputs have the same exit code."""
    code, log = step(JUDGE, folder, inputs, f"{path or PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    verdict = {0: "PASS", 1: "FAIL"}.get(code, "UNKNOWN")
    assert (folder / "GITHUB_OUTPUT").read_text("utf-8") == f"verdict={verdict}\nexit-code={code}\n", log
    return code, log, (folder / "GITHUB_STEP_SUMMARY").read_text("utf-8")


def asking(stack: Stack, day: str, *options: str) -> dict[str, str]:
    """The inputs that ask these servers about a day."""
    servers = [f"--exporter.url={stack.exporter}", "--alertmanager.url", stack.alertmanager]
    return {"command": "report", "arguments": "\n".join([*servers, *options, ""]), "date": day}


def failures(folder: Path) -> list[str | None]:
    """The test cases of the JUnit file that did not pass."""
    cases = ElementTree.parse(folder / "clickstream.xml").iter("testcase")
    return [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]


def test_the_workflow_of_the_readme_fits_the_action() -> None:
    """It uses the folder of the action, inputs that exist, and outputs that exist."""
    (text,) = re.findall(r"```yaml\n(on:.*?)```", (INTEGRATIONS.parent / "README.md").read_text("utf-8"), re.DOTALL)
    steps = yaml.safe_load(text)["jobs"]["events"]["steps"]
    (made,) = [each for each in steps if "clickstream-exporter" in each.get("uses", "")]
    folder = made["uses"].split("@")[0].split("/", 2)[2]
    assert (INTEGRATIONS.parents[1] / folder / "action.yml").samefile(INTEGRATIONS / "github" / "action.yml")
    assert set(made["with"]) <= set(ACTION["inputs"])
    outputs = re.findall(rf"steps\.{made['id']}\.outputs\.([\w-]+)", text)
    assert outputs
    assert set(outputs) <= set(ACTION["outputs"])


def test_a_pass(tmp_path: Path, healthy: Stack) -> None:
    """The step succeeds, with a summary and a test report."""
    code, log, summary = judged(tmp_path, asking(healthy, HEALTHY))
    assert (code, failures(tmp_path)) == (0, []), log
    assert f"data set shop, {HEALTHY}" in summary


def test_a_fail(tmp_path: Path, broken: Stack) -> None:
    """The step fails; log, summary and test report say why."""
    code, log, summary = judged(tmp_path, asking(broken, "9 March 2025"))
    assert (code, failures(tmp_path)) == (1, ["RevenueDrop"]), log
    assert "Revenue drop detected: 10890 EUR vs baseline 33139 EUR" in summary
    assert summary in log


def test_a_missing_day(tmp_path: Path, broken: Stack) -> None:
    """The step fails with exit code 2, and the summary says what is missing."""
    code, log, summary = judged(tmp_path, asking(broken, MISSING, "--timeout=15"))
    assert (code, failures(tmp_path)) == (2, ["verdict"]), log
    assert f"requested {MISSING}, but the newest day in the data is {BROKEN}" in summary


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"command": "report", "date": "soon-ish"}, "invalid date"),
        ({"arguments": "no such config.yml"}, "no such config.yml"),
        ({"arguments": "$(touch injected)\n; touch injected"}, "unrecognized arguments: ; touch injected"),
    ],
    ids=["date", "configuration", "shell"],
)
def test_inputs_that_cannot_be_used(tmp_path: Path, inputs: Mapping[str, str], message: str) -> None:
    """Exit code 64, never the 1 of a FAIL; no input is run by the shell."""
    code, log, summary = judged(tmp_path, inputs)
    assert (code, summary, message in log) == (64, "", True), log
    assert not (tmp_path / "injected").exists()


@pytest.mark.skipif("TEST_INSTALL" not in os.environ, reason="it installs: `make test-integrations` runs this test")
def test_the_installed_package_judges(tmp_path: Path, config: Path) -> None:
    """What the first step installs is on the PATH of the second, which judges with servers of its own."""
    code, log = step(INSTALL, tmp_path, {}, os.environ["PATH"])
    assert code == 0, log
    path = (tmp_path / "GITHUB_PATH").read_text("utf-8").strip()
    inputs = {"arguments": f"{config}\n--as-of={HEALTHY}"}
    code, log, summary = judged(tmp_path, inputs, path)
    assert (code, failures(tmp_path)) == (0, []), log
    assert f"data set shop, {HEALTHY}" in summary
