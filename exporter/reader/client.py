"""The exporter's side: reads a data set in another process, and survives whatever happens to that process."""

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

from exporter import log
from exporter.facts.model import FactsError, Measured
from exporter.facts.task import Look, Task
from exporter.files.file import File
from exporter.reader import pipes
from exporter.temporary import SPILL, Folder, TemporaryError

COMMAND = [sys.executable, "-P", "-m", "exporter.reader.process"]
"""With -P, Python ignores a folder named `exporter` in the working directory."""

ONE_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false", "OPENBLAS_NUM_THREADS": "1"}
"""Variables that keep libraries from starting threads: Python 3.12 warns of a fork of a process that has several."""

RECEIVED = "received"
"""The fork server's answer once it has a whole request."""

KILLED = 0.5
"""Seconds to wait for a killed process to end."""


class StoppedError(FactsError):
    """The reading was stopped because the exporter stops."""


@dataclass(frozen=True)
class _ForkServer:
    """The process that forks readers, and the pipes to it and from it."""

    process: subprocess.Popen[bytes]
    requests: Connection
    answers: Connection


class _LateError(Exception):
    """No answer in time."""


class Reader:
    """Reads in one process after another, until it is stopped from another thread.

    They are forks of a server that has imported all modules, because imports take longer than many refreshes. A process
    that waits for a hanging disk cannot always be killed, so nothing here waits for one longer than a refresh may take.
    """

    def __init__(self) -> None:
        self._server: _ForkServer | None = None
        self._listed: dict[str, tuple[File, ...]] = {}
        self._lock = threading.Lock()
        self._stopped, self._stop = Pipe(duplex=False)

    def find(self, look: Look) -> tuple[File, ...]:
        """The files of a data set. Raises FactsError, also if listing them takes too long, and StoppedError."""
        answer = self._answer(look, None)
        if isinstance(answer, str):
            raise FactsError(answer)
        if isinstance(answer, tuple):
            self._listed[look.name] = answer
        return self._listed[look.name]

    def measure(self, task: Task) -> Measured:
        """What a new process measured. Raises FactsError, also if it died or takes too long, and StoppedError."""
        with _spill(task.storage) as spill:
            answer = self._answer(task, spill)
        if isinstance(answer, Measured):
            return answer
        raise FactsError(str(answer))

    def stop(self) -> None:
        """End the running process, and any later one, at once."""
        self._stop.close()
        self._end()

    def _answer(self, request: Look | Task, spill: Path | None) -> object:
        """The answer, or a text with what failed."""
        timeout = request.resources.refresh_timeout
        deadline = time.monotonic() + timeout.total_seconds()
        try:
            server = self._send(request, spill, deadline) or self._send(request, spill, deadline)
            return (
                self._receive(server, deadline)
                if server
                else "the fork server died before it received the request, twice"
            )
        except StoppedError:
            raise
        except _LateError:
            self._end()
            return f"the files were not read within {timeout} (resources.refresh_timeout)"
        except Exception as error:  # noqa: BLE001 - after any error, its answers are not readable
            return self._failed(error)

    def _send(self, request: Look | Task, spill: Path | None, deadline: float) -> _ForkServer | None:
        """The fork server that received the request; None if it ended before that: a new one may receive it."""
        server = self._running()
        with contextlib.suppress(BrokenPipeError, EOFError):
            pipe = server.requests.fileno()
            pipes.send(pipe, (request, spill), partial(self._wait, pipe, select.POLLOUT, deadline))
            if self._receive(server, deadline) == RECEIVED:
                return server
        self._end()
        return None

    def _receive(self, server: _ForkServer, deadline: float) -> object:
        pipe = server.answers.fileno()
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
        """How the fork server ended, or which error its answer caused."""
        server, code = self._server, None
        if server and isinstance(error, EOFError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = server.process.wait(KILLED)
        self._end()
        name = "the fork server"
        return died(name, code) if code else f"{name} died ({type(error).__name__})"

    def _running(self) -> _ForkServer:
        with self._lock:
            if self._stop.closed:
                raise StoppedError("stopped")
            if self._server is None or self._server.process.poll() is not None:
                self._server = _start()
            return self._server

    def _end(self) -> None:
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(KILLED)


def died(name: str, code: int) -> str:
    """How a process ended, from its exit code, which is negative for a signal."""
    if code == -signal.SIGKILL:
        what = "lower resources.memory_limit or raise the container's memory"
        return f"{name} was killed (SIGKILL), probably out of memory: {what}"
    return f"{name} died ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"


def _start() -> _ForkServer:
    """A fork server in a session of its own: a signal to its process group reaches its forks, too."""
    request_end, requests = Pipe(duplex=False)
    answers, answer_end = Pipe(duplex=False)
    with request_end, answer_end:
        stdin, stdout = request_end.fileno(), answer_end.fileno()
        command, environment = [*COMMAND, *log.configured()], os.environ | ONE_THREAD
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, start_new_session=True, env=environment)
    for end in (requests, answers):
        os.set_blocking(end.fileno(), False)
    return _ForkServer(process, requests, answers)


def _spill(storage: Path) -> Folder:
    """A folder for what does not fit into memory: in `storage`, or in the system's folder for temporary files."""
    try:
        return Folder(SPILL, storage)
    except TemporaryError:
        pass
    try:
        return Folder(SPILL)
    except TemporaryError as error:
        raise FactsError(f"{error}, or give --storage.path") from None
