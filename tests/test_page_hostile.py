"""The pages for people with hostile text wherever text can be: it stays text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.formats.html import html as verdict_page
from alerting.gate.verdict import Line, Subject, Verdict, unknown
from alerting.simulate.html import html as simulation_page
from alerting.simulate.result import Result
from exporter.gauges.sample import Sample
from exporter.html.document import of_data_sets
from exporter.html.gauges import Gauges
from exporter.html.judgement import FAIL, Alert, Judgement
from exporter.html.section import DataSet
from tests.support.pages import NEWEST, parsed, samples

EVIL = "</style></title>\"'><script>alert(1)</script><img src=x onerror=alert(1)>\u202egnp.exe\x00\x1b[2J&amp;\udc80"
VISIBLE = "<script>alert(1)</script><img src=x onerror=alert(1)>?gnp.exe??[2J&amp;?"
BAD_LINK = "javascript:alert(1)"
ELEMENTS = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "main", "section", "footer", "article"),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "b",
        "strong",
        "small",
        "span",
        "time",
        "ul",
        "li",
        "a",
        "div",
        "figure",
        "figcaption",
    ),
    *("svg", "path", "circle", "table", "caption", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "rel", "href", "id", "class", "datetime", "scope", "title"),
    *("role", "aria-hidden", "aria-label", "viewbox", "d", "cx", "cy", "r"),
}


def hostile_samples() -> list[Sample]:
    """A data set of which every text is hostile."""
    return samples(
        dataset_info={(("currency", EVIL), ("owner", EVIL)): 1},
        links_info={(("grafana", BAD_LINK), ("runbooks", BAD_LINK)): 1},
        unreadable_files={(): 1},
        unreadable_file_info={(("file", EVIL), ("reason", EVIL)): 1},
        waiting_files={(): 1},
        waiting_file_info={(("file", EVIL), ("reason", EVIL)): 1},
        missing_column_info={(("column", EVIL), ("file", EVIL)): 1},
        changed_column_info={(("change", EVIL), ("column", EVIL), ("file", EVIL)): 1},
        switched_off_info={(("check", EVIL), ("reason", EVIL)): 1},
        known_check_info={(("check", EVIL), ("reason", EVIL)): 1},
        excluded_day_info={(("lag", "3"), ("reason", EVIL)): 1},
    )


def hostile_pages() -> Iterator[str]:
    """Every page there is, with hostile text wherever text can be."""
    found = hostile_samples()
    judgement = Judgement(FAIL, [Alert("CRITICAL", EVIL, EVIL, BAD_LINK)], EVIL, [EVIL], [EVIL])
    datasets = [DataSet(EVIL, Gauges(found), judgement, EVIL, EVIL), DataSet(EVIL, Gauges(found), None, EVIL, EVIL)]
    yield of_data_sets(datasets, EVIL).decode("ascii")
    line = Line("CRITICAL", EVIL, "RevenueDrop", "business", EVIL, BAD_LINK, owner=EVIL)
    verdict = Verdict("2025-03-09", (line,), True, EVIL, 7, inhibited=(line,))
    yield verdict_page(verdict, found)
    yield verdict_page(unknown(Subject(EVIL), EVIL), ())
    days = {NEWEST: verdict, NEWEST - timedelta(1): unknown(Subject(EVIL), EVIL)}
    yield simulation_page(Result(EVIL, days, (), {EVIL: 1.0}, {each: replace(verdict, lines=()) for each in days}))


@pytest.mark.parametrize("page", [*hostile_pages()], ids=["data sets", "verdict", "unknown", "simulation"])
def test_d7_hostile_text_stays_text(page: str) -> None:
    """It is shown, without what is invisible, and makes no element, no attribute and no link."""
    found = parsed(page)
    assert found.elements <= ELEMENTS
    assert {name for _, name, _ in found.attributes} <= ATTRIBUTES
    links = {value for tag, name, value in found.attributes if name == "href" and tag == "a"}
    assert all(each.startswith("#") for each in links)
    assert any(
        "<script>alert(1)</script><img src=x onerror=alert(1)>?gnp.exe??[2J&amp;?" in text for text in found.texts
    )
    assert page.isascii()


def test_links_are_those_of_the_configuration() -> None:
    """A URL of HTTP is a link, and the name of the data set cannot leave its place in it."""
    found = samples(links_info={(("grafana", "https://grafana.example"), ("runbooks", "x")): 1})
    page = of_data_sets([DataSet("a b&c", Gauges(found))])
    expected = "https://grafana.example/d/clickstream-dataset?var-dataset=a%20b%26c"
    assert ("a", "href", expected) in parsed(page).attributes
