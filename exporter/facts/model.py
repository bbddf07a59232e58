"""The facts of each day of a data set: what its measures found, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from exporter.facts.drift import Change
from exporter.files.entry import Entry, Unreadable
from exporter.files.file import File
from exporter.measures.declared import Facts


class FactsError(Exception):
    """A data set that could not be measured: `what`."""


@dataclass(frozen=True)
class DayFacts:
    """What the measures found on one day.

    `lasts` maps each hour that has events to the last of them in microseconds since the epoch; `lasts` and `found` are
    empty on a day without events. `labels` maps each gauge with a label to that label. `names` has the most frequent
    event names, each with its number of events and whether it is in the taxonomy. `replaced` counts the events with
    text that was not UTF-8, in all files that may hold events of the day.
    """

    date: date
    lasts: Mapping[int, int] = field(default_factory=dict)
    found: Facts = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, int, bool], ...] = ()
    replaced: int = 0

    @property
    def last_event(self) -> int | None:
        """The last event in microseconds since the epoch, None on a day without events."""
        return max(self.lasts.values(), default=None)

    def __or__(self, more: DayFacts) -> DayFacts:
        """These facts, and those that other measures found on the same day."""
        labels, replaced = {**self.labels, **more.labels}, max(self.replaced, more.replaced)
        return replace(self, found=self.found | more.found, labels=labels, replaced=replaced)


@dataclass(frozen=True)
class Query:
    """The outcome of one measure: the reason if it failed, and the seconds it took over all days."""

    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Known:
    """What earlier readings found and the next can reuse: entries by file, facts by fingerprint.

    The entries are valid for `columns`, a text that identifies the configuration of the columns. `whole` means that
    nothing was left out: as long as the files are the same, a reading would find the same.
    """

    columns: str = ""
    entries: Mapping[File, Entry] = field(default_factory=dict)
    days: Mapping[str, DayFacts] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True)
class Files:
    """What one reading found out about the files of a data set; `number` counts them.

    `waiting` are those that are being written, which were left out and are not in `unreadable`. `replaced` counts the
    events with text that was not UTF-8 and was read as `?`, in the anchor day's files. `anchor_rows` counts the events
    in the files of the anchor day and of no day, `implausible` those of them without a plausible timestamp, `early` the
    events of later days. `lacking` maps a mapped column to the first file of the anchor day without it, `changed` to
    how it differs there from the week before.
    """

    number: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    waiting: tuple[Unreadable, ...] = ()
    replaced: int = 0
    anchor_rows: int = 0
    implausible: int = 0
    early: int = 0
    lacking: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, Change] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """The result of one reading of a data set; `days` are in the order of their dates.

    `first_day` is the oldest day of the data, which may be older than the history; None without events. `remaining`
    days of the history have not been measured yet. `problem` is why nothing could be stored for the next
    reading, None if it could. `peak` is the peak memory in bytes, None if nothing was read. `as_of` has, if requested,
    what a reading would have found that ended with each day that has events.
    """

    days: tuple[DayFacts, ...]
    files: Files
    queries: Mapping[str, Query]
    recomputed: int
    remaining: int
    known: Known
    first_day: date | None = None
    problem: str | None = None
    peak: int | None = None
    as_of: Mapping[date, Measured] = field(default_factory=dict)
