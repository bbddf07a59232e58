"""What a first look finds, and how its messages name keys and names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.config.model import Dataset
from exporter.text import clean, did_you_mean


@dataclass
class Findings:
    """What does not match the data: `problems`, for which the configuration is refused, and `notes`; `key: what`.

    A note may have a table below it. `unchecked` is why data sets could not be compared with any data.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def add(self, text: str, *, certain: bool) -> None:
        """Add a problem if it is certain, otherwise a note."""
        (self.problems if certain else self.notes).append(clean(text, 1000))


def place(key: str, dataset: Dataset, column: str) -> str:
    """The key of a canonical column, a dimension or a watched field."""
    dimension, watched = dataset.dimension_columns().get(column), dataset.field_columns().get(column)
    if watched:
        return f"{key}.watched_fields.{watched}"
    return f"{key}.dimensions.{dimension}" if dimension else f"{key}.columns.{column}"


def hint(names: Iterable[str], known: Sequence[str]) -> str:
    """The known name that one of these may mean, as the end of a sentence; or nothing."""
    return clean(next(filter(None, (did_you_mean(name, known) for name in names)), ""))


def number(count: int, of: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {of}{'' if count == 1 else 's'}"
