"""What Grafana's own code makes of the dashboards and of the answers: validated, transformed, drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import node
import pytest
from boards import BOARDS, ROOT, answered, panels, titled
from picture import page
from stack import BROKEN_DAY, judged

from grafana.source import palette

pytestmark = [
    pytest.mark.skipif(bool(node.missing()), reason=str(node.missing())),
    pytest.mark.xdist_group("grafana"),
]

FILES = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))

RUNBOOKS = "alerting/runbooks"
"""Where they are by default: no URL, so no link."""

Table = dict[str, list[str]]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that has judged the broken day."""
    node.build()
    with judged(tmp_path_factory.mktemp("broken"), BROKEN_DAY) as stack:
        yield stack.prometheus


@pytest.fixture(scope="module")
def answers(prometheus: str) -> list[dict[str, Any]]:
    """Every panel with its answers."""
    return [each for board in BOARDS for each in answered(prometheus, board) if each["panel"]["type"] != "row"]


def shown(
    folder: Path, panels: list[dict[str, Any]], grafana: int = 12, **question: Any
) -> dict[str, list[list[dict[str, Any]]]]:
    """The frames that each panel draws: fields with values, texts, colours and links."""
    asked = {"panels": panels, "variables": node.VARIABLES} | question
    frames = node.asked(f"build/transform-{grafana}.cjs", folder, asked)
    return {titled(each["panel"]): made for each, made in zip(panels, frames, strict=True)}


def table(frames: list[list[dict[str, Any]]], what: str = "texts") -> Table:
    """The columns of the only frame."""
    assert len(frames) == 1
    return {field["name"]: field[what] for field in frames[0]}


def test_files_are_of_grafanas_schema() -> None:
    """Neither Grafana 12 nor 13 knows of a key that it would ignore, or misses one."""
    assert len(FILES) == len(BOARDS) > 0
    assert json.loads(node.run("schema.mjs", *FILES)) == []


@pytest.mark.parametrize("key", ["axisSoftMin", "minWidth", "xField", "timezone", "instant", "gridPos"])
def test_a_mistyped_key_is_found(tmp_path: Path, key: str) -> None:
    """In the dashboard, a panel, its options, a query, a field's configuration and an override."""
    text = "".join(path.read_text("utf-8").replace("\n", " ") for path in FILES if path.stem.endswith("dataset"))
    (tmp_path / "typo.json").write_text(text.replace(key, key.swapcase()), "utf-8")
    found = json.loads(node.run("schema.mjs", tmp_path / "typo.json"))
    assert [problem for problem in found if key.swapcase() in problem] != []


def test_the_overview_says_what_is_wrong(answers: list[dict[str, Any]], tmp_path: Path) -> None:
    """The verdict, the alerts with what was measured, its limit and runbook, and the checks by tier."""
    found = shown(tmp_path, answers)
    assert table(found["Can today's data be trusted?"])["shop"] == ["BROKEN"]
    assert table(found["Can today's data be trusted?"], "colours")["shop"] == [palette.CRITICAL]
    datasets = table(found["Data sets"])
    assert [datasets[name] for name in ("Data set", "Verdict", "Data of")] == [["shop"], ["BROKEN"], [BROKEN_DAY]]
    assert [datasets[name] for name in ("Critical", "Warning", "Info", "Off")] == [["1"], ["3"], ["0"], ["1"]]
    fires = table(found["Firing alerts"])
    rows = zip(*(fires[name] for name in ("Severity", "Check", "Measured", "Limit", "Runbook file")), strict=True)
    assert next(rows) == ("CRITICAL", "Revenue drop detected", "69.38%", "40.00%", f"{RUNBOOKS}/RevenueDrop.md")
    assert sorted(rows) == [
        ("warning", "Conversion rate drop detected", "60.15%", "54.79%", f"{RUNBOOKS}/ConversionRateDrop.md"),
        ("warning", "High null client_id rate", "34.18%", "6.27%", f"{RUNBOOKS}/NullClientIds.md"),
        ("warning", "JSON parse error rate high", "2.79%", "2.25%", f"{RUNBOOKS}/JsonErrors.md"),
    ]
    business = table(found["Business: does the business drift?"])
    assert dict(zip(business["Check"], business["shop"], strict=True))["RevenueDrop"] == "CRITICAL"


