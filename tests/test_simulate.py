"""`clickstream-check --simulate`: what the rules would have done on each day of the data."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerting import check
from alerting.gate.verdict import Line, Subject, Verdict, unknown
from alerting.simulate import command, flags, incidents
from alerting.simulate.calendar import LEGEND, calendar
from alerting.simulate.changes import changes
from alerting.simulate.pages import budget
from alerting.simulate.printed import printed
from alerting.simulate.result import Result
from alerting.simulate.scores import scores
from exporter import plan
from exporter.config.strict_yaml import ConfigError
from exporter.demo.write import write_demo
from tests.support.documents import page
from tests.support.exposition import write_config
from tests.support.pages import text_of
from tests.test_real_days import FOLDER, REAL

pytestmark = pytest.mark.xdist_group("tests/test_simulate.py")  # so that the days are simulated once

FIRST, GAP, LAST = date(2025, 2, 24), date(2025, 3, 2), date(2025, 3, 9)
"""The days of the data: the demo's last two weeks, without one day."""

AFTER_GAP = "2025-03-03"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the days, with a limit that every day exceeds."""
    folder = tmp_path_factory.mktemp("demo")
    path = write_demo(folder, LAST)
    for file in (folder / "events").iterdir():
        if file.stem < f"events_{FIRST}" or file.stem == f"events_{GAP}":
            file.unlink()
    config = yaml.safe_load(path.read_text("utf-8"))
    config["datasets"]["shop"]["limits"]["direct_share"] = 0.01
    path.write_text(yaml.safe_dump(config), "utf-8")
    return path


def run(*arguments: object) -> str:
    """What the command prints; it must succeed."""
    command = [sys.executable, "-m", "alerting.check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def result(demo: Path) -> Result:
    """What a simulation of all days finds, with a limit that no day exceeds and with incidents."""
    listed = demo.with_name("incidents.csv")
    listed.write_text(f"date,check,note\n{LAST},RevenueDrop,checkout lost\n{LAST},RepeatedDay,a copy\n", "utf-8")
    parser = argparse.ArgumentParser()
    flags.add_arguments(parser)
    options = parser.parse_args(
        ["--simulate", "--limit=direct_share=0.99", f"--incidents={listed}", f"--storage.path={demo.with_name('kept')}"]
    )
    options.timeout = 120
    return command.run(options, plan.load(demo), "shop")


@pytest.fixture(scope="module")
def simulated(result: Result) -> dict[str, Any]:
    """The same, as it is printed as JSON."""
    found: dict[str, Any] = json.loads(printed(result, "json"))
    return found


def of_day(simulated: dict[str, Any], when: str) -> dict[str, Any]:
    """The day of a simulation."""
    (found,) = [each for each in simulated["days"] if each["date"] == when]
    return dict(found)


def as_printed(day: dict[str, Any]) -> str:
    """The day as `--as-of` prints it."""
    return json.dumps({key: day[key] for key in day if key != "firing"}, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("when", ["2025-02-25", AFTER_GAP])
def test_a_simulated_day_is_the_day_as_of_then(demo: Path, simulated: dict[str, Any], when: str) -> None:
    """To the byte: the same snapshot, states, severities and messages, inhibited ones included."""
    assert as_printed(of_day(simulated, when)) == run(demo, "--as-of", when, "--details")


def test_the_newest_day_is_the_live_verdict(demo: Path, simulated: dict[str, Any]) -> None:
    """But for the age of the data, which only the live verdict judges."""
    live = json.loads(run(demo, "--details"))
    day = of_day(simulated, str(LAST))
    assert [each for each in live["alerts"] if not each["message"].startswith("Data stale: ")] == day["alerts"]
    assert {*live["details"]["switched_off"], "DataStale"} == {*day["details"]["switched_off"]}


def test_every_day_with_a_day_before_it_is_judged(simulated: dict[str, Any]) -> None:
    """A day without events is never the newest, so it is named and not judged."""
    every = [FIRST + timedelta(days=number) for number in range(1, (LAST - FIRST).days + 1)]
    assert [each["date"] for each in simulated["days"]] == [str(each) for each in every if each != GAP]
    assert simulated["without_events"] == [str(GAP)]


def test_the_cause_silences_the_effect(simulated: dict[str, Any]) -> None:
    """A missing day pages, once, and inhibits what is about the business, as Alertmanager does."""
    firing = {each["date"]: each["firing"] for each in simulated["days"]}
    assert firing[AFTER_GAP]["MissingDay"] == "CRITICAL"
    assert {when: each["DirectShareHigh"] for when, each in firing.items() if "DirectShareHigh" in each} == {
        when: "inhibited" if when == AFTER_GAP else "WARN" for when in firing
    }
    assert simulated["pages"] == [
        {"check": "MissingDay", "dates": [AFTER_GAP]},
        {"check": "RevenueDrop", "dates": [str(LAST)]},
    ]


def test_a_limit_is_tried_without_touching_the_configuration(simulated: dict[str, Any]) -> None:
    """What no longer fires is listed day by day, and nothing else changes."""
    found = simulated["tried"]["changes"]
    assert {each["check"] for each in found} == {"DirectShareHigh"}
    assert {(each["before"], each["after"]) for each in found} == {("WARN", ""), ("inhibited", "")}
    assert simulated["tried"]["pages"] == simulated["pages"]


def test_incidents_score_the_checks(simulated: dict[str, Any]) -> None:
    """One was found, one was missed, and the rest was false."""
    found = {each["check"]: each for each in simulated["incidents"]["as configured"]["scores"]}
    assert (found["RevenueDrop"]["precision"], found["RevenueDrop"]["recall"]) == (1, 1)
    assert found["RepeatedDay"]["missed"] == [{"date": str(LAST), "why": "in order: a copy"}]
    assert (found["MissingDay"]["precision"], found["MissingDay"]["recall"]) == (0, None)
    assert found["MissingDay"]["false"] == [AFTER_GAP]


def test_as_text(result: Result) -> None:
    """The text has the pages, the calendar, the checks and the messages, also of what was tried."""
    lines = printed(result, "text").splitlines()
    paged = f"would have paged 2 times in 12 days: {AFTER_GAP} MissingDay, {LAST} RevenueDrop"
    assert lines[0] == f"data set shop, 2025-02-25 to {LAST}: {paged}"
    assert lines[2:6] == [
        "            Mo Tu We Th Fr Sa Su",
        "2025-02-24      W  W  W  W  W  -",
        "2025-03-03   C  W  W  W  W  W  C",
        LEGEND,
    ]
    assert "DirectShareHigh 12 0 11 0 1 12 0" in [" ".join(line.split()) for line in lines]
    assert f"With direct_share=0.99: {paged}" in lines
    assert f"  {LAST} DirectShareHigh no longer fires (WARN)" in lines
    assert f"missed  {LAST} RepeatedDay: in order: a copy" in lines


def test_the_readme_shows_the_demo(tmp_path: Path) -> None:
    """The calendar on the first screen is that of the demo, as it is printed."""
    (shown,) = re.findall(r"```\n(data set shop, .*?)```", page("README.md"), re.DOTALL)
    assert run(write_demo(tmp_path, LAST), "--simulate").startswith(shown)


def test_as_csv(result: Result, simulated: dict[str, Any]) -> None:
    """A row for each day and check, with what it would be with the limits that were tried."""
    rows = list(csv.DictReader(io.StringIO(printed(result, "csv"))))
    assert len(rows) == 12 * len(simulated["checks"])
    (inhibited,) = [each for each in rows if each["state"] == "inhibited"]
    assert (inhibited["date"], inhibited["check"], inhibited["tried_state"]) == (
        AFTER_GAP,
        "DirectShareHigh",
        "in order",
    )


def test_as_html(result: Result) -> None:
    """The page has what the text has: the sentence, the calendar, the checks, the messages, and what was tried."""
    page = printed(result, "html")
    shown = text_of(page)
    paged = f"would have paged 2 times in 12 days: {AFTER_GAP} MissingDay, {LAST} RevenueDrop"
    assert f"2025-02-25 to {LAST}: {paged}" in shown
    assert "24 Feb 2025 W 25 W 26 W 27 W 28 W 1 - 2 3 Mar 2025 C 3 W 4 W 5 W 6 W 7 W 8 C 9" in shown
    assert "DirectShareHigh 12 0 11 0 1 12 0" in shown
    assert f"Sunday, 9 March 2025 CRITICAL {result.days[LAST].lines[0].message} WARN" in shown
    assert f"With direct_share=0.99 {paged}" in shown
    assert f"{LAST} DirectShareHigh no longer fires (WARN)" in shown
    assert f"missed {LAST} RepeatedDay: in order: a copy" in shown
    assert {*re.findall(r'href="#(.+?)"', page)} <= {*re.findall(r'id="(.+?)"', page)}


def test_a_range_on_the_command_line(demo: Path, simulated: dict[str, Any]) -> None:
    """The days of the range alone are judged, as in a simulation of all."""
    out = run(demo, "--simulate", f"{AFTER_GAP}..{AFTER_GAP}", "--format=json", f"--storage.path={demo.parent}/kept")
    assert json.loads(out)["days"] == [of_day(simulated, AFTER_GAP)]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="real data are not present")
def test_real_days_are_the_days_as_of_then(tmp_path: Path) -> None:
    """On real data, too."""
    config = write_config(tmp_path, web=REAL)
    found = json.loads(run(config, "--simulate", "--format", "json"))
    assert len(found["days"]) > 3
    for day in (found["days"][0], found["days"][-1]):
        assert as_printed(day) == run(config, "--as-of", day["date"], "--details")


REFUSED = {
    "--simulate yesterday": "invalid range 'yesterday': expected FROM..TO, for example 2025-02-01..2025-03-09",
    "--simulate 2025-03-02..2025-03-01": "invalid range '2025-03-02..2025-03-01': the last day is before the first",
    "--simulate 2025-03-02..tomorrow": "invalid date 'tomorrow': expected YYYY-MM-DD, for example 2025-03-09",
    "--simulate --as-of 2025-03-01": "--simulate excludes --as-of",
    "--simulate --compare-engines": "--simulate excludes --compare-engines",
    "--sql RevenueDrop --drill RevenueDrop": "argument --drill: not allowed with argument --sql",
    "--simulate --format emf": "--simulate has no format emf: expected text, json, csv or html",
    "--format csv": "--format csv needs --simulate",
    "--limit revenue_drop_ratio=0.5": "--limit needs --simulate",
    "--simulate --limit revenue_drop_ratio": "expected NAME=VALUE, for example revenue_drop_ratio=0.5",
    "--simulate --limit revenue_drop=0.5": "unknown limit 'revenue_drop', did you mean revenue_drop_ratio?",
    "--simulate --limit min_day_events=few": "--limit min_day_events: input should be a valid integer, not 'few'",
    "--simulate --limit revenue_drop_ratio=1.5": "--limit revenue_drop_ratio: expected less than 1, not 1.5",
    "--simulate --incidents none.csv": "none.csv: No such file or directory",
}


@pytest.mark.parametrize("options", REFUSED)
def test_what_cannot_be_used_is_refused(demo: Path, capsys: pytest.CaptureFixture[str], options: str) -> None:
    """With exit code 64 and the reason, and nothing on stdout."""
    try:
        code = check.main([str(demo), *options.split()])
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    assert (code, out) == (64, "")
    assert REFUSED[options] in err


def test_a_day_that_cannot_be_judged(demo: Path, simulated: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Nor a range without data: exit code 2, and the reason."""
    kept = f"--storage.path={demo.with_name('kept')}"
    assert simulated
    assert check.main([str(demo), "--simulate", kept, "--timeout", "0.1"]) == 2
    assert "prometheus: nothing was scraped in time" in capsys.readouterr().err
    assert check.main([str(demo), "--simulate", "2024-01-01..2024-01-31", kept]) == 2
    assert "no day to judge: 2024-01-01 to 2024-01-31 has no event" in capsys.readouterr().err


