"""Which files are looked at, and which names a configuration could write for what they have."""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from exporter.config.model import Resources
from exporter.config.object_store import ObjectStore
from exporter.engine.duckdb.survey import Piece
from exporter.files import leaves
from exporter.files.access import Access, AsideError
from exporter.files.file import File, FilesError, is_url
from exporter.files.footers import Footer, UnreadableError, read_footer, read_schema
from exporter.files.leaves import Leaf
from exporter.files.object_errors import ObjectError
from exporter.files.table_formats import TableError
from exporter.text import clean

FILES = 20
"""Files that are opened: those written last."""

STRETCHES = 4
"""The number of places of a file from which events are read."""

NAMES = 400
"""The maximum number of names that are looked at, of columns and of keys each."""

SHOWN = 40
"""The maximum number of columns that a message lists."""

DEEPEST = 5
"""The maximum depth of JSON."""


class ProposeError(Exception):
    """Nothing can be proposed: why."""


@dataclass(frozen=True)
class Name:
    """A name in the files: its kind and zone as in Leaf; for one within JSON text, the column, and the path in it."""

    text: str
    kind: str
    zone: str = ""
    of: str = ""
    path: str = ""


@dataclass(frozen=True)
class Data:
    """The files: how many there are, those that are looked at, and those that cannot be read, with the reason.

    `names` are what a configuration could write, `keyed` the maps and lists of key/value structs, whose keys are names.
    """

    access: Access
    found: int
    files: Mapping[File, int]
    unreadable: Sequence[str]
    names: Sequence[Name]
    keyed: Sequence[str]

    @property
    def rows(self) -> int:
        """Events in the files that are looked at."""
        return sum(self.files.values())

    def pieces(self, names: Iterable[str], rows: int) -> list[Piece]:
        """What to read of each file for about so many rows, with footers that know the names. Raises ProposeError."""
        share, listed = max(1, rows // len(self.files)), list(names)
        footers = {file: _footer(file, listed, self.access) for file in self.files}
        stretches = {file: _stretches(of, share) for file, of in self.files.items()}
        needs = {file: _columns(footer, listed) for file, footer in footers.items()}
        try:
            with self.access.columns(needs, stretches):
                return [Piece(self.access.local(file), footers[file], stretches[file]) for file in self.files]
        except AsideError as error:
            raise ProposeError("\n".join(f"{clean(f.name)}: {each}" for f, each in error.problems.items())) from None
        except FilesError as error:
            raise ProposeError(clean(str(error), 1000)) from None


def resolved(pattern: str) -> str:
    """The pattern, from the folder in which the command runs; a file of that very name is no pattern."""
    if is_url(pattern):
        return pattern
    return os.path.join(escape(str(Path.cwd())), escape(pattern) if Path(pattern).exists() else pattern)


@contextmanager
def look(patterns: Sequence[str], folder: Path) -> Iterator[Data]:
    """The newest files that match the patterns, or of a table, and their names.

    Copies of objects are in `folder` meanwhile. Raises ProposeError.
    """
    try:
        access, found = _found(patterns, folder)
        newest = sorted(found, key=lambda file: (file.mtime_ns, file.path), reverse=True)[:FILES]
        with access.footers(newest) as problems:
            if not found:
                raise ProposeError(f"no Parquet file matches {clean(', '.join(patterns), 1000)}")
            yield _looked(patterns, access, len(found), newest, problems)
    except FilesError as error:
        raise ProposeError(clean(str(error), 1000)) from None


def _found(patterns: Sequence[str], folder: Path) -> tuple[Access, Sequence[File]]:
    """The files that match the patterns; if one alone is a table, those of the table. Raises FilesError."""
    access = Access([*map(resolved, patterns)], ObjectStore(), Resources(), folder)
    try:
        return access, access.find()
    except TableError as error:
        if not error.table or len(patterns) > 1:
            raise
        access = Access([escape(error.path)], ObjectStore(), Resources(), folder, error.table)
        return access, access.find()


def _looked(
    patterns: Sequence[str], access: Access, found: int, newest: Sequence[File], problems: Mapping[File, ObjectError]
) -> Data:
    files, unreadable, own = dict[File, int](), list[str](), dict[str, Leaf]()
    for file in newest:
        try:
            if problem := problems.get(file):
                raise UnreadableError(str(problem))
            schema, rows = read_schema(file, access.local(file).path)
        except UnreadableError as error:
            unreadable.append(f"{clean(file.name)}: {clean(str(error), 300)}")
            continue
        if rows:
            files[file] = rows
            own = {each.name: each for each in leaves.leaves(schema, file)} | own
    if not files:
        raise ProposeError("\n".join(unreadable) or f"no file has an event: {clean(', '.join(patterns), 1000)}")
    listed = list(own.values())
    names = [Name(each.name, each.kind, each.zone) for each in listed if not each.keyed and each.kind != "nested"]
    keyed = [each.name for each in listed if each.keyed]
    return Data(access, found, files, unreadable, names[:NAMES], keyed)


def lacking(data: Data, what: str) -> ProposeError:
    """The error that the files have no column of a kind, with the columns that they have."""
    names = [clean(each.text) for each in data.names]
    further = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ProposeError(f"found no {what}; the columns are {', '.join(names[:SHOWN]) or 'all nested'}{further}")


def inside(column: str, texts: Iterable[str]) -> list[Name]:
    """The names within the JSON texts of a column, the most frequent first."""
    counts: dict[tuple[str, ...], int] = {}
    for text in texts:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for path in set(_paths(document, ())):
            counts[path] = counts.get(path, 0) + 1
    frequent = sorted(counts, key=lambda path: (-counts[path], path))[:NAMES]
    return [Name(column + "".join(map(_part, path)), "JSON", of=column, path=_json_path(path)) for path in frequent]


def _paths(value: object, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of plain values, without those that a configuration cannot write."""
    if isinstance(value, dict) and len(above) < DEEPEST:
        for key, inner in value.items():
            if key.strip() and not any(each in key for each in '[]"*\\') and key.isprintable():
                yield from _paths(inner, (*above, key))
    elif above and value is not None and not isinstance(value, dict | list):
        yield above


def _part(key: str) -> str:
    return f"[{key}]" if "." in key else f".{key}"


def _json_path(path: Sequence[str]) -> str:
    plain = (f".{key}" if key.replace("_", "").isalnum() and key.isascii() else f'."{key}"' for key in path)
    return "$" + "".join(plain)


def _columns(footer: Footer, names: Iterable[str]) -> set[str]:
    """The columns, or fields of structs, in which the file has the names."""
    return {".".join(each.plain) for name in names for each in footer.find(name) if each.plain}


def _footer(file: File, names: Sequence[str], access: Access) -> Footer:
    try:
        return read_footer(file, (), names, access.local(file).path)
    except UnreadableError as error:
        raise ProposeError(f"{clean(file.name)}: {clean(str(error), 300)}") from None


def _stretches(rows: int, share: int) -> tuple[tuple[int, int], ...]:
    """Stretches of rows from places all over a file, its first and its last row among them."""
    if rows <= share or share < STRETCHES:
        return ((0, min(rows, share)),)
    length = share // STRETCHES
    starts = [(rows - length) * number // (STRETCHES - 1) for number in range(STRETCHES)]
    return tuple((start, start + length) for start in starts)
