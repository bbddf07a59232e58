"""Lists the Parquet files below folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.files import patterns, table_formats
from exporter.files.file import File, FilesError
from exporter.files.patterns import Parts
from exporter.files.table_formats import TableError

ATTEMPTS = 3
"""How often files are listed if a folder disappears meanwhile: it may have been renamed."""


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
    table: TableError | None = None

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


def find(pattern: str) -> list[File]:
    """Every file that the pattern matches; a folder means all Parquet files below it.

    A file is named by its path below the pattern's fixed folder. Raises FilesError if a folder does not exist, cannot
    be read, or is a table of a format in which not every file counts.
    """
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


def is_unchanged(file: File) -> bool:
    """Whether the file is still the one that was listed."""
    if file.size < 0:
        return True
    try:
        return _file(file.path, file.name, os.lstat(file.path)) == file
    except OSError:
        return False


def _matching(pattern: str) -> Iterator[File]:
    split = patterns.split(pattern, Path(pattern).parts)
    fixed = Path(*split.fixed)
    if fixed.is_dir():
        below = split.compiled()
        real = os.path.realpath(fixed)
        table = table_formats.above(real)
        folder = _Folder(str(fixed), real.rstrip("/"), "", frozenset(), table and TableError(*table))
        yield from _walk(folder, below, patterns.inside(below, {0}))
    elif not fixed.exists():
        raise FilesError(f"{fixed}: no such file or folder")
    elif not split.below:
        yield _file(os.path.realpath(fixed), fixed.name, fixed.stat())


def _walk(folder: _Folder, parts: Parts, at: AbstractSet[int]) -> Iterator[File]:
    """The files below `folder`; `at` has the indices of the parts that its entries may match."""
    is_file = patterns.last(parts, at)
    entries = _entries(folder)
    if not folder.table and (table_format := table_formats.format_of(entries)):
        folder = replace(folder, table=TableError(folder.path, table_format))
    for entry in entries:
        name = entry.name
        if patterns.is_hidden(name):
            continue
        if _is_folder(entry):
            inside = patterns.inside(parts, patterns.after(parts, at, name))
            if inside and (below := folder.below(entry)):
                yield from _walk(below, parts, inside)
        elif is_file(name) and (file := _listed(folder, entry)):
            if folder.table:
                raise folder.table
            yield file


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