CSV_PROBLEMS = {
    "date,what\n": ["1: expected the columns date, check, note, not date, what"],
    "date,check\n2025-3-1,RevenueDrop\n2025-03-01,RevenueDrp\n": [
        "2: date: invalid date '2025-3-1'",
        "3: check: unknown check 'RevenueDrp', did you mean RevenueDrop?",
    ],
}
YAML_PROBLEMS = {
    "incidents: [{date: 2025-03-01}]": ["1: incidents.0.check: is missing"],
    "incidents:\n- date: 2025-03-01\n  check: Nope\n": ["3: incidents.0.check: unknown check 'Nope'"],
    "- date: 2025-03-01": ["1: expected a mapping with the key incidents"],
}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [*(("x.csv", *each) for each in CSV_PROBLEMS.items()), *(("x.yml", *each) for each in YAML_PROBLEMS.items())],
)
def test_incidents_that_cannot_be_used(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    """Each problem names the file, the line and the key or column."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        incidents.load(path)
    lines = [line.removeprefix(f"{path}:") for line in str(error.value).splitlines()]
    assert [line[: len(start)] for line, start in zip(lines, expected, strict=True)] == expected


def test_incidents_as_yaml_and_as_csv(tmp_path: Path) -> None:
    """Both say the same."""
    (tmp_path / "x.yml").write_text("incidents:\n- {date: 2025-03-01, check: RevenueDrop, note: lost}\n", "utf-8")
    (tmp_path / "x.csv").write_text("date,check,note\n2025-03-01,RevenueDrop,lost\n", "utf-8")
    found = incidents.load(tmp_path / "x.yml")
    assert [(each.date, each.check, each.note) for each in found] == [(date(2025, 3, 1), "RevenueDrop", "lost")]
    assert incidents.load(tmp_path / "x.csv") == found


def days(*severities: str) -> Iterator[tuple[date, Verdict]]:
    """Days from Monday, 3 March 2025 on, on which PartialDay fires with a severity, or `?` where none is proven."""
    for number, severity in enumerate(severities):
        when = date(2025, 3, 3) + timedelta(days=number)
        lines = (Line(severity, "Partial day", "PartialDay"),) if severity else ()
        proven = Verdict(str(when), lines, proven=True, dataset="shop")
        yield when, unknown(Subject("shop", str(when)), "late") if severity == "?" else proven


def test_days_in_a_row_are_one_page() -> None:
    """A check that is critical again after a day without it pages again; a warning never does."""
    found = dict(days("CRITICAL", "CRITICAL", "", "CRITICAL", "WARN"))
    assert budget(found) == (
        "would have paged 2 times in 5 days: 2025-03-03 PartialDay for 2 days, 2025-03-06 PartialDay"
    )
    assert budget(dict(days("WARN"))) == "would have paged 0 times in 1 days"


def test_the_calendar() -> None:
    """A letter for the highest severity, in colour only if requested."""
    found = dict(days("CRITICAL", "WARN", "INFO", "", "?"))
    quiet = [date(2025, 3, 8)]
    assert calendar(found, quiet, colour=False) == (
        f"            Mo Tu We Th Fr Sa Su\n2025-03-03   C  W  i  .  ?  -\n{LEGEND}\n"
    )
    assert "\x1b[31mC\x1b[0m  \x1b[33mW\x1b[0m  i  .  \x1b[35m?\x1b[0m" in calendar(found, quiet, colour=True)


def test_days_that_were_not_judged_do_not_count() -> None:
    """They are no page, no change and no score, and the simulation is not complete."""
    before, after = dict(days("?", "WARN", "")), dict(days("CRITICAL", "?", "WARN"))
    assert budget(before) == "would have paged 0 times in 2 days"
    assert [str(each) for each in changes(before, after)] == ["2025-03-05 PartialDay newly fires (WARN)"]
    assert [each.false for each in scores(before, [])] == [(date(2025, 3, 4),)]
    assert not Result("shop", before).complete
    assert Result("shop", dict(days("CRITICAL"))).complete
