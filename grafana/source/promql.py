"""PromQL of the dashboards. Instance labels are aggregated away: after a move, it is still the same data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alerting.mixin.check import CRITICAL
from alerting.mixin.checks import CHECKS
from alerting.mixin.expressions import BASELINE_DAY, INFORMATIONAL, IS_NUMBER, STATE, a_few
from grafana.source import palette

ALL = 'dataset=~"$dataset"'
ONE = 'dataset="$dataset"'

HALF_A_DAY = 12 * 3600
DAY = 24 * 3600

A_WEEK, FOUR_WEEKS = 7, 28
"""How many days before the anchor day a baseline has."""


def lags_up_to(days: int) -> str:
    """Selects the lags of the anchor day and of so many days before it."""
    return f'lag=~"{"|".join(map(str, range(days + 1)))}"'


def names(*, severity: str | None = None, tier: str | None = None) -> list[str]:
    """The checks of a severity, of a tier, or of both, in the order of the rule file."""
    return [check.name for check in CHECKS if severity in (None, check.severity) and tier in (None, check.tier)]


def severity(check: str) -> str:
    """The severity of a check."""
    return next(each.severity for each in CHECKS if each.name == check)


def may_inform(checks: Iterable[str]) -> bool:
    """Whether the alert of one of these checks is sometimes an info."""
    return any(each.may_be_info for each in CHECKS if each.name in checks)


def _states(checks: Sequence[str], dataset: str) -> str:
    return f'{STATE}{{{dataset},check=~"{"|".join(checks)}"}}'


def _informs(dataset: str, checks: Sequence[str]) -> str:
    """Firing checks whose alert is an info, because the data set or the day explains it."""
    return f"({_states(checks, dataset)} == 1 and on (dataset, check) {INFORMATIONAL} == 1)"


def certificate(dataset: str = ALL) -> str:
    """1 for each data set whose newest snapshot all checks judged."""
    return (
        f'max by (dataset) (ALERTS{{alertname="ClickstreamCertificate",alertstate="firing",{dataset}}})\n'
        f"unless on (dataset) dataset:clickstream_refresh:failing == 1"
    )


def known(dataset: str = ALL) -> str:
    """Every data set served within 36 hours."""
    return f"max by (dataset) (last_over_time(clickstream_series{{{dataset}}}[36h]))"


def verdict(dataset: str = ALL) -> str:
    """BROKEN if a critical check fires, TRUSTWORTHY if none does, UNKNOWN if neither could be proven."""
    critical = names(severity=CRITICAL)
    fires = f"({_states(critical, dataset)} == 1 unless on (dataset, check) {_informs(dataset, critical)})"
    judged = f"({certificate(dataset)})"
    return (
        f"{palette.TRUSTWORTHY} * {judged}\n"
        f"+ on (dataset) (max by (dataset) {fires} * {palette.BROKEN - palette.TRUSTWORTHY} "
        f"or on (dataset) {judged} * 0)\n"
        f"or on (dataset) {known(dataset)} * 0 + {palette.UNKNOWN_VERDICT}"
    )


def matrix(tier: str) -> str:
    """The state of each check of a tier: the severity if it fires, -1 if it is no longer judged."""
    informing = [check.name for check in CHECKS if check.may_be_info and check.tier == tier]
    parts = [f"{_informs(ALL, informing)} + {palette.FIRES_INFO - 1}"] if informing else []
    for severity, code in palette.FIRES.items():
        checks = names(severity=severity, tier=tier)
        if checks:
            parts.append(f"({_states(checks, ALL)} == 1) + {code - 1}")
    every = _states(names(tier=tier), ALL)
    parts += [every, f"last_over_time({every}[36h]) * 0 - 1"]
    return "max by (dataset, check) (\n" + "\nor ".join(parts) + "\n)"


def date(dataset: str = ONE) -> str:
    """Noon of each lag's date, in milliseconds, as if the reporting zone were UTC: the same date in every zone."""
    start = f"max by (lag) (clickstream_day_timestamp_seconds{{{dataset}}})"
    offset = f"max by (lag) (clickstream_day_utc_offset_seconds{{{dataset}}})"
    return f"1000 * ({start} + on (lag) {offset} + {HALF_A_DAY})"


