"""The pages for people in a real browser: nothing is blocked, loaded, cut off or hard to read; and in print."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from alerting.formats.html import html as verdict_page
from alerting.gate.verdict import Line, Subject, Verdict, unknown
from alerting.simulate.html import html as simulation_page
from alerting.simulate.result import Result
from exporter.html.document import of_data_sets
from exporter.html.gauges import Gauges
from exporter.html.section import DataSet
from tests.support.browser import CONTRASTS, LOADED, OVERFLOW, Browser, browsing, program
from tests.support.pages import NEWEST, samples
from tests.support.processes import running, write

pytestmark = [
    pytest.mark.skipif(not program(), reason="no chromium on PATH nor in the variable CHROMIUM"),
    pytest.mark.xdist_group("browser"),
]

LONG = "a-name-of-64-characters-that-has-no-place-where-it-could-break-x"
VIOLATION = "Content Security Policy"
TEXT, DRAWN = 4.5, 3.0
"""The least contrast of text, and of what is drawn, by WCAG 2.1 (1.4.3 and 1.4.11)."""

KINDS = {"curve", "limit", "usual", "newest"}
LOOKS = list(itertools.product(((1200, "screen"), (360, "screen"), (718, "print")), ("light", "dark")))
"""A desktop, a phone, and A4 without its margins."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests."""
    with browsing(tmp_path_factory.mktemp("profile")) as made:
        yield made


def written() -> Mapping[str, str]:
    """Every kind of page, with every colour and with names that are hard to break."""
    found = samples({0: 400.0, 9: 3000.0}, dataset_info={(("currency", "EUR"), ("owner", LONG)): 1})
    lines = tuple(
        Line(severity, f"{LONG} {severity}", check, description=LONG, runbook=f"https://{LONG}.example")
        for severity, check in (("CRITICAL", "RevenueDrop"), ("WARN", "JsonErrors"), ("INFO", "DaysExcluded"))
    )
    fail = Verdict(str(NEWEST), lines, True, LONG, 7, switched_off=("DataStale",), checks=40)
    verdicts = {"fail": fail, "pass": Verdict(str(NEWEST), (), True, LONG, 7), "unknown": unknown(Subject(LONG), LONG)}
    days = dict(
        zip(_days(), (fail, *(Verdict(str(NEWEST), lines[at:], True, LONG, 7) for at in (1, 2, 3))), strict=True)
    )
    days[NEWEST] = unknown(Subject(LONG), LONG)
    several = [DataSet(f"{LONG[:-1]}{at}", Gauges(found), unjudged="Not here.", problem="old") for at in range(3)]
    return {
        "several": of_data_sets(several).decode("ascii"),
        "simulation": simulation_page(Result(LONG, days, (), {"direct_share": 0.5}, days, ())),
        **{name: verdict_page(verdict, found) for name, verdict in verdicts.items()},
    }


def _days() -> list[date]:
    return [NEWEST - timedelta(days=number) for number in (4, 3, 2, 1)]


@pytest.mark.parametrize("name", written())
def test_every_page_can_be_read(browser: Browser, tmp_path: Path, name: str) -> None:
    """On a desktop, a phone and paper, in light and dark: no sideways scrolling, and enough contrast."""
    path = tmp_path / f"{name}.html"
    path.write_text(written()[name], "ascii")
    for (width, media), scheme in LOOKS:
        browser.open(path.as_uri(), width, scheme, media)
        assert browser.run(OVERFLOW) <= 0, (width, media)
        found = browser.run(CONTRASTS)
        assert len(found) > 15
        low = [each for each in found if each[1] < (DRAWN if each[0] in KINDS else TEXT)]
        assert low == [], (width, scheme, media)
        if folder := os.environ.get("PAGE_PICTURES"):
            browser.picture(Path(folder) / f"{name}-{width}-{scheme}-{media}.png")


def test_a_page_is_one_file_that_loads_nothing(browser: Browser, tmp_path: Path) -> None:
    """Its own policy lets its style through and blocks a script."""
    path = tmp_path / "page.html"
    page = written()["several"]
    path.write_text(page, "ascii")
    browser.open(path.as_uri())
    assert (browser.complaints, browser.run(LOADED)) == ([], [])
    assert browser.run("getComputedStyle(document.querySelector('.tile')).display") == "flex"
    path.write_text(page.replace("<main>", "<main><script>document.title = 'evil'</script>", 1), "ascii")
    browser.open(path.as_uri())
    assert [VIOLATION in each for each in browser.complaints] == [True]
    assert browser.run("document.title") == "Clickstream: 3 data sets"


def test_a_page_is_printed_on_paper(browser: Browser, tmp_path: Path) -> None:
    """Dark text on white, also from a dark screen: a page of A4 or two for a data set."""
    path = tmp_path / "page.html"
    path.write_text(written()["fail"], "ascii")
    browser.open(path.as_uri(), scheme="dark")
    printed = browser.pdf()
    assert printed.startswith(b"%PDF-")
    assert 1 <= printed.count(b"/Type /Page\n") <= 2
    browser.open(path.as_uri(), scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_s3_the_exporter_serves_it_with_a_strict_policy(browser: Browser, tmp_path: Path) -> None:
    """The page renders under the policy in its headers, which nothing violates; it is kept by no cache or frame."""
    write(tmp_path)
    with running(tmp_path) as exporter:
        _, headers, _ = exporter.answer("/")
        browser.open(f"http://127.0.0.1:{exporter.port}/")
        assert browser.complaints == []
        assert browser.run("document.querySelectorAll('svg .curve').length") > 1
        assert browser.run("getComputedStyle(document.querySelector('.tile')).display") == "flex"
        links = browser.run("[...document.links].map(each => each.pathname)")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert links == ["/metrics"]
