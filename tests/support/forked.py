"""Runs the exporter in a fork of a process that has imported it: the imports take longer than most readings."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from exporter.cli import main
from exporter.reader.client import ONE_THREAD

TIMEOUT = 60
"""Seconds that a run may take."""


@cache
def _forks() -> multiprocessing.context.ForkServerContext:
    """What forks. It has one thread: a fork has only that one, and may wait for ever for a lock of another."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["exporter.cli", __name__])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ONE_THREAD.items():
            patch.setenv(name, value)
        forkserver.ensure_running()
    return forks


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What came of `clickstream-exporter` with these arguments, in the folder."""
    with TemporaryDirectory() as printed:
        process = _forks().Process(target=_run, args=(arguments, folder, dict(os.environ), printed))
        process.start()
        process.join(TIMEOUT)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired("clickstream-exporter", TIMEOUT)
        out, err = (Path(printed, name).read_text("utf-8") for name in ("out", "err"))
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], printed: str) -> None:
    """Run the command, with what it prints in the files `out` and `err` of the folder `printed`."""
    os.environ.clear()
    os.environ.update(environment)
    for name, stream in (("out", sys.stdout), ("err", sys.stderr)):
        os.dup2(os.open(Path(printed, name), os.O_WRONLY | os.O_CREAT), stream.fileno())
    os.chdir(folder)
    sys.exit(main(arguments))
