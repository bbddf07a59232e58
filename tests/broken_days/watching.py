"""Many deliveries as data sets of one exporter, and what real servers say of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alerting.gate.proof import Proof, UnprovenError, proven
from alerting.gate.verdict import Subject
from alerting.http.alertmanager import listing
from alerting.http.client import Client
from alerting.stack.stack import Stack, running

from .delivery import SETTINGS, Delivery, write

HEALTHY = "healthy-"
CONFIG, STORAGE = "config.yml", "storage"
INTERVAL = "5s"
MEASURED = 300.0
"""Seconds until all data sets must be measured."""

JUDGED = 120.0
"""Seconds until all of them must be judged."""


@dataclass(frozen=True)
class Watched:
    """What an exporter is given: its configuration, and further options."""

    folder: Path
    options: Sequence[str]

    @property
    def config(self) -> Path:
        """The file of the configuration."""
        return self.folder / CONFIG

    @contextmanager
    def judged(self) -> Iterator[tuple[Stack, dict[str, Proof | str]]]:
        """Running servers, and by data set what they prove of it, or why they prove nothing."""
        (self.folder / "servers").mkdir()
        with running(self.folder / "servers", self.config, self.options, INTERVAL) as stack:
            yield stack, _proofs(stack)


def watch(deliveries: Mapping[str, Delivery], folder: Path, *options: str) -> Watched:
    """Write the deliveries into `folder`, for an exporter with these options.

    What is known of a shop's healthy days is known of each data set that has them: measuring is what takes time.
    """
    folder.mkdir()
    datasets = {name: write(delivery, folder, name) for name, delivery in deliveries.items()}
    shops = {path.name: {**SETTINGS, "files": str(path)} for path in folder.glob(f"{HEALTHY}*") if any(path.iterdir())}
    further = [f"--storage.path={folder / STORAGE}", *options]
    if shops:
        _measure(_configure(folder, shops), further)
    for name, delivery in deliveries.items():
        known = folder / STORAGE / f"{HEALTHY}{delivery.shop.name}"
        if known.exists():
            shutil.copytree(known, folder / STORAGE / name)
    _configure(folder, datasets)
    return Watched(folder, further)


def _measure(config: Path, options: Sequence[str]) -> None:
    """Let an exporter measure once."""
    command = [sys.executable, "-m", "exporter", f"--config.file={config}", "--once", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _configure(folder: Path, datasets: Mapping[str, Mapping[str, Any]]) -> Path:
    path = folder / CONFIG
    path.write_text(json.dumps({"refresh_interval": "1h", "datasets": datasets}), "utf-8")  # JSON is YAML
    return path


def _proofs(stack: Stack) -> dict[str, Proof | str]:
    """What is proven about the snapshot that each data set has after a refresh."""
    outcomes = Client().post(f"{stack.exporter}/-/refresh", MEASURED).body["datasets"]
    found: dict[str, Proof | str] = {each["dataset"]: str(each.get("error", "not judged")) for each in outcomes}
    wanted = {
        each["dataset"]: Subject(each["dataset"], None, each["snapshot"]) for each in outcomes if "snapshot" in each
    }
    since: dict[str, datetime] = {}
    deadline = time.monotonic() + JUDGED
    while time.monotonic() < deadline and (rest := [name for name in wanted if not isinstance(found[name], Proof)]):
        listed = listing(Client(), stack.alertmanager, 10)
        for name in rest:
            try:
                found[name] = proven(listed, since, wanted[name])
            except UnprovenError as error:
                found[name] = str(error)
        time.sleep(1)
    return found
