"""Templates for annotations: Prometheus fills them in when an alert fires.

A query has `%q` where the name of the data set belongs.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerting.mixin.expressions import ERRORS, INFO, LAGS_BEFORE, current_or_last, last
from alerting.mixin.whole_scrape import COUNTED
from exporter.config.values import ROUTING_LABELS


def _of_dataset(series: str) -> str:
    """The series of the alert's data set only."""
    name, _, labels = series.rstrip("}").partition("{")
    return f"{name}{{{labels}{',' if labels else ''}dataset=%q}}"


def query(expr: str) -> str:
    """The pipeline that runs a query for the alert's data set."""
    return f"printf `{expr}`{' $labels.dataset' * expr.count('%q')} | query"


def formatted(expr: str, form: str, otherwise: str = "") -> str:
    """The value of the query in a format of printf, or another text where it has no result."""
    none = f"{{{{ else }}}}{otherwise}" if otherwise else ""
    return f'{{{{ with {query(expr)} }}}}{{{{ . | first | value | printf "{form}" }}}}{none}{{{{ end }}}}'


def whole(series: str) -> str:
    """The series as a whole number."""
    return formatted(last(_of_dataset(series)), "%.0f")


def tenths(series: str) -> str:
    """The series with one decimal."""
    return formatted(last(_of_dataset(series)), "%.1f")


def two_decimals(series: str) -> str:
    """The series with two decimals."""
    return formatted(last(_of_dataset(series)), "%.2f")


def percent(series: str, otherwise: str = "") -> str:
    """The share as a percentage, or another text where it is NaN."""
    share = f"100 * {last(_of_dataset(series))}"
    return formatted(f"{share} > -Inf" if otherwise else share, "%.2f%%", otherwise)


def points(series: str) -> str:
    """A difference of shares, in percentage points."""
    return formatted(f"100 * {last(_of_dataset(series))}", "%.2f") + " percentage points"


def duration(series: str) -> str:
    """A number of hours with its unit, as 1.5 h."""
    return formatted(last(_of_dataset(series)), "%g") + " h"


def _limit(name: str) -> str:
    return f'dataset_limit:clickstream_limit:max{{limit="{name}"}}'


def limit_whole(name: str) -> str:
    """A limit as a whole number."""
    return whole(_limit(name))


def limit_tenths(name: str) -> str:
    """A limit with one decimal."""
    return tenths(_limit(name))


def limit_percent(name: str) -> str:
    """A limit as a percentage."""
    return percent(_limit(name))


def limit_points(name: str) -> str:
    """A limit in percentage points."""
    return points(_limit(name))


def limit_hours(name: str) -> str:
    """A limit in hours."""
    return duration(_limit(name))


def clock(series: str) -> str:
    """Seconds since midnight as 05:29."""
    seconds = last(_of_dataset(series))
    hours, minutes = f"floor({seconds} / 3600)", f"floor({seconds} %% 3600 / 60)"
    return f"{formatted(hours, '%02.0f')}:{formatted(minutes, '%02.0f')}"


def instant(series: str) -> str:
    """Seconds since the epoch as 2025-03-09 05:29 UTC."""
    shown = "{{ . | first | value | humanizeTimestamp | reReplaceAll `:\\d\\d(\\.\\d+)? .*` ` UTC` }}"
    return f"{{{{ with {query(last(_of_dataset(series)))} }}}}{shown}{{{{ end }}}}"


def hours_since(series: str) -> str:
    """Whole hours since the timestamp in the series."""
    return formatted(_since(series, 3600), "%.0f")


def time_since(series: str) -> str:
    """How long ago the timestamp in the series is: in hours, from three days on in days."""
    return formatted(f"{_since(series, 3600)} < 72", "%.0f hours", formatted(_since(series, 86400), "%.0f days"))


def _since(series: str, unit: int) -> str:
    """The whole units of so many seconds since the timestamp in the series."""
    return f"floor((time() - {last(_of_dataset(series))}) / {unit})"


def date(expr: str) -> str:
    """The date of a day that begins so many seconds after the epoch by the clock of the reporting zone."""
    shown = '{{ . | first | value | humanizeTimestamp | reReplaceAll " .*" "" }}'
    return f"{{{{ with {query(expr)} }}}}{shown}{{{{ end }}}}"


_DAY = "dataset:clickstream_day:local_seconds{dataset=%q}"

