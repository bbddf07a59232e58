"""A number as a tile: how much it is, how far from what is usual, and its curve."""

from __future__ import annotations

from datetime import date

from exporter.html.chart import chart
from exporter.html.markup import Markup, joined, tag
from exporter.html.numbers import Number
from exporter.html.words import change, value


def tile(of: Number, newest: date, *, whole: bool, curve: bool) -> Markup:
    """The tile of a number of the newest day."""
    beyond = tag("p", tag("span", "!", aria_hidden="true"), f" {of.outside} its limit", class_="beyond")
    return tag(
        "article",
        tag("h3", of.name),
        tag("p", value(of.today, of), class_="number"),
        beyond if of.outside else "",
        tag("p", _compared(of, newest)),
        tag("p", _further(of), class_="why"),
        chart(of, newest, whole=whole) if curve else "",
        class_="tile outside" if of.outside else "tile",
    )


def _compared(of: Number, newest: date) -> Markup:
    """How far it is from what this weekday brings, or else from the mean of seven days."""
    if of.usual is None:
        return joined("nothing to compare it with yet")
    brings = "the seven days before" if of.weekday is None else "usual" if of.is_share else f"a usual {newest:%A}"
    if of.change is None:
        return joined(f"{brings}: {value(of.usual, of)}")
    much = change(of.change)
    return joined(
        f"about {much} {brings}" if much == "as" else joined(tag("b", much), f" {brings}"), f": {value(of.usual, of)}"
    )


def _further(of: Number) -> str:
    """The mean of seven days where it is another than what is usual, and the limits."""
    mean = f"7-day mean {value(of.mean, of)}" if of.mean is not None and of.weekday is not None else ""
    limits = [value(limit, of) for limit in (of.lower, of.upper) if limit is not None]
    return "; ".join(
        filter(None, (mean, f"{'limit' if len(limits) == 1 else 'limits'} {' and '.join(limits)}" if limits else ""))
    )
