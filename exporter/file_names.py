"""File names are read as UTF-8, whatever the locale says of them: it is what DuckDB and the configuration use."""

from __future__ import annotations

import os
import sys


def use_utf8() -> None:
    """Start this process again in Python's UTF-8 mode where its locale decodes file names in another way."""
    if sys.getfilesystemencoding().lower() == "utf-8" or sys.flags.utf8_mode or not sys.executable:
        return
    environment = {**os.environ, "PYTHONUTF8": "1"}  # for the processes that this one starts, too
    if sys.stdout:  # what is printed stays in the encoding of the terminal
        environment.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:backslashreplace")
    os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], environment)  # noqa: S606
