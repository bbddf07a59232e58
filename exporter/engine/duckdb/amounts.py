"""SQL for amounts: numbers, or text with a decimal sign, times a scale, all as exact decimals."""

from __future__ import annotations

from decimal import Decimal

from exporter.config.amounts import Amount
from exporter.engine.duckdb.steps import text

TYPE = "DECIMAL(18, 4)"

_UNSCALED = "DECIMAL(28, 10)"
"""Exact to the last digit of TYPE, whatever the scale is."""

_WITH_COMMA = r'^"?\s*([+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?)\s*"?$'
"""1.234,50 or 12,5, in quotes where it is JSON. A point that does not part thousands makes it no amount."""


def extract(given: Amount | None) -> str:
    """The function that takes an amount from JSON text; with a decimal comma, one that tells text from numbers."""
    return "json_extract" if given and given.decimal == "," else "json_extract_string"


def amount(given: Amount | None, value: str, kind: str) -> str:
    """SQL for the amount in a `value` of the kind, NULL if it is none."""
    if given and given.decimal == "," and kind in ("text", "JSON"):
        value = f"CAST({value} AS VARCHAR)"
        plain = f"replace(replace(regexp_extract({value}, {text(_WITH_COMMA)}, 1), '.', ''), ',', '.')"
        value = plain if kind == "text" else f"CASE WHEN starts_with({value}, '\"') THEN {plain} ELSE {value} END"
    if not given or given.scale == 1:
        return f"TRY_CAST({value} AS {TYPE})"
    return f"TRY(CAST(TRY_CAST({value} AS {_UNSCALED}) * {_literal(given.scale)} AS {TYPE}))"


def _literal(scale: float) -> str:
    """The scale as a decimal of its own digits: DuckDB would read 1e-06 as a floating-point number."""
    written = f"{Decimal(repr(scale)).normalize():f}"
    whole, _, decimals = written.partition(".")
    return f"CAST({text(written)} AS DECIMAL({len(whole) + len(decimals)}, {len(decimals)}))"
