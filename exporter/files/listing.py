"""Lists the Parquet files of a data set."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from exporter.files import tables

ATTEMPTS = 3
"""How often files are listed if a folder disappears meanwhile: it may have been renamed."""


class FilesError(Exception):
    """A folder or file that a pattern names does not exist or cannot be read: `path: what`."""


class File(NamedTuple):
    """A file as its folder lists it; equal values mean equal content.

    A tuple, because thousands of them may be compared at each refresh.
    """

    path: str
    name: str
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class _Folder:
    """A folder below a pattern's fixed one: the path to it, its real path, and the prefix of its files' names.

    `within` has the folders that were left through links on the way, `table` is why its files cannot be read as plain
    files.
    """

    path: str
    real: str
    name: str
    within: frozenset[str]
    table: str | None = None

    def below(self, entry: os.DirEntry[str]) -> _Folder | None:
        """The folder `entry` of this one; None for a link that leads back to a folder above it."""
        name = f"{self.name}{entry.name}/"
        if not entry.is_symlink():
            return _Folder(entry.path, f"{self.real}/{entry.name}", name, self.within, self.table)
        real = os.path.realpath(entry.path).rstrip("/")
        within = self.within | {self.real}
        if any(f"{each}/".startswith(f"{real}/") for each in within):
            return None
        return _Folder(entry.path, real, name, within, self.table)


def find(patterns: Iterable[str]) -> tuple[File, ...]:
    """Every file that a pattern matches, once, in the order of the paths; a folder means all Parquet files below it.

    A file is named by its path below the pattern's fixed folder; if it has several names, by the first. Names that
    begin with `.` or `_` are left out, as Hadoop writers expect. Raises FilesError if a folder does not exist, cannot
    be read, or is a table of a format in which not every file counts.
    """
    listed = [file for pattern in patterns for file in _listing(pattern)]
    files = {file.path: file for file in sorted(listed, reverse=True)}
    return tuple(reversed(files.values()))


def unchanged(file: File) -> bool:
    """Whether the file is still the one that was listed."""
    if file.size < 0:
        return True
    try:
        return _file(file.path, file.name, os.lstat(file.path)) == file
    except OSError:
        return False


def is_utf8(path: str) -> bool:
    """Whether DuckDB can open the path: file systems allow names that are not text."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _listing(pattern: str) -> list[File]:
    for _ in range(ATTEMPTS):
        try:
            return list(_matching(pattern))
        except FileNotFoundError as error:
            gone = error.filename
        except RecursionError:
            raise FilesError(f"{pattern}: the folders are nested too deeply") from None
        except PermissionError as error:
            raise FilesError(f"{error.filename}: not readable") from None
        except OSError as error:
            raise FilesError(f"{error.filename}: {error.strerror}") from None
    raise FilesError(f"{gone}: folders disappeared while they were listed, {ATTEMPTS} times in a row")


_Parts = Sequence[re.Pattern[str] | None]
"""The parts of a pattern below its fixed folder; None matches any number of folders."""


def _matching(pattern: str) -> Iterator[File]:
    parts = Path(pattern).parts
    plain = next((i for i, part in enumerate(parts) if glob.has_magic(_drop_escapes(part))), len(parts))
    fixed = Path(*map(_unescape, parts[:plain]))
    if fixed.is_dir():
        below = _compiled(pattern, parts[plain:])
        real = os.path.realpath(fixed)
        table = tables.above(real)
        folder = _Folder(str(fixed), real.rstrip("/"), "", frozenset(), table and tables.refusal(*table))
        yield from _walk(folder, below, _inside(below, {0}))
    elif not fixed.exists():
        raise FilesError(f"{fixed}: no such file or folder")
    elif plain == len(parts):
        yield _file(os.path.realpath(fixed), fixed.name, fixed.stat())


def _compiled(pattern: str, parts: Sequence[str]) -> _Parts:
    if ".." in parts:
        raise FilesError(f"{pattern}: invalid pattern: .. after a wildcard")
    below = [part for before, part in pairwise(("", *parts)) if not part == before == "**"]
    return [None if part == "**" else re.compile(fnmatch.translate(part)) for part in below or ("**", "*.parquet")]


def _drop_escapes(text: str) -> str:
    return re.sub(r"\[[*?[]\]", "", text)


def _unescape(text: str) -> str:
    return re.sub(r"\[([*?[])\]", r"\1", text)


def _walk(folder: _Folder, parts: _Parts, at: AbstractSet[int]) -> Iterator[File]:
    """The files below `folder`; `at` has the indices of the parts that its entries may match."""
    end = len(parts)
    entries = _entries(folder)
    if not folder.table and (table_format := tables.format_of(entries)):
        folder = replace(folder, table=tables.refusal(folder.path, table_format))
    for entry in entries:
        then = _after(parts, at, entry.name)
        if not then or entry.name.startswith((".", "_")):
            continue
        if _is_folder(entry):
            inside = _inside(parts, then)
            if inside and (below := folder.below(entry)):
                yield from _walk(below, parts, inside)
        elif end in then and (file := _listed(folder, entry)):
            if folder.table:
                raise FilesError(folder.table)
            yield file


def _inside(parts: _Parts, at: AbstractSet[int]) -> AbstractSet[int]:
    """The parts that the entries of a folder may match: those `at`, and after `**`, which may match none, the next."""
    return (at | {number + 1 for number in at - {len(parts)} if parts[number] is None}) - {len(parts)}


def _after(parts: _Parts, at: AbstractSet[int], name: str) -> set[int]:
    """The parts that may follow once an entry called `name` has matched one of those `at`."""
    following = set()
    for number in at:
        part = parts[number]
        if part is None:
            following |= {number, number + 1}
        elif part.match(name):
            following.add(number + 1)
    return following


def _entries(folder: _Folder) -> list[os.DirEntry[str]]:
    with os.scandir(folder.path) as entries:
        return list(entries)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def _listed(folder: _Folder, entry: os.DirEntry[str]) -> File | None:
    """The file, None if it has just disappeared; a broken link has a size below zero."""
    name = folder.name + entry.name
    try:
        if not entry.is_symlink():
            return _file(f"{folder.real}/{entry.name}", name, entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return None
    real = os.path.realpath(entry.path)
    try:
        return _file(real, name, os.stat(real))
    except OSError:
        return File(real, name, 0, -1, 0)


def _file(path: str, name: str, status: os.stat_result) -> File:
    return File(path, name, status.st_ino, status.st_size, status.st_mtime_ns)
