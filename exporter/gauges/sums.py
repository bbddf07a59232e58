"""Sums that are the same on any machine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from exporter.measures.declared import Number


def exact_sum(numbers: Iterable[Number]) -> float:
    """The exact sum; for floats, one that does not depend on the order."""
    numbers = list(numbers)
    if any(isinstance(number, float) for number in numbers):
        return math.fsum(float(number) for number in numbers)
    return float(sum(numbers, Decimal(0)))
