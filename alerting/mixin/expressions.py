"""PromQL, a function a thought. Every operator between two vectors names its labels: a mismatch looks healthy."""

from __future__ import annotations

from dataclasses import dataclass, field

STARTED = "dataset:clickstream_snapshot:started"
BASELINE_DAY = "dataset_lag:clickstream_events:baseline_day"
DRIFT = "dataset:clickstream_drift:open"
STATE = "dataset:clickstream_check:state"
GUARD = "dataset:clickstream_guard:open"
EVERYTHING = '{__name__=~"clickstream_[a-z0-9_]+", dataset!=""}'

PREFIX = "clickstream_"
LABELS = {
    "named_events": "event_name",
    "device_revenue": "device",
    "device_events": "device",
    "platform_events": "platform",
    "missing_column_events": "column",
}
"""Gauge, without its prefix, to the label that it has besides its lag."""

THERE = " > -Inf"
"""Drops what is NaN: it compares as false, and false would read "in order"."""


@dataclass(frozen=True)
class Record:
    """A recording rule."""

    name: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)


def number(name: str, expr: str, labels: dict[str, str] | None = None) -> Record:
    """A number of each data set that is judged, NaN where it is none: a rule that fails leaves nothing.

    `expr` binds tighter than `or`.
    """
    return Record(name, f"{expr}{THERE}\nor on (dataset) {STARTED} * NaN", labels or {})


def there(name: str) -> str:
    """A recorded number where it is one."""
    return f"({name}{THERE})"


def one(series: str, *labels: str) -> str:
    """The series with these labels, once: several targets that serve the same snapshot are one truth."""
    return f"max by ({', '.join(('dataset', *labels))}) ({series})"


def hours(gauge: str, by: str = "dataset") -> str:
    """The complete hours of the anchor day, of a comparable gauge."""
    return summed(f'{gauge}{{lag="0"}}', gauge, by)


def summed(series: str, gauge: str, by: str) -> str:
    """The sum of the series of a gauge by these labels."""
    label = LABELS.get(gauge.removeprefix(f"{PREFIX}comparable_").removeprefix(PREFIX))
    if label is None or label in by:
        return f"max by ({by}) ({series})"
    return f"sum by ({by}) ({one(series, label)})"


def of_baseline(gauge: str) -> str:
    """The baseline days, of a comparable gauge, once each."""
    label = LABELS.get(gauge.removeprefix(f"{PREFIX}comparable_").removeprefix(PREFIX))
    series = one(f'{gauge}{{lag!="0"}}', "lag", *((label,) if label else ()))
    return f"{series} and on (dataset, lag) {BASELINE_DAY}"


def total(gauge: str, by: str = "dataset") -> str:
    """The sum over the baseline days."""
    return f"sum by ({by}) ({of_baseline(gauge)})"


def mean(gauge: str, by: str = "dataset") -> str:
    """The mean of the baseline days. Not `avg`: of 9, 11, 11, 11, 11, 9, 8 it makes less than 10 in Prometheus 2."""
    return f"{total(gauge, by)}\n/ on ({by}) count by ({by}) ({of_baseline(gauge)})"


def extreme(of: str, series: str) -> str:
    """The `min` or `max` of the series, NaN where one of them is: these two would overlook it."""
    return f"{of} by (dataset) ({series}) + on (dataset) 0 * sum by (dataset) ({series})"


def share(part: str, whole: str, matching: str = "on (dataset)") -> str:
    """The part of a whole, where there is one."""
    return f"{part}\n/ {matching} ({whole} > 0)"


def day_ratio(name: str, part: str, whole: str) -> Record:
    """A share of the whole anchor day."""
    return number(
        f"dataset:clickstream_{name}:ratio", share(f"dataset:clickstream_{part}", f"dataset:clickstream_{whole}")
    )


def limit(name: str) -> str:
    """A limit of the configuration."""
    return f'dataset_limit:clickstream_limit:max{{limit="{name}"}}'


def exceeds(value: str, name: str) -> str:
    """1 where the value is above its limit, else 0."""
    return f"{there(value)} > bool on (dataset) {limit(name)}"


def either(value: str, name: str, increase: str, increase_name: str) -> str:
    """1 where the value, or its increase over the baseline, is above its limit.

    The value alone decides only where drift cannot be judged.
    """
    alone = f"({STARTED} * 0 unless on (dataset) {DRIFT} == 1)"
    return (
        f"(\n  ({exceeds(value, name)})\n  + on (dataset)\n"
        f"  ({exceeds(increase, increase_name)} or on (dataset) {alone})\n) > bool 0"
    )


def is_open(guard: str) -> str:
    """The guard, where it is open."""
    return f'{GUARD}{{guard="{guard}"}} == 1'


def last(series: str) -> str:
    """The last sample within 36 hours: an outage changes no message."""
    return f"last_over_time({series}[36h])"


def rows(series: str) -> str:
    """The series of a data set as they are, or its last ones within 36 hours: none that others have replaced."""
    return f"({series} or on (dataset) {last(series)})"
