"""Which files are looked at, and which names a configuration could write for what they have."""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from exporter.engine.duckdb.survey import Piece
from exporter.files import leaves, listing
from exporter.files.footers import Footer, UnreadableError, read_footer, read_schema
from exporter.files.leaves import Leaf
from exporter.files.listing import File, FilesError
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
        return [Piece(file, _footer(file, listed), _stretches(of, share)) for file, of in self.files.items()]


def resolved(pattern: str) -> str:
    """The pattern, from the folder in which the command runs; a file of that very name is no pattern."""
    return os.path.join(escape(str(Path.cwd())), escape(pattern) if Path(pattern).exists() else pattern)


def look(patterns: Sequence[str]) -> Data:
    """The newest files that match the patterns, and their names. Raises ProposeError."""
    try:
        found = listing.find(map(resolved, patterns))
    except FilesError as error:
        raise ProposeError(clean(str(error), 1000)) from None
    if not found:
        raise ProposeError(f"no Parquet file matches {clean(', '.join(patterns), 1000)}")
    files, unreadable, own = dict[File, int](), list[str](), dict[str, Leaf]()
    for file in sorted(found, key=lambda file: (file.mtime_ns, file.path), reverse=True)[:FILES]:
        try:
            schema, rows = read_schema(file)
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
    return Data(len(found), files, unreadable, names[:NAMES], [each.name for each in listed if each.keyed])


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


def _footer(file: File, names: Sequence[str]) -> Footer:
    try:
        return read_footer(file, (), names)
    except UnreadableError as error:
        raise ProposeError(f"{clean(file.name)}: {clean(str(error), 300)}") from None


def _stretches(rows: int, share: int) -> tuple[tuple[int, int], ...]:
    """Stretches of rows from places all over a file, its first and its last row among them."""
    if rows <= share or share < STRETCHES:
        return ((0, min(rows, share)),)
    length = share // STRETCHES
    starts = [(rows - length) * number // (STRETCHES - 1) for number in range(STRETCHES)]
    return tuple((start, start + length) for start in starts)
