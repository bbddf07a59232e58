"""Fingerprints: what facts were measured from, so that they are measured again only when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from exporter.config.model import Dataset
from exporter.days import HOURS_24, Day
from exporter.facts.catalogue import Catalogue
from exporter.measures.declared import Measure

LOOKBACK = 7 * HOURS_24
"""How far assisted purchases look back, in microseconds."""


class Fingerprints:
    """A short text for a day's files, the configuration and the SQL: the same for the same facts.

    `engine` is the text that stands for how an engine makes facts.
    """

    def __init__(self, dataset: Dataset, catalogue: Catalogue, engine: str) -> None:
        settings = dataset.model_dump(exclude={"limits", "files", "history_days", "cadence", "measures"})
        self._shared = repr((settings, engine))
        self._catalogue = catalogue
        self._read: dict[tuple[int, int], str] = {}

    def of_day(self, day: Day, asked: Sequence[Measure] = ()) -> str:
        """Of what the day's own events give; without measures, of its sessions and purchases."""
        return self._fingerprint(day, day.start, asked)

    def of_week(self, day: Day, asked: Sequence[Measure]) -> str:
        """Of what measures give that look back on the sessions of the days before."""
        return self._fingerprint(day, day.start - LOOKBACK, asked)

    def _fingerprint(self, day: Day, start: int, asked: Sequence[Measure]) -> str:
        text = repr((day, self._files(start, day.end), self._shared, [each.sql for each in asked]))
        return blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()

    def _files(self, start: int, end: int) -> str:
        """The files that may hold events of the time, as a text; they are asked for several times."""
        if (start, end) not in self._read:
            self._read[start, end] = repr([each.file for each in self._catalogue.between(start, end)])
        return self._read[start, end]
