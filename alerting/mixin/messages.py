"""Templates for annotations: Prometheus fills them in when an alert fires."""

from __future__ import annotations

from alerting.mixin.expressions import LAGS_BEFORE, STATE, last

REASONS = (
    "DataStale|EarlyEvents|WaitingFiles|ReplacedText|SwitchedOff|LimitOutOfReach|"
    "SmallSampleDay|BaselineShort|LowVolume|NotMeasured"
)
"""Checks that say why others are switched off, and one that is switched off by hand."""


def _of_dataset(series: str) -> str:
    """The series of the alert's data set alone; `%q` becomes its name."""
    name, _, labels = series.rstrip("}").partition("{")
    return f"{name}{{{labels}{',' if labels else ''}dataset=%q}}"


def ask(expr: str) -> str:
    """A query that has `%q` where the name of the data set belongs."""
    return f"printf `{expr}`{' $labels.dataset' * expr.count('%q')} | query"


def value(expr: str, shown: str, otherwise: str = "") -> str:
    """The value of the expression, as the format `shown` says, or another text where there is none."""
    none = f"{{{{ else }}}}{otherwise}" if otherwise else ""
    return f'{{{{ with {ask(expr)} }}}}{{{{ . | first | value | printf "{shown}" }}}}{none}{{{{ end }}}}'


def whole(series: str) -> str:
    """The series as a whole number."""
    return value(last(_of_dataset(series)), "%.0f")


def tenths(series: str) -> str:
    """The series with one decimal."""
    return value(last(_of_dataset(series)), "%.1f")


def percent(series: str, otherwise: str = "") -> str:
    """The share as a percentage, or another text where it is no number."""
    share = f"100 * {last(_of_dataset(series))}"
    return value(f"{share} > -Inf" if otherwise else share, "%.2f%%", otherwise)


def points(series: str) -> str:
    """A difference of shares, in percentage points."""
    return value(f"100 * {last(_of_dataset(series))}", "%.2f") + " percentage points"


def limit(name: str) -> str:
    """A limit as a whole number."""
    return whole(f'dataset_limit:clickstream_limit:max{{limit="{name}"}}')


def limit_percent(name: str) -> str:
    """A limit as a percentage."""
    return percent(f'dataset_limit:clickstream_limit:max{{limit="{name}"}}')


def limit_points(name: str) -> str:
    """A limit in percentage points."""
    return points(f'dataset_limit:clickstream_limit:max{{limit="{name}"}}')


def limit_tenths(name: str) -> str:
    """A limit with one decimal."""
    return tenths(f'dataset_limit:clickstream_limit:max{{limit="{name}"}}')


def clock(series: str) -> str:
    """Seconds since midnight as 05:29."""
    seconds = last(_of_dataset(series))
    return value(f"floor({seconds} / 3600)", "%02.0f") + ":" + value(f"floor({seconds} %% 3600 / 60)", "%02.0f")


def instant(series: str) -> str:
    """Seconds since the epoch as 2025-03-09 05:29 UTC."""
    shown = "{{ . | first | value | humanizeTimestamp | reReplaceAll `:\\d\\d(\\.\\d+)? .*` ` UTC` }}"
    return f"{{{{ with {ask(last(_of_dataset(series)))} }}}}{shown}{{{{ end }}}}"


def hours_ago(series: str) -> str:
    """Whole hours since the time that the series is."""
    return value(f"floor((time() - {last(_of_dataset(series))}) / 3600)", "%.0f")


def date(expr: str) -> str:
    """The date of a day that begins at so many seconds since the epoch, by the reporting zone's clock."""
    shown = '{{ . | first | value | humanizeTimestamp | reReplaceAll " .*" "" }}'
    return f"{{{{ with {ask(expr)} }}}}{shown}{{{{ end }}}}"


_DAY = "dataset:clickstream_day:local_timestamp_seconds{dataset=%q}"

DAY = date(f"{last(_DAY)} > -Inf")
"""The anchor day."""

CERTIFIED_DAY = date(f"{_DAY} > -Inf")
"""The anchor day that is served now."""

MISSING_DAY = date(
    f"max by (dataset) (max by (dataset, lag) (clickstream_day_timestamp_seconds{{{LAGS_BEFORE},dataset=%q}})"
    " + on (dataset, lag) max by (dataset, lag) (clickstream_day_utc_offset_seconds)"
    " and on (dataset, lag) max by (dataset, lag) (clickstream_events) == 0)"
)
"""The newest day of the baseline window without an event."""

