"""What the key `files` becomes: patterns that also match the files of tomorrow."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from glob import escape
from pathlib import Path

from exporter.files import listing
from exporter.files.file import FilesError, is_url
from exporter.files.patterns import unescape
from exporter.propose.data import resolved


def of(patterns: Sequence[str]) -> tuple[Sequence[str], str]:
    """What to write for the files, and why: for several files of one folder, a pattern that matches just those."""
    if len(patterns) > 1 and all(Path(each).is_file() for each in patterns):
        files = {path for pattern in patterns for path in _matched(pattern)}
        for pattern in _common(patterns):
            if _matched(pattern) == files:
                return [pattern], f"the {len(files)} files given, as a pattern that matches those of tomorrow, too"
        return list(map(_literal, patterns)), "only these files; name their folder to see those of tomorrow"
    if len(patterns) == 1 and Path(patterns[0]).is_file():
        return [_literal(patterns[0])], "only this file; name its folder to see those of tomorrow"
    return list(map(_literal, patterns)), ""


def of_table(place: str) -> str:
    """What to write for the folder of a table, whose path is absolute, or for its URL."""
    return place if is_url(place) else escape(os.path.relpath(unescape(place)))


def _common(patterns: Sequence[str]) -> list[str]:
    folder = os.path.commonpath([os.path.dirname(each) or "." for each in patterns]) if _alike(patterns) else ""
    suffixes = {Path(each).suffix for each in patterns}
    if not folder or len(suffixes) != 1:
        return []
    name = f"*{suffixes.pop()}"
    return [os.path.join(escape(folder), name), os.path.join(escape(folder), "**", name)]


def _alike(patterns: Sequence[str]) -> bool:
    """Whether the paths can have a common folder: all or none of them are absolute."""
    return len({os.path.isabs(each) for each in patterns}) == 1


def _literal(pattern: str) -> str:
    return escape(pattern) if Path(pattern).exists() else pattern


def _matched(pattern: str) -> set[str]:
    try:
        return {file.path for file in listing.find(resolved(pattern))}
    except FilesError:
        return set()
