"""Results of measures: checks the rows of a query, and makes facts of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from exporter.measures.declared import MAX_LABEL_VALUES, SEGMENT, WHOLE_DAY, Facts, Measure, MeasureError
from exporter.text import LONGEST

LARGEST = 1e300
"""The largest number in a row: the sum over all possible rows is still finite."""

RESERVED = ("dataset", "lag", "instance", "job")
"""Labels that a measure cannot have, because its gauges have them already."""

Row = tuple[object, ...]


def facts(
    measure: Measure, names: Sequence[str], batches: Iterable[Sequence[Row]], bounds: Mapping[str, int]
) -> tuple[Facts, str | None]:
    """The facts in a result with these columns, and the name of its label if it has one.

    A gauge that was NULL in every row has no facts: nothing is known. One without rows is zero. `bounds` says how many
    values a label may have, if not MAX_LABEL_VALUES.
    Raises MeasureError if the result does not match the declaration and the bounds.
    """
    label = _label(measure, names)
    found: Facts = {gauge: {} for gauge in measure.gauges}
    empty = True
    for row in _rows(measure, batches, bounds.get(label or "", MAX_LABEL_VALUES)):
        _add(measure, found, dict(zip(names, row, strict=True)), label)
        empty = False
    if reason := too_many(measure, label, max(map(len, found.values())), bounds):
        raise MeasureError(reason)
    return {gauge: values for gauge, values in found.items() if values or empty}, label


def too_many(
    measure: Measure, label: str | None, values: int, bounds: Mapping[str, int], *, days: int = 1
) -> str | None:
    """Why a label has too many `values` on so many `days`, or None."""
    limit = bounds.get(label or "", MAX_LABEL_VALUES)
    where = f"{label} over {days} days" if days > 1 else label
    return (
        f"{measure.name}.sql: more than {limit} values of {where}: sum up the rest as one" if values > limit else None
    )


def _rows(measure: Measure, batches: Iterable[Sequence[Row]], values: int) -> Iterator[Row]:
    """The rows one by one. Raises MeasureError at the first row that so many label `values` cannot explain."""
    count = 0
    for batch in batches:
        count += len(batch)
        if count > 24 * values:
            reason = f"more than {24 * values} rows (24 hours x {values} label values): is there a GROUP BY?"
            raise MeasureError(f"{measure.name}.sql: {reason}")
        yield from batch


def _label(measure: Measure, names: Sequence[str]) -> str | None:
    for expected in (*(() if measure.by_day else ("hour",)), *measure.gauges):
        if expected not in names:
            raise MeasureError(f"{measure.name}.sql: the result lacks the column {expected}")
    others = [name for name in names if name != "hour" and name not in measure.gauges]
    if measure.by_segment and sorted(others) == ["dimension", SEGMENT]:
        return SEGMENT
    for name in others:
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or name in RESERVED:
            raise MeasureError(f"{measure.name}.sql: {name!r} cannot be a label")
    if len(others) > 1:
        raise MeasureError(f"{measure.name}.sql: more than one label: {', '.join(others)}")
    return others[0] if others else None


def _add(measure: Measure, found: Facts, row: Mapping[str, object], label: str | None) -> None:
    hour = WHOLE_DAY if measure.by_day else row["hour"]
    if not isinstance(hour, int) or not (measure.by_day or 0 <= hour <= 23):
        raise MeasureError(f"{measure.name}.sql: hour is not a number from 0 to 23")
    value = str(row[label])[: LONGEST + 1] if label else ""  # a longer one is cut anyway when it is shown
    if measure.by_segment:
        value = f"{row['dimension']}:{value}"
    for gauge in measure.gauges:
        number = row[gauge]
        if number is None:
            continue
        if not isinstance(number, int | float | Decimal):
            raise MeasureError(f"{measure.name}.sql: {gauge} is a {type(number).__name__}, expected a number")
        if not -LARGEST <= number <= LARGEST:
            raise MeasureError(f"{measure.name}.sql: {gauge} is not a finite number up to {LARGEST:.0e}")
        hours = found[gauge].setdefault(value, {})
        hours[hour] = hours.get(hour, 0) + number  # type: ignore[operator]
