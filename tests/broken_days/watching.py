"""An exporter's configuration and storage for many deliveries, of which the healthy days are measured once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .delivery import SETTINGS, Delivery, write

HEALTHY = "healthy-"
CONFIG, STORAGE = "config.yml", "storage"


def watch(deliveries: Mapping[str, Delivery], folder: Path, *options: str) -> list[str]:
    """Write the deliveries into `folder`; returns the exporter's options, which `options` are among.

    What is known of a shop's healthy days is known of each data set that has them: measuring is what takes time.
    """
    folder.mkdir()
    datasets = {name: write(delivery, folder, name) for name, delivery in deliveries.items()}
    shops = {path.name: {**SETTINGS, "files": str(path)} for path in folder.glob(f"{HEALTHY}*") if any(path.iterdir())}
    further = [f"--storage.path={folder / STORAGE}", *options]
    if shops:
        once(_config(folder, shops), further)
    for name, delivery in deliveries.items():
        known = folder / STORAGE / f"{HEALTHY}{delivery.shop.name}"
        if known.exists():
            shutil.copytree(known, folder / STORAGE / name)
    return [f"--config.file={_config(folder, datasets)}", *further]


def once(config: Path, options: Sequence[str]) -> str:
    """The exposition of an exporter that measures once."""
    command = [sys.executable, "-m", "exporter", f"--config.file={config}", "--once", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _config(folder: Path, datasets: Mapping[str, Mapping[str, Any]]) -> Path:
    path = folder / CONFIG
    path.write_text(json.dumps({"refresh_interval": "1h", "datasets": datasets}), "utf-8")
    return path
