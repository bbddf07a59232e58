"""How much of a day repeats earlier days: RepeatedDay fires if it is far more than usual."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.dates import by_date, judged_days, limit, line
from grafana.source.panels import Panel


def _panel(title: str, what: str, part: str, whole: str, recorded: str) -> Panel:
    usual = promql.number(f"dataset:clickstream_{recorded}:usual_ratio")
    return by_date(
        title,
        f"{what} RepeatedDay fires if the anchor day is above the limit: it is a copy.",
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
        "Purchases repeated from an earlier day",
        "The share with a transaction id that occurs on one of the seven days before.",
        "repeated_purchases",
        "purchases",
        "repeated_purchase",
    ),
    _panel(
        "Events repeated from an earlier day",
        "The share of distinct events, timestamps ignored, that also occur on the most similar of the seven days "
        "before.",
        "repeated_contents",
        "contents",
        "repeated_content",
    ),
]
