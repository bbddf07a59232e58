"""Fingerprints of what facts were measured from, so that facts are measured again only if that changes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from exporter.config.model import Dataset
from exporter.days import HOURS_24, Day
from exporter.facts.catalogue import Catalogue
from exporter.measures.declared import Measure

LOOKBACK = 7 * HOURS_24
"""How far assisted purchases look back, in microseconds."""

NOT_OF_FACTS = {
    "files", "table", "object_store", "engine", "history_days", "cadence", "measures", "limits", "switched_off",
    "known_days", "baseline_since", "drop_rule", "owner", "labels",
}  # fmt: skip
"""Keys of a data set on which no fact depends, or which are in the fingerprint by their contents."""


class Fingerprints:
    """Hashes of a day's files, the configuration and the SQL: the same hash means the same facts.

    `engine` is the text that identifies how an engine makes facts.
    """

    def __init__(self, dataset: Dataset, catalogue: Catalogue, engine: str) -> None:
        settings = dataset.model_dump(exclude=NOT_OF_FACTS)
        self._shared = blake2b(repr((settings, engine)).encode(errors="surrogateescape"), digest_size=16)
        self._catalogue = catalogue
        self._read: dict[tuple[int, int], str] = {}

    def of_day(self, day: Day, measures: Sequence[Measure] = ()) -> str:
        """The fingerprint of facts from the day's own events; without measures, of its sessions and purchases."""
        return self._fingerprint(day, day.start, measures)

    def of_week(self, day: Day, measures: Sequence[Measure]) -> str:
        """The fingerprint of facts from measures that look back on the days before."""
        return self._fingerprint(day, day.start - LOOKBACK, measures)

    def _fingerprint(self, day: Day, start: int, measures: Sequence[Measure]) -> str:
        text = repr((day, self._files(start, day.end), [each.sql for each in measures]))
        hashed = self._shared.copy()
        hashed.update(text.encode(errors="surrogateescape"))
        return hashed.hexdigest()

    def _files(self, start: int, end: int) -> str:
        """The files that may hold events from `start` until before `end`, as text; cached, because it is reused."""
        if (start, end) not in self._read:
            self._read[start, end] = repr([each.file for each in self._catalogue.between(start, end)])
        return self._read[start, end]
