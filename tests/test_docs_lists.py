"""Lists of the documentation that the code also knows: checks, limits, flags and promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from alerting import rulefile
from exporter.config import __main__ as declaring
from exporter.config.checks import CHECKS, Limits
from exporter.gauges import own
from exporter.measures import declared
from tests.broken_days import KINDS
from tests.support.documents import ROOT, page, rows, section, words

EXPORTER, ALERTING = "exporter/README.md", "alerting/README.md"
MEASURES = declared.load()
PYTHON = "Programming Language :: Python :: "
LIMIT = re.compile(r'clickstream_limit:max\{limit="(\w+)"')
RULES = [rule for group in rulefile.groups().values() for rule in group]


def test_every_alert_is_documented_with_its_severity() -> None:
    """The table and the rule file name the same alerts."""
    shipped: dict[str, str] = {}
    for rule in RULES:
        if rule.get("alert", "ClickstreamCertificate") != "ClickstreamCertificate":
            shipped.setdefault(rule["alert"], rule["labels"]["severity"])
    assert {row[0]: re.split(r"\W", row[1])[0] for row in rows(ALERTING, "The checks")} == shipped


def test_every_limit_of_a_check_is_documented() -> None:
    """Those that its state compares with and those of its guards; the others that are named exist, too."""
    guards = {
        rule["labels"]["guard"]: LIMIT.findall(rule["expr"]) for rule in RULES if "guard" in rule.get("labels", {})
    }
    read = {
        f"Clickstream{rule['labels']['check']}": {
            *LIMIT.findall(rule["expr"]),
            *(limit for guard in re.findall(r'guard="(\w+)"', rule["expr"]) for limit in guards[guard]),
        }
        for rule in RULES
        if rule.get("record") == "dataset:clickstream_check:state"
    }
    named = {row[0]: {*words(row[2]), *words(row[3])} for row in rows(ALERTING, "The checks")}
    assert sum(map(len, read.values())) > 40
    assert {alert: limits - named[alert] for alert, limits in read.items() if limits - named[alert]} == {}
    assert {limit for row in rows(ALERTING, "The checks") for limit in words(row[3])} == set(Limits.model_fields) - {
        "revenue_spike_warning_ratio"  # stands beside the severity
    }


def test_the_limits_stand_as_they_are_declared() -> None:
    """In the example and in the README: `make limits` writes both."""
    for name, written in (("exporter/example.yml", declaring.example), ("exporter/README.md", declaring.readme)):
        assert written(page(name)) == page(name)
    assert {field.title for field in Limits.model_fields.values() if field.title} <= set(CHECKS)


def test_alertmanager_names_no_alert_that_is_none() -> None:
    """An inhibition by a name that nobody uses would silently inhibit nothing."""
    named = set(re.findall(r"Clickstream\w+", page("alerting/alertmanager.yml")))
    assert named
    assert named <= {rule["alert"] for rule in RULES if "alert" in rule}


def test_every_limit_is_used_by_a_rule_and_no_other() -> None:
    """A limit that no rule reads would be a promise that nobody keeps."""
    assert set(LIMIT.findall(rulefile.text())) == set(Limits().model_dump())


def test_every_gauge_that_the_rules_read_exists() -> None:
    """A name that is mistyped in a rule would silently match nothing."""
    twins = {twin for measure in MEASURES for twin in measure.twins.values()}
    others = {*rulefile.groups(), "clickstream_gauge"}  # a label of the rules' own
    text = "\n".join(line for line in rulefile.text().splitlines() if not line.lstrip().startswith("#"))
    named = set(re.findall(r"(?<![\w:])clickstream_[a-z_]+(?![\w:.])", text))
    assert len(named) > 40
    assert named - others <= {*own.HELP, *(gauge for measure in MEASURES for gauge in measure.gauges), *twins}


def flags(module: str) -> set[str]:
    """The flags and arguments that a command's --help lists."""
    command = [sys.executable, "-m", module, "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = set(re.findall(r"^  (?:-h, )?(--[\w.-]+|CONFIG)\b", text, re.MULTILINE))
    assert "--help" in found
    return found


def test_every_flag_of_the_exporter_is_documented() -> None:
    """The table and --help list the same flags."""
    assert {words(row[0])[0].split()[0] for row in rows(EXPORTER, "Flags")} == flags("exporter")


@pytest.mark.parametrize("command", ["report", "check"])
def test_every_flag_of_the_verdict_is_documented(command: str) -> None:
    """The table and --help of each command list the same flags."""
    table = {words(row[0])[0].split()[0] for row in rows(ALERTING, "Flags") if command in row[1].split(", ")}
    assert table == flags(f"alerting.{command}")


def test_every_argument_of_the_proposal_is_documented() -> None:
    """The table and --help list the same."""
    table = {words(row[0])[0] for row in rows(EXPORTER, "A first configuration") if words(row[0])}
    assert table == flags("exporter.init") | {"FILES"}


def test_every_python_that_is_promised_is_tested() -> None:
    """The classifiers of the package are the versions of continuous integration, of which Debian's is 3.11."""
    classifiers = tomllib.loads(page("pyproject.toml"))["project"]["classifiers"]
    promised = [each.removeprefix(PYTHON) for each in classifiers if each.startswith(PYTHON)]
    images = yaml.safe_load(page(".github/workflows/ci.yml"))["jobs"]["test"]["strategy"]["matrix"]["image"]
    assert ["3.11" if image == "debian:12" else re.split("[:-]", image)[1] for image in images] == promised
    assert f"Python {promised[0]} to {promised[-1]}" in section(EXPORTER, "Installing")


def test_every_promise_is_documented() -> None:
    """The numbers in the names of tests, of faults and of broken days are those of the table."""
    told = [row[0] for row in rows("tests/README.md", "The promises")]
    assert len(told) == len(set(told))
    proven = {kind.promise for kind in KINDS.values()}
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text("utf-8")
        names = re.findall(r"^ *(?:async )?def test_((?:[vjndps]\d+_)+)", text, re.MULTILINE)
        proven |= {number.upper() for name in names for number in name.split("_") if number}
        proven |= set(re.findall(r'^@fault\("([A-Z]\d+)"', text, re.MULTILINE))
    assert set(told) == proven
