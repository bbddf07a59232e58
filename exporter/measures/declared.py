"""The measures: SQL files, each one question about a day, that declare the gauges they fill."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files as resources
from pathlib import Path

from exporter.config.model import COLUMNS, Dataset

MAX_LABEL_VALUES = 200
"""A measure whose label has more values than this fails, unless the configuration lists them: labels are bounded."""


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


def load(custom: Iterable[str] = (), problem: Callable[[str], str | None] = lambda _sql: None) -> tuple[Measure, ...]:
    """The built-in measures and those in the files `custom`, in the order of their names.

    `problem` says why an engine cannot run the SQL of a custom one, or None. Raises MeasureError with every problem, a
    line each.
    """
    measures = {measure.name: measure for measure in _built_in()}
    declared = {gauge: measure.name for measure in measures.values() for gauge in measure.gauges}
    problems = []
    for path in map(Path, custom):
        try:
            measure = _read(path)
            if reason := problem(measure.sql):
                raise MeasureError(f"{path}: {reason}")
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

    Raises MeasureError when it declares no gauge or needs what there is not.
    """
    gauges = dict(re.findall(r"^-- (clickstream_\w+): (.+?)\s*$", sql, re.MULTILINE))
    needs = re.findall(r"^-- needs: (.+?)\s*$", sql, re.MULTILINE)
    by_day = bool(re.search(r"^-- by: day\s*$", sql, re.MULTILINE))
    if not gauges:
        raise MeasureError(f"{where}: declares no gauge, write a line `-- clickstream_<name>: help text`")
    for gauge in gauges:
        if not re.fullmatch(r"clickstream_(?!exporter_|comparable_)[a-z][a-z0-9_]*(?<!_total|_count)(?<!_sum)", gauge):
            raise MeasureError(f"{where}: {gauge} is no good name for a gauge")
    wanted = tuple(tuple(need.strip().split("|")) for line in needs for need in line.split(","))
    for need in (need for alternatives in wanted for need in alternatives):
        if need not in (*COLUMNS, "purchase", "taxonomy"):
            raise MeasureError(f"{where}: needs {need}, which is no canonical column, purchase or taxonomy")
    return Measure(name, sql, gauges, wanted, by_day)


def label_bounds(dataset: Dataset) -> dict[str, int]:
    """How many values a label may have where the configuration lists them; all others may have MAX_LABEL_VALUES."""
    return {"event_name": max(MAX_LABEL_VALUES, len(dataset.taxonomy))}
