"""Rows as an aligned table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from exporter.text import clean

LONGEST = 60
"""The maximum width of a column, in characters; of a longer value the beginning is shown, of a path the end."""


def table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows below their names, numbers aligned to the right; NULL is empty."""
    if not rows:
        return f"{'  '.join(names)}\n(no rows)\n"
    lines = [list(names), *([_shown(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [all(_is_number(value) for value in column) for column in zip(*rows, strict=True)]
    return "".join(_line(line, widths, right) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(aligned).rstrip() + "\n"


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))[: 2 * LONGEST]
    if isinstance(value, datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat(" ")
    text = "" if value is None else str(value)
    cut = f"…{text[1 - LONGEST :]}" if text.startswith("/") and len(text) > LONGEST else text
    return clean(cut, LONGEST)
