"""The measures: SQL files, each one question about a day, that declare the gauges they fill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files as resources
from pathlib import Path

import duckdb

from exporter.config.model import COLUMNS, Dataset
from exporter.engine.duckdb import database
from exporter.text import LONGEST

MAX_LABEL_VALUES = 200
"""A measure whose label has more values than this fails, unless the configuration lists them: labels are bounded."""

LARGEST = 1e300
"""The largest number of a row: the sum of as many as there may be is still finite."""

BATCH = 500
"""Rows that are fetched at a time."""

RESERVED = ("dataset", "lag", "instance", "job")
"""Labels that a measure cannot have, because its gauges have them already."""

Number = int | float | Decimal
WHOLE_DAY = -1
"""Stands for the hour of a number that is not the sum of hours."""

Facts = dict[str, dict[str, dict[int, Number]]]
"""Gauge to label value ("" where it has no label) to hour (0 to 23, or WHOLE_DAY) to number."""


class MeasureError(Exception):
    """A measure file that is wrong, or a result that does not fit it: `file: what`."""


@dataclass(frozen=True)
class Measure:
    """One SQL file: `gauges` maps each gauge to its help text, `needs` are alternatives, all to be met.

    `by_day` says that its numbers are of whole days and not the sum of their hours, as a median is.
    """

    name: str
    sql: str
    gauges: Mapping[str, str]
    needs: tuple[tuple[str, ...], ...] = ()
    by_day: bool = False

    @property
    def looks_back(self) -> bool:
        """Whether it reads what is kept of earlier days."""
        return bool(self._words & {"earlier_sessions", "earlier_purchases", "earlier_contents"})

    @property
    def twins(self) -> dict[str, str]:
        """Each gauge that is a sum of hours to its twin over the complete hours."""
        names = () if self.by_day else self.gauges
        return {name: name.replace("clickstream_", "clickstream_comparable_", 1) for name in names}

    @property
    def needs_times(self) -> bool:
        """Whether it rests on the time of day of the events: on sessions, which dates alone do not make."""
        return bool(self._words & {"sessions", "earlier_sessions", "session_started", "session_hour"})

    @property
    def reads_events(self) -> bool:
        """Whether it asks for more of the day than its purchases."""
        return bool(self._words & {"events", "names", "sessions", "missing_columns", "device_classes"})

    @property
    def _words(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", re.sub("--.*", "", self.sql)))

    def unmet(self, dataset: Dataset) -> str | None:
        """Why the data set cannot answer this measure, or None when it can."""
        for alternatives in self.needs:
            reason = dataset.lacks(alternatives)
            if reason:
                return reason
        return None


def load(custom: Iterable[str] = ()) -> tuple[Measure, ...]:
    """The built-in measures and those in the files `custom`, in the order of their names.

    Raises MeasureError with every problem, a line each.
    """
    measures = {measure.name: measure for measure in _built_in()}
    declared = {gauge: measure.name for measure in measures.values() for gauge in measure.gauges}
    problems = []
    for path in map(Path, custom):
        try:
            measure = _read(path)
            _check_new(path, measure, measures, declared)
        except MeasureError as error:
            problems.append(str(error))
            continue
        measures[measure.name] = measure
        declared |= dict.fromkeys(measure.gauges, measure.name)
    if problems:
        raise MeasureError("\n".join(problems))
    return tuple(measure for _, measure in sorted(measures.items()))


@cache
def _built_in() -> tuple[Measure, ...]:
    found = (each for each in (resources("exporter.measures")).iterdir() if each.name.endswith(".sql"))
    return tuple(parse(each.name.removesuffix(".sql"), each.read_text("utf-8"), each.name) for each in found)


def _read(path: Path) -> Measure:
    try:
        return parse(path.stem, path.read_text("utf-8"), str(path))
    except OSError as error:
        raise MeasureError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MeasureError(f"{path}: not UTF-8 text") from None
    except ValueError:
        raise MeasureError(f"{str(path)!r} is not a valid path") from None


def _check_new(path: Path, measure: Measure, measures: Mapping[str, Measure], declared: Mapping[str, str]) -> None:
    if measure.name in measures:
        raise MeasureError(f"{path}: there is a measure {measure.name} already, give the file another name")
    for gauge in measure.gauges:
        if gauge in declared:
            raise MeasureError(f"{path}: the measure {declared[gauge]} declares {gauge} already")


def parse(name: str, sql: str, where: str) -> Measure:
    """A measure from its text, which stands in `where`.

    Raises MeasureError when it declares no gauge, needs what there is not, or is not one SELECT.
    """
    gauges = dict(re.findall(r"^-- (clickstream_\w+): (.+?)\s*$", sql, re.MULTILINE))
    needs = re.findall(r"^-- needs: (.+?)\s*$", sql, re.MULTILINE)
    by_day = bool(re.search(r"^-- by: day\s*$", sql, re.MULTILINE))
    if not gauges:
        raise MeasureError(f"{where}: declares no gauge, write a line `-- clickstream_<name>: help text`")
    for gauge in gauges:
        if not re.fullmatch(r"clickstream_(?!exporter_|comparable_)[a-z][a-z0-9_]*(?<!_total|_count)(?<!_sum)", gauge):
            raise MeasureError(f"{where}: {gauge} is no good name for a gauge")
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise MeasureError(f"{where}: {str(error).splitlines()[0]}") from None
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise MeasureError(f"{where}: one SELECT is wanted")
    wanted = tuple(tuple(need.strip().split("|")) for line in needs for need in line.split(","))
    for need in (need for alternatives in wanted for need in alternatives):
        if need not in (*COLUMNS, "purchase", "taxonomy"):
            raise MeasureError(f"{where}: needs {need}, which is no canonical column, purchase or taxonomy")
    return Measure(name, sql, gauges, wanted, by_day)


def label_bounds(dataset: Dataset) -> dict[str, int]:
    """How many values a label may have where the configuration lists them; all others may have MAX_LABEL_VALUES."""
    return {"event_name": max(MAX_LABEL_VALUES, len(dataset.taxonomy))}


def run(connection: duckdb.DuckDBPyConnection, measure: Measure, bounds: Mapping[str, int]) -> tuple[Facts, str | None]:
    """The facts that `measure` finds in the day that is loaded, and the name of its label if it has one.

    A gauge that was NULL in every row has no facts: nothing is known. One without rows is zero.
    Raises MeasureError when DuckDB refuses the SQL or the result does not fit the declaration and the `bounds`.
    """
    try:
        return _run(connection, measure, bounds)
    except duckdb.Error as error:
        raise MeasureError(f"{measure.name}.sql: {database.reason(error)}") from None
    except MeasureError:
        raise
    except Exception as error:  # noqa: BLE001 - such as OverflowError: DuckDB has values that Python has not
        raise MeasureError(f"{measure.name}.sql: a value cannot be read ({type(error).__name__})") from None


def _run(
    connection: duckdb.DuckDBPyConnection, measure: Measure, bounds: Mapping[str, int]
) -> tuple[Facts, str | None]:
    cursor = connection.execute(measure.sql)
    names = [column[0] for column in cursor.description or ()]
    label = _label(measure, names)
    most = bounds.get(label or "", MAX_LABEL_VALUES)
    facts: Facts = {gauge: {} for gauge in measure.gauges}
    empty = True
    for row in _rows(cursor, measure, most):
        _add(measure, facts, dict(zip(names, row, strict=True)), label)
        empty = False
    if reason := too_many(measure, label, max(map(len, facts.values())), bounds):
        raise MeasureError(reason)
    return {gauge: values for gauge, values in facts.items() if values or empty}, label


def _rows(cursor: duckdb.DuckDBPyConnection, measure: Measure, most: int) -> Iterator[tuple[object, ...]]:
    """The rows of the result, which DuckDB finds as they are fetched: a result that is too long ends early."""
    count = 0
    while batch := cursor.fetchmany(BATCH):
        count += len(batch)
        if count > 24 * most:
            reason = f"more than {24 * most} rows (24 hours x {most} label values): is there a GROUP BY?"
            raise MeasureError(f"{measure.name}.sql: {reason}")
        yield from batch


def too_many(
    measure: Measure, label: str | None, values: int, bounds: Mapping[str, int], *, days: int = 1
) -> str | None:
    """Why so many values of a label on so many days are too many, or None where they are not."""
    most = bounds.get(label or "", MAX_LABEL_VALUES)
    where = f"{label} over {days} days" if days > 1 else label
    return f"{measure.name}.sql: more than {most} values of {where}: sum up the rest as one" if values > most else None


def _label(measure: Measure, names: list[str]) -> str | None:
    for wanted in (*(() if measure.by_day else ("hour",)), *measure.gauges):
        if wanted not in names:
            raise MeasureError(f"{measure.name}.sql: the result lacks the column {wanted}")
    others = [name for name in names if name != "hour" and name not in measure.gauges]
    for name in others:
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in RESERVED:
            raise MeasureError(f"{measure.name}.sql: {name!r} cannot be a label")
    if len(others) > 1:
        raise MeasureError(f"{measure.name}.sql: more than one label: {', '.join(others)}")
    return others[0] if others else None


def _add(measure: Measure, facts: Facts, row: Mapping[str, object], label: str | None) -> None:
    hour = WHOLE_DAY if measure.by_day else row["hour"]
    if not isinstance(hour, int) or not (measure.by_day or 0 <= hour <= 23):
        raise MeasureError(f"{measure.name}.sql: hour is not a number from 0 to 23")
    value = str(row[label])[: LONGEST + 1] if label else ""  # what is longer is cut when it is shown, too
    for gauge in measure.gauges:
        number = row[gauge]
        if number is None:
            continue
        if not isinstance(number, int | float | Decimal):
            raise MeasureError(f"{measure.name}.sql: {gauge} is a {type(number).__name__}, a number is wanted")
        if not -LARGEST <= number <= LARGEST:
            raise MeasureError(f"{measure.name}.sql: {gauge} is not a finite number up to {LARGEST:.0e}")
        hours = facts[gauge].setdefault(value, {})
        hours[hour] = hours.get(hour, 0) + number  # type: ignore[operator]
