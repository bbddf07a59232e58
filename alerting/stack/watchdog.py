"""A process that stops servers once the process that started them is gone, even if it was killed.

Each line on stdin is the id of a server's process. Only the starting process holds the other end of the pipe, so the
pipe closes when it is gone.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

COMMAND = [sys.executable, "-P", "-m", "alerting.stack.watchdog"]

REGISTER = ["/bin/sh", "-c", 'echo $$ >&0; exec "$@" </dev/null', "sh"]
"""Prefix of a command: registers its own process id with the watchdog through stdin, then becomes the server.

So the starting process cannot die between the start of a server and its registration.
"""

GRACE = 2.0
"""Seconds that servers may take to stop after SIGTERM."""


@contextmanager
def watchdog() -> Iterator[int]:
    """A pipe to use as stdin of commands that begin with `REGISTER`; their servers stop when this context ends."""
    read_end, write_end = os.pipe()
    try:
        # A session of its own: a signal to the terminal's processes must not end it first.
        process = subprocess.Popen(
            COMMAND, stdin=read_end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
    finally:
        os.close(read_end)
    try:
        yield write_end
    finally:
        os.close(write_end)
        process.wait()


class _Process:
    """A process, by file descriptor where the system supports that, because its id may be reused."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._descriptor = os.pidfd_open(pid) if sys.platform == "linux" else -1

    def has_ended(self) -> bool:
        if sys.platform == "linux":
            return bool(select.select([self._descriptor], [], [], 0)[0])
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        return False

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "linux":
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                os.kill(self._pid, number)


def main() -> None:
    """Stop the processes listed on stdin once stdin is closed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    found = []
    for line in sys.stdin:
        with contextlib.suppress(OSError):  # it has exited
            found.append(_Process(int(line)))
    _end(found)


def _end(processes: Sequence[_Process]) -> None:
    for each in processes:
        each.send(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while not all(each.has_ended() for each in processes):
        if time.monotonic() > deadline:
            for each in processes:
                each.send(signal.SIGKILL)
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
