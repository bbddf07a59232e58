"""Days that are known to be unlike others: how they are configured, and what is served of them."""

from __future__ import annotations

import pickle
from datetime import date
from pathlib import Path

import pytest

from exporter import cli
from exporter.config.checks import DRIFTS, KNOWABLE
from exporter.config.model import Dataset, load
from tests.support.exposition import SHOP, once, view, write_config, write_rows

BLACK_FRIDAY = "    known_days:\n      - {dates: 2026-11-27, reason: Black Friday}\n"


def dataset(folder: Path, keys: str) -> Dataset:
    """The data set with these keys."""
    path = folder / "config.yml"
    path.write_text(f"datasets:\n  web:\n    files: web\n{keys}")
    return load(path).datasets["web"]


@pytest.mark.parametrize("written", ["2026-11-27", "'2026-11-27'", "!!timestamp 2026-11-27", "2026-11-27..2026-11-27"])
def test_dates(tmp_path: Path, written: str) -> None:
    """A date may be a YAML date or text, alone or as a range."""
    first = written.partition("..")[0]
    read = dataset(tmp_path, f"    known_days: [{{dates: {written}, reason: x}}]\n    baseline_since: {first}\n")
    assert [each.dates for each in read.known_days] == [(date(2026, 11, 27), date(2026, 11, 27))]
    assert read.baseline_since == date(2026, 11, 27)
    assert pickle.loads(pickle.dumps(read)) == read


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "dates: soon",
            "dates: invalid dates 'soon': expected YYYY-MM-DD or FIRST .. LAST, for example 2026-11-27 or ",
        ),
        ("dates: 20261127", "dates: invalid dates '20261127': expected YYYY-MM-DD or FIRST .. LAST"),
        ("dates: 2026-11-31", "dates: invalid dates '2026-11-31': expected YYYY-MM-DD or FIRST .. LAST"),
        ("dates: [2026-11-27]", "dates: invalid dates \"['2026-11-27']\": expected YYYY-MM-DD or FIRST .. LAST"),
        ("dates: 2026-11-27 ..", "dates: invalid dates '2026-11-27 ..': expected YYYY-MM-DD or FIRST .. LAST"),
        (
            "dates: 2026-11-30 .. 2026-11-23",
            "dates: invalid dates '2026-11-30 .. 2026-11-23': the last day is before the first",
        ),
        (
            "dates: 2025-01-01 .. 2026-01-02",
            "dates: invalid dates '2025-01-01 .. 2026-01-02': expected at most 366 days",
        ),
        ("", "dates: is missing"),
        ("dates: 2026-11-27, reason: ' '", "reason: expected the reason why these days are unlike others"),
        ("dates: 2026-11-27, checks: RevenuDrop", "checks.0: unknown check 'RevenuDrop', did you mean RevenueDrop?"),
        (
            "dates: 2026-11-27, checks: [RevenueDrop, x]",
            "checks.1: unknown check 'x': expected one of EventVolumeDrop,",
        ),
        ("dates: 2026-11-27, checks: JsonErrors", "checks.0: JsonErrors judges these days like any other: expected "),
        ("dates: 2026-11-27, checks: []", "checks: must not be empty"),
        ("date: 2026-11-27, dates: 2026-11-27", "date: unknown key"),
    ],
)
def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str], entry: str, problem: str) -> None:
    """Each is named with file, line and key."""
    path = tmp_path / "config.yml"
    reason = "" if "reason" in entry else ", reason: x"
    path.write_text(
        f"datasets:\n  web:\n    files: web\n    known_days:\n      - {{{(entry + reason).lstrip(', ')}}}\n"
    )
    assert cli.main(["--config.file", str(path), "--once"]) == 64
    assert capsys.readouterr().err.startswith(f"{path}:5: datasets.web.known_days.0.{problem}")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("known_days: 2026-11-27", "known_days: expected a list, each with dates and reason"),
        ("known_days: [2026-11-27]", "known_days.0: expected a mapping"),
        ("known_days: [{dates: 2026-11-27}]", "known_days.0.reason: is missing"),
        ("baseline_since: last month", "baseline_since: invalid date 'last month': expected YYYY-MM-DD, for example "),
        ("baseline_since: ''", "baseline_since: invalid date '': expected YYYY-MM-DD, for example "),
        ("drop_rule: letter", "drop_rule: input should be 'evidence' or 'plain', not 'letter'"),
    ],
)
def test_mistakes_of_a_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, problem: str) -> None:
    """So are those beside the entries."""
    path = tmp_path / "config.yml"
    path.write_text(f"datasets:\n  web:\n    files: web\n    {key}\n")
    assert cli.main(["--config.file", str(path), "--once"]) == 64
    assert capsys.readouterr().err.startswith(f"{path}:4: datasets.web.{problem}")


