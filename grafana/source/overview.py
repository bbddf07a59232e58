"""The dashboard that shows at a glance whether today's data can be trusted."""

from __future__ import annotations

from typing import Any

from alerting.mixin.check import BUSINESS, INTEGRITY, PIPELINE
from alerting.mixin.expressions import STATE
from grafana.source import board, measured, palette, promql
from grafana.source.kinds import coloured, stat, table
from grafana.source.panels import Panel, joined, link, override, placed, target, targets, transform

TO_DATASET = f"/d/{board.DATASET}?${{datasource:queryparam}}&var-dataset="

VERDICT = stat(
    "Can today's data be trusted?",
    "TRUSTWORTHY: all checks judged the newest snapshot, and no critical one fires. BROKEN: a critical one fires. "
    "UNKNOWN: neither could be proven, because the exporter, Prometheus or a rule did not evaluate the newest "
    "snapshot. It equals the verdict of clickstream-report, except for silences, which only Alertmanager knows.",
    [target(promql.verdict(), table=False, legend="{{dataset}}")],
    {
        "mappings": palette.mapping(palette.VERDICTS),
        "color": {"mode": "thresholds"},
        "thresholds": palette.steps(palette.UNKNOWN),
        "noValue": "UNKNOWN: no data set was served within 36 hours",
        "links": [link("The data set", f"{TO_DATASET}${{__field.labels.dataset}}")],
    },
    options={"textMode": "value_and_name"},
)

_FIRING = f'ALERTS{{alertstate="firing",{promql.ALL}'


def _firing(severity: str) -> str:
    """The number of firing alerts of a severity, for data sets that were judged."""
    counted = f'count by (dataset) ({_FIRING},severity="{severity}"}})'
    return f"{counted} or on (dataset) ({promql.certificate()}) * 0"


_AGE = (
    f"time() - max by (dataset) (dataset:clickstream_last_event_timestamp_seconds:max{{{promql.ALL}}} > -Inf)\n"
    f'unless on (dataset) {STATE}{{check="DataStale"}} == 2'
)

_COLUMNS = {
    "dataset": "Data set",
    "Value #A": "Verdict",
    "Value #B": "Data of",
    "Value #C": "Age",
    "Value #D": "Critical",
    "Value #E": "Warning",
    "Value #F": "Info",
    "Value #G": "Off",
}


def _count(colour: str) -> Panel:
    """A count that is coloured if it is not zero."""
    return {"thresholds": palette.steps("transparent", (1, colour)), "color": {"mode": "thresholds"}}


DATASETS = table(
    "Data sets",
    "The judged day, the age of its last event (empty with `--as-of`, or if no event has a time), the number of firing "
    "alerts and of checks that are off. Empty counts mean: not judged.",
    targets(
        promql.verdict(),
        promql.anchor_date(),
        _AGE,
        *(_firing(severity) for severity in ("critical", "warning", "info")),
        f"count by (dataset) ({STATE}{{{promql.ALL}}} == 2) or on (dataset) ({promql.certificate()}) * 0",
    ),
    {"custom": {"align": "left", "minWidth": 70}, "noValue": "-"},
    transformations=[
        *joined("dataset", _COLUMNS),
        transform("sortBy", fields={}, sort=[{"field": "Verdict", "desc": True}]),
    ],
    overrides=[
        override("Data set", links=[link("The data set", TO_DATASET + "${__value.text}")]),
        override(
            "Verdict",
            mappings=palette.mapping(palette.VERDICTS),
            custom_cellOptions=coloured(),
            custom_width=130,
        ),
        override("Data of", unit="time:YYYY-MM-DD", custom_width=110),
        override("Age", unit="dtdurations", decimals=0, custom_width=130),
        *(
            override(name, **_count(colour), custom_cellOptions=coloured(), custom_align="center", custom_width=76)
            for name, colour in (
                ("Critical", palette.CRITICAL),
                ("Warning", palette.WARNING),
                ("Info", palette.INFO),
                ("Off", palette.OFF),
            )
        ),
    ],
)

_SEVERITIES = (("critical", 3), ("warning", 2), ("info", 1))


def _alerts() -> str:
    """The firing alerts, with or without a data set, as numbers that sort by severity."""
    firing = 'ALERTS{alertstate="firing",dataset=~"$dataset|",severity="%s"}'
    named = f'label_replace({firing}, "check", "$1", "alertname", "Clickstream(.+)")'
    lines = (
        f"{code} * label_replace(max by (dataset, check, tier) ({named % severity}), "
        f'"title", "{measured.titled("$1", severity)}", "check", "(.+)")'
        for severity, code in _SEVERITIES
    )
    return "(" + "\nor ".join(lines) + ")"


