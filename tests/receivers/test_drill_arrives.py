"""A drill arrives where the real alert would, and says that it is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from relay import Relay, awaited


def drill(relay: Relay, folder: Path, dataset: str, check: str) -> None:
    """Send a drill of the check with the command, through the relay."""
    config = folder / "config.yml"
    config.write_text(yaml.safe_dump({"datasets": {dataset: {"files": "."}}}), "utf-8")
    command = [sys.executable, "-m", "alerting.check", str(config), "--drill", check]
    subprocess.run([*command, "--alertmanager.url", relay.url], check=True, capture_output=True, timeout=60)


def test_page(relay: Relay, tmp_path: Path, dataset: str) -> None:
    """A critical one is an incident of its own, beside the real one."""
    real = {"alertname": "ClickstreamRevenueDrop", "severity": "critical", "tier": "business", "dataset": dataset}
    relay.fire({"labels": real, "annotations": {"summary": "Revenue drop detected: 1 vs baseline 2"}})
    drill(relay, tmp_path, dataset, "RevenueDrop")
    pages = awaited(lambda: relay.pages(dataset, 2))
    summaries = sorted(page["payload"]["summary"] for page in pages)
    assert summaries[0].startswith("DRILL: ")
    assert summaries[1] == "Revenue drop detected: 1 vs baseline 2"
    assert {page["payload"]["severity"] for page in pages} == {"critical"}
    assert len({page["dedup_key"] for page in pages}) == 2


def test_messages(relay: Relay, tmp_path: Path, dataset: str) -> None:
    """A warning about the business is told in both channels, under a title that says that it is a drill."""
    drill(relay, tmp_path, dataset, "ConversionRateDrop")
    for channel in ("data", "marketing"):
        (message,) = awaited(lambda channel=channel: relay.messages(dataset, channel=channel))
        (attachment,) = message["attachments"]
        assert attachment["title"].startswith(f"DRILL: {dataset}")
        assert "*DRILL: " in attachment["text"]
