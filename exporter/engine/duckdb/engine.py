"""The engine that `exporter.engine.protocol` describes, on DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import duckdb

from exporter.config.model import Dataset, Resources
from exporter.days import Day
from exporter.engine.duckdb import database, day_tables, queries, sample, times
from exporter.engine.duckdb.load import Loader
from exporter.engine.duckdb.lookback import Lookback
from exporter.engine.duckdb.sample import Sample
from exporter.engine.protocol import EngineError
from exporter.files import mapping
from exporter.files.access import Access, AsideError
from exporter.files.entry import Measurable
from exporter.files.file import File, is_utf8
from exporter.files.footers import Footer, UnreadableError
from exporter.measures import channels, declared, devices
from exporter.measures.declared import Facts, Measure

_EVENTS = "SELECT count(*) FROM events"
_LAST_EVENTS = "SELECT hour, epoch_us(max(ts)) FROM events GROUP BY hour"
_FREQUENT_NAMES = """
SELECT event_name, sum(events) AS number, NOT is_invalid
FROM names
WHERE event_name IS NOT NULL
GROUP BY event_name, is_invalid
QUALIFY row_number() OVER (PARTITION BY is_invalid ORDER BY number DESC, event_name) <= 10
ORDER BY number DESC, event_name
"""

PACKAGES = ("clickstream-exporter", "duckdb", "ua-parser", "ua-parser-builtins")
"""Packages whose versions facts depend on: DuckDB's hashes and ua-parser's device classes may change between two."""


@dataclass(frozen=True)
class Rows:
    """The result of a statement: the names of its columns, none if it has no rows to show, and the rows."""

    names: Sequence[str]
    rows: Sequence[Sequence[object]]


class DuckDB:
    """One reading of a data set's `files` for the `measures`.

    `storage` is a folder for what later readings need again, `spill` one for what does not fit into memory.
    """

    def __init__(
        self,
        dataset: Dataset,
        measures: Sequence[Measure],
        access: Access,
        files: Sequence[File],
        storage: Path,
        spill: Path,
        resources: Resources,
    ) -> None:
        self._dataset = dataset
        self._access = access
        self._timeout = resources.query_timeout
        self._bounds = declared.label_bounds(dataset)
        readable = [path for file in files if is_utf8(file.path) for path in access.places(file)]
        size = sum(file.size for file in files)
        self._connection = database.connect(readable, size, spill, resources)
        self._texts = [each.sql for each in measures if not each.unmet(dataset)]
        self._loader = Loader(self._connection, dataset, access, [_LAST_EVENTS, *self._texts], self._timeout)
        self.lookback = Lookback(storage, self._connection)
        relations = [day_tables.relation(name) for name in ("events", *day_tables.TABLES, "orders")]
        definitions = (channels.DEFINITIONS, devices.BOTS, devices.NOT_BOTS)
        self.text = repr(([version(name) for name in PACKAGES], relations, definitions, day_tables.VALUES))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def times(self, file: File, footer: Footer, latest: int) -> tuple[int | None, int | None, int]:
        """First and last plausible timestamp, and the number of events without one. Raises UnreadableError."""
        with self._timestamps(file, footer) as local:
            return times.times(self._connection, self._dataset, local, footer, latest)

    def count(self, each: Measurable, start: int, end: int) -> int:
        """The number of events of the file from `start` until before `end`. Raises UnreadableError."""
        with self._timestamps(each.file, each.footer) as local:
            return times.count(self._connection, self._dataset, local, each.footer, start, end)

    @contextmanager
    def _timestamps(self, file: File, footer: Footer) -> Iterator[File]:
        """The file where its timestamps can be read. Raises UnreadableError."""
        try:
            with self._access.columns({file: mapping.read(self._dataset, footer, ("timestamp",))}):
                yield self._access.local(file)
        except AsideError as error:
            raise UnreadableError(str(error.problems[file]), lasting=False) from None

    def load(self, day: Day, files: Sequence[Measurable], *, measured: bool = True) -> None:
        """Create the tables of a day. Raises DamagedError."""
        self._loader.load(day, files, measured=measured)

    def replaced(self, files: Iterable[Measurable]) -> int:
        """The number of events with text that is not UTF-8, in files that were loaded."""
        return self._loader.replaced(files)

    def events(self) -> int:
        """The number of events of the loaded day."""
        with _translated():
            return int(self._connection.execute(_EVENTS).fetchall()[0][0])

    def last_events(self) -> dict[int, int]:
        """The last event of each hour of the loaded day that has events."""
        with _translated():
            return dict(self._connection.execute(_LAST_EVENTS).fetchall())

    def frequent_names(self) -> tuple[tuple[str, int, bool], ...]:
        """The ten most frequent event names of the loaded day in the taxonomy, and ten that are not in it."""
        with _translated():
            return tuple(self._connection.execute(_FREQUENT_NAMES).fetchall())

    def run(self, measure: Measure) -> tuple[Facts, str | None]:
        """The facts of a measure on the loaded day, and the name of its label, if any. Raises MeasureError."""
        with database.limited(self._connection, self._timeout):
            return queries.run(self._connection, measure, self._bounds)

    def sample(self, files: Sequence[Measurable], span: Day, rows: int | None) -> Sample:
        """Counts in a sample of the events in the `span`, at most `rows` of each shape."""
        needs = {each.file: mapping.read(self._dataset, each.footer) for each in files}
        with self._access.columns(needs), _translated(), database.limited(self._connection, self._timeout):
            local = [replace(each, file=self._access.local(each.file)) for each in files]
            return sample.take(self._connection, self._dataset, local, span, rows, self._texts)

    def problem(self, measure: Measure) -> str | None:
        """Why the SQL of a measure does not fit the tables of the sample, or None."""
        return queries.binding_problem(self._connection, measure.sql)

    def ad_hoc(self, sql: str) -> Iterator[Rows]:
        """The result of each statement in the text."""
        with _translated(), database.limited(self._connection, self._timeout):
            for statement in duckdb.extract_statements(sql):
                found = self._connection.execute(statement)
                is_select = statement.type == duckdb.StatementType.SELECT
                names = [column[0] for column in found.description or ()] if is_select else []
                yield Rows(names, found.fetchall())


@contextmanager
def _translated() -> Iterator[None]:
    """Raise EngineError for any error of DuckDB."""
    try:
        yield
    except duckdb.Error as error:
        raise EngineError(database.reason(error)) from None