_LINKS = "max by (dataset, runbooks) (last_over_time(clickstream_links_info[36h]))"
_WITH_PLACE = f"""\
label_join(
{_alerts()}
* on (dataset) group_left (runbooks) topk by (dataset) (1, {_LINKS})
or on (dataset, check) {_alerts()}
* on () group_left (runbooks) topk(1, {_LINKS})
or on (dataset, check) {_alerts()},
"path", "/", "runbooks", "check")"""


def alerts() -> str:
    """The firing alerts, with the runbook as `page` if it is a URL, otherwise as `path`, which is not a link."""
    page = f'label_replace({_WITH_PLACE}, "page", "$1.md", "path", "(https?://.+)")'
    path = f'label_replace({page}, "path", "$1.md", "path", "(.+)")'
    return f'label_replace({path}, "path", "", "path", "https?://.+")'


_ALERT_COLUMNS = {
    "Value #A": "Severity",
    "title": "Check",
    "dataset": "Data set",
    "tier": "Tier",
    "Value #B": "Measured",
    "Value #C": "Limit",
    "page": "Runbook",
    "path": "Runbook file",
}

FIRING = table(
    "Firing alerts",
    "Firing alerts, critical ones first. Measured value and limit are shares of the day, or the distance of the day "
    "from what is expected of it; the limit allows for chance. Silences and inhibitions are known only to Alertmanager "
    "and not shown.",
    targets(
        promql.keyed(alerts(), "check"),
        *(
            f"max by (key) ({promql.keyed(f'({each}) and on (dataset, check) {STATE} == 1', 'check')})"
            for each in (measured.values(), measured.limits())
        ),
    ),
    {
        "custom": {"align": "left"},
        "noValue": "No alert fires. The verdict shows whether that can be trusted.",
    },
    transformations=[
        *joined("key", _ALERT_COLUMNS, drop=["runbooks", "check"]),
        transform("sortBy", fields={}, sort=[{"field": "Severity", "desc": True}]),
    ],
    overrides=[
        override(
            "Severity",
            mappings=palette.mapping(palette.SEVERITIES),
            custom_cellOptions=coloured(),
            custom_width=110,
        ),
        override("Check", mappings=measured.phrases()),
        override("Data set", links=[link("The data set", TO_DATASET + "${__value.text}")], custom_width=150),
        override("Tier", noValue="-", custom_width=110),
        override("Measured", noValue="-", unit="percentunit", decimals=2, custom_width=120),
        override("Limit", noValue="-", unit="percentunit", decimals=2, custom_width=110),
        override(
            "Runbook",
            mappings=[{"type": "regex", "options": {"pattern": r".*/(\w+)\.md", "result": {"text": "$1", "index": 0}}}],
            links=[link("Runbook", "${__value.raw}")],
            custom_width=190,
        ),
        override("Runbook file", custom_width=320),
    ],
)


def _matrix(tier: str, question: str) -> Panel:
    """All checks of a tier against all data sets."""
    first = "check\\dataset"
    return table(
        f"{tier.capitalize()}: {question}",
        "The last state of each check. Off: a guard is closed, or a gauge it needs is not measured; an info alert "
        "gives the reason. Not judged: it had a state within 36 hours, but has none now.",
        targets(promql.matrix(tier)),
        {
            "custom": {"align": "center", "cellOptions": coloured(), "minWidth": 80},
            "mappings": palette.mapping(palette.STATES),
            "noValue": "not judged",
        },
        transformations=[
            transform(
                "groupingToMatrix", columnField="dataset", rowField="check", valueField="Value", emptyValue="null"
            ),
            transform("sortBy", fields={}, sort=[{"field": first}]),
        ],
        overrides=[
            override(
                first,
                displayName="Check",
                custom_cellOptions={"type": "auto"},
                custom_align="left",
                custom_width=200,
            )
        ],
    )


_HEIGHT = max(len(promql.names(tier=tier)) for tier in (PIPELINE, INTEGRITY, BUSINESS)) + 2
"""Tall enough to show every check without scrolling."""


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana's JSON."""
    panels = placed(
        (5, [(10, VERDICT), (14, DATASETS)]),
        (7, [(24, FIRING)]),
        (
            _HEIGHT,
            [
                (8, _matrix(PIPELINE, "are the data there?")),
                (8, _matrix(INTEGRITY, "are they sound?")),
                (8, _matrix(BUSINESS, "does the business drift?")),
            ],
        ),
    )
    return board.dashboard(
        board.OVERVIEW,
        "Whether today's data can be trusted, for every data set.",
        panels,
        [board.dataset_variable(several=True)],
    )
