"""What the dashboards name exists, and what exists is shown, or left out for a reason."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
import yaml
from boards import BOARDS, ROOT, panels, queries

from alerting import rulefile
from alerting.mixin.checks import CHECKS
from alerting.mixin.expressions import STARTED
from exporter.backfill import PREFIX
from exporter.config.checks import Limits
from exporter.gauges import own
from exporter.measures import declared
from grafana.source.__main__ import FOLDER, render
from grafana.source.measured import NUMBERS

DECLARED = {gauge for measure in declared.load() for gauge in measure.gauges}
TWINS = {twin for measure in declared.load() for twin in measure.twins.values()}
GAUGES = {*own.HELP, *own.RELOAD, *DECLARED, *TWINS}
DAILY = {gauge.replace("clickstream_", PREFIX, 1) for gauge in DECLARED}
RECORDS = {rule["record"] for group in rulefile.groups().values() for rule in group if "record" in rule}
EXPRESSIONS = {
    rule["record"]: rule["expr"] for group in rulefile.groups().values() for rule in group if "record" in rule
}
TEXT = "\n".join(query.expr for query in queries())
NOT_SHOWN: dict[str, str] = yaml.safe_load((ROOT / "grafana" / "not_shown.yml").read_text("utf-8"))

each_board = pytest.mark.parametrize("board", BOARDS)


def gauges(text: str) -> set[str]:
    """The gauges of the exporter that the text names."""
    return set(re.findall(r"(?<![\w:])clickstream_\w+(?![\w:])", text))


def test_the_files_are_what_the_source_writes() -> None:
    """The dashboards that are shipped were written by `make dashboards`, and by nobody since."""
    assert {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()} == render()


def test_every_metric_exists() -> None:
    """A mistyped name would be an empty panel, and look like nothing to worry about."""
    named = {
        "gauges": (gauges(TEXT), GAUGES | DAILY),
        "records": (set(re.findall(r"\w+:clickstream_\w+:\w+", TEXT)), RECORDS),
        "limits": (set(re.findall(r'limit="(\w+)"', TEXT)), set(Limits().model_dump())),
        "checks": (set(re.findall(r'check="(\w+)"', TEXT)), {check.name for check in CHECKS}),
    }
    assert [kind for kind, (found, _) in named.items() if not found] == []
    assert {kind: found - known for kind, (found, known) in named.items()} == {kind: set() for kind in named}


def test_every_gauge_is_shown_or_left_out_for_a_reason() -> None:
    """Of a gauge and its comparable twin one is enough: the other tells the same, over other hours.

    What a rule records of a gauge as it is stands for the gauge.
    """
    shown = gauges(TEXT) - DAILY | set(re.findall(r"\w+:(clickstream_\w+):max", TEXT))
    twins = {gauge for gauge in TWINS if gauge.replace("comparable_", "") in shown}
    assert GAUGES - shown - twins == set(NOT_SHOWN)
    assert all(NOT_SHOWN.values())


def test_every_check_stands_in_one_matrix() -> None:
    """The overview's three tables have all checks, each once."""
    tables = [
        panel
        for panel in panels("overview")
        if panel["title"].partition(":")[0] in ("Pipeline", "Integrity", "Business")
    ]
    listed = [
        set(
            re.search(r'\nor dataset:clickstream_check:state{[^}]*check=~"([^"]+)"}\n', panel["targets"][0]["expr"])[
                1
            ].split("|")
        )
        for panel in tables
    ]
    assert sorted(name for names in listed for name in names) == sorted(check.name for check in CHECKS)


def test_what_is_measured_is_what_the_rule_compares() -> None:
    """The number and the limit that stand beside a firing check are those of its rule."""
    rule_of = {
        check.name: check.fires + "".join(EXPRESSIONS[each] for each in records(check.fires)) for check in CHECKS
    }
    assert NUMBERS
    for check, measured in NUMBERS.items():
        number = records(EXPRESSIONS[measured.number]) if measured.few else {measured.number}
        limits = {f'limit="{limit}"' for limit in (measured.limit, measured.against) if limit}
        named = number | limits | ({measured.noise} - {""})
        assert [each for each in named if each not in rule_of[check]] == [], check


def records(expr: str) -> set[str]:
    """The recorded series that an expression names, but the frame of every rule."""
    return set(re.findall(r"\w+:clickstream_\w+:\w+", expr)) - {STARTED}


@each_board
def test_panels_are_described_and_do_not_overlap(board: str) -> None:
    """Every panel says what it shows; none hides another, and none reaches beyond the page."""
    placed = BOARDS[board]["panels"]
    assert list(panels(board))
    assert [panel["title"] for panel in panels(board) if not panel["description"].strip()] == []
    assert len({panel["id"] for panel in placed}) == len(placed)
    assert [
        (one["title"], two["title"]) for one, two in combinations(placed, 2) if overlap(one["gridPos"], two["gridPos"])
    ] == []
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in placed) == 24


def overlap(one: dict[str, int], two: dict[str, int]) -> bool:
    """Whether two places have a field of the grid in common."""
    return all(
        one[side] < two[side] + two[size] and two[side] < one[side] + one[size]
        for side, size in (("x", "w"), ("y", "h"))
    )


@each_board
def test_dates_are_the_same_for_every_viewer(board: str) -> None:
    """The time zone is fixed, so that a day that begins at midnight UTC is not shown as the day before."""
    assert BOARDS[board]["timezone"] == "utc"


@each_board
def test_the_data_source_is_a_variable(board: str) -> None:
    """No panel is bound to a data source of one Grafana."""
    sources = [each["datasource"] for panel in panels(board) for each in (panel, *panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}
    assert variables(board)[0] == "datasource"


def variables(board: str) -> list[str]:
    """The names of the variables."""
    return [variable["name"] for variable in BOARDS[board]["templating"]["list"]]


def test_links_lead_to_dashboards_and_variables_that_exist() -> None:
    """Those of the dashboards, and those of the alerts."""
    uids = {board["uid"]: name for name, board in BOARDS.items()}
    urls = [*texts(BOARDS, "url"), *dashboard_urls()]
    paths = [re.search(r"/d/([\w-]+)(.*)", url) for url in urls if "/d/" in url]
    assert len(paths) > 6
    used = set()
    for path in paths:
        assert path is not None
        of_url = set(re.findall(r"var-(\w+)", path[2]))
        assert of_url <= set(variables(uids[path[1]]))
        used |= of_url
    assert "dataset" in used


def dashboard_urls() -> set[str]:
    """The templates of the alerts' links to dashboards."""
    alerts = [rule for group in rulefile.groups().values() for rule in group if "alert" in rule]
    return {rule["annotations"]["dashboard_url"] for rule in alerts if "dashboard_url" in rule["annotations"]}


def texts(tree: Any, key: str) -> list[str]:
    """The values of a key, at any depth."""
    if isinstance(tree, dict):
        own = [tree[key]] if isinstance(tree.get(key), str) else []
        return own + [text for each in tree.values() for text in texts(each, key)]
    return [text for each in tree for text in texts(each, key)] if isinstance(tree, list) else []
