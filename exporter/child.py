"""Measures a data set in a process of its own, so that a hostile file takes down a refresh and no more."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from exporter.config import Dataset, Resources
from exporter.facts import FactsError, Known, Measured
from exporter.measures import Measure
from exporter.reading import measure

COMMAND = [sys.executable, "-P", "-m", "exporter.child"]
"""-P: a folder named `exporter` where someone happens to stand is not ours."""


SPILL = ".clickstream-spill-"
"""What the names of folders begin with that hold what does not fit into memory."""


class StoppedError(FactsError):
    """The measuring process was ended because the exporter ends."""


@dataclass(frozen=True)
class Task:
    """What to measure; `exporter.reading.measure` says how."""

    dataset: Dataset
    measures: tuple[Measure, ...]
    known: Known
    as_of: date | None
    now: datetime
    resources: Resources
    kept: Path


class Child:
    """Measures in one process after another, until it is stopped from another thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def measure(self, task: Task) -> Measured:
        """What a new process measured. Raises FactsError, also when the process died, and StoppedError."""
        folder = task.kept if task.kept.is_dir() else None
        with tempfile.TemporaryDirectory(prefix=SPILL, dir=folder) as spill:
            process = subprocess.Popen([*COMMAND, spill], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._process = process
            if self._stopped:
                process.kill()
            answer = _ask(process, task)
        if self._stopped:
            raise StoppedError("stopped")
        if isinstance(answer, Measured):
            return answer
        raise FactsError(str(answer) if answer is not None else f"the reading process died ({_end(process)})")

    def stop(self) -> None:
        """End the process that runs, and every later one, at once."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()


def _ask(process: subprocess.Popen[bytes], task: Task) -> object:
    """The answer of the process: what it measured, a text that says what failed, or None where it died."""
    answer: object = None
    with contextlib.suppress(BrokenPipeError, EOFError, pickle.UnpicklingError), process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(task))
        process.stdin.flush()
        # The pipe stays open until here: its end tells the process that nobody waits for an answer any more.
        answer = pickle.load(process.stdout)
    return answer


def _end(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def main() -> None:
    """Read a task from stdin, answer on stdout; what libraries print goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    task: Task = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer: object = measure(
            task.dataset,
            task.measures,
            task.known,
            task.as_of,
            task.now,
            resources=task.resources,
            kept=task.kept,
            spill=Path(sys.argv[1]),
        )
    except FactsError as error:
        answer = str(error)
    except Exception as error:  # noqa: BLE001 - the border of the process: whatever it was, the parent must hear it
        answer = f"{type(error).__name__}: {error}".splitlines()[0]
    with answers:
        pickle.dump(answer, answers)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    main()
