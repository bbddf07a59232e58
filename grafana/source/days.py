"""Days as rows: the selected day, all days, and the number of events by name."""

from __future__ import annotations

from grafana.source import board, promql
from grafana.source.dates import DATE, SHOWN, joined
from grafana.source.kinds import LEGEND, TOOLTIP, stat, table
from grafana.source.panels import Panel, link, override, panel, renamed, targets, transform

WHOLE, SHARE = "locale", "percentunit"

NUMBERS = {
    "Events": (promql.of_day("events"), WHOLE),
    "Purchases": (promql.of_day("purchases"), WHOLE),
    "Revenue": (promql.of_day("revenue"), WHOLE),
    "Sessions": (promql.of_day("sessions"), WHOLE),
    "Conversion": (promql.share("converting_sessions", "sessions"), SHARE),
    "Direct sessions": (promql.share("direct_sessions", "sessions"), SHARE),
    "No client id": (promql.share("null_client_events", "events"), SHARE),
    "Broken payloads": (promql.share("json_error_events", "payload_events"), SHARE),
    "Last event": (f"1000 * {promql.of_day('day_last_event_clock_seconds')}", "time:HH:mm:ss"),
}

_QUERIES = targets(promql.date(), *(expr for expr, _ in NUMBERS.values()))
_UNITS = [
    override(name, unit=unit, **({"decimals": 0} if unit == WHOLE else {})) for name, (_, unit) in NUMBERS.items()
]
_NEWEST_FIRST = transform("sortBy", fields={}, sort=[{"field": DATE, "desc": True}])


def _converted(kind: str, **how: str) -> Panel:
    return transform("convertFieldType", fields={}, conversions=[{"targetField": DATE, "destinationType": kind} | how])


SELECTED = stat(
    "Selected day",
    "The whole day in the variable `day`, which the links of alerts set, or the newest day if that is empty. No "
    "values: the day is older than the days the exporter serves.",
    _QUERIES,
    {"noValue": "-"},
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
    "Whole days, newest first. Click a date to select it.",
    _QUERIES,
    {"noValue": "-", "custom": {"align": "right", "minWidth": 90}},
    transformations=[*joined(list(NUMBERS)), _NEWEST_FIRST],
    overrides=[
        override(
            DATE,
            unit="time:YYYY-MM-DD",
            custom_align="left",
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

_ANCHOR = promql.of_day("named_events", ',lag="0"', by="event_name")
_NAMED = "\nor ".join(
    (
        promql.of_day("named_events", by="lag, event_name"),
        *(f'label_replace({_ANCHOR} * NaN, "lag", "{lag}", "", "")' for lag in ("before", "after")),
    )
)
_MATRIX = "Value #A\\event_name"

NAMES = panel(
    "trend",
    "Events by name",
    "Names of the taxonomy. EventNameVanished fires if one with enough events in the baseline does not occur.",
    targets(promql.padded_date(), _NAMED),
    defaults={
        "unit": "short",
        "color": {"mode": "palette-classic-by-name"},
        "custom": {
            "drawStyle": "bars",
            "fillOpacity": 80,
            "lineWidth": 0,
            "barWidthFactor": 0.8,
            "stacking": {"group": "A", "mode": "normal"},
        },
    },
    options={"legend": LEGEND, "tooltip": TOOLTIP, "xField": DATE},
    overrides=[override(DATE, unit=SHOWN)],
    transformations=[
        transform("filterFieldsByName", include={"pattern": "^(lag|event_name|Value.*)$"}),
        transform("joinByField", byField="lag", mode="outerTabular"),
        transform(
            "groupingToMatrix", columnField="event_name", rowField="Value #A", valueField="Value #B", emptyValue="null"
        ),
        transform("convertFieldType", fields={}, conversions=[{"targetField": _MATRIX, "destinationType": "number"}]),
        renamed({_MATRIX: DATE}),
        transform("sortBy", fields={}, sort=[{"field": DATE}]),
    ],
)
