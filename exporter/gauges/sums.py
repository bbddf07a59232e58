"""Sums, and what is made of them, that are the same on any machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from exporter.measures.declared import Number


def exact_sum(numbers: Iterable[Number]) -> float:
    """The exact sum; for floats, one that does not depend on the order."""
    numbers = list(numbers)
    return math.fsum(map(float, numbers)) if float in set(map(type, numbers)) else float(sum(numbers))


def variance(values: Sequence[float]) -> float:
    """That of `statistics.pvariance` up to the last digit, without its fractions, which take far longer."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)