DAY = date(f"{last(_DAY)} > -Inf")
"""The anchor day."""

CERTIFIED_DAY = date(f"{_DAY} > -Inf")
"""The anchor day that is served now."""


def _by_lag(gauge: str, lags: str = "") -> str:
    return f"max by (dataset, lag) ({current_or_last(f'{gauge}{{{lags}dataset=%q}}')})"


MISSING_DAY = date(
    f"max by (dataset) ({_by_lag('clickstream_day_timestamp_seconds', f'{LAGS_BEFORE},')}"
    f" + on (dataset, lag) {_by_lag('clickstream_day_utc_offset_seconds')}"
    f" and on (dataset, lag) {_by_lag('clickstream_events')} == 0)"
)
"""The newest day of the baseline window without an event."""

HOURS = whole("dataset:clickstream_complete_hours:max")
"""How many hours of the anchor day are compared."""


def label_values(expr: str, label: str, pipeline: str = "", between: str = ", ") -> str:
    """The values of a label in the result of the query, sorted; each goes through `pipeline`."""
    return each_series(expr, f"{{{{ $each.Labels.{label}{pipeline} }}}}", between, label)


def each_series(expr: str, shown: str, between: str = ", ", by: str = "") -> str:
    """The template `shown` for `$each` series that the query finds, in its order or in that of the label `by`."""
    order = f' | sortByLabel "{by}"' if by else ""
    return f"{{{{ range $i, $each := {query(expr)}{order} }}}}{{{{ if $i }}}}{between}{{{{ end }}}}{shown}{{{{ end }}}}"


def number_of_each(expr: str, labels: Sequence[str], form: str) -> str:
    """The value of a query about these labels of the series at hand."""
    values = " ".join(f".Labels.{label}" for label in labels)
    return f'{{{{ with printf `{expr}` {values} | query }}}}{{{{ . | first | value | printf "{form}" }}}}{{{{ end }}}}'


def of_first(expr: str, shown: str) -> str:
    """The template `shown` for the first series that the query finds."""
    return f"{{{{ with {query(expr)} }}}}{{{{ with first . }}}}{shown}{{{{ end }}}}{{{{ end }}}}"


WEEKDAY = (
    f"{{{{ with {query(f'day_of_week({last(_DAY)} > -Inf)')} }}}}"
    '{{ . | first | value | printf "%.0f"'
    + "".join(
        f" | reReplaceAll `^{number}$` `{name}`"
        for number, name in enumerate(
            ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        )
    )
    + " }}{{ end }}"
)
"""The weekday of the anchor day."""

_INFO = f"{{{{ with {query(f'{INFO}{{dataset=%q}}')} }}}}"
CURRENCY = _INFO + '{{ with . | first | label "currency" }} {{ . }}{{ end }}{{ end }}'
"""The currency after an amount, if it is configured."""


def money(series: str) -> str:
    """An amount as a whole number, with the currency if it is configured."""
    return whole(series) + CURRENCY


def volume(name: str, which: str) -> str:
    """The last sample of a number of a volume."""
    return last(f"dataset:clickstream_{name}:{which}{{dataset=%q}}")


def limit_of_dataset(name: str) -> str:
    """The last sample of a limit."""
    return last(_of_dataset(_limit(name)))


def a_few_of(whole_name: str, limit_name: str) -> str:
    """How many of a whole of the anchor day their limit and chance allow."""
    limited = limit_of_dataset(limit_name)
    allowed = f"{limited} * on (dataset) {volume(whole_name, 'day')}"
    return formatted(
        f"floor({allowed} + on (dataset) {ERRORS} * sqrt({allowed} * on (dataset) (1 - {limited})))", "%.0f"
    )


def known_as(check: str, otherwise: str) -> str:
    """The reason why the day is known, for a check; on other days, another text."""
    reasons = f'max by (reason) (clickstream_known_check_info{{check="{check}",dataset=%q}})'
    other = f"{{{{ else }}}}{otherwise}" if otherwise else ""
    return f'{{{{ with {query(reasons)} }}}}, known: {{{{ . | first | label "reason" }}}}{other}{{{{ end }}}}'


OWNER = _INFO + '{{ . | first | label "owner" }}{{ end }}'
"""Whom to tell about the data set, if it is configured."""

