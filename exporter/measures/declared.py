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
"""The maximum number of values of a label, unless the configuration lists them: with more, the measure fails."""


SEGMENT = "segment"
"""The label of measures by segment."""

MAX_SEGMENTS = 1000
"""The maximum number of segments of a day, in all dimensions: more than the relation `segments` can have."""

Number = int | float | Decimal
GAUGE_NAMES = "expected lower case, no _total, _sum or _count at its end, no exporter_ or comparable_ in front"
"""The rule for the names of gauges, as messages state it."""

WHOLE_DAY = -1
"""In place of the hour, for a number that is not a sum of hours."""

Facts = dict[str, dict[str, dict[int, Number]]]
"""Gauge to label value ("" if it has no label) to hour (0 to 23, or WHOLE_DAY) to number."""


class MeasureError(Exception):
    """An invalid measure file, or a result that does not match its declaration: `file: what`."""


def without_comments(sql: str) -> str:
    """The SQL without its comments; a text in quotes stays, even if it looks like one."""
    return re.sub(r"('[^']*')|--.*|/\*[\s\S]*?\*/", r"\1", sql)


OF_EVENTS = frozenset(
    {"events", "counts", "names", "half_hours", "sessions", "missing_columns", "device_classes"},
)
"""The tables that are made of all events of a day."""


@dataclass(frozen=True)
class Measure:
    """One SQL file: `gauges` maps each gauge to its help text; of each tuple in `needs`, the data set must have one.

    `by_day` means that its numbers are of whole days and not sums of hours; a median, for example. `by_segment` means
    that its gauges are comparable ones, and its label values segments of dimensions: `dimension:segment`.
    """

    name: str
    sql: str
    gauges: Mapping[str, str]
    needs: tuple[tuple[str, ...], ...] = ()
    by_day: bool = False
    by_segment: bool = False

    @property
    def looks_back(self) -> bool:
        """Whether it reads the tables of earlier days."""
        return bool(self._words & {"earlier_sessions", "earlier_purchases", "earlier_contents"})

    @property
    def looks_back_on_sessions(self) -> bool:
        """Whether it counts less than there is if the sessions of earlier days are not in the data."""
        return "earlier_sessions" in self._words

    @property
    def twins(self) -> dict[str, str]:
        """Each gauge that is a sum of hours to its twin over the complete hours."""
        names = () if self.by_day or self.by_segment else self.gauges
        return {name: name.replace("clickstream_", "clickstream_comparable_", 1) for name in names}

    @property
    def needs_times(self) -> bool:
        """Whether it depends on the time of day of the events: sessions do, because dates alone make none."""
        return bool(self._words & {"sessions", "half_hours", "earlier_sessions", "session_started", "session_hour"})

    @property
    def reads_events(self) -> bool:
        """Whether it needs more of the day than its purchases and contents."""
        return bool(self._words & OF_EVENTS)

    @property
    def _words(self) -> frozenset[str]:
        return frozenset(re.findall(r"\w+", without_comments(self.sql).lower()))

    def unmet(self, dataset: Dataset) -> str | None:
        """Why the data set cannot have this measure, or None if it can."""
        for alternatives in self.needs:
            reason = dataset.lacks(alternatives)
            if reason:
                return reason
        return None


def load(custom: Iterable[str] = (), problem: Callable[[str], str | None] = lambda _sql: None) -> tuple[Measure, ...]:
    """The built-in measures and those in the files `custom`, in the order of their names.

    `problem` returns why an engine cannot run the SQL of a custom one, or None. Raises MeasureError with every problem,
    one a line.
    """
    measures = {measure.name: measure for measure in _built_in()}
    declared = {gauge: measure.name for measure in measures.values() for gauge in measure.gauges}
    problems = []
    for path in map(Path, custom):
        try:
            measure = _read(path)
            if measure.by_segment:
                raise MeasureError(f"{path}: only built-in measures are by segment")
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
    files = (each for each in (resources("exporter.measures")).iterdir() if each.name.endswith(".sql"))
    return tuple(parse(each.name.removesuffix(".sql"), each.read_text("utf-8"), each.name) for each in files)


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
        raise MeasureError(f"{path}: duplicate measure {measure.name}: give the file another name")
    for gauge in measure.gauges:
        if gauge in declared:
            raise MeasureError(f"{path}: duplicate gauge {gauge}: the measure {declared[gauge]} declares it")


def parse(name: str, sql: str, where: str) -> Measure:
    """The measure with the text `sql` of the file `where`.

    Raises MeasureError if it declares no gauge, an invalid one, or an unknown need.
    """
    gauges = dict(re.findall(r"^-- (clickstream_\w+): (.+?)\s*$", sql, re.MULTILINE))
    lines = re.findall(r"^-- needs: (.+?)\s*$", sql, re.MULTILINE)
    by_day, by_segment = (bool(re.search(rf"^-- by: {each}\s*$", sql, re.MULTILINE)) for each in ("day", "segment"))
    if not gauges:
        raise MeasureError(f"{where}: declares no gauge: expected a line `-- clickstream_<name>: help text`")
    for gauge in gauges:
        own = gauge.replace("_comparable_", "_", 1) if by_segment else gauge
        if not re.fullmatch(r"clickstream_(?!exporter_|comparable_)[a-z][a-z0-9_]*(?<!_total|_count)(?<!_sum)", own):
            raise MeasureError(f"{where}: invalid gauge name {gauge}: {GAUGE_NAMES}")
    needs = tuple(tuple(need.strip().split("|")) for line in lines for need in line.split(","))
    for need in (need for alternatives in needs for need in alternatives):
        if need not in (*COLUMNS, "purchase", "taxonomy", "orders"):
            expected = "expected a canonical column, purchase, taxonomy or orders"
            raise MeasureError(f"{where}: invalid need {need!r}: {expected}")
    return Measure(name, sql, gauges, needs, by_day, by_segment)


def label_bounds(dataset: Dataset) -> dict[str, int]:
    """How many values a label may have if the configuration lists them; any other may have MAX_LABEL_VALUES."""
    return {"event_name": max(MAX_LABEL_VALUES, len(dataset.taxonomy)), SEGMENT: MAX_SEGMENTS}
