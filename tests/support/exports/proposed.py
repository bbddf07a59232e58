"""Runs `clickstream-init` as a command, and keeps what it proposes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The ended command, in a folder; it never shows a traceback."""
    command = [sys.executable, "-m", "exporter.init", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=os.environ, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def propose(folder: Path, *files: str, name: str = "config.yml") -> Path:
    """The configuration file that is proposed for files below the folder; all of the output is on stdout."""
    done = run(folder, *files)
    assert (done.returncode, done.stderr) == (0, "")
    path = folder / name
    path.write_text(done.stdout, "utf-8")
    return path


def dataset(config: Path) -> dict[str, Any]:
    """The data set of a proposed file."""
    found: dict[str, Any] = yaml.safe_load(config.read_text("utf-8"))["datasets"]["web"]
    return found


def comments(config: Path) -> str:
    """All comments of a file as one text."""
    lines = [line.partition("# ")[2] for line in config.read_text("utf-8").splitlines() if "# " in line]
    return " ".join(lines)
