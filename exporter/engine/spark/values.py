"""Values as literals of SQL."""

from __future__ import annotations

from datetime import date

from sqlglot import exp


def literal(value: object) -> exp.Expression:
    """The literal of a text, a number, a truth, a date, or a list of texts."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int):
        return exp.Literal.number(value)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    if isinstance(value, list):
        return exp.Array(expressions=[exp.Literal.string(str(each)) for each in value])
    return exp.Literal.string(str(value))
