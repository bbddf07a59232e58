"""Ad hoc queries: SQL about the newest day of a data set, as text to paste or as rows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from exporter.config.model import Dataset, Resources
from exporter.engine.duckdb import script
from exporter.engine.duckdb.database import literal
from exporter.engine.duckdb.engine import DuckDB, Rows
from exporter.facts.catalogue import Catalogue
from exporter.files import mapping
from exporter.files.access import Access, AsideError
from exporter.files.entry import Measurable, Unreadable
from exporter.files.file import File, is_url, is_utf8
from exporter.temporary import SPILL, Folder

DAYS_AFTER = 2
"""Days after the day in question whose files a query reads, for events that are early."""

WEEK = 7
"""Days before the day in question whose files a query reads, unless it names an earlier one."""

NEWEST_FILES = 200
"""Files in the variable `files`, beside those that were set aside: those written last."""

HOURS = (
    "SET VARIABLE hours = (\n"
    "  SELECT CASE WHEN max(hour) IN (0, 23) THEN 24 ELSE max(hour) END\n"
    "  FROM events WHERE date = getvariable('day')\n); -- complete hours of the day"
)
"""The variable `hours`, as far as the events alone show it."""

_NAMES_EVENTS = re.compile(r"\b(FROM|JOIN) (field_)?events\b")

_OPENS_FILES = re.compile(r"\b\w+\(getvariable\('files'\)\)")

_DAYS_BEFORE = re.compile(r"getvariable\('day'\) - (\d+)")


class NoDataError(Exception):
    """There is nothing to query: why."""


def _as_listed(file: File) -> File:
    return file


@dataclass(frozen=True)
class Data:
    """The files of a data set, and the day in question: the newest with events, None without any."""

    dataset: Dataset
    access: Access
    files: Sequence[File]
    catalogue: Catalogue
    day: date | None
    as_of: date | None
    engine: DuckDB

    def text(self, query: str) -> str:
        """The query with all that it names, to paste into DuckDB. Raises NoDataError."""
        return "\n".join([script.SETTINGS, *self._before(query), query])

    def rows(self, query: str) -> list[Rows]:
        """The result of each SELECT of the query, in our own database. Raises NoDataError, EngineError, FilesError.

        Objects are read from local copies, and shown with their URLs.
        """
        shown = self._shown()
        needs: dict[File, set[str]] = {}
        if _NAMES_EVENTS.search(query):
            needs = {each.file: mapping.read(self.dataset, each.footer) for each in self._readable(query)}
        try:
            with self.access.footers(shown) as problems, self.access.columns(needs):
                statements = [*self._before(query, self.access.local, without=problems), query]
                found = [rows for statement in statements for rows in self.engine.ad_hoc(statement) if rows.names]
        except AsideError as error:
            file, problem = next(iter(error.problems.items()))
            raise NoDataError(f"{file.path}: {problem}") from None
        urls = {self.access.local(file).path: file.path for file in (*shown, *needs)}
        return [replace(each, rows=[[_renamed(value, urls) for value in row] for row in each.rows]) for each in found]

    def _before(
        self, query: str, at: Callable[[File], File] = _as_listed, without: Collection[File] = ()
    ) -> Iterator[str]:
        """The statements that create what the query names, variables and views.

        `at` is where a file is; the variable `files` leaves out those in `without`, which cannot be opened.
        """
        placed = at if _OPENS_FILES.search(query) else _as_listed
        for limit, value in self.dataset.limits.model_dump().items():
            if _variable(limit) in query:
                yield script.variable(limit, value)
        if _variable("day") in query:
            yield script.variable("day", self._day())
        if _variable("files") in query:
            files = [placed(file).path for file in self._shown() if file not in without]
            yield script.variable("files", list(map(literal, files)))
        if "set_aside" in query:
            yield script.set_aside(self._set_aside(placed))
        if _NAMES_EVENTS.search(query):
            yield script.events(self.dataset, [replace(each, file=at(each.file)) for each in self._readable(query)])
        if "field_events" in query:
            yield script.field_events(self.dataset)
        if _variable("hours") in query:
            yield HOURS
        if "file_columns" in query:
            yield script.file_columns(self.dataset, self._readable(query))

    def _day(self) -> date:
        if self.day is None:
            self._shown()
            what = f"on or before {self.as_of}" if self.as_of else "with a plausible timestamp"
            raise NoDataError(f"no event {what}")
        return self.day

    def _shown(self) -> list[File]:
        """The files that were set aside and the newest ones, without those that cannot even be opened."""
        if not self.files:
            raise NoDataError(f"no file matches {', '.join(self.dataset.files)}")
        measured = {each.file for each in self.catalogue.readable}
        newest = sorted(self.files, key=lambda file: (file.mtime_ns, file.path))[-NEWEST_FILES:]
        shown = {*newest, *(file for file in self.files if file not in measured)}
        return [file for file in self.files if file in shown and _is_open(file)]

    def _set_aside(self, at: Callable[[File], File]) -> list[tuple[str, str]]:
        entries = self.catalogue.entries.items()
        return [(_printable(at(file).path), each.reason) for file, each in entries if isinstance(each, Unreadable)]

    def _readable(self, query: str) -> list[Measurable]:
        """The files that may have events of the days that the query names, and those without a plausible timestamp."""
        found = self.catalogue.readable
        if self.day:
            days_before = max(WEEK, *map(int, ["0", *_DAYS_BEFORE.findall(query)]))
            start = self.catalogue.day(self.day - timedelta(days=days_before)).start
            end = self.catalogue.day(self.day + timedelta(days=DAYS_AFTER)).end
            found = [*self.catalogue.between(start, end), *self.catalogue.of_no_day()]
        found = [each for each in found if each.footer.rows]
        if not found:
            self._shown()
            raise NoDataError("no file with events that can be read")
        return found


def _is_open(file: File) -> bool:
    return is_utf8(file.path) and (is_url(file.path) or os.access(file.path, os.R_OK))


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """The value, or a list of values; for a path in `names`, what that is called."""
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _printable(path: str) -> str:
    """The path, with an escape for each byte that is not UTF-8."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _variable(name: str) -> str:
    return f"getvariable('{name}')"


@contextmanager
def opened(dataset: Dataset, resources: Resources, as_of: date | None) -> Iterator[Data]:
    """The data set, with `as_of` or its newest day as the day in question.

    Raises FilesError, EngineError, TemporaryError.
    """
    with Folder(SPILL) as folder:
        access = Access.of(dataset, resources, folder)
        files = access.find()
        with closing(DuckDB(dataset, (), access, files, folder, folder, resources)) as engine:
            catalogue = Catalogue(engine, access, dataset, files, {}, as_of, datetime.now(UTC))
            anchor = catalogue.anchor()
            yield Data(dataset, access, files, catalogue, as_of or anchor if anchor else None, as_of, engine)
