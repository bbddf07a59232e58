"""Files that are still being written: recent ones without a footer, which is written last."""

from __future__ import annotations

import os
import time

from exporter.files.file import File

YOUNG = 300
"""Seconds since the last write: after that, a file without a footer was abandoned."""

_MAGIC = b"PAR1"

_SMALLEST = 12
"""Minimum bytes of a file with a footer: the magic at both ends, and the footer's size."""


def is_young(file: File) -> bool:
    """Whether the file was written a moment ago, by the clock of this machine."""
    return abs(time.time_ns() - file.mtime_ns) < YOUNG * 10**9


def is_unfinished(file: File, path: str) -> bool:
    """Whether the file, at `path`, has no footer yet and was written a moment ago."""
    return is_young(file) and not _has_footer(path)


def _has_footer(path: str) -> bool:
    try:
        with open(path, "rb") as opened:
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - len(_MAGIC)))
            return size >= _SMALLEST and opened.read() == _MAGIC
    except OSError:
        return True  # gone or not permitted, which are not signs of a file that is being written
