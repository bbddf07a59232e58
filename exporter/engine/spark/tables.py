"""The tables of one day: `events` by DuckDB's SQL in Spark's workers, the others by the same SQL, translated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from exporter.config.model import Dataset
from exporter.days import Day
from exporter.engine.duckdb import columns, day_tables, watched
from exporter.engine.spark import rows
from exporter.engine.spark.rows import Readable
from exporter.engine.spark.session import Session
from exporter.engine.spark.translate import spark_sql
from exporter.engine.spark.worker import Query
from exporter.files import mapping
from exporter.files.entry import Measurable
from exporter.files.file import File
from exporter.measures import segments
from exporter.measures.channels import SITES
from exporter.measures.devices import classify

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TYPES = tuple(f"CREATE TYPE {name} AS ENUM ({', '.join(map(repr, words))})" for name, words in day_tables.TYPES.items())

_CHANNELS = f"WITH events AS (SELECT * FROM rows)\nSELECT * FROM (\n{day_tables.relation('channels')}\n)"
_ORIGINS = "SELECT DISTINCT origin FROM events WHERE origin IS NOT NULL"
_AGENTS = "SELECT DISTINCT agent FROM events WHERE agent IS NOT NULL"

KEPT = ("counts", "channels", "half_hours", "sessions", "purchases", "contents")
"""Tables that several others or measures read: they are computed once. So is `segments`, if a measure reads it."""


class Tables:
    """The tables of the loaded day, as temporary views of the session; `texts` is the SQL that will query them."""

    def __init__(self, session: Session, dataset: Dataset, texts: Sequence[str]) -> None:
        self._session = session
        self._dataset = dataset
        self._texts = texts
        self._measured = True
        self._has_segments = False

    def load(self, files: Sequence[Readable], day: Day, misencoded: Collection[File], *, measured: bool) -> int:
        """Replace the tables by those of the day; returns the number of its events.

        If it is not `measured`, there are only those that are looked back on. Raises errors of Spark.
        """
        self._measured = measured
        count = self.load_events(files, day, misencoded)
        self._view("missing_columns", self._missing(files), "schema_id INT, `column` STRING")
        self._view("dimensions", list(segments.columns(self._dataset).items()), "`column` STRING, dimension STRING")
        agents = [agent for (agent,) in self._session.sql(_AGENTS).collect()]
        self._view("device_classes", [(agent, classify(agent)) for agent in agents], "agent STRING, device STRING")
        if measured:
            self._session.show("watched_fields", self._session.sql(spark_sql(watched.counts(self._dataset))))
        settings = {
            **day_tables.VALUES,
            "exclude_bots": self._dataset.exclude_bots,
            "taxonomy": list(self._dataset.taxonomy),
        }
        for name in day_tables.TABLES if measured else day_tables.LOOKED_BACK_ON:
            frame = self._channels() if name == "channels" else self._table(name, settings)
            self._session.show(name, frame, kept=name in KEPT)
        return count

    def prepare(self, sql: str) -> None:
        """Compute what the SQL of a measure reads and several measures share."""
        if not self._has_segments and re.search(r"\bsegments\b", sql):
            self._session.show("segments", self._session.sql("SELECT * FROM segments"), kept=True)
            self._has_segments = True

    def load_events(self, files: Sequence[Readable], day: Day, misencoded: Collection[File]) -> int:
        """Replace `events` by those of the day, and drop the other tables; returns their number."""
        self._has_segments = False
        for name in day_tables.TABLES:
            self._session.drop(name)
        self._session.show("events", self._events(files, day, misencoded), kept=True)
        return int(self._session.sql("SELECT count(*) FROM events").collect()[0][0])

    def _table(self, name: str, settings: Mapping[str, object]) -> DataFrame:
        return self._session.sql(spark_sql(day_tables.table(self._dataset, name), settings))

    def _view(self, name: str, values: Sequence[tuple[object, ...]], schema: str) -> None:
        self._session.show(name, self._session.spark.createDataFrame(list(values), schema))

    def _channels(self) -> DataFrame:
        """The channel of each origin, by DuckDB: regexes and text of URLs."""
        origins = self._session.sql(_ORIGINS)
        query = Query(duckdb.__version__, TYPES, _CHANNELS, SITES)
        return rows.queried(origins, query)

    def _events(self, files: Sequence[Readable], day: Day, misencoded: Collection[File]) -> DataFrame:
        found: DataFrame | None = None
        for number, shape, group in groups(self._dataset, files):
            for of in rows.alike(group):
                for replacing in (False, True):
                    own = [each for each in of if (each.of.file in misencoded) == replacing]
                    if own:
                        each = self._of_shape(number, shape, own, day, replacing=replacing)
                        found = found.unionByName(each) if found else each
        assert found is not None
        return found

    def _of_shape(
        self, number: int, shape: columns.Shape, files: Sequence[Readable], day: Day, *, replacing: bool
    ) -> DataFrame:
        frame, query = rows.scan(self._session, files, named=shape.has_folders)
        sql, values = self._sql(number, shape), _values(self._dataset, [each.of for each in files], day)
        return rows.queried(frame, replace(query, setup=TYPES, sql=sql, values=values, replacing=replacing))

    def _sql(self, number: int, shape: columns.Shape) -> str:
        """The SQL of `events` over the rows of one shape."""
        made = day_tables.made_columns(self._dataset)
        scan = f"SELECT {number} AS schema_id,\n  " + ",\n  ".join(shape.sql) + "\nFROM rows"
        texts = self._texts if self._measured else None
        stored, shown = day_tables.events(self._dataset, day_tables.keyed(self._dataset, [scan]), made, texts)
        return f"SELECT {shown} FROM (\n{stored}\n)"

    def _missing(self, files: Sequence[Readable]) -> list[tuple[object, ...]]:
        return [
            (number, column)
            for number, _, group in groups(self._dataset, files)
            for column in mapping.missing(self._dataset, group[0].of.footer)
        ]


def groups(dataset: Dataset, files: Iterable[Readable]) -> Iterator[tuple[int, columns.Shape, list[Readable]]]:
    """The files by their shape, each with its number."""
    by_shape: dict[columns.Shape, list[Readable]] = {}
    for each in files:
        by_shape.setdefault(columns.shape(dataset, each.of.footer), []).append(each)
    for number, shape in enumerate(sorted(by_shape)):
        yield number, shape, by_shape[shape]


def _values(dataset: Dataset, files: Sequence[Measurable], day: Day) -> dict[str, object]:
    """The parameters of `events`."""
    folders = columns.folders(dataset, ((each.file, each.footer) for each in files))
    places = {name: 1 for each in files[:1] for name in columns.positions(dataset, each.footer)}
    return {**folders, **places, **columns.paths(dataset), **day_tables.parameters(dataset, day)}
