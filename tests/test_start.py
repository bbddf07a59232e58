"""What a command imports: each library that it does not need makes every start slower."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.rogue import rogue, says

READS = {"duckdb", "pyarrow", "numpy", "ua_parser", "tqdm"}
"""What only the processes that read need."""

IMPORTED = """
import sys
from {module} import main
try:
    main({arguments})
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""


def imported(module: str, *arguments: str) -> set[str]:
    """The modules that a command has imported in its end."""
    code = IMPORTED.format(module=module, arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    found = set(done.stderr.splitlines()[-1].split())
    assert module in found
    return found


def test_report_that_judges(tmp_path: Path) -> None:
    """A verdict needs neither what reads data, nor the model of a configuration, nor a parser of metrics."""
    with rogue(says(b"[]")) as url:
        junit = tmp_path / "junit.xml"
        options = ("--date=2025-03-09", "--timeout=1", f"--alertmanager.url={url}", f"--junit={junit}")
        found = imported("alerting.report", *options)
    assert {"yaml", "http.client"} <= found
    assert found & (READS | {"pydantic", "prometheus_client", "asyncio", "multiprocessing"}) == set()


def test_report_that_does_not() -> None:
    """The help needs no rules."""
    assert imported("alerting.report", "--help") & (READS | {"yaml", "pydantic", "prometheus_client"}) == set()


@pytest.mark.parametrize("module", ["exporter.cli", "alerting.check"])
def test_progress_is_shown_by_what_reads(module: str) -> None:
    """The other commands start without it."""
    assert "tqdm" not in imported(module, "--help")
