"""Loads the tables of a day; if that fails, finds the files that are to blame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import duckdb

from exporter.config.model import Dataset
from exporter.days import Day
from exporter.engine.duckdb import database, day_tables, encoding
from exporter.engine.protocol import DamagedError, EngineError
from exporter.files import checksums, mapping
from exporter.files.access import Access, AsideError
from exporter.files.entry import Measurable, Unreadable
from exporter.files.file import File


class Loader:
    """Loads one day after the other; `texts` is the SQL that will query the tables."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        access: Access,
        texts: Sequence[str],
        timeout: timedelta,
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._access = access
        self._texts = texts
        self._timeout = timeout
        self._measured = True
        self._verified: set[File] = set()
        self._replaced: dict[File, int] = {}

    def load(self, day: Day, files: Sequence[Measurable], *, measured: bool) -> None:
        """Create the day's tables, if it is not `measured` only those that are looked back on.

        Raises DamagedError, or EngineError if no file is to blame, or FilesError.
        """
        self._measured = measured
        try:
            with self._access.columns({each.file: mapping.read(self._dataset, each.footer) for each in files}):
                self._load(day, files)
        except AsideError as error:
            aside = {file: Unreadable(file.name, str(each), lasting=False) for file, each in error.problems.items()}
            raise DamagedError(aside) from None

    def _load(self, day: Day, files: Sequence[Measurable]) -> None:
        self._verify(files)
        try:
            self._load_from(files, day)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException) as error:
            raise EngineError(f"{day.date}: {database.reason(error)}") from None
        except duckdb.Error as error:
            if database.is_spill(error):
                raise EngineError(f"{day.date}: {database.reason(error)}") from None
            if encoding.is_to_blame(error) and self._add_misencoded(files, day):
                self._load(day, files)
                return
            damaged = {each.file: reason for each in files if (reason := self._damage(each, day))}
            if not damaged:
                raise EngineError(database.reason(error)) from None
            raise DamagedError(damaged) from None

    def replaced(self, files: Iterable[Measurable]) -> int:
        """The number of events with text that is not UTF-8, in files that were loaded."""
        return sum(self._replaced.get(each.file, 0) for each in files)

    def _add_misencoded(self, files: Sequence[Measurable], day: Day) -> bool:
        """Find the files with text that is not UTF-8, to read them with replacements; False if there are none."""
        before = len(self._replaced)
        for each in files:
            try:
                self._load_from([each], day)
            except duckdb.Error as error:
                if encoding.is_to_blame(error):
                    names = mapping.read(self._dataset, each.footer)
                    self._replaced[each.file] = encoding.replaced_rows(self._path(each), names)
        return len(self._replaced) > before

    def _verify(self, files: Sequence[Measurable]) -> None:
        """Raise DamagedError if a page does not match its checksum; each file is verified once.

        DuckDB does not verify them: a flipped bit would be a wrong number.
        """
        new = [each for each in files if each.file not in self._verified]
        checked = {
            each.file: checksums.damage(self._path(each), mapping.read(self._dataset, each.footer)) for each in new
        }
        damaged = {file: Unreadable(file.name, reason, lasting=True) for file, reason in checked.items() if reason}
        if damaged:
            raise DamagedError(damaged)
        self._verified.update(each.file for each in new)

    def _damage(self, each: Measurable, day: Day) -> Unreadable | None:
        """Why the file, alone, cannot be read; None if it can."""
        try:
            self._load_from([each], day)
        except duckdb.Error as error:
            return Unreadable(each.file.name, database.reason(error), database.is_lasting(error))
        return None

    def _load_from(self, files: Sequence[Measurable], day: Day) -> None:
        local = [replace(each, file=self._access.local(each.file)) for each in files]
        misencoded = [self._access.local(file) for file in self._replaced]
        with database.limited(self._connection, self._timeout):
            texts = self._texts if self._measured else None
            day_tables.load(self._connection, self._dataset, local, day, texts, misencoded)

    def _path(self, each: Measurable) -> str:
        return self._access.local(each.file).path
