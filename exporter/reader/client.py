"""Reads a data set in another process, so that a hostile file or a disk that hangs takes down a refresh and no more."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from exporter.facts.model import FactsError, Measured
from exporter.files.listing import File
from exporter.reader import pipes
from exporter.reader.task import Look, Task
from exporter.temporary import SPILL, Folder, TemporaryError

COMMAND = [sys.executable, "-P", "-m", "exporter.reader.process"]
"""-P: a folder named `exporter` where someone happens to stand is not ours."""


TOLD = "told"
"""What the process that starts readers answers once it has a whole request."""

KILLED = 0.5
"""Seconds that a killed process may take to end."""


class StoppedError(FactsError):
    """The process was ended because the exporter ends."""


@dataclass(frozen=True)
class _Starter:
    """The process that starts readers, and the pipes to it and from it."""

    process: subprocess.Popen[bytes]
    asking: Connection
    answers: Connection


class _LateError(Exception):
    """No answer in time."""


class Child:
    """Reads in one process after another, until it is stopped from another thread.

    They are forks of one that has imported all there is, which costs more than many a refresh. A process that waits
    for a disk that hangs cannot always be killed: nothing here waits for one longer than a refresh may take.
    """

    def __init__(self) -> None:
        self._starter: _Starter | None = None
        self._listed: dict[str, tuple[File, ...]] = {}
        self._lock = threading.Lock()
        self._stopped, self._stop = Pipe(duplex=False)

    def find(self, look: Look) -> tuple[File, ...]:
        """The files of a data set. Raises FactsError, also when listing them takes too long, and StoppedError."""
        answer = self._answer(look, None)
        if isinstance(answer, str):
            raise FactsError(answer)
        if isinstance(answer, tuple):
            self._listed[look.name] = answer
        return self._listed[look.name]

    def measure(self, task: Task) -> Measured:
        """What a new process measured. Raises FactsError, also when it died or takes too long, and StoppedError."""
        with _spill(task.kept) as spill:
            answer = self._answer(task, spill)
        if isinstance(answer, Measured):
            return answer
        raise FactsError(str(answer))

    def stop(self) -> None:
        """End the process that runs, and every later one, at once."""
        self._stop.close()
        self._end()

    def _answer(self, request: Look | Task, spill: Path | None) -> object:
        """What was answered, or a text that says what failed."""
        most = request.resources.refresh_timeout
        deadline = time.monotonic() + most.total_seconds()
        try:
            starter = self._told(request, spill, deadline) or self._told(request, spill, deadline)
            return self._heard(starter, deadline) if starter else "no process could start a reader"
        except StoppedError:
            raise
        except _LateError:
            self._end()
            return f"the files were not read within {most} (resources.refresh_timeout)"
        except Exception as error:  # noqa: BLE001 - what it said cannot be understood any more, whatever the reason
            return self._failed(error)

    def _told(self, request: Look | Task, spill: Path | None, deadline: float) -> _Starter | None:
        """The process that starts readers, once it has the request; None where it ended before: another may not."""
        starter = self._running()
        with contextlib.suppress(BrokenPipeError, EOFError):
            pipe = starter.asking.fileno()
            pipes.send(pipe, (request, spill), partial(self._wait, pipe, select.POLLOUT, deadline))
            if self._heard(starter, deadline) == TOLD:
                return starter
        self._end()
        return None

    def _heard(self, starter: _Starter, deadline: float) -> object:
        pipe = starter.answers.fileno()
        return pipes.receive(pipe, partial(self._wait, pipe, select.POLLIN, deadline))

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        """Wait until the pipe can be read or written, or is broken."""
        poll = select.poll()
        poll.register(self._stopped.fileno(), select.POLLIN)
        poll.register(pipe, event)
        ready = dict(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
        if self._stopped.fileno() in ready:
            raise StoppedError("stopped")
        if not ready:
            raise _LateError

    def _failed(self, error: Exception) -> str:
        """How the process that starts readers ended, or else why its answer is of no use."""
        starter, code = self._starter, None
        if starter and isinstance(error, EOFError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = starter.process.wait(KILLED)
        self._end()
        name = "the process that starts readers"
        return died(name, code) if code else f"{name} died ({type(error).__name__})"

    def _running(self) -> _Starter:
        with self._lock:
            if self._stop.closed:
                raise StoppedError("stopped")
            if self._starter is None or self._starter.process.poll() is not None:
                self._starter = _start()
            return self._starter

    def _end(self) -> None:
        with self._lock:
            starter, self._starter = self._starter, None
        if starter is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(starter.process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                starter.process.wait(KILLED)


def died(name: str, code: int) -> str:
    """How a process ended, by its exit code, which is negative for a signal."""
    if code == -signal.SIGKILL:
        what = "lower resources.memory_limit or raise the container's memory"
        return f"{name} was killed (SIGKILL), probably out of memory: {what}"
    return f"{name} died ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"


def _start() -> _Starter:
    """A process that starts readers, in a session of its own: a signal to its group reaches what it has forked."""
    asked, asking = Pipe(duplex=False)
    answers, answering = Pipe(duplex=False)
    with asked, answering:
        process = subprocess.Popen(COMMAND, stdin=asked.fileno(), stdout=answering.fileno(), start_new_session=True)
    for ours in (asking, answers):
        os.set_blocking(ours.fileno(), False)
    return _Starter(process, asking, answers)


def _spill(kept: Path) -> Folder:
    """A folder for what does not fit into memory: beside what is kept, or where temporary files go."""
    try:
        return Folder(SPILL, kept)
    except TemporaryError:
        pass
    try:
        return Folder(SPILL)
    except TemporaryError as error:
        raise FactsError(f"{error}, or give --storage.path") from None
