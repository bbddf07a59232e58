"""The interface of an engine, as `facts` uses it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from exporter.days import Day
from exporter.files.entry import Measurable, Unreadable
from exporter.files.file import File
from exporter.files.footers import Footer
from exporter.measures.declared import Facts, Measure


class EngineError(Exception):
    """A query that failed although no file is damaged: the reason, in one line and without data."""


class DamagedError(Exception):
    """Files with a valid footer whose data could not be read, and why."""

    def __init__(self, damaged: Mapping[File, Unreadable]) -> None:
        super().__init__()
        self.damaged = damaged


class Lookback(Protocol):
    """Sessions, purchases and contents of earlier days, which measures look back on, kept from reading to reading.

    A key is the fingerprint of a day. What cannot be kept or read back is measured again, which only costs time.
    """

    problem: str | None
    """Why nothing could be kept, or None."""

    def keep(self, key: str, day: date) -> None:
        """Keep what later days need of the loaded day."""

    def has(self, key: str) -> bool:
        """Whether what later days need of the day seems to be available."""

    def begin(self, day: date, first: date) -> None:
        """Look back from `day` on, and forget the days before `first`."""

    def add(self, keys: Mapping[date, str]) -> Collection[date]:
        """Add kept days, by date, to those that measures look back on; those of them that are available."""

    def add_loaded(self, day: date) -> None:
        """Add the loaded day to those that measures look back on."""

    def recall(self, key: str) -> bool:
        """Load the kept purchases and contents of the day, without its events; False if they are not available."""

    def forget(self, but: Iterable[str]) -> None:
        """Remove what was kept of all days except these."""


class Engine(Protocol):
    """One reading of the files of a data set. Any method may raise EngineError."""

    text: str
    """Identifies how the engine makes facts: if it changes, everything is measured again."""

    @property
    def lookback(self) -> Lookback:
        """What measures look back on."""

    def times(self, file: File, footer: Footer, latest: int) -> tuple[int | None, int | None, int]:
        """First and last plausible timestamp up to `latest` (µs since the epoch), and the number of events without one.

        Raises UnreadableError.
        """

    def count(self, each: Measurable, start: int, end: int) -> int:
        """The number of events of the file from `start` until before `end` (µs). Raises UnreadableError."""

    def load(self, day: Day, files: Sequence[Measurable], *, measured: bool = True) -> None:
        """Create the tables of a day from the files that may hold its events. Raises DamagedError.

        A day that is not `measured` is only looked back on: no measure may run on it.
        """

    def replaced(self, files: Iterable[Measurable]) -> int:
        """The number of events with text that is not UTF-8, in files that were loaded."""

    def events(self) -> int:
        """The number of events of the loaded day."""

    def last_events(self) -> Mapping[int, int]:
        """The last event (µs since the epoch) of each hour of the loaded day that has events."""

    def frequent_names(self) -> tuple[tuple[str, int, bool], ...]:
        """The most frequent event names of the loaded day: name, events, and whether the taxonomy has it."""

    def run(self, measure: Measure) -> tuple[Facts, str | None]:
        """The facts of a measure on the loaded day, and the name of its label, if any. Raises MeasureError."""

    def close(self) -> None:
        """Release all resources."""
