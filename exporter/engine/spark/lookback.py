"""What later readings need of a day, kept as tables of a database on the cluster: sessions, purchases, contents.

Without a database nothing is kept, so the days that are looked back on are read again at each reading.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from exporter.engine.duckdb.lookback import KEPT, LOOK_BACK
from exporter.engine.protocol import EngineError
from exporter.engine.spark.session import GoneError, Session
from exporter.engine.spark.translate import spark_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

INTO = {"sessions": "earlier_sessions", "purchases": "earlier_purchases", "contents": "earlier_contents"}
"""The view of what is looked back on, by name."""

UNTIL = {"sessions": "<=", "purchases": "<", "contents": "<"}
"""Which days a view has, compared with the day itself: a purchase may be assisted by a session of its own day."""

EMPTY = {
    "sessions": ("DATE day", "BIGINT client", "TIMESTAMP started", "BIGINT source_key"),
    "purchases": ("DATE day", "BIGINT transaction_key"),
    "contents": ("DATE day", "BIGINT content_key", "BIGINT until"),
}
"""The types and names of the columns of these views."""

PREFIX = "clickstream_day_"
_OURS = re.compile(rf"{PREFIX}([0-9a-f]{{32}})_({'|'.join(KEPT)})")
"""The names of the tables here. No other table is ever dropped."""


class Lookback:
    """Tables in the `database`, by the fingerprint of their day. A table that cannot be read is measured again."""

    problem: str | None = None

    def __init__(self, session: Session, database: str | None) -> None:
        self._session = session
        self._database = database
        self._tables: set[tuple[str, str]] | None = None
        self._today = date.min
        self._days: dict[tuple[str, date], str] = {}

    def keep(self, key: str, day: date) -> None:
        """Keep what later days need of the loaded day."""
        if not self._database or self.problem:
            return
        try:
            with self._session.limited():
                for name, query in KEPT.items():
                    table = self._table(key, name)
                    frame = self._session.sql(spark_sql(query, {"day": day}))
                    frame.write.mode("overwrite").format("parquet").saveAsTable(table)
                    self._listed().add((key, name))
        except GoneError:
            raise
        except EngineError as error:
            self._report(error)

    def has(self, key: str) -> bool:
        """Whether what later days need of the day seems to be available."""
        return all((key, name) in self._listed() for name in KEPT)

    def begin(self, day: date, first: date) -> None:
        """Look back from `day` on, and forget the days before `first`."""
        self._today = day
        with self._session.limited():
            for (name, each), view in list(self._days.items()):
                if each < first:
                    self._session.drop(view)
                    del self._days[name, each]
        self._show()

    def add(self, keys: Mapping[date, str]) -> Collection[date]:
        """Add kept days, by date, to those that measures look back on; those of them that are available."""
        added: set[date] = set()
        for day, key in keys.items():
            frames = {name: self._read(key, name) for name in KEPT} if self.has(key) else {}
            if frames and all(frames.values()):
                for name, query in LOOK_BACK.items():
                    self._session.show("kept", frames[name])
                    self._add(name, day, self._session.sql(spark_sql(f"{query} FROM kept")), kept=False)
                added.add(day)
        self._show()
        return added

    def add_loaded(self, day: date) -> None:
        """Add the loaded day to those that measures look back on."""
        with self._session.limited():
            for name, query in LOOK_BACK.items():
                frame = self._session.sql(spark_sql(f"{query} FROM ({KEPT[name]})", {"day": day}))
                self._add(name, day, frame, kept=True)
        self._show()

    def recall(self, key: str) -> bool:
        """Load the kept purchases and contents of the day, without its events; False if they are not available."""
        for name in ("purchases", "contents"):
            frame = self._read(key, name) if self.has(key) else None
            if frame is None:
                return False
            self._session.show(name, frame.drop("day"))
        return True

    def forget(self, but: Iterable[str]) -> None:
        """Drop what was kept of all days except these."""
        needed = set(but)
        with self._session.limited():
            for key, name in list(self._listed()):
                if key not in needed:
                    self._session.sql(f"DROP TABLE IF EXISTS {self._table(key, name)}").collect()

    def _add(self, name: str, day: date, frame: DataFrame, *, kept: bool) -> None:
        """Add rows of a day; `kept` are those of the loaded day, whose tables will be those of another."""
        view = f"earlier_{name}_{day:%Y%m%d}"
        self._session.show(view, frame, kept=kept)
        self._days[name, day] = view

    def _show(self) -> None:
        """Create the views of all days that are looked back on."""
        with self._session.limited():
            for name, view in INTO.items():
                parts = [
                    f"SELECT * FROM {shown}"
                    for (of, day), shown in self._days.items()
                    if of == name and (day < self._today or (day == self._today and UNTIL[name] == "<="))
                ]
                self._session.show(view, self._session.sql("\nUNION ALL\n".join([_nothing(EMPTY[name]), *parts])))

    def _listed(self) -> set[tuple[str, str]]:
        """The tables of the database that are ours: key and name."""
        if self._tables is None:
            found = map(_OURS.fullmatch, self._names())
            self._tables = {(each[1], each[2]) for each in found if each}
        return self._tables

    def _names(self) -> list[str]:
        """The names of the tables that the database has."""
        if not self._database:
            return []
        try:
            with self._session.limited():
                rows = self._session.sql(f"SHOW TABLES IN {self._database} LIKE '{PREFIX}*'").collect()
                return [row["tableName"] for row in rows]
        except GoneError:
            raise
        except EngineError as error:
            self._report(error)
            return []

    def _report(self, error: EngineError) -> None:
        self.problem = f"engine.database {self._database}: nothing is kept: {error}"

    def _read(self, key: str, name: str) -> DataFrame | None:
        """The table, None if it cannot be read."""
        try:
            frame = self._session.spark.table(self._table(key, name))
            frame.schema  # noqa: B018 - asks the server whether it is there
        except PySparkException:
            return None
        return frame

    def _table(self, key: str, name: str) -> str:
        return f"{self._database}.{PREFIX}{key}_{name}"


def _nothing(columns: Iterable[str]) -> str:
    """A query without rows that has these columns."""
    typed = (each.split(" ") for each in columns)
    return f"SELECT {', '.join(f'CAST(NULL AS {type_}) AS {name}' for type_, name in typed)} WHERE false"
