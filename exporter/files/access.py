"""How the files of a data set are found and opened: on disk, or through a local copy of what is needed of an object."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyarrow as pa

from exporter.config.model import Dataset, Resources
from exporter.config.object_store import ObjectStore
from exporter.config.values import size_in_bytes
from exporter.files import delta, edits, iceberg, listing, patterns, sparse
from exporter.files.edits import Edit, EditError, TableFiles
from exporter.files.file import File, FilesError, is_url
from exporter.files.object_errors import ObjectError
from exporter.files.objects import Objects

AT_ONCE = 8
"""Requests at a time."""

T = TypeVar("T")

Stretches = Sequence[tuple[int, int]]
"""Rows of a file: each from the first until before the end."""

Needs = Mapping[File, Collection[str]]
"""The columns that are needed of each file."""


class AsideError(Exception):
    """Objects that cannot be read, each with the reason; the store itself answers."""

    def __init__(self, problems: Mapping[File, ObjectError]) -> None:
        super().__init__()
        self.problems = problems


class Piece(NamedTuple):
    """Part of an object: the bytes from `start` until before `end`."""

    file: File
    start: int
    end: int


class Access:
    """The files that match the patterns in `files`, or those of a table, during one reading.

    `folder` is for local copies, which are removed after use. `needed` are the columns of a table that are read, in
    lower case; None means all. What concerns a whole store, such as a network that fails, raises FilesError.
    """

    def __init__(
        self,
        files: Sequence[str],
        store: ObjectStore,
        resources: Resources,
        folder: Path,
        table: str | None = None,
        needed: Collection[str] | None = None,
    ) -> None:
        self.files = files
        self._store = store
        self._folder = folder
        self.table = table
        self._needed = needed
        self._edits: TableFiles = {}
        self._columns: Mapping[int, str] = {}
        self._limit = size_in_bytes(resources.spill_limit)
        self._objects = Objects(store, resources.refresh_timeout)
        self._changed: set[File] = set()
        self.fetched = 0
        """Bytes that came from object stores so far."""

    @classmethod
    def of(cls, dataset: Dataset, resources: Resources, folder: Path) -> Access:
        """Access to the files of a data set."""
        mapped = (*dataset.mapped(), *dataset.further_columns())
        sources = (source for column in mapped for source in dataset.sources(column))
        needed = frozenset(re.split(r"[.\[]", source)[0].lower() for source in sources)
        return cls(dataset.files, dataset.object_store, resources, folder, dataset.table, needed)

    def find(self) -> tuple[File, ...]:
        """Every file that a pattern matches, once, in the order of the paths; the first of several names counts.

        Raises FilesError.
        """
        if self.table:
            return self._of_table(self.files[0])
        found = [self._objects.find(each) if is_url(each) else listing.find(each) for each in self.files]
        files = {file.path: file for file in sorted((file for files in found for file in files), reverse=True)}
        return tuple(reversed(files.values()))

    def is_unchanged(self, file: File) -> bool:
        """Whether the file is still the one that was listed; for an object, whether all that was read of it was."""
        is_listed = is_url(file.path) or bool(self.table)  # the files of a table do not change
        return file not in self._changed if is_listed else listing.is_unchanged(file)

    def local(self, file: File) -> File:
        """The file, or the local copy of it, which exists only within `footers` or `columns`."""
        return self._copy(file) if is_url(file.path) or self._edits.get(file) else file

    def places(self, file: File) -> Iterator[str]:
        """Where the file may be read."""
        if not is_url(file.path):
            yield file.path
        if is_url(file.path) or self.table:
            yield self._copy(file).path

    def _copy(self, file: File) -> File:
        digest = blake2b(repr(file).encode(errors="surrogateescape"), digest_size=16).hexdigest()
        return file._replace(path=str(self._folder / f"{digest}.parquet"))

    def _of_table(self, pattern: str) -> tuple[File, ...]:
        place = pattern if is_url(pattern) else patterns.unescape(pattern).rstrip("/")
        if self.table == "delta":
            self._edits = delta.files(place, self._store)
        else:
            self._edits, self._columns = iceberg.files(place, self._store, self._objects, self._needed)
        return tuple(sorted(self._edits))

    @contextmanager
    def footers(self, files: Iterable[File]) -> Iterator[Mapping[File, ObjectError]]:
        """Copy the footers of those files that are objects, and edited files of a table as a whole.

        Yields why some cannot be read. Raises FilesError.
        """
        copied = (file for file in files if is_url(file.path) or self.table)
        new = [file for file in copied if not os.path.exists(self._copy(file).path)]
        try:
            problems = self._tried(self._fetch_footer, {file: file for file in new if is_url(file.path)})
            edited = [file for file in new if file not in problems and self._is_edited(file, problems)]
            yield problems | self._edited(edited)
        finally:
            for file in new:
                with suppress(OSError):
                    os.unlink(self._copy(file).path)

    @contextmanager
    def columns(self, needs: Needs, rows: Mapping[File, Stretches] | None = None) -> Iterator[None]:
        """Copy the columns of those files that are objects; with `rows`, only near these rows.

        Raises AsideError, FilesError.
        """
        with self.footers(needs) as problems:
            remote = [file for file in needs if is_url(file.path) and not self._edits.get(file)]
            pieces = self._pieces(remote, lambda file: needs[file], rows or {})
            found = dict(problems) or self._tried(self._fetch_piece, pieces)
            if found:
                raise AsideError(found)
            yield

    def _pieces(
        self, files: Iterable[File], columns: Callable[[File], Collection[str] | None], rows: Mapping[File, Stretches]
    ) -> dict[Piece, File]:
        """The parts of objects, whose footers are there, that have the columns; None are all."""
        pieces = {
            Piece(file, start, end): file
            for file in files
            for start, end in sparse.pieces(self._copy(file).path, columns(file), rows.get(file))
        }
        size = sum(piece.end - piece.start for piece in pieces)
        if size > self._limit:
            what = "the columns that are needed at a time"
            raise FilesError(f"{next(iter(pieces)).file.path}: {what} take {size:,} bytes: raise resources.spill_limit")
        return pieces

    def _is_edited(self, file: File, problems: dict[File, ObjectError]) -> bool:
        """Whether the table says something else than the file, whose footer is there."""
        if self._edits.get(file) or not self._columns:
            return self._edits.get(file) is not None
        try:
            names = edits.renamed(self.local(file).path, self._columns, self._needed)
        except (pa.ArrowException, OSError, EditError) as error:
            problems[file] = ObjectError(str(error).splitlines()[0], of_object=True)
            return False
        self._edits[file] = Edit(names=names) if names is not None else None
        return names is not None

    def _edited(self, files: Sequence[File]) -> dict[File, ObjectError]:
        """Write the edited copies of the files; returns why some cannot be read."""
        problems = self._tried(self._fetch_piece, self._pieces(filter(_is_remote, files), lambda _: None, {}))
        for file in files:
            edit, copy = self._edits[file], self._copy(file).path
            if edit and file not in problems:
                try:
                    edits.write(copy if is_url(file.path) else file.path, edit, f"{copy}.edited")
                    os.replace(f"{copy}.edited", copy)
                except (pa.ArrowException, OSError) as error:
                    problems[file] = ObjectError(str(error).splitlines()[0], of_object=True)
        return problems

    def _fetch_footer(self, file: File) -> int:
        return sparse.write_footer(partial(self._objects.read, file), file.size, self._copy(file).path)

    def _fetch_piece(self, piece: Piece) -> int:
        content = self._objects.read(piece.file, piece.start, piece.end)
        return sparse.write(self._copy(piece.file).path, piece.start, content)

    def _tried(self, work: Callable[[T], int], items: Mapping[T, File]) -> dict[File, ObjectError]:
        """Do the work on each item of a file; returns why some files cannot be read. Raises FilesError."""
        problems: dict[File, ObjectError] = {}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for file, done in [(file, pool.submit(work, item)) for item, file in items.items()]:
                try:
                    self.fetched += done.result()
                except ObjectError as error:
                    if not error.of_object:
                        pool.shutdown(cancel_futures=True)
                        raise FilesError(f"{file.path}: {error}") from None
                    problems[file] = error
                except OSError as error:
                    pool.shutdown(cancel_futures=True)
                    raise FilesError(f"{self._folder}: {error.strerror}: no copy of {file.path}") from None
        self._changed.update(file for file, problem in problems.items() if problem.changed)
        return problems


def _is_remote(file: File) -> bool:
    return is_url(file.path)
