"""Runs the exporter in a fork of a process that has imported it: the imports take longer than most readings."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from exporter.cli import main

TIMEOUT = 60
"""Seconds that a run may take."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What came of `clickstream-exporter` with these arguments, in the folder."""
    with TemporaryDirectory() as printed:
        process = _FORKS.Process(target=_run, args=(arguments, folder, dict(os.environ), printed))
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
