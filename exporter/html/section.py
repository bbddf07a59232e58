"""The part of the page about one data set: its newest day, the verdict, its numbers, and what they leave out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from exporter.html.gauges import Gauges
from exporter.html.judgement import Judgement, alerts, banner
from exporter.html.markup import Markup, joined, link, listed, tag
from exporter.html.numbers import numbers
from exporter.html.remarks import checks_off, not_compared, set_aside
from exporter.html.tile import tile
from exporter.html.words import clock, instant, long_date

MORE_OFF = "Checks can also be off because a day or its baseline is too small; only the verdict knows these."


@dataclass(frozen=True)
class DataSet:
    """What is served of a data set, and its verdict, if it is known.

    `unjudged` is said in the place of a verdict. `problem` is why there are no numbers, or only old ones.
    """

    name: str
    gauges: Gauges
    judgement: Judgement | None = None
    unjudged: str = ""
    problem: str = ""

    @property
    def anchor(self) -> str:
        """What links on the page call its part."""
        return f"of-{_quoted(self.name)}"


def section(of: DataSet, *, curves: bool) -> Markup:
    """The part of the page, with or without the curves of the numbers."""
    newest = of.gauges.day
    return tag(
        "section",
        tag("h2", of.name),
        tag("p", _day(of.gauges, newest), class_="day") if of.gauges else "",
        tag("p", tag("strong", "Problem:"), " ", of.problem, class_="problem") if of.problem else "",
        banner(of.judgement, of.unjudged),
        alerts(of.judgement) if of.judgement else "",
        _tiles(of.gauges, newest, curves=curves) if newest else "",
        _remarks("Set aside", set_aside(of.gauges)),
        _off(of),
        _remarks("Days in no comparison", not_compared(of.gauges, newest) if newest else []),
        _foot(of, newest),
        id=of.anchor,
    )


def _day(gauges: Gauges, newest: date | None) -> Markup:
    """The newest day, and up to when it is compared."""
    if not newest:
        return joined("No day with events.")
    hours = gauges.count("clickstream_complete_hours")
    if hours == 24:
        return joined(tag("b", _dated(newest)), ", the newest day in the data")
    last = gauges.value("clickstream_day_last_event_clock_seconds", lag="0")
    until = f", whose last event is at {clock(last)}" if last is not None else ""
    compared = f"its first {hours} hours are compared with the same hours of the days before"
    return joined(tag("b", _dated(newest)), f", the newest day in the data{until}: ", compared)


def _dated(when: date) -> Markup:
    return tag("time", long_date(when), datetime=when.isoformat())


def _tiles(gauges: Gauges, newest: date, *, curves: bool) -> Markup:
    whole = gauges.count("clickstream_complete_hours") == 24
    shown = [tile(each, newest, whole=whole, curve=curves) for each in numbers(gauges)]
    return tag("div", *shown, class_="tiles")


def _off(of: DataSet) -> Markup:
    """What is switched off and why: by the verdict, or else as far as the samples say so."""
    if of.judgement and of.judgement.basis:
        return _remarks("Checks that are off", list(of.judgement.off))
    found = checks_off(of.gauges)
    return joined(_remarks("Checks that are off", found), tag("p", MORE_OFF, class_="why")) if found else Markup()


def _remarks(title: str, items: list[str]) -> Markup:
    return joined(tag("h3", title), listed(items)) if items else Markup()


def _foot(of: DataSet, newest: date | None) -> Markup:
    """Who answers for the data, when they were measured, and where there is more."""
    gauges = of.gauges
    owner = gauges.label("clickstream_dataset_info", "owner")
    measured = gauges.value("clickstream_exporter_last_refresh_timestamp_seconds")
    grafana = gauges.label("clickstream_links_info", "grafana")
    board = f"{grafana}/d/clickstream-dataset?var-dataset={_quoted(of.name)}" if grafana else ""
    parts = [
        f"Owner: {owner}" if owner else "",
        f"Measured {instant(measured)}" if measured else "",
        link(board, "Dashboard in Grafana") if board and newest else "",
    ]
    shown = [each for each in parts if each]
    return tag("p", joined(*shown, by="; "), class_="foot") if shown else Markup()


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="replace")
