"""What the documentation says is what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from alerting import rulefile
from exporter.config.model import Dataset, Limits
from exporter.demo.write import write_demo
from exporter.gauges import own
from exporter.measures import declared

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_readme_lists_every_alert_with_its_severity() -> None:
    """The table and the rule file name the same alerts."""
    listed = dict(re.findall(r"^\| (Clickstream\w+) \| (\w+)", README, re.MULTILINE))
    shipped: dict[str, str] = {}
    for group in rulefile.groups().values():
        for rule in group:
            if "alert" in rule and rule["alert"] != "ClickstreamCertificate":
                shipped.setdefault(rule["alert"], rule["labels"]["severity"])
    assert listed
    assert sorted(listed.items()) == sorted(shipped.items())


def test_alertmanager_names_no_alert_that_is_none() -> None:
    """An inhibition by a name that nobody uses would silently inhibit nothing."""
    named = set(re.findall(r"Clickstream\w+", (ROOT / "alerting" / "alertmanager.yml").read_text("utf-8")))
    assert named
    assert named <= {rule["alert"] for group in rulefile.groups().values() for rule in group if "alert" in rule}


def test_every_limit_is_used_by_a_rule_and_no_other() -> None:
    """A limit that no rule reads would be a promise that nobody keeps."""
    used = set(re.findall(r'clickstream_limit:max\{limit="(\w+)"', rulefile.text()))
    assert used == set(Limits().model_dump())


def test_the_readme_names_no_limit_that_is_none() -> None:
    """The names in the table of checks are keys of the configuration."""
    table = README.split("## The checks")[1]
    named = set(re.findall(r"`(\w+_\w+)`", table.split("## What the verdict")[0]))
    assert named & set(Limits.model_fields)
    assert named <= {*Limits.model_fields, *Dataset.model_fields}


def test_every_gauge_that_the_rules_read_exists() -> None:
    """A name that is mistyped in a rule would silently match nothing."""
    known = {gauge for measure in declared.load() for gauge in measure.gauges}
    twins = {twin for measure in declared.load() for twin in measure.twins.values()}
    others = {*rulefile.groups(), "clickstream_gauge"}  # a label of the rules' own
    text = "\n".join(line for line in rulefile.text().splitlines() if not line.lstrip().startswith("#"))
    named = set(re.findall(r"(?<![\w:])clickstream_[a-z_]+(?![\w:.])", text))
    assert named - others
    assert named - others <= {*own.HELP, *known, *twins}


def test_the_readme_shows_what_the_exporter_prints(tmp_path: Path) -> None:
    """The lines of /metrics on the first screen are those of the demo."""
    config = write_demo(tmp_path, date(2025, 3, 9))
    command = [sys.executable, "-m", "exporter", "--config.file", str(config), "--as-of", "2025-03-09", "--once"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    shown = [line for line in README.splitlines() if line.startswith("clickstream_")]
    assert len(shown) == 5
    assert set(shown) <= set(printed)


def test_the_measure_in_the_readme_works(tmp_path: Path) -> None:
    """What "add a metric" shows can be pasted."""
    config = write_demo(tmp_path, date(2025, 3, 9))
    (tmp_path / "search.sql").write_text(blocks("sql")[0], "utf-8")
    config.write_text(config.read_text("utf-8") + "    measures: [search.sql]\n", "utf-8")
    command = [sys.executable, "-m", "exporter", "--config.file", str(config), "--as-of", "2025-03-09", "--once"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert 'clickstream_search_events{dataset="shop",lag="14"}' in printed
    assert 'clickstream_comparable_search_events{dataset="shop",lag="7"}' in printed
    assert 'clickstream_exporter_query_success{dataset="shop",query="search"} 1.0' in printed
