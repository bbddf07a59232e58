"""Patterns of paths, with `*`, `?`, `[…]` and `**`, part by part."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from exporter.files.file import FilesError

Parts = Sequence[re.Pattern[str] | None]
"""The parts of a pattern below its fixed folder; None matches any number of folders."""


_NOTHING = re.compile("(?!)")


@dataclass(frozen=True)
class Pattern:
    """The parts before the first wildcard, which are the fixed folder or file, and those from it on."""

    fixed: tuple[str, ...]
    below: tuple[str, ...]

    def compiled(self) -> Parts:
        """What the paths below the fixed folder must match; a folder alone means all Parquet files below it."""
        parts = [part for before, part in pairwise(("", *self.below)) if not part == before == "**"]
        return [None if part == "**" else re.compile(fnmatch.translate(part)) for part in parts or ("**", "*.parquet")]


def split(pattern: str, parts: Sequence[str]) -> Pattern:
    """The pattern with these parts. Raises FilesError if it cannot be one."""
    plain = next((i for i, part in enumerate(parts) if glob.has_magic(_drop_escapes(part))), len(parts))
    if ".." in parts[plain:]:
        raise FilesError(f"{pattern}: invalid pattern: .. after a wildcard")
    return Pattern(tuple(map(unescape, parts[:plain])), tuple(parts[plain:]))


def is_hidden(name: str) -> bool:
    """Whether files and folders of that name are left out, as Hadoop writers expect."""
    return name.startswith((".", "_"))


def inside(parts: Parts, at: AbstractSet[int]) -> AbstractSet[int]:
    """The parts that the entries of a folder may match: those `at`, and after `**`, which may match none, the next."""
    return (at | {number + 1 for number in at - {len(parts)} if parts[number] is None}) - {len(parts)}


def after(parts: Parts, at: AbstractSet[int], name: str) -> set[int]:
    """The parts that may follow once an entry called `name` has matched one of those `at`."""
    following = set()
    for number in at:
        part = parts[number]
        if part is None:
            following |= {number, number + 1}
        elif part.match(name):
            following.add(number + 1)
    return following


def last(parts: Parts, at: AbstractSet[int]) -> Callable[[str], object]:
    """Tells from the name of a file whether the pattern matches, in a folder whose entries may match the parts `at`."""
    end = len(parts) - 1
    part = parts[end] if end in at else _NOTHING
    return part.match if part else bool


def matches(parts: Parts, path: Sequence[str]) -> bool:
    """Whether a file's path below the fixed folder matches, and no part of it is hidden."""
    if any(map(is_hidden, path)):
        return False
    at: AbstractSet[int] = {0}
    for number, name in enumerate(path):
        at = after(parts, inside(parts, at), name)
        if not at:
            return False
        if number == len(path) - 1:
            return len(parts) in at
    return False


def _drop_escapes(text: str) -> str:
    return re.sub(r"\[[*?[]\]", "", text)


def unescape(text: str) -> str:
    """The text without the brackets that glob.escape adds."""
    return re.sub(r"\[([*?[])\]", r"\1", text)
