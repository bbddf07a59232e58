"""Amounts: where a purchase has its amount, and how the data write it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Tag

from exporter.config.strict_yaml import TAG, Model
from exporter.config.values import Source

LEAST, MOST = 1e-6, 1e6
"""The bounds of a scale: no currency has smaller or larger units."""

DECIMALS = 6
"""The maximum number of decimals of a scale: with more, an amount would have more digits than DuckDB can multiply."""


def _scale(value: float) -> float:
    if not LEAST <= value <= MOST or round(value, DECIMALS) != value:
        expected = f"expected a number from 0.000001 to 1000000, with at most {DECIMALS} decimals, for example 0.01"
        raise ValueError(f"invalid scale {value:.15g}: {expected}")
    return value


class Amount(Model):
    """The names of the column, the number that its amounts are multiplied by, and the decimal sign of those in text."""

    column: Source
    scale: Annotated[float, AfterValidator(_scale)] = 1.0
    decimal: Literal[".", ","] = "."


def _form(value: object) -> str:
    return f"{TAG}mapping" if isinstance(value, dict | Amount) else f"{TAG}names"


Revenue = Annotated[
    Annotated[Source, Tag(f"{TAG}names")] | Annotated[Amount, Tag(f"{TAG}mapping")], Discriminator(_form)
]
