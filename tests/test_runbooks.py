"""What an alert's page says can be done, and what it names exists."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerting import rulefile, runbook
from alerting.stack.stack import alertmanager_at, await_answer, end, free_address, start
from exporter.config.checks import Limits
from exporter.config.model import COLUMNS, Config, Dataset
from exporter.demo.write import SCHEMA
from exporter.gauges import own
from exporter.measures import declared
from tests.support.generations import Generation

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
    without_sql = re.sub(r"^```sql.*?^```$", "", PAGES[alert], flags=re.DOTALL | re.MULTILINE)
    assert 20 <= len(without_sql.splitlines()) <= 48
    assert len(PAGES[alert].splitlines()) <= 65


@each_page
def test_a_page_has_sql_and_says_how_to_run_it(alert: str) -> None:
    """As one block, which `--sql` finds by the name of the check."""
    check = alert.removeprefix("Clickstream")
    assert len(blocks(alert, "sql")) == (alert not in WITHOUT_SQL)
    assert (f"clickstream-check my-config.yml --sql {check} --run\n" in "".join(blocks(alert, "sh"))) == (
        alert not in WITHOUT_SQL
    )
    assert (check in runbook.queries()) == (alert not in WITHOUT_SQL)


@each_page
def test_a_page_says_how_to_silence_its_alert(alert: str) -> None:
    """Of the data set alone, where the alert is about one, and never without an end."""
    commands = [block for block in blocks(alert, "sh") if "amtool" in block]
    if alert == "ClickstreamExporterDown":
        assert f"amtool silence add alertname={alert} --duration=2h" in PAGES[alert]
        return
    assert len(commands) == 1
    assert f"amtool silence add alertname={alert} dataset=shop " in commands[0]
    assert "--comment=" in commands[0]
    assert "--end=" in commands[0]


@pytest.mark.parametrize("alert", ["ClickstreamEventVolumeDrop"])
def test_the_silence_of_a_page_is_accepted(alert: str, generation: Generation, tmp_path: Path) -> None:
    """Pasted into a shell, it silences the alert of the data set until the next midnight."""
    (command,) = (block for block in blocks(alert, "sh") if "amtool" in block)
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with generation.chosen():
        server = alertmanager_at(free_address(), tmp_path)
    url = server.ready.removesuffix("/-/ready")
    process = start(server, tmp_path)
    try:
        await_answer(server, process, tmp_path)
        command = command.replace("http://127.0.0.1:9093", url).replace("amtool", str(generation.amtool), 1)
        subprocess.run(["/bin/bash", "-ec", command], check=True, capture_output=True, env={"TZ": "UTC", "USER": "me"})
        with urllib.request.urlopen(f"{url}/api/v2/silences") as answer:
            (silence,) = json.load(answer)
    finally:
        end(process)
    assert {(each["name"], each["value"]) for each in silence["matchers"]} == {
        ("alertname", alert),
        ("dataset", "shop"),
    }
    ends = datetime.fromisoformat(silence["endsAt"])
    assert (ends.hour, ends.minute, ends.second) == (0, 0, 0)
    assert timedelta() < ends - datetime.now(UTC) <= timedelta(days=1)


@each_page
def test_a_page_names_the_limits_of_its_check(alert: str) -> None:
    """The key that a person would have to change is on the page."""
    assert set(shipped()[alert]) <= named("limit or key", prose(alert))


@each_page
def test_a_page_names_no_key_or_column_that_is_none(alert: str) -> None:
    """A word in backticks with an underscore is a limit, another key, a column, or made by the page's own SQL."""
    models = (Limits, Dataset, Config)
    known = {key for model in models for key in model.model_fields} | {*COLUMNS, *SCHEMA.names}
    known |= {f"{column}_as_sent" for column in COLUMNS}
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
