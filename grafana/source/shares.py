"""A share by day, with its baseline and the limits of its checks, which allow for chance."""

from __future__ import annotations

from dataclasses import dataclass

from grafana.source import palette, promql
from grafana.source.dates import Series, by_date, judged_days, limit, line
from grafana.source.panels import Panel

MIN_AXIS = 0.001
"""The least upper end of an axis."""

_NOISE_OF_DROP = {"direct_session": "drop_noise"}
"""Shares that are judged in both directions: the recorded noise of the drop."""


@dataclass(frozen=True)
class Share:
    """A share and its checks; `limit` applies to the whole day, `increase` and `drop` to the baseline."""

    check: str
    title: str
    part: str
    whole: str
    limit: str | None = None
    increase: str | None = None
    drop: str | None = None
    recorded: str = ""
    """The name of the share in the rules, if it has a baseline."""

    few: str = ""
    """The recorded volume of the anchor day of which it is a share, if a few may be chance."""

    drop_check: str = ""
    """The check of the drop, if it has one of its own."""

    days: int = promql.A_WEEK
    """How many days before the anchor day the baseline has: their sum in a week, the median in four."""

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that judge it."""
        return (self.check, self.drop_check) if self.drop_check else (self.check,)


def upper_limit(recorded: str, increase: str) -> str:
    """The share above which an increase over the baseline fires: beyond its limit, and beyond chance."""
    noise = promql.number(f"dataset:clickstream_{recorded}:noise")
    return f"({_baseline(recorded)} + {promql.at_least(promql.limit(increase), noise)})"


def lower_limit(recorded: str, drop: str) -> str:
    """The share below which a drop under the baseline fires: beyond its limit, and beyond chance."""
    noise = promql.number(f"dataset:clickstream_{recorded}:{_NOISE_OF_DROP.get(recorded, 'noise')}")
    return f"({_baseline(recorded)} * (1 - {promql.at_least(promql.limit(drop), noise)}))"


def _baseline(recorded: str) -> str:
    return promql.number(f"dataset:clickstream_{recorded}:baseline_ratio")


def _lines(share: Share) -> list[Series]:
    """The baseline and the limits."""
    lines = []
    if share.recorded:
        name = "Baseline" if share.days == promql.A_WEEK else "Median of four weeks"
        lines.append(line(name, promql.at_compared(_baseline(share.recorded), share.days), palette.BASELINE))
    if share.increase:
        above = promql.at_compared(upper_limit(share.recorded, share.increase), share.days)
        lines.append(limit(share.check, above, "Limit against the baseline"))
    if share.drop:
        below = promql.at_compared(lower_limit(share.recorded, share.drop), share.days)
        lines.append(limit(share.checks[-1], below, "Lower limit" if share.increase else "Limit against the baseline"))
    if share.limit:
        whole_day = promql.few_limit(share.limit, share.few) if share.few else promql.limit(share.limit)
        lines.append(limit(share.check, promql.at_all(whole_day), lineWidth=1))
    return lines


_CHANCE = "The limits allow for what chance explains at this volume."


def _description(share: Share) -> str:
    side = "below" if share.drop and not share.increase else "above"
    sentences = [f"{share.check} fires if the anchor day is {side} a limit."]
    if share.drop_check:
        sentences.append(f"{share.drop_check} fires below the lower limit.")
    if share.days == promql.FOUR_WEEKS:
        sentences.append("The baseline is the median of up to four weeks.")
    if share.few or share.recorded:
        sentences.append(_CHANCE)
    return " ".join(sentences)


def by_day(share: Share) -> Panel:
    """The chart of a share."""
    value = promql.compared_share if share.recorded and not share.limit else promql.share
    return by_date(
        share.title,
        _description(share),
        [*judged_days(value(share.part, share.whole), *share.checks, days=share.days), *_lines(share)],
        "percentunit",
        top=MIN_AXIS,
    )
