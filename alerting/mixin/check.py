"""What a check is, and the forms that several of them share."""

from __future__ import annotations

from dataclasses import dataclass

from alerting.mixin.expressions import STARTED, exceeds
from alerting.mixin.messages import DAY, HOURS, limit_percent, limit_points, percent, points, whole

CRITICAL, WARNING, INFO = "critical", "warning", "info"
PIPELINE, INTEGRITY, BUSINESS = "pipeline", "integrity", "business"

DRIFT = ("baseline_days", "day_events")
REVENUE_GUARDS = (*DRIFT, "baseline_purchases", "baseline_revenue")
IN_ORDER = f"{STARTED} * 0"

REVENUE = whole("dataset:clickstream_revenue:anchor")
REVENUE_BASELINE = whole("dataset:clickstream_revenue:baseline")

ON_DAY = f"On {DAY}"
IN_HOURS = f"{ON_DAY}, over its {HOURS} complete hours"


@dataclass(frozen=True)
class Check:
    """A check: `fires` is 1 or 0, and absent where it cannot be evaluated; then, or with a guard closed, it is off.

    The summary of its alert is the title, a colon and `summary`. What is measured, what it is compared with and the
    limit are annotations of their own; `<value>`, `<baseline>` and `<limit>` stand for them in the sentences.
    """

    name: str
    severity: str
    tier: str
    fires: str
    title: str
    summary: str
    description: str
    value: str = ""
    baseline: str = ""
    limit: str = ""
    checks_off: str = ""
    """The names of the checks that are switched off, where the check reports why."""

    guards: tuple[str, ...] = ()
    unless: str | None = None
    """The gauge that, where it is 1, makes the alert an info."""

    def annotations(self) -> dict[str, str]:
        """What its alert says: the sentences, and the numbers in them that there are."""
        numbers = {"value": self.value, "baseline": self.baseline, "limit": self.limit}
        sentences = {"summary": f"{self.title}: {self.summary}", "description": self.description}
        for name, number in numbers.items():
            sentences = {key: text.replace(f"<{name}>", number) for key, text in sentences.items()}
        optional = {**numbers, "checks_off": self.checks_off}
        return sentences | {name: text for name, text in optional.items() if text}


def ratio_above(name: str, ratio: str, limit_name: str, title: str, what: str, guards: tuple[str, ...] = ()) -> Check:
    """A check of data integrity: a share of the whole day is above its limit."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds(ratio, limit_name),
        title,
        "<value>",
        f"{ON_DAY}, {what}; the limit is <limit>.",
        value=percent(ratio),
        limit=limit_percent(limit_name),
        guards=guards,
    )


def increased(name: str, share: str, limit_name: str, title: str, what: str, guard: str) -> Check:
    """A check of data integrity: a share is above its baseline."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds(f"{share}:increase", limit_name),
        title,
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, the share of events {what} is {points(f'{share}:increase')} above its baseline; "
        "the limit is <limit>.",
        value=percent(f"{share}:comparable_ratio"),
        baseline=percent(f"{share}:baseline_ratio"),
        limit=limit_points(limit_name),
        guards=(*DRIFT, guard),
    )


def share_dropped(name: str, share: str, limit_name: str, title: str, what: str, guards: tuple[str, ...]) -> Check:
    """A check of the business: a share is below its baseline, by so much of the baseline."""
    return Check(
        name,
        WARNING,
        BUSINESS,
        exceeds(f"{share}:drop_ratio", limit_name),
        f"{title} drop detected",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, {what} is {percent(f'{share}:drop_ratio')} lower than its baseline; the limit is <limit>.",
        value=percent(f"{share}:comparable_ratio"),
        baseline=percent(f"{share}:baseline_ratio"),
        limit=limit_percent(limit_name),
        guards=(*DRIFT, *guards),
    )


def revenue_apart(drift: str, side: str) -> str:
    """The description of how far revenue is above or below its baseline."""
    days = whole("dataset:clickstream_baseline:days")
    far = percent(f"dataset:clickstream_revenue:{drift}")
    return f"{IN_HOURS}, revenue is {far} {side} the mean of {days} baseline days; the limit is <limit>."


def counts(part: str, total: str) -> str:
    """Two counts of the anchor day, as `10 of 4000`."""
    return f"{whole(f'dataset:{part}:day')} of {whole(f'dataset:{total}:day')}"
