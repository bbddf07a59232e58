"""RevenueDrop pages on next to no healthy day, finds what is broken, and so the verdict is worth something."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.quality.judged import Verdict, judge
from tests.quality.quality import fastest
from tests.quality.samples import Sample, verdicts
from tests.quality.served import Judged, snapshots
from tests.quality.table import tables
from tests.support.generations import Generation

HEALTHY = [Sample(size, 40) for size in (15, 20, 50, 500)]
_FAULT = "80% of the purchases lost"
BROKEN = {Sample(20, 60, _FAULT): 0.85, Sample(50, 60, _FAULT): 0.97}
"""Each sample of broken days, and the share that must be found."""

ALLOWED = 0.005
"""The share of healthy days that may page: twice what was measured over many days."""


@pytest.fixture(scope="module")
def found() -> Mapping[Sample, Sequence[Verdict]]:
    """What the rules find in all samples."""
    judged = verdicts([*HEALTHY, *BROKEN], fastest(), workers=2)
    print(tables(judged))
    return judged


def pages(found: Sequence[Verdict]) -> int:
    """On how many days RevenueDrop is critical."""
    return sum(verdict.has("RevenueDrop", "critical") for verdict in found)


def at_most(share: float, days: int) -> float:
    """How many of the days it may be if that is the true share: three standard deviations more than expected."""
    return share * days + 3 * math.sqrt(share * days)


def at_least(share: float, days: int) -> float:
    """How many of the days it must be if that is the true share: three standard deviations fewer than expected."""
    return share * days - 3 * math.sqrt(share * (1 - share) * days)


def test_j6_healthy_days_page_nobody(found: Mapping[Sample, Sequence[Verdict]]) -> None:
    """Whatever the size of the shop: weekdays, campaigns and chance are no revenue drop."""
    counts = {sample: pages(found[sample]) for sample in HEALTHY}
    most = {sample: at_most(ALLOWED, sample.days) for sample in HEALTHY}
    assert {sample.size: count for sample, count in counts.items() if count > most[sample]} == {}


def test_lost_purchases_page(found: Mapping[Sample, Sequence[Verdict]]) -> None:
    """A loss of four fifths of the purchases is found on the first day, at a small shop nearly always."""
    counts = {sample: pages(found[sample]) for sample in BROKEN}
    least = {sample: at_least(share, sample.days) for sample, share in BROKEN.items()}
    assert {sample.size: count for sample, count in counts.items() if count < least[sample]} == {}


def test_what_is_not_served_decides_nothing() -> None:
    """Verdicts are the same where all gauges are known of all days; if not, DEEP lacks one that the rules read."""
    (batch,) = Sample(20, 40, "amounts halved").batches()
    assert batch.verdicts(fastest()) == batch.verdicts(fastest(), deep=None)


def specification() -> Judged:
    """A revenue of 10565 instead of 33636 at 33 purchases a day, with unchanged traffic; weekdays differ by a tenth."""
    lags = np.arange(30)
    weekday = np.array((1.0, 0.97, 0.95, 0.98, 1.02, 1.05, 1.03))[lags % 7]
    today = np.where(lags == 0, 10565 / 33636, weekday)
    purchases = np.rint(33 * today)
    counts = {
        ("sessions", ""): np.rint(825 * weekday),
        ("converting_sessions", ""): purchases,
        ("purchases", ""): purchases,
        ("purchases_without_revenue", ""): np.zeros(30),
        ("revenue", ""): np.round(33636 * today, 2),
    }
    hours = np.rint(np.outer(146 * weekday, np.ones(24))).astype(int)
    return Judged({key: each[None] for key, each in counts.items()}, hours[None])


def test_the_example_of_the_specification_pages(generation: Generation) -> None:
    """Revenue drop detected: 10565 vs baseline 33636, with one to four weeks of history."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    batch = [
        each
        for history in (8, 15, 22, 29)
        for each in snapshots(specification(), [f"history-{history}"], yesterday, history)
    ]
    judged = dict(zip([each.dataset for each in batch], judge(batch, generation.prometheus), strict=True))
    assert {name for name, verdict in judged.items() if verdict.has("RevenueDrop", "critical")} == set(judged)
