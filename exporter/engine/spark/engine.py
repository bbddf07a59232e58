"""The engine that `exporter.engine.protocol` describes, on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import islice

from exporter.config.model import Dataset, Resources
from exporter.days import Day
from exporter.engine.duckdb import day_tables
from exporter.engine.duckdb.engine import PACKAGES
from exporter.engine.protocol import DamagedError, EngineError
from exporter.engine.spark import misencoded, rows, times
from exporter.engine.spark.lookback import Lookback
from exporter.engine.spark.rows import Readable
from exporter.engine.spark.schemas import SchemaError
from exporter.engine.spark.session import GoneError, Session, is_of_files
from exporter.engine.spark.tables import Tables
from exporter.engine.spark.translate import TranslationError, spark_sql
from exporter.engine.spark.worker import NOT_UTF8
from exporter.files import mapping
from exporter.files.access import Access
from exporter.files.entry import Measurable, Unreadable
from exporter.files.file import File
from exporter.files.footers import Footer, UnreadableError
from exporter.measures import channels, declared, devices, results
from exporter.measures.declared import Facts, Measure, MeasureError

_LAST_EVENTS = "SELECT hour, unix_micros(max(ts)) FROM events GROUP BY hour"
_FREQUENT_NAMES = """
SELECT event_name, number, is_known
FROM (
  SELECT *, row_number() OVER (PARTITION BY is_known ORDER BY number DESC, event_name) AS place
  FROM (
    SELECT event_name, sum(events) AS number, NOT is_invalid AS is_known
    FROM names
    WHERE event_name IS NOT NULL
    GROUP BY event_name, is_invalid
  )
)
WHERE place <= 10
ORDER BY number DESC, event_name
"""
BATCH = 500
"""Rows of a result that are checked at a time."""


class SparkEngine:
    """One reading of a data set for the `measures`, on the Spark of its configuration."""

    def __init__(self, dataset: Dataset, measures: Sequence[Measure], access: Access, resources: Resources) -> None:
        assert dataset.engine
        self._access = access
        self._readable: dict[File, Readable] = {}
        self._dataset = dataset
        self._bounds = declared.label_bounds(dataset)
        self._session = Session(dataset.engine.spark, resources.query_timeout)
        texts = [each.sql for each in measures if not each.unmet(dataset)]
        self._tables = Tables(self._session, dataset, ["SELECT hour, ts FROM events", *texts])
        self.lookback = Lookback(self._session, dataset.engine.database)
        self._misencoded: dict[File, int] = {}
        self._count = 0
        relations = [day_tables.relation(name) for name in ("events", *day_tables.TABLES, "orders")]
        definitions = (channels.DEFINITIONS, devices.BOTS, devices.NOT_BOTS)
        packages = [version(name) for name in (*PACKAGES, "sqlglot")]
        self.text = repr(("spark", self._session.version, packages, relations, definitions, day_tables.VALUES))

    def close(self) -> None:
        """Free what the days take on the cluster, and end the session."""
        self._session.close()

    def times(self, file: File, footer: Footer, latest: int) -> tuple[int | None, int | None, int]:
        """First and last plausible timestamp, and the number of events without one. Raises UnreadableError."""
        with self._timestamps(file, footer) as found:
            return times.times(self._session, self._dataset, found, latest)

    def count(self, each: Measurable, start: int, end: int) -> int:
        """The number of events of the file from `start` until before `end`. Raises UnreadableError."""
        with self._timestamps(each.file, each.footer) as found:
            return times.count(self._session, self._dataset, found, start, end)

    @contextmanager
    def _timestamps(self, file: File, footer: Footer) -> Iterator[Readable]:
        """The file with the columns of its timestamps. Raises UnreadableError where an error is of the file itself."""
        of = Measurable(file, footer, None, None, 0)
        try:
            found = rows.readable(self._access, of, mapping.read(self._dataset, footer, ("timestamp",)))
            with self._session.limited():
                yield found
        except SchemaError as error:
            raise UnreadableError(str(error)) from None
        except EngineError as error:
            if is_of_files(str(error)):
                raise UnreadableError(str(error), lasting=False) from None
            raise

    def load(self, day: Day, files: Sequence[Measurable], *, measured: bool = True) -> None:
        """Create the tables of a day. Raises DamagedError."""
        found = self._with_schemas(files)
        try:
            with self._session.limited():
                self._count = self._tables.load(found, day, self._misencoded, measured=measured)
        except GoneError:
            raise
        except EngineError as error:
            if NOT_UTF8 in str(error) and self._add_misencoded(found):
                self.load(day, files, measured=measured)
                return
            if is_of_files(str(error)) and (damaged := self._damaged(found, day)):
                raise DamagedError(damaged) from None
            raise EngineError(f"{day.date}: {error}") from None

    def replaced(self, files: Iterable[Measurable]) -> int:
        """The number of events with text that is not UTF-8, in files that were loaded."""
        return sum(self._misencoded.get(each.file, 0) for each in files)

    def events(self) -> int:
        """The number of events of the loaded day."""
        return self._count

    def last_events(self) -> Mapping[int, int]:
        """The last event of each hour of the loaded day that has events."""
        with self._session.limited():
            return {int(hour): int(last) for hour, last in self._session.sql(_LAST_EVENTS).collect()}

    def frequent_names(self) -> tuple[tuple[str, int, bool], ...]:
        """The ten most frequent event names of the loaded day in the taxonomy, and ten that are not in it."""
        with self._session.limited():
            return tuple(
                (name, int(number), known) for name, number, known in self._session.sql(_FREQUENT_NAMES).collect()
            )

    def run(self, measure: Measure) -> tuple[Facts, str | None]:
        """The facts of a measure on the loaded day, and the name of its label, if any. Raises MeasureError."""
        try:
            sql = spark_sql(measure.sql)
            with self._session.limited():
                self._tables.prepare(sql)
                frame = self._session.sql(sql)
                return results.facts(measure, frame.columns, _batches(frame.toLocalIterator()), self._bounds)
        except GoneError:
            raise
        except (TranslationError, EngineError) as error:
            raise MeasureError(f"{measure.name}.sql: {error}") from None

    def _with_schemas(self, files: Sequence[Measurable]) -> list[Readable]:
        """The files with their schemas. Raises DamagedError if Spark would skip one, or read it otherwise."""
        damaged: dict[File, Unreadable] = {}
        for each in (each for each in files if each.file not in self._readable):
            try:
                if each.file.path.rpartition("/")[2].startswith((".", "_")):
                    raise SchemaError("Spark reads no file whose name begins with . or _")
                self._readable[each.file] = rows.readable(self._access, each, mapping.read(self._dataset, each.footer))
            except (SchemaError, UnreadableError) as error:
                damaged[each.file] = Unreadable(each.file.name, str(error), getattr(error, "lasting", True))
        if damaged:
            raise DamagedError(damaged)
        return [replace(self._readable[each.file], of=each) for each in files]

    def _add_misencoded(self, files: Sequence[Readable]) -> bool:
        """Find the files with text that is not UTF-8, to read them with replacements; False if there are none."""
        before = len(self._misencoded)
        with self._session.limited():
            self._misencoded |= misencoded.of_files(self._session, files)
        return len(self._misencoded) > before

    def _damaged(self, files: Sequence[Readable], day: Day) -> dict[File, Unreadable]:
        """The files that cannot be read alone, and why; none if it is all of several: then it is not they."""
        damaged: dict[File, Unreadable] = {}
        for each in files:
            try:
                with self._session.limited():
                    self._tables.load_events([each], day, self._misencoded)
            except GoneError:
                raise
            except EngineError as error:
                damaged[each.of.file] = Unreadable(each.of.file.name, str(error), lasting=False)
        return damaged if len(damaged) < len(files) or len(files) == 1 else {}


def _batches(found: Iterator[Sequence[object]]) -> Iterator[list[tuple[object, ...]]]:
    """The rows, some at a time."""
    while batch := [tuple(row) for row in islice(found, BATCH)]:
        yield batch
