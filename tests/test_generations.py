"""Which servers the tests run on: none of them is left out in silence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import generations

ROOT = Path(__file__).parents[1]


def test_left_out_where_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable leaves the newest servers out, and the end of the run says so, quiet or not."""
    monkeypatch.setenv(generations.SKIP, "1")
    command = [sys.executable, "-m", "pytest", "-q", "tests/test_inhibition.py", "-k", "small_spikes"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    found, newest = (line for line in done.stdout.splitlines() if line.startswith("servers, "))
    assert (found.startswith("servers, found: Prometheus "), found.endswith(" passed")) == (True, True)
    assert newest.startswith("servers, newest: left out, because CLICKSTREAM_SKIP_NEWEST is set: ")
    assert newest.endswith(" skipped")


def test_missing_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newest servers that cannot be unpacked fail the tests, and the error names the variable."""
    monkeypatch.delenv(generations.SKIP, raising=False)
    monkeypatch.setattr(generations, "FOLDER", tmp_path)
    monkeypatch.setattr(generations, "KEYRING", tmp_path / "none.gpg")
    assert generations.described()["newest"] == "not unpacked"
    with pytest.raises(generations.UnavailableError, match=r"none\.gpg is missing(?s:.*)CLICKSTREAM_SKIP_NEWEST=1"):
        generations.newest.__wrapped__()
