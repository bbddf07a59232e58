"""Every query against a real Prometheus that scrapes the real exporter, on the demo's broken day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from boards import BOARDS, Query, ask, chosen, queries
from stack import BROKEN_DAY, await_, judged

from alerting.mixin.checks import CHECKS
from grafana.source import palette, promql
from tests.support.generations import Generation

EMPTY = {
    ("overview", "Data sets", "Age"): "the day was chosen by hand",
    ("exporter", "First unreadable file", "A"): "every file can be read",
    ("exporter", "Gauges not measured", "A"): "everything is measured",
    ("exporter", "First file being written", "A"): "none is",
    ("dataset", "Missing hours", "Events"): "no hour is missing",
    ("dataset", "Missing hours", "Expected"): "no hour is missing",
    ("dataset", "Switched off in the configuration", "A"): "no check is",
    ("dataset", "Owner", "A"): "the demo has none",
    ("dataset", "Days excluded from baselines", "A"): "no day is",
    ("dataset", "What explains the drop", "Anchor day"): "no segment stands out",
    ("dataset", "What explains the drop", "Expected"): "no segment stands out",
    ("dataset", "What explains the drop", "Explains"): "no segment stands out",
    ("dataset", "Missing or changed columns", "A"): "none is",
    **{
        ("dataset", f"{title} in three years", "A"): "no history was loaded"
        for title in ("Events", "Purchases", "Revenue EUR")
    },
    **{
        ("dataset", "Watched fields", column): "no field is watched"
        for column in ("Events", "With a value", "Share", "Usual", "Limit")
    },
}
EITHER = {"page", "path"}
"""A runbook has one of these labels."""

NEVER = {"Excluded from baselines", "Anchor day, info"}
"""Series that the demo does not have: no day is known, and no check of a chart only informs."""

TABLES = {"Like for like: volumes", "Like for like: shares", "What explains the drop"}
"""What has a column for the anchor day, and no bars."""

OF_A_WEEK = {"Expected", "Usual range", "Usual range, lower end", "Baseline", "Usual", "Limit of a spike"}
OF_FOUR_WEEKS = {"Median of four weeks", "Upper limit"}
"""Lines by the days that they are compared with; limits may be of any."""

FIRING = {"Revenue EUR", "Events without a client id", "Payloads that are not valid JSON", "Sessions with a purchase"}
"""Charts whose check fires; in the others the bar of a firing anchor day is absent, and in these the other one."""

LOOKING_BACK = {"Events repeated from an earlier day": 28, "Assisted purchases": 22}
"""Charts that look at the days before each day, to the first day that has enough of them."""


@pytest.fixture(scope="module")
def prometheus(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Prometheus that has judged the broken day."""
    with judged(tmp_path_factory.mktemp("broken"), BROKEN_DAY, generation) as stack:
        yield stack.prometheus


@pytest.fixture(scope="module")
def answers(prometheus: str) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """The series of each query, by dashboard, panel, and what the panel calls its value."""
    asked = cache(lambda expr: ask(prometheus, expr))
    return {(query.board, query.title, called(query)): asked(query.expr) for query in queries()}


def called(query: Query) -> str:
    """What the panel calls the value of a query."""
    return query.names.get(f"Value #{query.ref}", query.ref)


def test_every_query_answers(answers: dict[tuple[str, str, str], list[dict[str, Any]]]) -> None:
    """No panel is empty, but those that show what is wrong where nothing is."""
    empty = {key for key, series in answers.items() if not series}
    never = {key for key in answers if key[2] in NEVER}
    anchors = {key for key in answers if key[2].startswith("Anchor day") and key[1] not in TABLES}
    assert never
    assert never <= empty
    assert empty - anchors - never == set(EMPTY)
    assert {key[1] for key in anchors & empty if key[2] == "Anchor day"} == FIRING
    assert {key[1] for key in anchors - empty if key[2] == "Anchor day, alert fires"} == FIRING


def test_the_days_of_the_demo_are_all_there(answers: dict[tuple[str, str, str], list[dict[str, Any]]]) -> None:
    """Charts and tables have 30 days; those that compare have the anchor day and a week or four before it."""
    lags = lags_of(0, 29)
    expected = dict.fromkeys(OF_A_WEEK, lags_of(0, 7)) | dict.fromkeys(OF_FOUR_WEEKS, lags_of(0, 28))
    expected["Earlier days"] = lags_of(1, 7)
    by_lag = {
        key: lag_of(series) - {"before", "after"}
        for key, series in answers.items()
        if series and "lag" in series[0]["metric"]
    }
    assert len(by_lag) > 100
    for (_, title, name), found in by_lag.items():
        if name.startswith("Anchor day"):
            assert found == {"0"}
        elif name.startswith("Limit") or name == "Lower limit":
            assert found in (lags, lags_of(0, 7), lags_of(0, 28)), title
        elif name == "Baseline days":
            assert found in (lags_of(1, 7), lags_of(1, 28)), title
        elif name == "Not compared":
            assert found in (lags, {"29"}, lags_of(8, LOOKING_BACK.get(title, 29))), title
        else:
            assert found == expected.get(name, lags), (title, name)


