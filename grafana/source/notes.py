"""What is said beside the numbers: what is found of the configuration, does not count yet, or is switched off."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.kinds import stat, table
from grafana.source.panels import Panel, joined, override, renamed, target, targets, transform

ASIDE = stat(
    "Early, waiting, replaced",
    "Events of a day after the anchor day that is not over: they count on no day yet. Files that are being written: "
    "their events are not counted yet. Events in the newest files with text that is not UTF-8: it was replaced.",
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
    "Switched off by hand",
    "Checks that `switched_off` in the configuration switches off, and why. They judge nothing.",
    promql.of_day("switched_off_info", by="check, reason"),
    {"check": "Check", "reason": "Reason"},
    "No check is switched off by hand.",
    "Check",
)

FREQUENT = _listed(
    "Most frequent event names",
    "Of the anchor day, in the taxonomy and not. InvalidEvents and NeverFound name some of them.",
    promql.of_day("frequent_events", by="event_name, in_taxonomy"),
    {"event_name": "Name", "in_taxonomy": "In the taxonomy", "Value": "Events"},
    "The anchor day has no event.",
    "Events",
)

CONFIGURED = table(
    "What the configuration names",
    "In how many events of all days it is found, and among how many it was searched. NeverFound fires where it is in "
    "none of enough.",
    targets(
        promql.of_day("configured_events", by="what, configured"),
        promql.of_day("searched_events", by="what"),
    ),
    {"custom": {"align": "left", "minWidth": 60}, "noValue": "No purchase, taxonomy or amount is configured."},
    transformations=joined(
        "what", {"what": "What", "configured": "Configured", "Value #A": "Found in", "Value #B": "Searched in"}
    ),
    overrides=[
        override(name, unit="locale", decimals=0, custom_width=110, custom_align="right")
        for name in ("Found in", "Searched in")
    ],
)
