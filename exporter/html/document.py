"""A whole page: one file without a script, whose only style is its own, and which may load nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from exporter.html.judgement import MEANINGS
from exporter.html.legend import LEGEND
from exporter.html.markup import Markup, joined, tag
from exporter.html.numbers import Number, numbers
from exporter.html.section import DataSet, section
from exporter.html.words import change, short_date

LARGEST = 150_000
"""The maximum size of a page, in bytes: what would make it larger is left out, the curves first."""

NO_CURVES = "There are too many data sets for curves here; with --dataset, the exporter shows one."
NO_SECTIONS = "There are too many data sets for more than this list; with --dataset, the exporter shows one."


@cache
def style() -> Markup:
    """The style of every page."""
    return Markup((files("exporter.html") / "style.css").read_text("ascii"))


@cache
def policy() -> str:
    """The Content-Security-Policy of every page: its style and its empty icon, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def page(title: str, *body: object) -> bytes:
    """The page as ASCII, so that it is the same in any encoding."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", style()),
    )
    document = joined(Markup("<!doctype html>\n"), tag("html", head, tag("body", *body), lang="en"), Markup("\n"))
    return document.encode("ascii", "xmlcharrefreplace")


def of_data_sets(datasets: Sequence[DataSet], *foot: object) -> bytes:
    """The page of the data sets, with as much of each as fits."""
    complete = [section(each, curves=True) for each in datasets]
    found = _page(datasets, joined(*complete, LEGEND if any(each.gauges.day for each in datasets) else ""), *foot)
    if len(found) > LARGEST:
        without = [section(each, curves=False) for each in datasets]
        found = _page(datasets, joined(tag("p", NO_CURVES), *without), *foot)
    return found if len(found) <= LARGEST else _page(datasets, tag("p", NO_SECTIONS), *foot, linked=False)


def _page(datasets: Sequence[DataSet], sections: Markup, *foot: object, linked: bool = True) -> bytes:
    names = datasets[0].name if len(datasets) == 1 else f"{len(datasets)} data sets"
    header = tag("header", tag("h1", "Clickstream data"))
    overview = _overview(datasets, linked=linked) if len(datasets) > 1 else ""
    return page(f"Clickstream: {names}", header, tag("main", overview, sections), tag("footer", *foot))


def _overview(datasets: Sequence[DataSet], *, linked: bool) -> Markup:
    """A row for each data set."""
    names = ("Data set", "Day", "Verdict", "Events", "Revenue")
    head = tag("tr", *(tag("th", each, scope="col") for each in names))
    rows = [_row(each, linked=linked) for each in datasets]
    return tag("table", tag("caption", "All data sets"), tag("thead", head), tag("tbody", *rows), class_="overview")


def _row(of: DataSet, *, linked: bool) -> Markup:
    found = {each.name: each for each in numbers(of.gauges)}
    day = short_date(of.gauges.day) if of.gauges.day else "none"
    name = tag("a", of.name, href=f"#{of.anchor}") if linked else of.name
    cells = (day, _word(of), *(_change(found.get(each)) for each in ("Events", "Revenue")))
    return tag("tr", tag("th", name, scope="row"), *(tag("td", each) for each in cells))


def _word(of: DataSet) -> str:
    return f"{MEANINGS[of.judgement.word][0]} {of.judgement.word}" if of.judgement else "not judged here"


def _change(of: Number | None) -> str:
    if of is None or of.change is None:
        return "-"
    much = change(of.change)
    return "as usual" if much == "as" else f"! {much}" if of.outside else much