ROUTING = {name: _INFO + f'{{{{ . | first | label "{name}" }}}}{{{{ end }}}}' for name in ROUTING_LABELS}
"""The labels that a data set adds to its alerts; an alert has no label that is empty."""


_COUNTED = (
    "max by (job, instance, clickstream_gauge) (label_replace(count by (job, instance, __name__) "
    '({__name__=~"clickstream_[a-z0-9_]+",dataset=%q}), "clickstream_gauge", "$1", "__name__", "(.+)"))'
)
_SERVED = (
    "max by (job, instance, clickstream_gauge) (label_replace(clickstream_gauge_series{dataset=%q}, "
    '"clickstream_gauge", "$1", "gauge", "(.+)"))'
)
_OF_GAUGE = "on (job, instance, clickstream_gauge)"
_INCOMPLETE = f"topk(3, {_SERVED} unless {_OF_GAUGE} ({_COUNTED} == {_OF_GAUGE} {_SERVED}))"
_FOREIGN = (
    f"max by (clickstream_gauge) ({COUNTED}{{dataset=%q}} and on (clickstream_gauge) "
    f"{_SERVED} unless {_OF_GAUGE} {_SERVED})"
)
_SNAPSHOTS = 'count(count_values("snapshot", clickstream_snapshot{dataset=%q})) > 1'
NOT_NUMBERS = "dataset:clickstream_gauges:not_a_number{dataset=%q} > 0"

WHY_NOT_JUDGED = (
    f"{{{{ with {query(_SNAPSHOTS)} }}}}Several targets serve different snapshots of the data set. {{{{ end }}}}"
    f"{{{{ with {query(_INCOMPLETE)} }}}}"
    "Prometheus does not have exactly the series that the exporter served; a relabeling may drop some, or a label may "
    "duplicate them: {{ range $i, $each := . }}{{ if $i }}, {{ end }}{{ $each.Labels.clickstream_gauge }} of job "
    "{{ $each.Labels.job }}, instance {{ $each.Labels.instance }} should have {{ $each.Value }}{{ end }}. {{ end }}"
    f"{{{{ with {query(_FOREIGN)} }}}}Gauges also come from elsewhere, as from a rule of the same name: "
    f"{label_values(_FOREIGN, 'clickstream_gauge')}. {{{{ end }}}}"
    f"{{{{ with {query(NOT_NUMBERS)} }}}}"
    "Gauges with NaN: {{ . | first | value }}. {{ end }}"
    "Otherwise a rule of the group clickstream fails or is missing; Prometheus shows it on its page of rules."
)
"""The likeliest reasons why a data set that is served is not judged."""


_JUDGED = "dataset:clickstream_snapshot:judged{dataset=%q}"
SNAPSHOT = formatted(f"{_JUDGED} and on (dataset) timestamp({_JUDGED}) == time()", "%.0f")
"""The snapshot that the alert is about; empty if a number, and so perhaps a sentence, is of an older one."""


def _link(shown: str, *, of_any: bool = False) -> str:
    """The template `shown` for the series with the links of the configuration; empty where there is none.

    They are those of the alert's data set; with `of_any`, those of any, if the alert is of none.
    """
    series = last("clickstream_links_info{dataset=~%q}")
    found = f'printf `{series}` (or $labels.dataset ".+") | query'
    if not of_any:
        found = query(last("clickstream_links_info{dataset=%q}"))
    return f"{{{{ with {found} }}}}{shown}{{{{ end }}}}"


def _in_grafana(path: str, *, of_any: bool = False) -> str:
    """A page of Grafana; empty where the configuration does not say where Grafana is."""
    return _link(f'{{{{ with . | first | label "grafana" }}}}{{{{ . }}}}{path}{{{{ end }}}}', of_any=of_any)


DASHBOARD = _in_grafana(f"/d/clickstream-dataset?var-dataset={{{{ $labels.dataset }}}}&var-day={DAY}")
EXPORTER_DASHBOARD = _in_grafana("/d/clickstream-exporter", of_any=True)


def runbook(check: str, *, of_any: bool = False) -> str:
    """The page of a check's runbook; its path in the repository where the configuration has no URL."""
    shown = '{{ or (. | first | label "runbooks") "alerting/runbooks" }}{{ else }}alerting/runbooks'
    place = _link(shown, of_any=of_any)
    return f"{place}/{check}.md"