def test_charts_have_a_row_for_each_date(answers: list[dict[str, Any]], tmp_path: Path) -> None:
    """Oldest first, with a day before and after; the bar of the broken day stands at its date, under the limit."""
    found = shown(tmp_path, answers)
    charts = [titled(panel) for panel in panels("dataset") if panel["type"] == "trend"]
    assert charts
    for title in charts:
        dates = table(found[title])["Date"]
        assert (dates[0], dates[1], dates[-2], dates[-1]) == ("Feb 7", "Feb 8", "Mar 9", "Mar 10"), title
        assert len(dates) == 32
    revenue = table(found["Revenue EUR"], "values")
    limits = ("Anchor day, alert fires", "Limit with other evidence", "Expected")
    assert [revenue[name][-2] for name in limits] == sorted(revenue[name][-2] for name in limits)
    assert [value is None for value in revenue["Baseline days"]] == [True] * 23 + [False] * 7 + [True] * 2


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "America/New_York", "Asia/Kolkata", "Asia/Tokyo"])
def test_dates_do_not_depend_on_the_viewer(answers: list[dict[str, Any]], tmp_path: Path, zone: str) -> None:
    """Even where a viewer overrules the dashboard's time zone, a day keeps its date."""
    at_home, away = shown(tmp_path, answers), shown(tmp_path, answers, timeZone=zone)
    for title in ("Revenue EUR", "All days", "Selected day", "Events by name"):
        assert table(away[title])["Date"] == table(at_home[title])["Date"]
    assert table(away["Data sets"])["Data of"] == [BROKEN_DAY]


@pytest.mark.parametrize(("day", "revenue"), [("", ["10,890"]), ("2025-03-08", ["30,469"]), ("2024-01-01", [])])
def test_the_chosen_day(answers: list[dict[str, Any]], tmp_path: Path, day: str, revenue: list[str]) -> None:
    """The day of an alert's link, the newest where none is named, and nothing where it is too old."""
    found = shown(tmp_path, answers, variables=node.VARIABLES | {"day": day})
    assert table(found["Selected day"])["Revenue"] == revenue


def test_links_lead_to_the_data_set_and_the_day(answers: list[dict[str, Any]], tmp_path: Path) -> None:
    """With the data source that was chosen."""
    found = shown(tmp_path, answers)
    url = "/d/clickstream-dataset?var-datasource=prometheus&var-dataset=shop"
    assert table(found["Can today's data be trusted?"], "links")["shop"] == [[url]]
    assert table(found["Data sets"], "links")["Data set"] == [[url]]
    assert table(found["All days"], "links")["Date"][1] == [f"{url}&var-day=2025-03-08"]


def test_grafana_13_shows_the_same(answers: list[dict[str, Any]], tmp_path: Path) -> None:
    """Its code makes the same fields, texts, colours and links of all panels."""
    assert shown(tmp_path, answers, 13) == shown(tmp_path, answers)


def test_an_empty_answer_spoils_no_table(answers: list[dict[str, Any]], tmp_path: Path) -> None:
    """Whether the data source gives an empty frame for it or none, the panels show the same."""
    kept, dropped = shown(tmp_path, answers), shown(tmp_path, answers, dropEmpty=True)
    several = [titled(each["panel"]) for each in answers if sum(map(bool, each["answers"].values())) > 1]
    assert len(several) > 20
    assert [title for title in several if kept[title] != dropped[title]] == []


@pytest.mark.skipif(not node.browser(), reason="no chromium on PATH nor in the variable CHROMIUM")
def test_every_dashboard_can_be_drawn(prometheus: str, tmp_path: Path) -> None:
    """Grafana's components draw it without an error, with the bars and lines of every chart."""
    pages = [page(prometheus, board, tmp_path / f"{board}.png") for board in BOARDS]
    for board, found in zip(BOARDS, node.render(tmp_path, pages), strict=True):
        assert found["errors"] == []
        charts = [panel for panel in panels(board) if panel["type"] in ("trend", "timeseries")]
        assert found["charts"] == {"all": len(charts), "drawn": len(charts)}
        assert "No data" not in found["text"]
        assert (tmp_path / f"{board}.png").stat().st_size > 50_000
        assert "BROKEN" in found["text"] or board == "exporter"
