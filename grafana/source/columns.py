"""Columns that are missing or changed in the anchor day's files."""

from __future__ import annotations

from grafana.source.kinds import table
from grafana.source.panels import renamed, targets, transform
from grafana.source.promql import ONE, of_day

_MISSING = (
    f'label_replace(max by (column, file) (clickstream_missing_column_info{{{ONE}}}), "change", "missing", "", "")'
)
_MISSING_EVENTS = of_day("missing_column_events", ',lag="0"', by="column")
_CHANGED = f"max by (column, file, change) (clickstream_changed_column_info{{{ONE}}})"
_CHANGED_EVENTS = of_day("changed_column_events", by="column")

CHANGED = table(
    "Missing or changed columns",
    "Columns in the anchor day's files that trigger ColumnMissing or ColumnChanged: the number of affected events, and "
    "the first file.",
    targets(
        f"{_MISSING} * on (column) group_left () {_MISSING_EVENTS}\n"
        f"or {_CHANGED} * on (column) group_left () {_CHANGED_EVENTS}"
    ),
    {"custom": {"align": "left", "minWidth": 80}, "noValue": "Every mapped column is present and unchanged."},
    transformations=[
        renamed({"column": "Column", "change": "What", "Value": "Events", "file": "First file"}, drop=["Time"]),
        transform("sortBy", fields={}, sort=[{"field": "Events", "desc": True}]),
    ],
)
