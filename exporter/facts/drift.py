"""How the columns of the newest files differ from the configuration, and from those of the week before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.config.model import Dataset
from exporter.files import mapping
from exporter.files.entry import Measurable

_NUMBERS = ("revenue", "timestamp")
"""Columns for which all types of numbers are equivalent."""


@dataclass(frozen=True)
class Change:
    """A column that changed: in how many events, in which file first, and how."""

    events: int
    file: str
    what: str


def lacking(dataset: Dataset, newest: Sequence[Measurable], readable: Sequence[Measurable]) -> dict[str, str]:
    """Each mapped column that one of the newest files lacks, and the first such file, or `every file`.

    If the file has a column of that name with an unusable type, the reason follows: `client_id (a struct, expected
    text)`.
    """
    first: dict[str, Measurable] = {}
    for each in newest:
        for column in mapping.missing(dataset, each.footer):
            first.setdefault(column, each)
    return {
        _named(dataset, each, column): each.file.name if _occurs(dataset, readable, column) else "every file"
        for column, each in first.items()
    }


def _named(dataset: Dataset, each: Measurable, column: str) -> str:
    reason = mapping.misfit(dataset, each.footer, column)
    return f"{column} ({reason})" if reason else column


def _occurs(dataset: Dataset, files: Sequence[Measurable], column: str) -> bool:
    return any(mapping.source(dataset, each.footer, column) for each in files)


def changes(dataset: Dataset, newest: Sequence[Measurable], before: Sequence[Measurable]) -> dict[str, Change]:
    """Each mapped column with a name or a type, in one of the newest files, that it has in no file of `before`.

    All names that the configuration lists for a column are equivalent.
    """
    changed: dict[str, Change] = {}
    for column in dataset.mapped():
        known = dict.fromkeys(_sources(dataset, before, column).values())
        for each, source in _sources(dataset, newest, column).items() if known else ():
            if source not in known:
                earlier = changed.get(column, Change(0, each.file.name, _what(source, known)))
                changed[column] = Change(earlier.events + each.footer.rows, earlier.file, earlier.what)
    return changed


def _sources(dataset: Dataset, files: Sequence[Measurable], column: str) -> dict[Measurable, tuple[str | None, str]]:
    """The name and the kind of the column in each file that has it, unless its type is null."""
    sources = {each: mapping.source(dataset, each.footer, column) for each in files}
    return {
        each: (source[0], _kind(column, source[1]))
        for each, source in sources.items()
        if source and source[1] != "nothing"
    }


def _kind(column: str, kind: str) -> str:
    return "number" if kind == "integer" and column in _NUMBERS else kind


def _what(source: tuple[str | None, str], known: Mapping[tuple[str | None, str], None]) -> str:
    """How a name and a kind differ from the known ones."""
    name, kind = source
    return ", ".join(_differences(name, kind, {each for each, _ in known}, sorted({each for _, each in known})))


def _differences(name: str | None, kind: str, names: set[str | None], kinds: list[str]) -> Iterator[str]:
    if name not in names:
        yield f"named {name}" if name else "named otherwise"
    if kind not in kinds or name in names:
        yield f"{kind} instead of {' or '.join(kinds)}"
