"""Grafana's own packages, which run in Node: installed by `make test-dashboards`, for the tests alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "node"
VARIABLES = {"datasource": "prometheus", "dataset": "shop", "currency": "EUR", "day": ""}


def missing() -> str | None:
    """What is missing to run Grafana's packages, or nothing."""
    if not shutil.which("node"):
        return "no node on PATH"
    if not (FOLDER / "node_modules" / ".package-lock.json").exists():
        return "Grafana's packages are not installed: make test-dashboards"
    return None


def browser() -> str | None:
    """The program of a browser, where there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, names) if path), None)


def build() -> None:
    """Put our programs and Grafana's packages together."""
    run("build.mjs")


def run(script: str, *arguments: str | Path, **environment: str) -> str:
    """What a script prints; it must succeed."""
    command = ["node", script, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=300, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(script: str, folder: Path, question: Any, **environment: str) -> Any:
    """The JSON that a script prints for a question in JSON."""
    path = folder / "question.json"
    path.write_text(json.dumps(question), "utf-8")
    return json.loads(run(script, path, **environment))


def render(folder: Path, pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write pictures of dashboards, and return of each its errors, its text, and how many charts are drawn."""
    found = browser()
    assert found
    drawn: list[dict[str, Any]] = asked("render.mjs", folder, pages, CHROMIUM=found)
    return drawn