def lags_of(first: int, last: int) -> set[str]:
    """The lags from one to another."""
    return {str(lag) for lag in range(first, last + 1)}


def lag_of(series: list[dict[str, Any]]) -> set[str]:
    """The lags of the series."""
    return {each["metric"]["lag"] for each in series}


def test_labels_that_panels_use_are_there(prometheus: str) -> None:
    """Those of the legends, and those that become columns."""
    checked: set[str] = set()
    for query in queries():
        series = ask(prometheus, query.expr)
        labels = set(series[0]["metric"]) if series else None
        used = set(re.findall(r"{{(\w+)}}", query.legend))
        used |= {name for name in query.names if not name.startswith("Value") and query.ref == "A"} - EITHER
        assert labels is None or used <= labels, (query.title, query.ref)
        checked |= used & (labels or set())
    assert {"dataset", "title"} <= checked


def test_variables_have_values(prometheus: str) -> None:
    """The data sets that can be chosen are those that are served; the currency is that of the configuration."""
    found = set()
    for board in BOARDS.values():
        for asked in (each["query"]["query"] for each in board["templating"]["list"] if each["type"] == "query"):
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", asked).groups()
            found |= {(label, each["metric"][label]) for each in ask(prometheus, chosen(series))}
    assert found == {("dataset", "shop"), ("currency", "EUR")}


def test_a_lag_is_joined_to_its_date(prometheus: str) -> None:
    """Noon UTC of the date in the data: whatever zone a viewer is in, up to twelve hours away, sees that date."""
    found = {each["metric"]["lag"]: float(each["value"][1]) for each in ask(prometheus, chosen_date())}
    assert datetime.fromtimestamp(found["0"] / 1000, UTC) == datetime(2025, 3, 9, 12, tzinfo=UTC)
    assert datetime.fromtimestamp(found["29"] / 1000, UTC) == datetime(2025, 2, 8, 12, tzinfo=UTC)


def chosen_date() -> str:
    """The query of the dates, for the demo's data set."""
    return promql.date('dataset="shop"')


def values(prometheus: str, expr: str, label: str) -> dict[str, float]:
    """The values of the answer by a label."""
    return {each["metric"][label]: float(each["value"][1]) for each in ask(prometheus, expr)}


ALL = 'dataset=~".*"'


def test_the_broken_day_is_seen(prometheus: str) -> None:
    """The verdict is BROKEN, and the matrices have each check in its state, by severity where it fires."""
    await_(lambda: values(prometheus, promql.verdict(ALL), "dataset") == {"shop": palette.BROKEN})
    states = every_state(prometheus)
    assert len(states) == len(CHECKS)
    assert {check: state for check, state in states.items() if state != palette.OK} == {
        "RevenueDrop": palette.FIRES_CRITICAL,
        "ConversionRateDrop": palette.FIRES_WARNING,
        "JsonErrors": palette.FIRES_WARNING,
        "NullClientIds": palette.FIRES_WARNING,
        "DataStale": palette.SWITCHED_OFF,
    }


def every_state(prometheus: str) -> dict[str, float]:
    """The cells of the three matrices, by check."""
    matrices = [query.expr for query in queries() if query.title.startswith(("Pipeline:", "Integrity:", "Business:"))]
    return {check: state for expr in matrices for check, state in values(prometheus, expr, "check").items()}


def test_what_is_not_proven_is_never_green(generation: Generation, tmp_path: Path) -> None:
    """A good day is TRUSTWORTHY while the exporter is served; then the verdict is UNKNOWN, and no check in order."""
    with judged(tmp_path, "2025-03-08", generation) as stack:
        await_(lambda: values(stack.prometheus, promql.verdict(ALL), "dataset") == {"shop": palette.TRUSTWORTHY})
        stack.processes["exporter"].kill()
        await_(lambda: values(stack.prometheus, promql.verdict(ALL), "dataset") == {"shop": palette.UNKNOWN_VERDICT})
        await_(lambda: set(every_state(stack.prometheus).values()) == {palette.NOT_JUDGED})
