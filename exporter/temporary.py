"""Temporary folders: what a killed process leaves, the next one removes, because a lock says whether one lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO

LOCK = ".clickstream-lock"
"""The file that is locked in each. A folder without it is never removed: it is not one of these."""

SPILL = ".clickstream-spill-"
"""What the names of folders begin with that hold what does not fit into memory."""


class TemporaryError(Exception):
    """No temporary folder can be made: `what: why: remedy`."""


class Folder:
    """A new folder in `within`, or where temporary files go; it ends with the object or the process.

    Raises TemporaryError where none can be made.
    """

    def __init__(self, prefix: str, within: Path | None = None) -> None:
        try:
            while not self._is_made(prefix, within):
                pass  # another process took it for a dead one's before it was locked
        except OSError as error:
            remedy = "set the variable TMPDIR to a folder that can be written"
            raise TemporaryError(f"no temporary folder: {error.strerror}: {remedy}") from None

    def _is_made(self, prefix: str, within: Path | None) -> bool:
        self._folder = tempfile.TemporaryDirectory(prefix=prefix, dir=within, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        self._lock = (self.path / LOCK).open("w")
        return _is_locked_now(self._lock) and (self.path / LOCK).exists()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()
        self._lock.close()


def remove_dead(prefix: str) -> None:
    """Remove the folders of processes of this user that ended without doing so, where temporary files go."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as found:
        for each in found:
            if each.name.startswith(prefix) and each.is_dir(follow_symlinks=False):
                _remove_dead(Path(each.path))


def _remove_dead(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.lstat().st_uid != os.getuid():
            return
        with os.fdopen(os.open(path / LOCK, os.O_RDWR | os.O_NOFOLLOW), "rb+") as lock:
            if _is_locked_now(lock):
                shutil.rmtree(path, ignore_errors=True)


def _is_locked_now(file: IO[str] | IO[bytes]) -> bool:
    """Whether the file could be locked: by no other process that lives."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
