"""Measures a data set in a process of its own, so that a hostile file takes down a refresh and no more."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO, NoReturn

from exporter import log
from exporter.config import Dataset, Resources
from exporter.devices import classify
from exporter.facts import FactsError, Known, Measured
from exporter.measures import Measure
from exporter.reading import measure

COMMAND = [sys.executable, "-P", "-m", "exporter.child"]
"""-P: a folder named `exporter` where someone happens to stand is not ours."""

SPILL = ".clickstream-spill-"
"""What the names of folders begin with that hold what does not fit into memory."""


TOLD = b"!"
"""What the process that starts readers answers once it has a whole task."""


class StoppedError(FactsError):
    """The measuring process was ended because the exporter ends."""


@dataclass(frozen=True)
class Task:
    """What to measure; `exporter.reading.measure` says how."""

    name: str
    dataset: Dataset
    measures: tuple[Measure, ...]
    known: Known
    as_of: date | None
    now: datetime
    most: int | None
    resources: Resources
    kept: Path


class Child:
    """Measures in one process after another, until it is stopped from another thread.

    They are forks of one that has imported all there is, which costs more than many a refresh.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def measure(self, task: Task) -> Measured:
        """What a new process measured. Raises FactsError, also when the process died, and StoppedError."""
        folder = task.kept if task.kept.is_dir() else None
        with tempfile.TemporaryDirectory(prefix=SPILL, dir=folder) as spill:
            answer = self._ask(task, Path(spill))
        if self._stopped:
            raise StoppedError("stopped")
        if isinstance(answer, Measured):
            return answer
        raise FactsError(str(answer))

    def stop(self) -> None:
        """End the process that runs, and every later one, at once."""
        with self._lock:
            self._stopped = True
            self._end()

    def _ask(self, task: Task, spill: Path) -> object:
        """What was measured, or a text that says what failed."""
        try:
            process = self._told(task, spill) or self._told(task, spill)
            return pickle.load(process.stdout) if process and process.stdout else "no process could start a reader"
        except StoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - what it said cannot be understood any more, whatever the reason
            with self._lock:
                self._end()
            return f"the process that starts readers died ({type(error).__name__})"

    def _told(self, task: Task, spill: Path) -> subprocess.Popen[bytes] | None:
        """The process that starts readers, once it has the task; None where it ended before that: another may not."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((task, spill), process.stdin)
            process.stdin.flush()
            if process.stdout.read(len(TOLD)) == TOLD:
                return process
        with self._lock:
            self._end()
        return None

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise StoppedError("stopped")
            if self._process is not None and self._process.poll() is not None:
                self._end()
            if self._process is None:
                # A session of its own: a signal to its group reaches what it has forked.
                self._process = subprocess.Popen(
                    COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
                )
            return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(BrokenPipeError):
            self._process.__exit__(None, None, None)
        self._process = None


def main() -> None:
    """Read tasks from stdin, have each measured by a fork, answer on stdout; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    log.configure(logging.INFO)
    classify("")  # reads its patterns
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            task, spill = pickle.load(sys.stdin.buffer)
            answers.write(TOLD)
            answers.flush()
            answers.write(_forked(task, spill, answers))
            answers.flush()
            del task


def _forked(task: Task, spill: Path, answers: IO[bytes]) -> bytes:
    """The pickled answer of a process that measured `task`."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        answers.close()  # so that the exporter hears when the process that starts readers dies
        _measure_and_exit(task, spill, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code:
        end = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return pickle.dumps(f"the reading process died ({end})")
    return text


def _measure_and_exit(task: Task, spill: Path, writing: int) -> NoReturn:
    code = 1
    try:
        threading.Thread(target=_end_alone, args=(writing,), daemon=True).start()
        with os.fdopen(writing, "wb") as answer:
            pickle.dump(_answer(task, spill), answer)
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may go on as a second process that starts readers
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(task: Task, spill: Path) -> Measured | str:
    """What was measured, or what failed."""
    try:
        measured = measure(
            task.name,
            task.dataset,
            task.measures,
            task.known,
            task.as_of,
            task.now,
            most=task.most,
            resources=task.resources,
            kept=task.kept,
            spill=spill,
        )
    except FactsError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the border of the process: whatever it was, the parent must hear it
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return replace(measured, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _end_alone(writing: int) -> None:
    """End this process when nobody waits for its answer: the other end of its pipe, or of stdin, is closed."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), 0)
    poll.register(writing, 0)
    poll.poll()
    os._exit(1)


if __name__ == "__main__":
    main()
