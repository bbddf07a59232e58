"""A real exporter on the demo's data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.request import urlopen

from relay import awaited

from alerting.stack.stack import Server, await_answer, end, free_address, start
from exporter.demo.write import write_demo

BAD_DAY = date(2025, 3, 9)
OLDEST = 'clickstream_day_timestamp_seconds{dataset="shop",lag="14"}'
"""What is served once all days are: the newest are served before the older ones are read, on which messages rest."""

PATIENCE = 120.0
"""Seconds for that on a busy machine."""


@contextmanager
def exporting(folder: Path) -> Iterator[str]:
    """The address of an exporter of the demo's bad day, whose data and log are in `folder`."""
    config = write_demo(folder / "demo", BAD_DAY)
    address = free_address()
    command = [sys.executable, "-P", "-m", "exporter", "--config.file", str(config), "--as-of", str(BAD_DAY)]
    ready = f"http://{address}/-/ready"
    server = Server("demo", [*command, "--web.listen-address", address], None, ready)
    process = start(server, folder)
    try:
        await_answer(server, process, folder, PATIENCE)
        assert awaited(lambda: OLDEST in _served(address), PATIENCE)
        yield address
    finally:
        end(process)


def _served(address: str) -> str:
    with urlopen(f"http://{address}/metrics", timeout=30) as answer:
        return str(answer.read().decode())
