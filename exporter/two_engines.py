"""Measures a day of a data set on both engines, and finds each fact that differs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from exporter.engine import chosen
from exporter.facts.measure import measure
from exporter.facts.model import FactsError, Known, Measured
from exporter.facts.task import Task
from exporter.measures.declared import WHOLE_DAY, Facts, Number
from exporter.plan import Plan
from exporter.temporary import SPILL, Folder
from exporter.text import clean

PRECISION = 1e-9
"""The part of a number with a fraction by which it may differ: a sum of such numbers depends on their order."""

Fact = tuple[str, str, int]
"""The gauge, the value of its label, and the hour, of a number."""


@dataclass(frozen=True)
class Comparison:
    """The day, None if there are no events, the number of its facts, and a line for each that differs."""

    day: date | None
    facts: int
    different: tuple[str, ...]


def compare(plan: Plan, name: str, as_of: date | None) -> Comparison:
    """The facts of the newest day of a data set, up to `as_of`, by DuckDB here and by the engine of its configuration.

    Raises FactsError if there is no such engine, or if one of them fails, and TemporaryError.
    """
    dataset = plan.config.datasets[name]
    if not dataset.engine:
        raise FactsError("no engine is configured beside DuckDB, so there is nothing to compare")
    here = dataset.model_copy(update={"engine": None})
    now = datetime.now(UTC)
    found = []
    for each in (here, dataset):
        with Folder(SPILL) as folder:
            of, resources = plan.measures[name], plan.config.resources
            task = Task(name, each, of, Known(), as_of, now, 1, resources, folder)
            found.append(measure(task, folder, chosen.opened))
    return _compared(*found)


def _compared(duckdb: Measured, spark: Measured) -> Comparison:
    days = [measured.days[-1] if measured.days else None for measured in (duckdb, spark)]
    first, second = ({} if each is None else _numbers(each.found) for each in days)
    keys = sorted(first.keys() | second.keys())
    lines = [_line(key, first.get(key), second.get(key)) for key in keys if not _same(first.get(key), second.get(key))]
    lines += _other(duckdb, spark)
    return Comparison(next((each.date for each in days if each), None), len(keys), tuple(lines))


def _numbers(facts: Facts) -> dict[Fact, Number | None]:
    """Every number of the facts; a gauge without any is there, too: it is known to be zero."""
    found: dict[Fact, Number | None] = {(gauge, "", WHOLE_DAY): 0 for gauge, values in facts.items() if not values}
    for gauge, values in facts.items():
        found |= {(gauge, value, hour): number for value, hours in values.items() for hour, number in hours.items()}
    return found


def _same(first: Number | None, second: Number | None) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=PRECISION)
    return first == second


def _line(fact: Fact, first: Number | None, second: Number | None) -> str:
    gauge, value, hour = fact
    label = f"{{{clean(value)}}}" if value else ""
    when = "" if hour == WHOLE_DAY else f" in hour {hour}"
    return f"{gauge}{label}{when}: {_shown(first)} by DuckDB, {_shown(second)} by Spark"


def _shown(number: Number | None) -> str:
    return "nothing" if number is None else f"{number}"


def _other(duckdb: Measured, spark: Measured) -> Iterator[str]:
    """Differences in anything but the numbers: last events, names, files, and measures that fail on one engine only."""
    pairs: Mapping[str, Sequence[object]] = {
        "last events": [[day.lasts for day in each.days] for each in (duckdb, spark)],
        "frequent names": [[day.names for day in each.days] for each in (duckdb, spark)],
        "files": [duckdb.files, spark.files],
    }
    yield from (f"{what}: not the same" for what, (first, second) in pairs.items() if first != second)
    for name, query in duckdb.queries.items():
        other = spark.queries[name].error
        if (query.error is None) != (other is None):
            yield f"{name}.sql: {query.error or 'no error'} by DuckDB, {other or 'no error'} by Spark"
