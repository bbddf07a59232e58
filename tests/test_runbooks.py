"""What an alert's page says can be done, and what it names exists."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from alerting import rulefile
from exporter.config.checks import Limits
from exporter.config.model import COLUMNS, Config, Dataset
from exporter.demo.write import SCHEMA, write_demo
from exporter.gauges import own
from exporter.measures import declared

PAGES = {
    f"Clickstream{path.stem}": path.read_text("utf-8")
    for path in sorted((Path(__file__).parents[1] / "alerting" / "runbooks").glob("*.md"))
}
HEADINGS = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
WITHOUT_SQL = {f"Clickstream{name}" for name in ("ExporterDown", "RefreshFailing", "NotJudged", "SwitchedOff")}
"""What is down, and what the configuration says, is looked at from a shell."""

NAMED = {
    "limit or key": r"`(\w+)`",
    "key or column": r"`([a-z0-9]+(?:_[a-z0-9]+)+)`",
    "gauge": r"(?<![\w:])clickstream_[a-z_]+(?![\w:.])",
    "series": r"\bdataset\w*:clickstream_\w+:\w+",
    "alert": r"\bClickstream\w+",
}
"""How a page names things."""

each_page = pytest.mark.parametrize("alert", PAGES)


def named(what: str, text: str) -> set[str]:
    """The things of a kind that the text names."""
    return set(re.findall(NAMED[what], text))


def blocks(alert: str, language: str) -> list[str]:
    """The fenced blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[alert], re.DOTALL | re.MULTILINE)


def prose(alert: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", PAGES[alert], flags=re.DOTALL | re.MULTILINE)


def shipped() -> dict[str, list[str]]:
    """Every alert that is for people, with the limits that its check compares with."""
    every = [rule for group in rulefile.groups().values() for rule in group]
    limits = {
        rule["labels"]["check"]: re.findall(r'clickstream_limit:max\{limit="(\w+)"', rule["expr"])
        for rule in every
        if rule.get("record") == "dataset:clickstream_check:state"
    }
    names = {rule["alert"] for rule in every if "alert" in rule} - {"ClickstreamCertificate"}
    return {name: limits.get(name.removeprefix("Clickstream"), []) for name in names}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo data."""
    return write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9)).parent


def test_every_alert_has_a_page_and_no_page_is_left_over() -> None:
    """Whoever is paged finds a page, and no page is about an alert of the past."""
    assert sorted(PAGES) == sorted(shipped())


@pytest.mark.parametrize("what", NAMED)
def test_pages_name_things_as_the_tests_expect(what: str) -> None:
    """Or else the tests below would look for names that nobody writes so, and find nothing wrong."""
    assert any(named(what, page) for page in PAGES.values())


def test_limits_of_checks_are_found() -> None:
    """So the pages are searched for them."""
    limits = {limit for limits in shipped().values() for limit in limits}
    assert len(limits) > 20
    assert limits <= set(Limits.model_fields)


@each_page
def test_a_page_has_four_parts(alert: str) -> None:
    """A page has its alert's name for a title, and the same headings in the same order as every other."""
    assert re.findall(r"^#+ .*$", prose(alert), re.MULTILINE) == [f"# {alert}", *HEADINGS]
    assert PAGES[alert].startswith(f"# {alert}\n\n## Meaning\n")


@each_page
def test_a_page_is_whole_and_short(alert: str) -> None:
    """At night nobody reads long, and nobody finishes what the author left open."""
    parts = [part.strip() for part in re.split(r"^## \w+$", PAGES[alert], flags=re.MULTILINE)[1:]]
    assert [bool(part) for part in parts] == [True] * len(HEADINGS)
    assert "TODO" not in PAGES[alert]
    assert 20 <= len(PAGES[alert].splitlines()) <= 45


@each_page
def test_the_sql_of_a_page_runs(alert: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page shows can be pasted into DuckDB, from top to bottom, where the data lie."""
    monkeypatch.chdir(folder)
    assert blocks(alert, "sql") or alert in WITHOUT_SQL
    with duckdb.connect() as connection:
        for block in blocks(alert, "sql"):
            statements = duckdb.extract_statements(block)
            assert statements[-1].type == duckdb.StatementType.SELECT
            for statement in statements:
                connection.execute(statement).fetchall()


@each_page
def test_a_page_names_the_limits_of_its_check(alert: str) -> None:
    """The key that a person would have to change is on the page."""
    assert set(shipped()[alert]) <= named("limit or key", prose(alert))


@each_page
def test_a_page_names_no_key_or_column_that_is_none(alert: str) -> None:
    """A word in backticks with an underscore is a limit, another key, a column, or made by the page's own SQL."""
    models = (Limits, Dataset, Config)
    known = {key for model in models for key in model.model_fields} | {*COLUMNS, *SCHEMA.names}
    known |= {"checkout_completed", "checkout_started", "page_viewed", "utm_source", "switched_off"}
    known |= set(re.findall(r"\bAS (\w+)", "\n".join(blocks(alert, "sql"))))
    assert {name for name in named("key or column", prose(alert)) if not name.startswith("clickstream_")} <= known


@each_page
def test_a_page_names_no_series_that_is_none(alert: str) -> None:
    """A gauge, a recorded series, a check or an alert that is mistyped would find nothing when it is needed."""
    text = PAGES[alert]
    known = {gauge for measure in declared.load() for gauge in measure.gauges}
    twins = {twin for measure in declared.load() for twin in measure.twins.values()}
    assert named("gauge", text) <= {*own.HELP, *known, *twins}
    recorded = {rule["record"] for group in rulefile.groups().values() for rule in group if "record" in rule}
    assert named("series", text) <= recorded
    assert named("alert", text) <= {*shipped(), *PAGES}
