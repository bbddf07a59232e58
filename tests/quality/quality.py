"""How good the shipped rules are: false alarms on healthy days, and how many faults they find, by the size of the shop.

python -m tests.quality.quality [--days 3000] [--seed 1] [--size N] [--fault NAME] [--workers 3]

Prints Markdown. The days are simulated; what judges them is the shipped rule file on a real Prometheus. Each fault is
tried on a thirtieth of the days, each short history on a tenth.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.quality.samples import HEALTHY, WHOLE, Sample, verdicts
from tests.quality.shops import FAULTS
from tests.quality.table import tables
from tests.support import generations

SIZES = (5, 10, 15, 20, 30, 50, 100, 200, 500, 5000)
EARLY_SIZE, EARLY = 50, (8, 15, 22)
"""The size and the days of history of young shops."""


def samples(days: int, seed: int, sizes: Sequence[int], faults: Sequence[str]) -> Iterator[Sample]:
    """All that is judged: healthy days, healthy days of young shops, and faults."""
    yield from (Sample(size, days, seed=seed) for size in sizes)
    if EARLY_SIZE in sizes:
        yield from (Sample(EARLY_SIZE, -(-days // 10), HEALTHY, history, seed) for history in EARLY)
    yield from (Sample(size, -(-days // 30), fault, WHOLE, seed) for fault in faults for size in sizes)


def fastest() -> Path:
    """The Prometheus that takes the least time, of those that are there."""
    try:
        return generations.newest().prometheus
    except generations.SkippedError:
        return generations.found().prometheus


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=3000, help="healthy days of each size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, action="append", help="purchases a day")
    parser.add_argument("--fault", choices=[*FAULTS, HEALTHY], action="append", help="only these; none: healthy days")
    parser.add_argument("--workers", type=int, default=3, help="batches at a time")
    options = parser.parse_args(arguments)
    faults = [fault for fault in options.fault or FAULTS if fault != HEALTHY]
    since = time.monotonic()
    found = verdicts(
        list(samples(options.days, options.seed, options.size or SIZES, faults)), fastest(), options.workers
    )
    print(tables(found))
    print(f"{sum(map(len, found.values()))} days in {time.monotonic() - since:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
