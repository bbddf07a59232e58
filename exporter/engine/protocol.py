"""What `facts` asks of an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from exporter.days import Day
from exporter.files.entry import Measurable, Unreadable
from exporter.files.footers import Footer
from exporter.files.listing import File
from exporter.measures.declared import Facts, Measure


class EngineError(Exception):
    """A query that failed through no fault of a file: what is wrong, in one line and without data."""


class DamagedError(Exception):
    """Files whose footer was good and whose data could not be read, and why."""

    def __init__(self, damaged: Mapping[File, Unreadable]) -> None:
        super().__init__()
        self.damaged = damaged


class Lookback(Protocol):
    """What measures look back on: sessions, purchases and contents of earlier days, kept from reading to reading.

    A key is the fingerprint of a day. What cannot be kept or read back is measured again: that costs time only.
    """

    problem: str | None
    """Why nothing could be kept, or None."""

    def keep(self, key: str) -> None:
        """Keep what later days need of the day that is loaded."""

    def has(self, key: str) -> bool:
        """Whether what later days need of the day seems to be at hand."""

    def begin(self, day: date, first: date) -> None:
        """Look back from `day` on, and forget the days before `first`."""

    def add(self, key: str, day: date) -> bool:
        """Add a day that was kept to those that measures look back on; False where it is not at hand."""

    def add_loaded(self, day: date) -> None:
        """Add the day that is loaded to those that measures look back on."""

    def recall(self, key: str) -> bool:
        """Load the day's purchases and contents from what was kept, and no events; False where that is not at hand."""

    def forget(self, but: Iterable[str]) -> None:
        """Remove what was kept of all days but these."""


class Engine(Protocol):
    """One reading of the files of a data set. Any method may raise EngineError."""

    text: str
    """Stands for how the engine makes facts: with another text, everything is measured again."""

    @property
    def lookback(self) -> Lookback:
        """What measures look back on."""

    def times(self, file: File, footer: Footer, latest: int) -> tuple[int | None, int | None, int]:
        """First and last plausible timestamp up to `latest` (µs since the epoch), and how many events have none.

        Raises UnreadableError.
        """

    def count(self, each: Measurable, start: int, end: int) -> int:
        """How many events of the file lie from `start` until before `end` (µs). Raises UnreadableError."""

    def load(self, day: Day, files: Sequence[Measurable]) -> None:
        """Make the tables of a day from the files that may hold its events. Raises DamagedError."""

    def replaced(self, files: Iterable[Measurable]) -> int:
        """How many events of files that were loaded have text that is not UTF-8."""

    def events(self) -> int:
        """How many events the loaded day has."""

    def last_events(self) -> Mapping[int, int]:
        """The last event (µs since the epoch) of each hour of the loaded day that has any."""

    def frequent_names(self) -> tuple[tuple[str, int, bool], ...]:
        """The most frequent event names of the loaded day: name, events, and whether the taxonomy has it."""

    def run(self, measure: Measure) -> tuple[Facts, str | None]:
        """What a measure finds in the loaded day, and the name of its label. Raises MeasureError."""

    def close(self) -> None:
        """Let go of everything."""
