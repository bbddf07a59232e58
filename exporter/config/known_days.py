"""Days that are known to be unlike others: when, why, and for which checks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from exporter.config.checks import CHECKS, DRIFTS, KNOWABLE
from exporter.config.strict_yaml import Model
from exporter.config.values import as_tuple, calendar_day
from exporter.text import did_you_mean

LONGEST = 366
"""The maximum number of days of one entry."""

EXAMPLES = "YYYY-MM-DD or FIRST .. LAST, for example 2026-11-27 or 2026-11-23 .. 2026-11-30"


def _dates(value: object) -> tuple[date, date]:
    """The first and the last of the dates."""
    text = str(value)
    start, dots, end = text.partition("..")
    try:
        first, last = calendar_day(start.strip()), calendar_day((end if dots else start).strip())
    except ValueError:
        raise ValueError(f"invalid dates {text!r}: expected {EXAMPLES}") from None
    if last < first:
        raise ValueError(f"invalid dates {text!r}: the last day is before the first")
    if (last - first).days >= LONGEST:
        raise ValueError(f"invalid dates {text!r}: expected at most {LONGEST} days")
    return first, last


def _reason(value: str) -> str:
    if not value.strip():
        raise ValueError("expected the reason why these days are unlike others")
    return value.strip()


def _check(value: str) -> str:
    if value in KNOWABLE:
        return value
    if value in CHECKS:
        raise ValueError(f"{value} judges these days like any other: expected one of {', '.join(KNOWABLE)}")
    raise ValueError(f"unknown check {value!r}{did_you_mean(value, KNOWABLE)}: expected one of {', '.join(KNOWABLE)}")


def _entries(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("expected a list, each with dates and reason")
    return tuple(value)


class KnownDays(Model):
    """The days from the first to the last of `dates`, and the checks that are informational on them."""

    dates: Annotated[tuple[date, date], BeforeValidator(_dates, json_schema_input_type=str)]
    reason: Annotated[str, AfterValidator(_reason)]
    checks: Annotated[
        tuple[Annotated[str, AfterValidator(_check)], ...],
        BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...]),
        Field(min_length=1),
    ] = DRIFTS

    def has(self, when: date) -> bool:
        """Whether the day is one of them."""
        first, last = self.dates
        return first <= when <= last


Known = Annotated[tuple[KnownDays, ...], BeforeValidator(_entries, json_schema_input_type=list[KnownDays])]


def joined(reasons: Iterable[str]) -> str:
    """The reasons as one text, each once."""
    return "; ".join(dict.fromkeys(reasons))