HOURS = whole("dataset:clickstream_complete_hours:max")
"""How many hours of the anchor day are compared."""


def names(expr: str, label: str, shown: str = "", between: str = ", ") -> str:
    """The values of a label, one after the other; `shown` is what a template does to each."""
    return (
        f'{{{{ range $i, $each := {ask(expr)} | sortByLabel "{label}" }}}}{{{{ if $i }}}}{between}{{{{ end }}}}'
        f"{{{{ $each.Labels.{label}{shown} }}}}{{{{ end }}}}"
    )


def listed(expr: str, shown: str, between: str = ", ", by: str = "") -> str:
    """What the template `shown` makes of `$each` series of the query, in its order, or in that of the label `by`."""
    order = f' | sortByLabel "{by}"' if by else ""
    return f"{{{{ range $i, $each := {ask(expr)}{order} }}}}{{{{ if $i }}}}{between}{{{{ end }}}}{shown}{{{{ end }}}}"


_COUNTED = (
    "max by (job, instance, clickstream_gauge) (label_replace(count by (job, instance, __name__) "
    '({__name__=~"clickstream_[a-z0-9_]+",dataset=%q}), "clickstream_gauge", "$1", "__name__", "(.+)"))'
)
_SERVED = (
    "max by (job, instance, clickstream_gauge) (label_replace(clickstream_gauge_series{dataset=%q}, "
    '"clickstream_gauge", "$1", "gauge", "(.+)"))'
)
_OF_GAUGE = "on (job, instance, clickstream_gauge)"
_NOT_WHOLE = f"topk(3, {_SERVED} unless {_OF_GAUGE} ({_COUNTED} == {_OF_GAUGE} {_SERVED}))"
_SNAPSHOTS = 'count(count_values("snapshot", clickstream_snapshot{dataset=%q})) > 1'
_NOT_NUMBERS = "dataset:clickstream_series:not_a_number{dataset=%q} > 0"

WHY_NOT_JUDGED = (
    f"{{{{ with {ask(_SNAPSHOTS)} }}}}Several targets serve different snapshots of it. {{{{ end }}}}"
    f"{{{{ with {ask(_NOT_WHOLE)} }}}}"
    "Prometheus does not have exactly the series that the exporter served, as where a relabeling drops some or a label "
    "doubles them: {{ range $i, $each := . }}{{ if $i }}, {{ end }}{{ $each.Labels.clickstream_gauge }} of job "
    "{{ $each.Labels.job }}, instance {{ $each.Labels.instance }} should have {{ $each.Value }}{{ end }}. {{ end }}"
    f"{{{{ with {ask(_NOT_NUMBERS)} }}}}"
    "{{ . | first | value }} series are NaN. {{ end }}"
    "Otherwise a rule of the group clickstream fails or is missing: Prometheus' page of rules shows it."
)
"""The likeliest reasons why a data set that is served is not judged."""


SWITCHED_OFF = "switched off: " + names(f'{STATE}{{check!~"{REASONS}",dataset=%q}} == 2', "check")
"""The checks that are switched off, where their reason is told."""

SNAPSHOT = value("dataset:clickstream_snapshot:started{dataset=%q}", "%.0f")
"""The snapshot that the alert speaks of."""


def _link(label: str, default: str) -> str:
    """A base URL of the configuration."""
    series = last("clickstream_links_info{dataset=~%q}")
    shown = f'{{{{ . | first | label "{label}" }}}}'
    asked = f'printf `{series}` (or $labels.dataset ".+") | query'
    return f"{{{{ with {asked} }}}}{shown}{{{{ else }}}}{default}{{{{ end }}}}"


GRAFANA = _link("grafana", "http://localhost:3000")
DASHBOARD = f"{GRAFANA}/d/clickstream-dataset?var-dataset={{{{ $labels.dataset }}}}&var-day={DAY}"
EXPORTER_DASHBOARD = f"{GRAFANA}/d/clickstream-exporter"


def runbook(check: str) -> str:
    """The page of a check's runbook."""
    return f"{_link('runbooks', 'alerting/runbooks')}/{check}.md"
