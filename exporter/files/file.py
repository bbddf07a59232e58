"""A file as its folder or its bucket lists it."""

from __future__ import annotations

import re
from typing import NamedTuple

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


IN_TABLE = "in a table"
"""How the version of a file of a table begins: such a file never changes."""


class FilesError(Exception):
    """What a pattern names does not exist or cannot be listed: `path: what`."""


class File(NamedTuple):
    """A file as it is listed; equal values mean equal content.

    `path` is absolute, or a URL. `version` is the inode, or what the object store calls the object's version: its etag.
    The files of a table never change.
    A tuple, because thousands of them may be compared at each refresh.
    """

    path: str
    name: str
    version: int | str
    size: int
    mtime_ns: int


def is_url(path: str) -> bool:
    """Whether the path, or a pattern, is a URL."""
    return bool(_URL.match(path))


def is_utf8(path: str) -> bool:
    """Whether DuckDB can open the path: file systems allow names that are not text."""
    return not any("\ud800" <= character <= "\udfff" for character in path)
