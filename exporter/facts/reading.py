"""One reading of a data set: what all of its steps share, and the loaded day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from exporter.days import Day
from exporter.engine.protocol import Engine
from exporter.facts.ask import Asker
from exporter.facts.catalogue import Catalogue
from exporter.facts.fingerprints import Fingerprints
from exporter.facts.model import DayFacts
from exporter.facts.progress import Progress


@dataclass
class Reading:
    """The parts of a reading; `known` has facts of earlier ones by fingerprint, `loaded` is the loaded day."""

    engine: Engine
    catalogue: Catalogue
    fingerprints: Fingerprints
    asker: Asker
    known: Mapping[str, DayFacts]
    progress: Progress
    loaded: date | None = field(default=None, init=False)

    def load(self, day: Day, *, measured: bool = True) -> bool:
        """Load the day and keep what later readings need of it; False if no file can hold any of its events.

        Of a day that is not `measured`, there are only the tables that are looked back on.
        """
        self.loaded = None
        files = self.catalogue.of_day(day.date)
        if not files:
            return False
        self.engine.load(day, files, measured=measured)
        self.loaded = day.date if measured else None
        self.engine.lookback.keep(self.fingerprints.of_day(day), day.date)
        self.progress.advance(self.engine.events(), self.catalogue.access.fetched)
        return True

    def recall(self, day: Day) -> bool:
        """Load only the kept purchases and contents of the day; False if they are not available."""
        self.loaded = None
        return self.engine.lookback.recall(self.fingerprints.of_day(day))
