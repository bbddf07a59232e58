"""Loads the tables of a day, and finds out which file is to blame where that fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import duckdb

from exporter.config.model import Dataset
from exporter.days import Day
from exporter.engine.duckdb import columns, database, day_tables, encoding
from exporter.facts.catalogue import Catalogue
from exporter.facts.model import FactsError
from exporter.files import checksums
from exporter.files.entry import Measurable, Unreadable
from exporter.files.listing import File


class DamagedError(Exception):
    """Files whose footer was good and whose data could not be read, and why."""

    def __init__(self, damaged: Mapping[File, Unreadable]) -> None:
        super().__init__()
        self.damaged = damaged


class Loader:
    """Loads one day after the other, for the SQL in `texts`; `loaded` is the one that is there."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        texts: Sequence[str],
        catalogue: Catalogue,
        timeout: timedelta,
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._sql = texts
        self._catalogue = catalogue
        self._timeout = timeout
        self._verified: set[File] = set()
        self._replaced: dict[File, int] = {}
        self.loaded: date | None = None

    def load(self, day: Day) -> bool:
        """Load the day's tables; False when no file can hold any of its events.

        Raises DamagedError, and FactsError where no file is to blame.
        """
        self.loaded = None
        read = self._catalogue.of_day(day.date)
        if not read:
            return False
        self._verify(read)
        try:
            self._load_from(read, day)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException) as error:
            raise FactsError(f"{day.date}: {database.reason(error)}") from None
        except duckdb.Error as error:
            if database.is_spill(error):
                raise FactsError(f"{day.date}: {database.reason(error)}") from None
            if encoding.is_to_blame(error) and self._add_misencoded(read, day):
                return self.load(day)
            damaged = {each.file: reason for each in read if (reason := self._damage(each, day))}
            if not damaged:
                raise FactsError(database.reason(error)) from None
            raise DamagedError(damaged) from None
        self.loaded = day.date
        return True

    def replaced(self, when: date) -> int:
        """How many events have a text that is not UTF-8, in the files of a day that was loaded."""
        return sum(self._replaced.get(each.file, 0) for each in self._catalogue.of_day(when))

    def _add_misencoded(self, read: Sequence[Measurable], day: Day) -> bool:
        """Find the files that have a text that is not UTF-8: they are read with replacements from here on."""
        before = len(self._replaced)
        for each in read:
            try:
                self._load_from([each], day)
            except duckdb.Error as error:
                if encoding.is_to_blame(error):
                    self._replaced[each.file] = encoding.replaced_rows(each.file.path, self._columns(each))
        return len(self._replaced) > before

    def _verify(self, read: Sequence[Measurable]) -> None:
        """Raise DamagedError where the checksums of a file's pages are wrong; each file is looked at once."""
        new = [each for each in read if each.file not in self._verified]
        found = {each.file: checksums.damage(each.file.path, self._columns(each)) for each in new}
        damaged = {file: Unreadable(file.name, reason, lasting=True) for file, reason in found.items() if reason}
        if damaged:
            raise DamagedError(damaged)
        self._verified.update(each.file for each in new)

    def _columns(self, each: Measurable) -> set[str]:
        return columns.read(self._dataset, each.footer)

    def _damage(self, each: Measurable, day: Day) -> Unreadable | None:
        """Why the file alone cannot be read, or None when it can."""
        try:
            self._load_from([each], day)
        except duckdb.Error as error:
            return Unreadable(each.file.name, database.reason(error), database.is_lasting(error))
        return None

    def _load_from(self, read: Sequence[Measurable], day: Day) -> None:
        with database.limited(self._connection, self._timeout):
            day_tables.load(self._connection, self._dataset, read, day, self._sql, self._replaced)