def test_a_known_day_is_excluded_with_its_reason(tmp_path: Path) -> None:
    """Overlapping entries are joined, and a check has the reasons of those that mean it."""
    read = dataset(
        tmp_path,
        f"{BLACK_FRIDAY}      - {{dates: 2026-11-23 .. 2026-11-30, reason: sale, checks: [PartialDay, RevenueDrop]}}\n"
        "    baseline_since: 2026-11-24\n",
    )
    reasons = {number: read.exclusion(date(2026, 11, number)) for number in (22, 23, 24, 27, 30)}
    assert reasons == {
        22: "before baseline_since 2026-11-24",
        23: "sale; before baseline_since 2026-11-24",
        24: "sale",
        27: "Black Friday; sale",
        30: "sale",
    }
    assert read.exclusion(date(2026, 12, 1)) is None
    assert read.known_checks(date(2026, 11, 24)) == {"PartialDay": "sale", "RevenueDrop": "sale"}
    assert read.known_checks(date(2026, 11, 27)) == dict.fromkeys(DRIFTS, "Black Friday") | {
        "RevenueDrop": "Black Friday; sale",
        "PartialDay": "sale",
    }
    assert read.known_checks(date(2026, 11, 22)) == {}
    assert set(DRIFTS) < set(KNOWABLE)


def test_what_is_served(tmp_path: Path) -> None:
    """For each lag whether it is excluded, and why; the checks of the anchor day; which rule for drops holds."""
    write_rows(tmp_path / "1.parquet", [view(f"2025-03-{day:02}") for day in range(5, 10)])
    days = [
        {"dates": "2025-03-08 .. 2025-03-09", "reason": "sale\n2", "checks": ["NullClientIds"]},
        {"dates": "2025-03-09", "reason": "outage", "checks": ["PartialDay", "NullClientIds"]},
    ]
    path = write_config(
        tmp_path,
        web=SHOP | {"known_days": days, "baseline_since": "2025-03-06", "drop_rule": "plain"},
        other=SHOP,
    )
    out = once(path)
    assert [out.get("clickstream_excluded_day", dataset="web", lag=lag) for lag in range(6)] == [1, 1, 0, 0, 1, None]
    assert [out.get("clickstream_excluded_day", dataset="other", lag=lag) for lag in range(6)] == [*[0] * 5, None]
    reasons = {each["lag"]: each["reason"] for each in out.labels("clickstream_excluded_day_info")}
    assert reasons == {"0": "sale?2; outage", "1": "sale?2", "4": "before baseline_since 2025-03-06"}
    checks = {each["check"]: each["reason"] for each in out.labels("clickstream_known_check_info")}
    assert checks == {"NullClientIds": "sale?2; outage", "PartialDay": "outage"}
    assert [out.value("clickstream_plain_drops", dataset=name) for name in ("web", "other")] == [1, 0]
    assert {each["dataset"] for each in out.labels("clickstream_known_check_info")} == {"web"}


@pytest.mark.parametrize(("without", "expected"), [([8], ["closed"]), ([7, 8], []), ([6, 8], ["closed"]), ([], [])])
def test_a_day_that_is_known_to_be_missing(tmp_path: Path, without: list[int], expected: list[str]) -> None:
    """On the day after it, MissingDay is informational, unless the day before it is missing, too."""
    write_rows(tmp_path / "1.parquet", [view(f"2025-03-{day:02}") for day in range(4, 10) if day not in without])
    days = [{"dates": "2025-03-08", "reason": "closed", "checks": ["MissingDay"]}]
    out = once(write_config(tmp_path, web=SHOP | {"known_days": days}))
    assert [each["reason"] for each in out.labels("clickstream_known_check_info")] == expected
