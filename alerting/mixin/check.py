"""What a check is, and the forms that several of them have."""

from __future__ import annotations

from dataclasses import dataclass

from alerting.mixin import messages as say
from alerting.mixin.expressions import STARTED, exceeds

CRITICAL, WARNING, INFO = "critical", "warning", "info"
PIPELINE, INTEGRITY, BUSINESS = "pipeline", "integrity", "business"

DRIFT = ("baseline_days", "day_events")
REVENUE_GUARDS = (*DRIFT, "baseline_purchases", "baseline_revenue")
IN_ORDER = f"{STARTED} * 0"

ON_DAY = f"On {say.DAY}"
IN_HOURS = f"{ON_DAY}, over its {say.HOURS} complete hours"


@dataclass(frozen=True)
class Check:
    """A check: `fires` is 1 or 0, and absent where it cannot be told; then, or with a guard closed, it is off."""

    name: str
    severity: str
    tier: str
    fires: str
    summary: str
    description: str
    guards: tuple[str, ...] = ()
    unless: str | None = None
    """The gauge that, where it is 1, makes the alert an info."""


def ratio_above(name: str, ratio: str, limit_name: str, summary: str, what: str, guards: tuple[str, ...] = ()) -> Check:
    """A check of the data's soundness: a share of the whole day is above its limit."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds(ratio, limit_name),
        f"{summary}: {say.percent(ratio)}",
        f"{ON_DAY}, {what}; the limit is {say.limit_percent(limit_name)}.",
        guards,
    )


def _compared(share: str) -> str:
    """A share of the complete hours and its baseline."""
    return f"{say.percent(f'{share}:comparable_ratio')} vs baseline {say.percent(f'{share}:baseline_ratio')}"


def increased(name: str, share: str, limit_name: str, summary: str, what: str, guard: str) -> Check:
    """A check of the data's soundness: a share has grown over its baseline."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds(f"{share}:increase", limit_name),
        f"{summary}: {_compared(share)}",
        f"{IN_HOURS}, the share of events {what} is {say.points(f'{share}:increase')} above its baseline; "
        f"the limit is {say.limit_points(limit_name)}.",
        (*DRIFT, guard),
    )


def share_dropped(name: str, share: str, limit_name: str, summary: str, what: str, guards: tuple[str, ...]) -> Check:
    """A check of the business: a share has fallen under its baseline, relatively."""
    return Check(
        name,
        WARNING,
        BUSINESS,
        exceeds(f"{share}:drop_ratio", limit_name),
        f"{summary} drop detected: {_compared(share)}",
        f"{IN_HOURS}, {what} is {say.percent(f'{share}:drop_ratio')} under its baseline, relatively; "
        f"the limit is {say.limit_percent(limit_name)}.",
        (*DRIFT, *guards),
    )


def apart_from_baseline(name: str, apart: str, limit_name: str) -> tuple[str, str]:
    """The values of a volume and its baseline, and how far it is `apart`, with the limit."""
    values = (
        f"{say.whole(f'dataset:clickstream_{name}:anchor')} vs baseline "
        f"{say.whole(f'dataset:clickstream_{name}:baseline')}"
    )
    far = say.percent(f"dataset:clickstream_{name}:{apart}")
    side = "under" if apart == "drop_ratio" else "over"
    days = say.whole("dataset:clickstream_baseline:days")
    return values, (
        f"{IN_HOURS}, {name} is {far} {side} the mean of {days} baseline days; "
        f"the limit is {say.limit_percent(limit_name)}."
    )


def counts(part: str, whole: str) -> str:
    """Two counts of the anchor day."""
    counted, of = (say.whole(f"dataset:{gauge}:day") for gauge in (part, whole))
    return f"{counted} of {of}"
