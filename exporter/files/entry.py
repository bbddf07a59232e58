"""What is known of a file: that it can be measured, with its footer and its range of time, or why it was set aside."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.files.footers import Footer
from exporter.files.listing import File

EARLIEST = 946_684_800_000_000
"""Microseconds since the epoch at 2000-01-01T00:00Z: what is earlier, or more than a day ahead, is implausible."""


@dataclass(frozen=True)
class Unreadable:
    """A file set aside, and why; `lasting` says that it will be, as long as it does not change.

    `waiting` says that it is being written: nothing is wrong with it yet, and the next reading may find it whole.
    """

    name: str
    reason: str
    lasting: bool
    waiting: bool = False


@dataclass(frozen=True)
class Measurable:
    """A file with its footer and the first and last plausible timestamp (µs), None where it has none.

    `implausible` is the number of its events without a plausible timestamp.
    """

    file: File
    footer: Footer
    first: int | None
    last: int | None
    implausible: int

    def may_hold(self, start: int, end: int) -> bool:
        """Whether an event may lie in the file from `start` until before `end`."""
        return self.first is not None and self.last is not None and self.first < end and self.last >= start

    def rows_between(self, start: int, end: int) -> float:
        """About how many of its events lie from `start` until before `end`, as if they were spread evenly."""
        if self.first is None or self.last is None or not self.may_hold(start, end):
            return 0.0
        inside = min(self.last + 1, end) - max(self.first, start)
        return self.footer.rows * inside / (self.last + 1 - self.first)


Entry = Measurable | Unreadable
"""What is known of a file."""
