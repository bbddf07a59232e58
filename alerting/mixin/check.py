"""What a check is, and the forms that several of them share."""

from __future__ import annotations

from dataclasses import dataclass

from alerting.mixin.expressions import STARTED, exceeds_both, few
from alerting.mixin.messages import DAY, HOURS, a_few_of, known_as, limit_percent, limit_points, percent, points, whole
from exporter.config.checks import KNOWABLE, NOT_ASKED

CRITICAL, WARNING, INFO = "critical", "warning", "info"
PIPELINE, INTEGRITY, BUSINESS = "pipeline", "integrity", "business"

DRIFT = ("baseline_days", "day_events")
REVENUE_GUARDS = (*DRIFT, "baseline_purchases", "baseline_revenue")
IN_ORDER = f"{STARTED} * 0"

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
    info_where: str = ""
    """Where this finds the data set, the alert is an info; so it is on a known day, where the check is KNOWABLE."""

    info_title: str = ""
    """The title of that info, if it has one of its own."""

    explanation: str = ""
    """Why it is an info, as the end of its summary."""

    evidence: str = ""
    """Why it is none, as the end of its description."""

    @property
    def may_be_info(self) -> bool:
        """Whether its alert is sometimes an info."""
        return bool(self.info_where) or self.name in KNOWABLE

    def annotations(self, *, as_info: bool = False) -> dict[str, str]:
        """What its alert says: the sentences, and the numbers in them that there are."""
        numbers = {"value": self.value, "baseline": self.baseline, "limit": self.limit}
        summary = f"{self.title}: {self.summary}"
        if as_info:
            known = known_as(self.name, self.explanation) if self.name in KNOWABLE else self.explanation
            summary = f"{self.info_title or self.title}: {self.summary}{known}"
        sentences = {"summary": summary, "description": self.description + ("" if as_info else self.evidence)}
        for name, number in numbers.items():
            sentences = {key: text.replace(f"<{name}>", number) for key, text in sentences.items()}
        optional = {**numbers, "checks_off": self.checks_off}
        return sentences | {name: text for name, text in optional.items() if text}


def few_above(
    name: str, part: str, among: str, limit_name: str, title: str, what: str, guards: tuple[str, ...] = ()
) -> Check:
    """A check of data integrity: a few events or purchases of the day are more than their limit and chance."""
    ratio = limit_name.removesuffix("_ratio")
    fires = few(f"dataset:clickstream_{part}:day", f"dataset:clickstream_{among}:day", limit_name)
    if name in NOT_ASKED:
        absent = f'clickstream_not_measured{{gauge="clickstream_{part}",reason="{NOT_ASKED[name]}"}}'
        fires = f"max by (dataset) ({absent}) * 0\nor on (dataset) {fires}"
    return Check(
        name,
        WARNING,
        INTEGRITY,
        fires,
        title,
        "<value>",
        f"{ON_DAY}, {counts(f'clickstream_{part}', f'clickstream_{among}')} {what}; the limit is <limit>, so "
        f"up to {a_few_of(among, limit_name)} may be chance.",
        value=percent(f"dataset:clickstream_{ratio}:ratio"),
        limit=limit_percent(limit_name),
        guards=(*guards, f"reach_{ratio}"),
    )


def increased(name: str, share: str, limit_name: str, title: str, what: str, guard: str) -> Check:
    """A check of data integrity: a share is above its baseline."""
    return Check(
        name,
        WARNING,
        INTEGRITY,
        exceeds_both(f"{share}:increase", limit_name, f"{share}:noise"),
        title,
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, the share of events {what} is {points(f'{share}:increase')} above its baseline, the "
        f"median of up to four weeks; the limit is <limit>, and chance explains {points(f'{share}:noise')}.",
        value=percent(f"{share}:comparable_ratio"),
        baseline=percent(f"{share}:baseline_ratio"),
        limit=limit_points(limit_name),
        guards=(*DRIFT, guard),
    )


def share_dropped(
    name: str, share: str, limit_name: str, title: str, what: str, guards: tuple[str, ...], noise: str = "noise"
) -> Check:
    """A check of the business: a share is below its baseline, by so much of the baseline, and beyond chance."""
    return Check(
        name,
        WARNING,
        BUSINESS,
        exceeds_both(f"{share}:drop_ratio", limit_name, f"{share}:{noise}"),
        f"{title} drop detected",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, {what} is {percent(f'{share}:drop_ratio')} lower than its baseline; the limit is <limit>, "
        f"and chance explains {percent(f'{share}:{noise}')}.",
        value=percent(f"{share}:comparable_ratio"),
        baseline=percent(f"{share}:baseline_ratio"),
        limit=limit_percent(limit_name),
        guards=(*DRIFT, *guards),
    )


def counts(part: str, total: str) -> str:
    """Two counts of the anchor day, as `10 of 4000`."""
    return f"{whole(f'dataset:{part}:day')} of {whole(f'dataset:{total}:day')}"
