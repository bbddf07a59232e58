"""Panels beside the numbers: configured names, events not counted yet, and checks that are off."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.dates import DATE
from grafana.source.kinds import stat, table
from grafana.source.panels import Panel, joined, override, renamed, target, targets, transform

NOT_COUNTED = stat(
    "Early, waiting, replaced",
    "Early: events of an unfinished day after the anchor day, which count on no day yet. Waiting: files being written, "
    "whose events are not counted yet. Replaced: events in the newest files with text that was not valid UTF-8.",
    [
        target(promql.number(f"dataset:clickstream_{name}:max"), ref, table=False, legend=legend)
        for name, ref, legend in (
            ("early_events", "A", "Early events"),
            ("waiting_files", "B", "Waiting files"),
            ("replaced_text_events", "C", "Events with replaced text"),
        )
    ],
    {"color": palette.fixed("text"), "noValue": "-", "decimals": 0},
    options={"colorMode": "none", "textMode": "value_and_name", "orientation": "horizontal"},
)


def _listed(title: str, description: str, query: str, names: dict[str, str], none: str, last: str) -> Panel:
    """A table of a query's labels, sorted by its `last` column."""
    return table(
        title,
        description,
        targets(query),
        {"custom": {"align": "left", "minWidth": 60}, "noValue": none},
        transformations=[
            renamed(names, drop=["Time"] if "Value" in names else ["Time", "Value"]),
            transform("sortBy", fields={}, sort=[{"field": last, "desc": last == "Events"}]),
        ],
    )


SWITCHED_OFF = _listed(
    "Switched off in the configuration",
    "Checks listed under `switched_off` in the configuration, and the reason. They judge nothing.",
    promql.of_day("switched_off_info", by="check, reason"),
    {"check": "Check", "reason": "Reason"},
    "The configuration switches no check off.",
    "Check",
)

FREQUENT = _listed(
    "Most frequent event names",
    "Event names of the anchor day, in the taxonomy or not. InvalidEvents and NeverFound name some of them.",
    promql.of_day("frequent_events", by="event_name, in_taxonomy"),
    {"event_name": "Name", "in_taxonomy": "In the taxonomy", "Value": "Events"},
    "The anchor day has no events.",
    "Events",
)

CONFIGURED = table(
    "Configured names",
    "Number of events on all days in which each configured name or amount was found, and number searched. NeverFound "
    "fires if it was found in none of enough events.",
    targets(
        promql.of_day("configured_events", by="what, configured"),
        promql.of_day("searched_events", by="what"),
    ),
    {"custom": {"align": "left", "minWidth": 60}, "noValue": "No purchase, taxonomy or amount is configured."},
    transformations=joined(
        "what", {"what": "Key", "configured": "Configured", "Value #A": "Found in", "Value #B": "Searched in"}
    ),
    overrides=[
        override(name, unit="locale", decimals=0, custom_width=110, custom_align="right")
        for name in ("Found in", "Searched in")
    ],
)

EXCLUDED = table(
    "Days excluded from baselines",
    "The `known_days` of the configuration and the days before `baseline_since`, which are shaded in the charts. Their "
    "numbers are in no baseline.",
    targets(f"{promql.of_day('excluded_day_info', by='lag, reason')} * on (lag) group_left () ({promql.date()})"),
    {"custom": {"align": "left", "minWidth": 60}, "noValue": "No day is excluded."},
    transformations=[
        renamed({"Value": DATE, "reason": "Reason"}, drop=["Time", "lag"]),
        transform("sortBy", fields={}, sort=[{"field": DATE, "desc": True}]),
    ],
    overrides=[override(DATE, unit="time:YYYY-MM-DD", custom_width=110)],
)
