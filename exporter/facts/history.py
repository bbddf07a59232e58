"""The history: the days up to the anchor day, and the earlier days that the purchases of each look back on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from exporter.days import Day
from exporter.facts.catalogue import Catalogue
from exporter.facts.fingerprints import LOOKBACK


class History:
    """The `days` of a catalogue's history, oldest first; `anchor` is the newest, None without events."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.anchor = catalogue.anchor()
        self.days = [catalogue.day(when) for when in catalogue.history(self.anchor)] if self.anchor else []

    def newest(self, unknown: int | None, is_known: Callable[[Day], bool]) -> list[Day]:
        """The newest days, as many as contain at most `unknown` days that are not known; all days for None."""
        places = [number for number, day in enumerate(self.days) if not is_known(day)]
        return self.days[places[-unknown - 1] + 1 :] if unknown and len(places) > unknown else self.days

    def before(self, day: Day) -> list[Day]:
        """The days that purchases of the day look back on, the oldest first."""
        oldest = day.date - timedelta(days=7)
        while self._catalogue.day(oldest).start > day.start - LOOKBACK:
            oldest -= timedelta(days=1)
        return [self._catalogue.day(oldest + timedelta(days=number)) for number in range((day.date - oldest).days)]

    def before_all(self, window: list[Day]) -> list[Day]:
        """The days before the window that it looks back on."""
        return self.before(window[0]) if window else []