def padded_date() -> str:
    """The dates of all lags, plus one before and one after, so that a chart shows its outer bars whole."""
    apart = 1000 * DAY
    anchor = ONE + ',lag="0"'
    after = f'label_replace({date(anchor)} + {apart}, "lag", "after", "", "")'
    return f'{date()}\nor {after}\nor label_replace(min({date()}) - {apart}, "lag", "before", "", "")'


def anchor_date(dataset: str = ALL) -> str:
    """Noon of the anchor day's date, in milliseconds."""
    day = f"max by (dataset) (dataset:clickstream_day:local_seconds{{{dataset}}}{IS_NUMBER})"
    return f"1000 * ({day} + {HALF_A_DAY})"


def of_day(gauge: str, labels: str = "", by: str = "lag") -> str:
    """A gauge of the days, by lag."""
    return f"max by ({by}) (clickstream_{gauge}{{{ONE}{labels}}})"


def share(part: str, whole: str) -> str:
    """A share of the whole days, by lag."""
    return f"{of_day(part)} / on (lag) ({of_day(whole)} > 0)"


def compared_share(part: str, whole: str) -> str:
    """A share of the complete hours by lag, or of the whole day for days that are not compared."""
    return f"{share(f'comparable_{part}', f'comparable_{whole}')}\nor on (lag) {share(part, whole)}"


def number(series: str) -> str:
    """One number of the data set, unless it is NaN; `series` is a recorded series, with or without labels."""
    name, _, labels = series.rstrip("}").partition("{")
    return f"max({name}{{{labels}{',' if labels else ''}{ONE}}}{IS_NUMBER})"


def limit(name: str) -> str:
    """A limit of the data set."""
    return number(f'dataset_limit:clickstream_limit:max{{limit="{name}"}}')


def at_least(limit: str, noise: str) -> str:
    """The limit or, where chance explains more, that: both are numbers of the data set."""
    return f"({limit} > {noise} or {noise} or {limit})"


def few_limit(name: str, whole: str) -> str:
    """The share of a whole of the anchor day above which a few are more than their limit and chance."""
    volume = f"dataset:clickstream_{whole}:day{{{ONE}}}"
    return f"max(({a_few(volume, name)}) / on (dataset) {volume})"


def at_compared(expr: str, days: int = A_WEEK) -> str:
    """A number of the data set at each lag that is compared: the anchor day and so many days before it."""
    return f"0 * {of_day('events', f',{lags_up_to(days)}')} + on () group_left () ({expr})"


def at_all(expr: str) -> str:
    """A number of the data set at each lag."""
    return f"0 * {of_day('events')} + on () group_left () ({expr})"


def fires(*checks: str) -> str:
    """1 if one of the checks fires and its alert is no mere info."""
    listed = _states(checks, ONE)
    return f"max({listed} == 1 unless on (dataset, check) {INFORMATIONAL} == 1)"


def informs(*checks: str) -> str:
    """1 if one of the checks fires and its alert is a mere info, because the data set or the day explains it."""
    return f"max{_informs(ONE, checks)}"


def state(*checks: str) -> str:
    """The state of a check, or of several of one severity: the severity if one fires."""
    fires_as = f"{fires(*checks)} + {palette.FIRES[severity(checks[0])] - 1}"
    informs_as = f" or {informs(*checks)} + {palette.FIRES_INFO - 1}" if may_inform(checks) else ""
    return f"({fires_as}{informs_as} or max({_states(checks, ONE)}))"


def named(numbers: Mapping[str, str]) -> str:
    """Several numbers of the data set, labelled by what they measure."""
    return "\nor ".join(f'label_replace({expr}, "measure", "{name}", "", "")' for name, expr in numbers.items())


def keyed(expr: str, label: str) -> str:
    """The series with one unique label more, by which tables are joined."""
    return f'label_join({expr}, "key", "/", "dataset", "{label}")'


def baseline_days(days: int = A_WEEK) -> str:
    """The lags of the baseline days among so many days before the anchor day."""
    return f"max by (lag) ({BASELINE_DAY}{{{lags_up_to(days)},{ONE}}}{IS_NUMBER})"


def compared(days: int = A_WEEK) -> str:
    """The lags that are compared: the anchor day, and those baseline days."""
    return f"({ANCHOR} or {baseline_days(days)})"


ANCHOR = of_day("events", ',lag="0"')
EXCLUDED = f"({of_day('excluded_day')} == 1)"
"""The lags of the days that are in no baseline, because they are known or before `baseline_since`."""
