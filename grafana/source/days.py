"""Days as rows: the one that was chosen, all of them, and how often each event name occurred."""

from __future__ import annotations

from grafana.source import board, promql
from grafana.source.dates import DATE, SHOWN, joined
from grafana.source.kinds import LEGEND, TOOLTIP, stat, table
from grafana.source.panels import Panel, link, override, panel, targets, transform

SHORT, PERCENT, CLOCK = "short", "percentunit", "clocks"

NUMBERS = {
    "Events": (promql.of_day("events"), SHORT),
    "Purchases": (promql.of_day("purchases"), SHORT),
    "Revenue": (promql.of_day("revenue"), SHORT),
    "Sessions": (promql.of_day("sessions"), SHORT),
    "With a purchase": (promql.share("converting_sessions", "sessions"), PERCENT),
    "Direct": (promql.share("direct_sessions", "sessions"), PERCENT),
    "No client id": (promql.share("null_client_events", "events"), PERCENT),
    "No JSON": (promql.share("json_error_events", "payload_events"), PERCENT),
    "Last event": (f"1000 * {promql.of_day('day_last_event_clock_seconds')}", "time:HH:mm:ss"),
}

_QUERIES = targets(promql.date(), *(expr for expr, _ in NUMBERS.values()))
_UNITS = [override(name, unit=unit) for name, (_, unit) in NUMBERS.items()]
_NEWEST_FIRST = transform("sortBy", fields={}, sort=[{"field": DATE, "desc": True}])


def _converted(kind: str, **how: str) -> Panel:
    return transform("convertFieldType", fields={}, conversions=[{"targetField": DATE, "destinationType": kind} | how])


CHOSEN = stat(
    "Day ${day}",
    "The whole day that the variable `day` names, as the links of the alerts do, or the newest day where it is empty. "
    "Empty: the day is older than those that the exporter keeps.",
    _QUERIES,
    {"noValue": "-", "decimals": None},
    transformations=[
        *joined(list(NUMBERS)),
        _NEWEST_FIRST,
        _converted("time"),
        _converted("string", dateFormat="YYYY-MM-DD", timezone="utc"),
        transform(
            "filterByValue",
            type="include",
            match="all",
            filters=[{"fieldName": DATE, "config": {"id": "regex", "options": {"value": "^${day:raw}"}}}],
        ),
        transform("limit", limitField=1),
    ],
    overrides=_UNITS,
    options={
        "colorMode": "none",
        "textMode": "value_and_name",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False},
    },
)

ALL = table(
    "All days",
    "Whole days, the newest first. A date leads to its day.",
    _QUERIES,
    {"noValue": "-"},
    transformations=[*joined(list(NUMBERS)), _NEWEST_FIRST],
    overrides=[
        override(
            DATE,
            unit="time:YYYY-MM-DD",
            links=[
                link(
                    "This day",
                    f"/d/{board.DATASET}?${{datasource:queryparam}}&${{dataset:queryparam}}&var-day=${{__value.text}}",
                )
            ],
        ),
        *_UNITS,
    ],
)

_MATRIX = f"{DATE}\\event_name"

NAMES = panel(
    "trend",
    "Events by name",
    "Names of the taxonomy. EventNameVanished fires where one with enough events in the baseline does not occur.",
    targets(promql.date(), promql.of_day("named_events", by="lag, event_name")),
    defaults={
        "unit": SHORT,
        "custom": {
            "drawStyle": "bars",
            "fillOpacity": 80,
            "lineWidth": 0,
            "barWidthFactor": 0.8,
            "stacking": {"group": "A", "mode": "normal"},
        },
    },
    options={"legend": LEGEND, "tooltip": TOOLTIP, "xField": _MATRIX},
    overrides=[override(_MATRIX, unit=SHOWN)],
    transformations=[
        transform("filterFieldsByName", include={"pattern": "^(lag|event_name|Value.*)$"}),
        transform("joinByField", byField="lag", mode="outerTabular"),
        transform(
            "organize", renameByName={"Value #A": DATE}, indexByName={}, excludeByName={"lag": True}, includeByName={}
        ),
        transform(
            "groupingToMatrix", columnField="event_name", rowField=DATE, valueField="Value #B", emptyValue="null"
        ),
        transform("convertFieldType", fields={}, conversions=[{"targetField": _MATRIX, "destinationType": "number"}]),
        transform("sortBy", fields={}, sort=[{"field": _MATRIX}]),
    ],
)
