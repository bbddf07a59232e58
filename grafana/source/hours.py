"""The hours of the anchor day: which are missing, and when the day ends compared with others."""

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
    "Hours of the anchor day with almost no events, and the number expected. HoursMissing judges those at its start "
    "and inside it, PartialDay those at its end: the hours by which it ends before a usual day.",
    targets(
        f"{_FROM_TO} * on (part) group_left () {_HOURS}\nor on (part) {_NONE}",
        promql.of_day("missing_hours_events", by="part"),
        promql.of_day("missing_hours_expected_events", by="part"),
    ),
    {
        "custom": {"align": "left", "minWidth": 60},
        "noValue": "Not judged: too few days of history, or the timestamps have no time of day.",
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

_BARS = judged_days(f"1000 * {promql.of_day('day_end_clock_seconds')}", "PartialDay")
_BEFORE = promql.of_day("day_end_clock_seconds", ',lag!="0"')
_LIMIT = f"quantile(0.5, {_BEFORE}) - 3600 * {promql.limit('partial_day_hours')}"

ENDS = by_date(
    "End of each day",
    "The local time at which a day's events end, stray events ignored. PartialDay fires if the anchor day ends below "
    "the limit and the hours after that are missing.",
    [
        *(each for each in _BARS if each.name.startswith("Anchor day")),
        bars("Earlier days", f"1000 * {_BEFORE}", palette.BASELINE_DAY),
        limit("PartialDay", promql.at_compared(f"1000 * ({_LIMIT})")),
    ],
    "time:HH:mm",
    top=1000 * promql.DAY,
)
