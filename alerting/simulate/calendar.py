"""The days as a calendar: a row a week, a cell a day, the highest severity as a letter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from alerting.formats.text import COLOURS
from alerting.simulate.judged import Days, worst

LETTERS = {"CRITICAL": "C", "WARN": "W", "INFO": "i", "": "."}
NO_EVENTS, UNKNOWN, OUTSIDE = "-", "?", " "
LEGEND = "C critical, W warning, i info, . in order, - no event, ? not judged"


def calendar(days: Days, quiet: Collection[date], *, colour: bool) -> str:
    """The calendar and its legend, in colour if that is requested."""
    every = {*days, *quiet}
    monday, last = min(every) - timedelta(days=min(every).weekday()), max(every)
    lines = [" " * 12 + "Mo Tu We Th Fr Sa Su"]
    while monday <= last:
        week = [monday + timedelta(days=number) for number in range(7)]
        cells = "  ".join(_cell(days, quiet, when, colour=colour) for when in week)
        lines.append(f"{monday}   {cells}".rstrip())
        monday += timedelta(days=7)
    return "\n".join([*lines, LEGEND]) + "\n"


def _cell(days: Days, quiet: Collection[date], when: date, *, colour: bool) -> str:
    if when not in days:
        return NO_EVENTS if when in quiet else OUTSIDE
    severity = worst(days[when])
    letter = LETTERS[severity] if days[when].proven else UNKNOWN
    number = COLOURS.get(severity if days[when].proven else "UNKNOWN") if colour else None
    return f"\x1b[{number}m{letter}\x1b[0m" if number else letter
