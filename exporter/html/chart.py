"""A curve of 35 days as inline SVG, with the limits, the earlier days of the same weekday, and what is usual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from exporter.html.markup import Markup, tag
from exporter.html.numbers import DAYS, Number
from exporter.html.words import short_date, value

STEP, HEIGHT, MARGIN = 9, 72, 6
"""Units from day to day, of the whole height, and around the curve, so that no dot is cut."""

WIDTH = STEP * (DAYS - 1) + 2 * MARGIN
DOT = 4
"""The radius of the newest day."""


def chart(of: Number, newest: date, *, whole: bool) -> Markup:
    """The curve of a number; unless the newest day is `whole`, with its number so far, and without limits."""
    levels = [level for level in (of.lower, of.upper) if level is not None and whole]
    usual = [of.usual] if whole and of.usual is not None else []
    scale = _Scale(max([*of.days.values(), *levels, *usual], default=0) or 1)
    same = [lag for lag in range(7, DAYS, 7) if lag in of.days]
    svg = tag(
        "svg",
        _path("base", f"M0 {HEIGHT - MARGIN}H{WIDTH}"),
        _path("limit", "".join(f"M0 {scale.y(level)}H{WIDTH}" for level in levels)),
        _path("curve", _curve(of, scale)),
        _path("same", "".join(f"M{_x(lag)} {scale.y(of.days[lag])}h0" for lag in same)),
        *(tag("circle", class_="usual", cx=_x(0), cy=scale.y(each), r=DOT) for each in usual),
        *(tag("circle", class_="newest", cx=_x(0), cy=scale.y(of.days[lag]), r=DOT) for lag in (0,) if lag in of.days),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{of.name} of {DAYS} days, at most {value(scale.top, of)}",
    )
    return tag("figure", svg, _caption(newest, f"0 to {value(scale.top, of)}", whole=whole))


@dataclass(frozen=True)
class _Scale:
    """From 0 to `top`."""

    top: float

    def y(self, number: float) -> int:
        """The place of a number from the top."""
        return HEIGHT - MARGIN - round(number / self.top * (HEIGHT - 2 * MARGIN))


def _x(lag: int) -> int:
    return MARGIN + STEP * (DAYS - 1 - lag)


def _path(kind: str, drawing: str) -> Markup:
    return tag("path", class_=kind, d=drawing) if drawing else Markup()


def _curve(of: Number, scale: _Scale) -> str:
    """The line from the oldest day to the newest, broken where a day has no number."""
    drawn, before = "", -1
    for lag in sorted(of.days, reverse=True):
        y = scale.y(of.days[lag])
        drawn += f"l{STEP} {y - scale.y(of.days[before])}" if lag == before - 1 else f"M{_x(lag)} {y}"
        before = lag
    return drawn


def _caption(newest: date, span: str, *, whole: bool) -> Markup:
    oldest = newest - timedelta(days=DAYS - 1)
    last = short_date(newest) if whole else f"{short_date(newest)} so far"
    return tag("figcaption", *(tag("span", each) for each in (short_date(oldest), span, last)))
