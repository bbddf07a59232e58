"""Reads file names as UTF-8 in any locale, as DuckDB and the configuration do."""

from __future__ import annotations

import os
import sys


def use_utf8() -> None:
    """Restart this process in Python's UTF-8 mode if its locale decodes file names differently."""
    if sys.getfilesystemencoding().lower() == "utf-8" or sys.flags.utf8_mode or not sys.executable:
        return
    environment = {**os.environ, "PYTHONUTF8": "1"}  # for the processes that this one starts, too
    if sys.stdout:  # what is printed stays in the encoding of the terminal
        environment.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:backslashreplace")
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environment)  # noqa: S606
