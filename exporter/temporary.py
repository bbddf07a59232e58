"""Temporary folders, locked while their process lives: the next process removes those of one that was killed."""

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
"""The lock file in each folder. A folder without one is never removed: it is not ours."""

SPILL = ".clickstream-spill-"
"""The prefix of the names of folders for what does not fit into memory."""


class TemporaryError(Exception):
    """No temporary folder can be created: `what: why: remedy`."""


class Folder:
    """A new folder in `within`, or in the system's folder for temporary files; removed with the object or on exit.

    Raises TemporaryError if it cannot be created.
    """

    def __init__(self, prefix: str, within: Path | None = None) -> None:
        try:
            while not self._is_made(prefix, within):
                pass  # another process removed it as abandoned before it was locked
        except OSError as error:
            remedy = "set the variable TMPDIR to a writable folder"
            raise TemporaryError(f"cannot create a temporary folder: {error.strerror}: {remedy}") from None

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
    """Remove the temporary folders of this user's processes that ended without removing them."""
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for each in entries:
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
    """Whether this process now holds the lock; False if another living process does."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
