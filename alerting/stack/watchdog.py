"""The process that ends servers once the one that started them is gone, however it ended.

Each line on stdin is the id of a process; the other end of stdin is held by nobody but the one that started it.
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
"""Begins a command line: it tells the watchdog, its stdin, the id of its process, and becomes the server.

No moment is left in which the one that started it could die before the watchdog knows of the server.
"""

GRACE = 2.0
"""Seconds that servers may take to end by themselves."""


@contextmanager
def watchdog() -> Iterator[int]:
    """The descriptor that must be stdin of a command that begins with `REGISTER`; servers end with this, at last."""
    told, telling = os.pipe()
    try:
        # A session of its own: what ends everybody in front of a terminal must not end it first.
        process = subprocess.Popen(
            COMMAND, stdin=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
    finally:
        os.close(told)
    try:
        yield telling
    finally:
        os.close(telling)
        process.wait()


class _Process:
    """A process, by a descriptor where the system has such, because its id may soon be another's."""

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
    """End the processes that are named on stdin when it ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    found = []
    for line in sys.stdin:
        with contextlib.suppress(OSError):  # ended already
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
