"""The faults that the lab lets strike, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trial import Fault, Trial

FAULTS: dict[str, Fault] = {}
Strike = Callable[[Trial], None]


def fault(promise: str, unknown: str | None = None, **further: Any) -> Callable[[Strike], Strike]:
    """Register a function as the fault of its name; see `Fault` for the rest."""

    def register(strike: Strike) -> Strike:
        FAULTS[strike.__name__] = Fault(strike.__name__, promise, strike, unknown, **further)
        return strike

    return register
