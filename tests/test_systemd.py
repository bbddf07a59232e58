"""The units of systemd: valid, hardened, and started with flags that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.arguments import address
from tests.support.documents import ROOT, rows, words

UNITS = ROOT / "exporter/systemd"
SERVICE = (UNITS / "clickstream-exporter.service").read_text("utf-8")
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not on PATH")


def analyze(*arguments: str | Path) -> str:
    """What systemd-analyze says; it must end with exit code 0."""
    command = ["systemd-analyze", *map(str, arguments)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


@needs_systemd
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """Without a warning, once the program is where the unit says."""
    shutil.copy(UNITS / "clickstream-exporter.socket", tmp_path)
    service = tmp_path / "clickstream-exporter.service"
    service.write_text(re.sub(r"(?<=^ExecStart=)\S+", sys.executable, SERVICE, flags=re.MULTILINE), "utf-8")
    assert analyze("verify", "--man=no", service, service.with_suffix(".socket")) == ""


@needs_systemd
def test_the_service_is_hardened() -> None:
    """Its exposure, from 0 to 10, is at most 1.5 as systemd computes it."""
    analyze("security", "--offline=true", "--threshold=15", UNITS / "clickstream-exporter.service")


def test_the_units_start_what_is_documented() -> None:
    """The flags are those of the exporter, and the socket is where it listens by default."""
    used = set(re.findall(r" (--[\w.-]+)=", re.findall(r"^ExecStart=(.*)$", SERVICE, re.MULTILINE)[0]))
    documented = {words(row[0])[0].split()[0]: row[1] for row in rows("exporter/README.md", "Flags")}
    assert len(used) == 2
    assert used <= set(documented)
    (listening,) = re.findall(
        r"^ListenStream=(\S+)$", (UNITS / "clickstream-exporter.socket").read_text("utf-8"), re.MULTILINE
    )
    assert address(listening) == address(words(documented["--web.listen-address"])[0])
