"""How the tests of the integrations run a pipeline: as its user does, with the example of its module."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from alerting.stack.stack import Stack

ROOT = Path(__file__).parents[2]
INTEGRATIONS = ROOT / "alerting" / "integrations"
PROGRAMS = Path(sys.executable).parent

HEALTHY, BROKEN, MISSING = "2025-03-08", "2025-03-09", "2025-03-10"
"""Days of the demo, and the day after it."""


def needs(package: str) -> list[pytest.MarkDecorator]:
    """The marks of a module that is skipped, before any server starts, where the package is not installed."""
    reason = f"{package} is not installed: `make test-integrations` runs this test"
    missing = find_spec(package.split(".", maxsplit=1)[0]) is None or find_spec(package) is None
    return [pytest.mark.skipif(missing, reason=reason), pytest.mark.xdist_group("integrations")]


def example(module: str, stack: Stack, day: str) -> str:
    """The example in a module's docstring, with these servers in place of its own; a missing day is given up early."""
    docstring = (INTEGRATIONS / module).read_text("utf-8").split('"""')[1]
    code = "\n".join(line[4:] for line in docstring.splitlines() if line.startswith("    ") or not line)
    for example_of, url in (("http://exporter:9847", stack.exporter), ("http://alertmanager:9093", stack.alertmanager)):
        assert example_of in code
        code = code.replace(example_of, url)
    assert '"clickstream-report", ' in code
    return code.replace('"clickstream-report", ', f'"clickstream-report", "--timeout={timeout(day)}", ')


def timeout(day: str) -> int:
    """Seconds for a verdict about the day: it ends as soon as there is one, and about a missing day there is none."""
    return 15 if day == MISSING else 120


def run(
    command: Sequence[str | Path], folder: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command, with the project's commands on its PATH."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **(variables or {})}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def python(code: str, folder: Path, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The code as a module, because pipelines look for their own source."""
    (folder / "pipeline.py").write_text(code, "utf-8")
    return run([sys.executable, "pipeline.py"], folder, variables)
