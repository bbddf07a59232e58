"""The table that `--check-config` prints of each data set: aligned, and at most 100 characters wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exporter.preflight.columns import Row
from exporter.text import clean

WIDTH = 100
"""The maximum width of the table: a cell that does not fit is cut."""

HEAD = ("column", "source", "found as", "type", "read as", "NULL", "files")

_GAP, _INDENT = "  ", "  "

_LEAST = 12
"""What names and types in the files are cut to before names of the configuration are."""


def table(rows: Iterable[Row], files: int, unmapped: Mapping[str, Sequence[str]]) -> str:
    """The rows, of so many files, and a line of the columns that are not mapped."""
    cells = [HEAD, *(tuple(map(clean, _cells(row, files))) for row in rows)]
    widths = _widths(cells)
    lines = [_line(row, widths) for row in cells]
    return "\n".join([*lines, *_unmapped(unmapped)])


def _cells(row: Row, files: int) -> tuple[str, ...]:
    own, type_, read_as = row.place or ("-", "-", "-")
    own = "same" if own == row.source else own
    return row.column, row.source, own, type_, read_as, _percent(row), f"{row.files} of {files}"


def _percent(row: Row) -> str:
    """The share of missing values; never rounded to none or to all."""
    if row.missing is None:
        return "-" if row.column else ""
    if 0 < row.missing < 0.001:
        return "<0.1%"
    return f"{min(row.missing, 0.999) if row.missing < 1 else 1:.1%}"


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    room = WIDTH - len(_INDENT) - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room:
        of_files = [place for place in (2, 3) if widths[place] > _LEAST]
        widths[max(of_files or (0, 1), key=lambda place: widths[place])] -= 1
    return widths


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """A row: text to the left, shares and numbers of files to the right."""
    padded = [
        cell.rjust(width) if place >= len(row) - 2 else _cut(cell, width).ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return _INDENT + _GAP.join(padded).rstrip()


def _cut(text: str, width: int) -> str:
    """The text, without its middle if it is too wide."""
    end = width // 2
    return text if len(text) <= width else f"{text[: width - end - 1]}…{text[-end:]}"


def _unmapped(unmapped: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """One line with the columns that are not mapped, with what that means if it fits."""
    groups = [", ".join(columns) + (f" ({why})" if why else "") for why, columns in unmapped.items()]
    names = ", ".join(column for columns in unmapped.values() for column in columns)
    full, short = (f"{_INDENT}not mapped: {text}" for text in ("; ".join(groups), names))
    if unmapped:
        yield full if len(full) <= WIDTH else short
