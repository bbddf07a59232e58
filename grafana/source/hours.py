"""The hours of the anchor day: which of them are missing, and where it ends against other days."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.dates import bars, by_date, judged_days, limit
from grafana.source.kinds import table
from grafana.source.panels import joined, override, targets

_HOURS = promql.of_day("missing_hours", by="part")
_FROM_TO = promql.of_day("missing_hours_info", by="part, start, end")
_NONE = f'label_replace(label_replace({_HOURS}, "start", "-", "", ""), "end", "-", "", "")'

MISSING = table(
    "Missing hours",
    "Hours at the start of the anchor day, inside it and at its end that hold next to nothing, and what they should "
    "hold: HoursMissing, and PartialDay at the end, where the hours are those that the day ends before a usual one.",
    targets(
        f"{_FROM_TO} * on (part) group_left () {_HOURS}\nor on (part) {_NONE}",
        promql.of_day("missing_hours_events", by="part"),
        promql.of_day("missing_hours_expected_events", by="part"),
    ),
    {
        "custom": {"align": "left", "minWidth": 60},
        "noValue": "Not judged: too few days show what is usual, or the timestamps have no time of day.",
    },
    transformations=joined(
        "part",
        {
            "part": "Part of the day",
            "start": "From",
            "end": "Until",
            "Value #A": "Hours",
            "Value #B": "Events",
            "Value #C": "Expected",
        },
    ),
    overrides=[
        override("Hours", decimals=1),
        *(override(name, decimals=0, noValue="-") for name in ("Events", "Expected")),
    ],
)

_BEFORE = promql.of_day("day_end_clock_seconds", ',lag!="0"')
_LIMIT = f"quantile(0.5, {_BEFORE}) - 3600 * {promql.limit('partial_day_hours')}"

ENDS = by_date(
    "Where the days end",
    "The wall clock at which the events of a day end; strays are left out. PartialDay fires where the anchor day ends "
    "below the limit and the hours after that are missing.",
    [
        *judged_days(f"1000 * {promql.of_day('day_end_clock_seconds')}", "PartialDay")[:2],
        bars("Days before", f"1000 * {_BEFORE}", palette.BASELINE_DAY),
        limit("PartialDay", promql.at_compared(f"1000 * ({_LIMIT})")),
    ],
    "time:HH:mm",
    top=1000 * promql.DAY,
)
