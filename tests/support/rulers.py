"""Other programs than Prometheus that evaluate rules: VictoriaMetrics and its vmalert, from the newest Debian."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from alerting.stack import programs
from alerting.stack.stack import end, free_address
from tests.support import generations

FOLDER = programs.FOLDER / "rulers"


def unpacked() -> Path:
    """The folder with the programs; skips the test where they cannot be had."""
    found = FOLDER / "root/usr/bin"
    if not (found / "vmalert").exists():
        try:
            generations.newest()  # writes the configuration that lets apt see the newest suite
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("APT_CONFIG", str(generations.FOLDER / "apt.conf"))
                programs._fetch(("victoria-metrics",), FOLDER / "partial")
            os.replace(FOLDER / "partial/root", FOLDER / "root")
        except (generations.SkippedError, generations.UnavailableError, programs.ServerError, OSError) as error:
            pytest.skip(f"no vmalert: {error}")
    return found


@contextmanager
def vmalert(folder: Path, exporter: str, alertmanager: str, rules: Path) -> Iterator[str]:
    """The URL of a VictoriaMetrics that scrapes the exporter, whose rules vmalert evaluates every two seconds."""
    found, storage, ruler = unpacked(), free_address(), free_address()
    target = exporter.removeprefix("http://")
    jobs = [{"job_name": "clickstream", "scrape_interval": "2s", "static_configs": [{"targets": [target]}]}]
    (folder / "scrape.yml").write_text(yaml.safe_dump({"scrape_configs": jobs}))
    commands = [
        [
            f"{found}/victoria-metrics",
            f"-httpListenAddr={storage}",
            f"-storageDataPath={folder}/storage",
            f"-promscrape.config={folder}/scrape.yml",
            f"-vmalert.proxyURL=http://{ruler}",
            "-search.maxQueryLen=65536",  # some of our rules are longer than its 16 kB
            "-search.latencyOffset=0s",
        ],
        [
            f"{found}/vmalert",
            f"-httpListenAddr={ruler}",
            f"-rule={rules}",
            "-evaluationInterval=2s",
            *(f"-{option}=http://{storage}" for option in ("datasource.url", "remoteWrite.url", "remoteRead.url")),
            f"-notifier.url={alertmanager}",
        ],
    ]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL) for command in commands
        ]
        try:
            yield f"http://{storage}"
        finally:
            for process in processes:
                end(process)
