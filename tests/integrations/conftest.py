"""Running servers on a healthy and on a broken day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pipelines import BROKEN, HEALTHY

from alerting.stack.stack import Stack, running
from exporter.demo.write import write_demo


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the demo of March 2025, whose last day is broken."""
    return write_demo(tmp_path_factory.mktemp("demo"), date.fromisoformat(BROKEN))


@pytest.fixture(scope="module")
def healthy(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Running servers on the demo's last healthy day."""
    with running(tmp_path_factory.mktemp("healthy"), config, ("--as-of", HEALTHY), "3s") as made:
        yield made


@pytest.fixture(scope="module")
def broken(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Running servers on the demo's broken day."""
    with running(tmp_path_factory.mktemp("broken"), config, ("--as-of", BROKEN), "3s") as made:
        yield made
