"""Shows the progress of a long reading: a bar on a terminal, otherwise a log line every ten seconds."""

from __future__ import annotations

import logging
import sys
import time
from datetime import timedelta
from threading import RLock
from types import TracebackType

from tqdm import tqdm

log = logging.getLogger("exporter")

tqdm.set_lock(RLock())  # its own lock is for several processes, and starts one with Python 3.14

PATIENCE = 1.0
"""Seconds until the bar appears: most readings are over by then."""

INTERVAL = 10.0
"""Seconds between two lines in the log."""


class Progress:
    """The progress of a reading that has to read `days` days."""

    def __init__(self, name: str, days: int) -> None:
        self._name = name
        self._days = days
        self._done = self._rows = 0
        self._started = self._logged = time.monotonic()
        self._bar = tqdm(total=days, desc=name, unit=" days", delay=PATIENCE, leave=False, disable=None)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def advance(self, rows: int, fetched: int = 0) -> None:
        """Record that one more day with so many `rows` has been read, and how many bytes were `fetched` so far."""
        self._done += 1
        self._rows += rows
        now = time.monotonic()
        rate = self._rows / max(now - self._started, 1e-9)
        speed = f"{tqdm.format_sizeof(rate)} rows/s" + (f", {tqdm.format_sizeof(fetched)}B fetched" if fetched else "")
        self._bar.set_postfix_str(speed, refresh=False)
        self._bar.update()
        if not sys.stderr.isatty() and now - self._logged >= INTERVAL:
            self._logged = now
            remaining = timedelta(seconds=round((now - self._started) / self._done * max(self._days - self._done, 0)))
            message = "%s: %d of %d days read, %s, %s left"
            log.info(message, self._name, self._done, self._days, speed, remaining)
