"""What a day has of the days before it: RepeatedDay fires where it is far more than usual."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.dates import by_date, judged_days, limit, line
from grafana.source.panels import Panel


def _panel(title: str, what: str, part: str, whole: str, recorded: str) -> Panel:
    usual = promql.number(f"dataset:clickstream_{recorded}:usual_ratio")
    return by_date(
        title,
        f"{what} RepeatedDay fires where the anchor day is above the limit: it is a copy.",
        [
            *judged_days(promql.share(part, whole), "RepeatedDay"),
            line("Usual", promql.at_compared(usual), palette.BASELINE),
            limit("RepeatedDay", promql.at_compared(f"({usual} + {promql.limit('repeated_day_ratio')})")),
        ],
        "percentunit",
        top=1,
    )


PANELS = [
    _panel(
        "Purchases that an earlier day has",
        "The share with a transaction id that one of the seven days before has, too.",
        "repeated_purchases",
        "purchases",
        "repeated_purchase",
    ),
    _panel(
        "Events that an earlier day has",
        "The share of distinct events, their timestamps left out, that the one of the seven days before with most of "
        "them has, too.",
        "repeated_contents",
        "contents",
        "repeated_content",
    ),
]
