"""A survey of files without a configuration: a bounded table of their events, with a column of text for each name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from exporter.config.model import Resources
from exporter.engine.duckdb import columns, database
from exporter.engine.duckdb.instants import instant
from exporter.engine.duckdb.steps import expression, first_of, identifier
from exporter.engine.protocol import EngineError
from exporter.files.entry import EARLIEST
from exporter.files.fields import Field
from exporter.files.file import File
from exporter.files.footers import Footer
from exporter.measures.devices import NAMES

PART = identifier("number of the piece")
"""The column of the table with the number of the piece that a row is of: no file has a column of this name."""

TIME = "as a timestamp: "
"""Before the name of a column of the table that has the name's values as timestamps, in UTC."""

KEYS = 200
"""The maximum number of keys of a map, or of a list of key/value structs."""

_AGENT = "starts_with({0}, 'Mozilla/')"
_URL = "(starts_with({0}, 'https://') OR starts_with({0}, 'http://'))"
_JSON = "CASE WHEN {0}[1] = '{{' THEN json_valid({0}) END"

_PROFILE = f"""
count({{0}}), approx_count_distinct({{0}}), count(*) FILTER ({_URL}), count(*) FILTER ({_AGENT}),
count(*) FILTER ({_JSON}), count(TRY_CAST({{0}} AS DOUBLE)), count(*) FILTER (TRY_CAST({{0}} AS DOUBLE) > 0),
count(*) FILTER (list_contains($devices, lower(trim({{0}}))))
"""

RESOURCES = Resources()
"""What the survey may use: the defaults of a refresh."""


@dataclass(frozen=True)
class Piece:
    """What is read of a file: stretches of rows, each from its first row until before its end."""

    file: File
    footer: Footer
    stretches: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Profile:
    """How many values a name has, and how many of them look like something."""

    filled: int
    distinct: int
    urls: int
    agents: int
    json: int
    numbers: int
    positive: int
    devices: int


class Survey:
    """A locked database that can read the `files`; `spill` is a folder for what does not fit into memory.

    Any method may raise EngineError.
    """

    def __init__(self, files: Sequence[File], spill: Path) -> None:
        size = sum(file.size for file in files)
        self.connection = database.connect([file.path for file in files], size, spill, RESOURCES)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def load(self, pieces: Sequence[Piece], names: Sequence[str], times: Sequence[str]) -> int:
        """Create the table of events, with text for `names` and timestamps for `times`; returns the number of rows."""
        typed = [f"{identifier(name)} VARCHAR" for name in names]
        typed += [f"{identifier(TIME + name)} TIMESTAMP" for name in times]
        with translated():
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE survey ({PART} INTEGER, {', '.join(typed)})")
            for number, piece in enumerate(pieces):
                values = [_text(piece.footer.find(name)) for name in names]
                values += [_time(piece.footer.find(name)) for name in times]
                self.connection.execute(
                    f"INSERT INTO survey SELECT {', '.join([str(number), *values])} FROM {_rows(piece)}", _path(piece)
                )
            return int(self.connection.execute("SELECT count(*) FROM survey").fetchall()[0][0])

    def profiles(self, names: Sequence[str]) -> Mapping[str, Profile]:
        """The profile of each name of the table."""
        found = {}
        with translated(), database.limited(self.connection, RESOURCES.query_timeout):
            for name in names:
                sql = f"SELECT {_PROFILE.format(identifier(name))} FROM survey"
                row = self.connection.execute(sql, {"devices": list(NAMES)}).fetchall()[0]
                found[name] = Profile(*row)
        return found

    def plausible(self, name: str, latest: int) -> int:
        """The number of events whose timestamp, by `name`, is from EARLIEST to `latest`."""
        return int(self.value(f"count(*) FILTER (epoch_us({identifier(TIME + name)}) BETWEEN {EARLIEST} AND {latest})"))

    def value(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """A number about the table."""
        return int(self.rows(f"SELECT {sql} FROM survey", parameters)[0][0] or 0)

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query of the table."""
        with translated(), database.limited(self.connection, RESOURCES.query_timeout):
            return self.connection.execute(sql, parameters or {}).fetchall()

    def keys(self, pieces: Sequence[Piece], name: str) -> Iterator[str]:
        """The most frequent keys of the map, or of the list of key/value structs, that is called `name`."""
        counts: dict[str, int] = {}
        for piece in pieces:
            for field in piece.footer.find(name):
                value = expression(field.steps)
                keys = f"map_keys({value})" if field.type.startswith("map") else f"[p.key FOR p IN {value}]"
                sql = f"SELECT key, count(*) FROM (SELECT unnest({keys}) AS key FROM {_rows(piece)}) GROUP BY key"
                with translated(), database.limited(self.connection, RESOURCES.query_timeout):
                    for key, number in self.connection.execute(sql, _path(piece)).fetchall():
                        counts[str(key)] = counts.get(str(key), 0) + number
        yield from sorted(counts, key=lambda key: (-counts[key], key))[:KEYS]


def _rows(piece: Piece) -> str:
    """SQL for the rows of a piece; DuckDB skips the row groups of others.

    The number of a row cannot be had beside a column of its name: all rows are read then.
    """
    number = "file_row_number"
    if piece.footer.own_name(number):
        return f"(FROM {columns.scan('$path', replacing=True)})"
    within = " OR ".join(f"{number} >= {first} AND {number} < {end}" for first, end in piece.stretches)
    scan = columns.scan("$path", replacing=True).removesuffix(")") + f", {number} = true)"
    return f"(FROM {scan} WHERE {within})"


def _path(piece: Piece) -> Mapping[str, object]:
    return {"path": [database.literal(piece.file.path)]}


def _text(found: Sequence[Field]) -> str:
    """SQL for the first of the values that is neither NULL nor blank, as text."""
    values = [f"CAST({expression(each.steps)} AS VARCHAR)" for each in found if each.kind != "nested"]
    return f"nullif(trim({first_of(values)}), '')"


def _time(found: Sequence[Field]) -> str:
    values = [instant("UTC", expression(each.steps), each.kind) for each in found]
    return first_of(values, "TIMESTAMP")


@contextmanager
def translated() -> Iterator[None]:
    """Raise EngineError for any error of DuckDB."""
    try:
        yield
    except duckdb.Error as error:
        raise EngineError(database.reason(error)) from None
