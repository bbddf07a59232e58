"""What is known of a file: its footer and time range if it can be measured, otherwise why it was set aside."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.files.file import File
from exporter.files.footers import Footer

EARLIEST = 946_684_800_000_000
"""2000-01-01T00:00Z in microseconds since the epoch: a timestamp before it, or over a day ahead, is implausible."""


@dataclass(frozen=True)
class Unreadable:
    """A file that was set aside, and why; `lasting` means that it will be again unless it changes.

    `waiting` means that it is being written: nothing is wrong with it, and the next reading may find it complete.
    `held` has the first and last plausible timestamp (µs) of a file that is valid but for its pages.
    """

    name: str
    reason: str
    lasting: bool
    waiting: bool = False
    held: tuple[int, int] | None = None

    def is_read(self, start: int, end: int) -> bool:
        """Whether a reading of events from `start` until before `end` tries to read the file."""
        return self.held is None or (self.held[0] < end and self.held[1] >= start)


@dataclass(frozen=True)
class Measurable:
    """A file with its footer and the first and last plausible timestamp (µs), None if it has none.

    `implausible` is the number of its events without a plausible timestamp.
    """

    file: File
    footer: Footer
    first: int | None
    last: int | None
    implausible: int

    def may_hold(self, start: int, end: int) -> bool:
        """Whether the file may have an event from `start` until before `end`."""
        return self.first is not None and self.last is not None and self.first < end and self.last >= start

    def rows_between(self, start: int, end: int) -> float:
        """An estimate of its events from `start` until before `end`, as if they were evenly distributed."""
        if self.first is None or self.last is None or not self.may_hold(start, end):
            return 0.0
        inside = min(self.last + 1, end) - max(self.first, start)
        return self.footer.rows * inside / (self.last + 1 - self.first)

    def spans(self, time: int) -> bool:
        """Whether its events lie further apart than `time` (µs)."""
        return self.first is not None and self.last is not None and self.last - self.first > time


Entry = Measurable | Unreadable
"""What is known of a file."""
