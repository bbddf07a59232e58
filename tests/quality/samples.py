"""Samples of simulated days, healthy or with a fault, and what the rules find in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tests.quality.judged import Verdict, judge
from tests.quality.served import DEEP, DEPTH, Judged, judged, snapshots
from tests.quality.shops import FAULTS, drivers

SHOPS, DAYS = 10, 10
"""A batch has so many shops, and judges so many days of each: with more data sets at once, one scrape or cycle of the
rules would run into the next.
"""

HEALTHY = "none"
WHOLE = DEPTH - 1
"""Days of history of a data set that has all that the rules read."""


@dataclass(frozen=True)
class Sample:
    """So many judged days of shops of a size in purchases a day, on which a fault happens, or HEALTHY.

    Samples of the same seed and size have the same shops and the same history, of which `history` days are served.
    """

    size: int
    days: int
    fault: str = HEALTHY
    history: int = WHOLE
    seed: int = 1

    def batches(self) -> Iterator[Batch]:
        """The batches of the sample; the last one may have fewer days."""
        for number, first in enumerate(range(0, self.days, SHOPS * DAYS)):
            yield Batch(self, number, min(self.days - first, SHOPS * DAYS))


@dataclass(frozen=True)
class Batch:
    """Days of a sample that are judged at once."""

    of: Sample
    number: int
    days: int

    def drawn(self) -> Judged:
        """The days, the same for the same seed."""
        rng = np.random.default_rng([self.of.seed, self.of.size, self.number])
        shops = drivers(self.of.size, SHOPS, WHOLE + DAYS, rng)
        return judged(shops, rng, FAULTS.get(self.of.fault)).take(slice(0, self.days))

    def verdicts(self, program: Path, deep: Sequence[str] | None = DEEP) -> list[Verdict]:
        """What the rules find on each of the days, which are all yesterday; `deep` as in `snapshots`."""
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        names = [f"s{self.of.size}-{self.number:03}{day:03}" for day in range(self.days)]
        return judge(snapshots(self.drawn(), names, yesterday, self.of.history, deep), program)


def verdicts(samples: Sequence[Sample], program: Path, workers: int = 1) -> dict[Sample, list[Verdict]]:
    """What the rules find on each day of each sample; so many batches are judged at a time."""
    batches = [batch for sample in samples for batch in sample.batches()]
    found: dict[Sample, list[Verdict]] = {sample: [] for sample in samples}
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for batch, each in zip(batches, pool.map(_verdicts, batches, [program] * len(batches)), strict=True):
            found[batch.of] += each
    return found


def _verdicts(batch: Batch, program: Path) -> list[Verdict]:
    return batch.verdicts(program)
