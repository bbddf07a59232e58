"""Watched fields: the share of events that carry each, against its usual share."""

from __future__ import annotations

from grafana.source import promql
from grafana.source.days import SHARE, WHOLE
from grafana.source.kinds import table
from grafana.source.panels import joined, override, targets, transform

_FIELD = "dataset_field:clickstream_filled_field_events"


def _of_field(series: str) -> str:
    return f"max by (field) ({series}{{{promql.ONE}}} > -Inf)"


_LIMIT = (
    f"({_of_field(f'{_FIELD}:baseline_ratio')} * on (field) "
    f"(1 - clamp_min({_of_field(f'{_FIELD}:noise')}, scalar({promql.limit('field_drop_ratio')}))))"
)

FIELDS = table(
    "Watched fields",
    "The events of the anchor day that should carry each field, those that do, and their share over the complete "
    "hours. Usual is the median of up to four weeks. FieldMissing fires below the limit, which is lower where chance "
    "explains more, unless there are too few events.",
    targets(
        promql.of_day("field_events", ',lag="0"', by="field"),
        promql.of_day("filled_field_events", ',lag="0"', by="field"),
        _of_field(f"{_FIELD}:ratio"),
        _of_field(f"{_FIELD}:baseline_ratio"),
        f"clamp_min({_LIMIT}, 0)",
    ),
    {"custom": {"align": "right", "minWidth": 60}, "noValue": "No field is watched."},
    transformations=[
        *joined(
            "field",
            {
                "field": "Field",
                "Value #A": "Events",
                "Value #B": "With a value",
                "Value #C": "Share",
                "Value #D": "Usual",
                "Value #E": "Limit",
            },
        ),
        transform("sortBy", fields={}, sort=[{"field": "Field", "desc": False}]),
    ],
    overrides=[
        override("Field", custom_align="left", custom_width=120),
        *(override(name, unit=WHOLE, decimals=0) for name in ("Events", "With a value")),
        *(override(name, unit=SHARE, decimals=1) for name in ("Share", "Usual", "Limit")),
    ],
)
