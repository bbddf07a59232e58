"""PromQL, a function for each idiom. Every operator between two vectors names its labels: a mismatch looks healthy."""

from __future__ import annotations

from dataclasses import dataclass, field

STARTED = "dataset:clickstream_snapshot:started"
BASELINE_DAY = "dataset_lag:clickstream_events:baseline_day"
DRIFT = "dataset:clickstream_drift:open"
STATE = "dataset:clickstream_check:state"
INFORMATIONAL = "dataset:clickstream_check:informational"
GUARD = "dataset:clickstream_guard:open"
INFO = "dataset:clickstream_dataset:info"
"""What the configuration says of a data set: its labels are the currency, the owner, the team and the service."""

EVERYTHING = '{__name__=~"clickstream_[a-z0-9_]+", dataset!=""}'

BASELINE_DAYS = 7
"""Length of the baseline window: the days right before the anchor day."""

LAGS_BEFORE = f'lag=~"[1-{BASELINE_DAYS}]"'
"""Selects the days of the baseline window."""

WEEKS_BEFORE = 'lag=~"[1-9]|1[0-9]|2[0-8]"'
"""Selects the four weeks before the anchor day."""

LAGS = 'lag=~"[0-9]|1[0-9]|2[0-8]"'
"""Selects the anchor day and the four weeks before."""

PREFIX = "clickstream_"
LABELS = {
    "named_events": "event_name",
    "device_revenue": "device",
    "device_events": "device",
    "platform_events": "platform",
    "missing_column_events": "column",
    "field_events": "field",
    "filled_field_events": "field",
}
"""Gauge, without its prefix, to the label that it has besides its lag."""

IS_NUMBER = " > -Inf"
"""Drops NaN, which compares as false, and false would read "in order"."""


@dataclass(frozen=True)
class Record:
    """A recording rule."""

    name: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)


def number(name: str, expr: str, labels: dict[str, str] | None = None) -> Record:
    """A rule with a sample for each data set that is judged, NaN where `expr` has none, and no sample where it fails.

    `expr` must bind tighter than `or`.
    """
    return Record(name, f"{expr}{IS_NUMBER}\nor on (dataset) {STARTED} * NaN", labels or {})


def valid(name: str) -> str:
    """The series without NaN samples."""
    return f"({name}{IS_NUMBER})"


def dedup(series: str, *labels: str) -> str:
    """One series for each data set and these labels: several targets that serve the same snapshot count once."""
    return f"max by ({', '.join(('dataset', *labels))}) ({series})"


def complete_hours(gauge: str, by: str = "dataset") -> str:
    """A comparable gauge on the anchor day: its sum over the complete hours."""
    return sum_by(f'{gauge}{{lag="0"}}', gauge, by)


def sum_by(series: str, gauge: str, by: str) -> str:
    """The sum of the series of a gauge by these labels."""
    label = LABELS.get(gauge.removeprefix(f"{PREFIX}comparable_").removeprefix(PREFIX))
    if label is None or label in by:
        return f"max by ({by}) ({series})"
    return f"sum by ({by}) ({dedup(series, label)})"


def baseline_series(gauge: str) -> str:
    """A comparable gauge on the baseline days, one series for each day."""
    label = LABELS.get(gauge.removeprefix(f"{PREFIX}comparable_").removeprefix(PREFIX))
    series = dedup(f"{gauge}{{{LAGS_BEFORE}}}", "lag", *((label,) if label else ()))
    return f"{series} and on (dataset, lag) {BASELINE_DAY}"


def days_before(gauge: str) -> str:
    """A gauge on the baseline days of four weeks, one series for each day, with its week and weekday."""
    series = dedup(f"{gauge}{{{WEEKS_BEFORE}}}", "lag")
    return f"{series} * on (dataset, lag) group_left (week, weekday) ({BASELINE_DAY} * 0 + 1)"


def baseline_sum(gauge: str, by: str = "dataset") -> str:
    """The sum over the baseline days."""
    return f"sum by ({by}) ({baseline_series(gauge)})"


def baseline_mean(gauge: str, by: str = "dataset") -> str:
    """The mean of the baseline days. Not `avg`: of 9, 11, 11, 11, 11, 9, 8 it makes less than 10 in Prometheus 2."""
    return f"{baseline_sum(gauge, by)}\n/ on ({by}) count by ({by}) ({baseline_series(gauge)})"


def nan_aware(aggregation: str, series: str) -> str:
    """The `min` or `max` of the series, NaN if one of them is: these two aggregations ignore NaN."""
    return f"{aggregation} by (dataset) ({series}) + on (dataset) 0 * sum by (dataset) ({series})"


def share(part: str, whole: str, matching: str = "on (dataset)") -> str:
    """The part as a share of the whole, absent where the whole is 0."""
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
    """1 where the value is above its limit, otherwise 0."""
    return f"{valid(value)} > bool on (dataset) {limit(name)}"


def exceeds_either(value: str, name: str, increase: str, increase_name: str, noise: str) -> str:
    """1 where the value is above its limit, or its increase over the baseline above its own and its noise; otherwise 0.

    Where drift cannot be judged, only the value counts.
    """
    alone = f"({STARTED} * 0 unless on (dataset) {DRIFT} == 1)"
    return (
        f"(\n  ({exceeds(value, name)})\n  + on (dataset)\n"
        f"  ({exceeds_both(increase, increase_name, noise)}\n  or on (dataset) {alone})\n) > bool 0"
    )


def exceeds_both(value: str, name: str, noise: str) -> str:
    """1 where the value is above its limit and above its noise, otherwise 0."""
    return f"({exceeds(value, name)})\n* on (dataset)\n({valid(value)} > bool on (dataset) {valid(noise)})"


ERRORS = 2.5
"""A share that is off by so many standard errors is so by more than chance."""


def few(number: str, whole: str, name: str) -> str:
    """1 where a few among a whole are two or more, and above their limit by more than chance; otherwise 0."""
    return f"({valid(number)} >= bool 2)\n* on (dataset)\n({valid(number)} > bool on (dataset) ({a_few(whole, name)}))"


def a_few(whole: str, name: str) -> str:
    """How many of a whole are a few: their limit, and what chance adds to it."""
    allowed = f"{limit(name)} * on (dataset) ({whole} > 0)"
    return f"{allowed} + on (dataset) {ERRORS} * sqrt({allowed} * on (dataset) (1 - {limit(name)}))"


def is_open(guard: str) -> str:
    """The guard, where it is open."""
    return f'{GUARD}{{guard="{guard}"}} == 1'


def last(series: str) -> str:
    """The last sample within 36 hours: an outage changes no message."""
    return f"last_over_time({series}[36h])"


def current_or_last(series: str) -> str:
    """The series of a data set now, or, where it has none, those of the last 36 hours: never a mix of both."""
    return f"({series} or on (dataset) {last(series)})"
