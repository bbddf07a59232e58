"""The rule file that is shipped is valid and whole, and so is the table of cases."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from alerting import rulefile
from alerting.mixin import __main__ as mixin
from exporter.config.checks import KNOWABLE, Limits
from exporter.gauges import own
from exporter.measures import declared
from tests.support.day_cases import CASES, CHECKS, TABLE, firing, served, states
from tests.support.generations import Generation
from tests.support.promtool import NUMBERS, RULE_FILE, STATE, run

ALERTING = RULE_FILE.parents[1]
KEYS = (
    "name alert gauges limits without days fires summary description numbers owner labels severity usual_severity also "
    "switched_off"
)
JUDGED = "dataset:clickstream_snapshot:judged"

LABEL_OF_A_GAUGE = "clickstream_gauge"
"""The label that takes the name of a gauge where the rules count series."""

ALERTS = [rule for rule in rulefile.groups()[rulefile.GROUP] if "alert" in rule]


def test_rule_file_is_what_the_mixin_writes() -> None:
    """The file that is shipped was written by `make rules`, and by nobody since."""
    assert rulefile.text() == mixin.render()


def test_files_are_valid(generation: Generation) -> None:
    """promtool and amtool have nothing against the files that are shipped."""
    run(generation.promtool, "check", "rules", "--lint=all", "--lint-fatal", RULE_FILE)
    run(generation.promtool, "check", "config", "--lint=all", "--lint-fatal", ALERTING / "prometheus.yml")
    run(generation.amtool, "check-config", ALERTING / "alertmanager.yml")


def test_every_check_has_one_state_and_an_alert() -> None:
    """A check is one state and at least one alert that looks at nothing else."""
    assert len(set(CHECKS)) == len(CHECKS)
    assert {rule["alert"] for rule in ALERTS} == {f"Clickstream{check}" for check in (*CHECKS, "Certificate")}
    for rule in ALERTS[:-1]:
        check = rule["alert"].removeprefix("Clickstream")
        last_state = f'last_over_time({STATE}{{check="{check}"}}[36h]) == 1'
        assert rule["expr"] == last_state or (check in KNOWABLE and rule["expr"].startswith(last_state))


def test_every_alert_is_complete() -> None:
    """An alert says what, how bad and about which snapshot; nothing delays or cuts it."""
    assert ALERTS[-1]["alert"] == "ClickstreamCertificate"
    for rule in ALERTS[:-1]:
        assert sorted(rule) == ["alert", "annotations", "expr", "labels"]
        assert sorted(rule["labels"]) == ["service", "severity", "team", "tier"]
        assert set(rule["annotations"]) - {*NUMBERS, "checks_off"} == {
            "dashboard_url",
            "day",
            "description",
            "owner",
            "runbook_url",
            "snapshot",
            "summary",
        }
        texts = rule["annotations"].values()
        assert [text for text in texts if not text or any(f"<{name}>" in text for name in NUMBERS)] == []
    assert [sorted(each) for each in yaml.safe_load(rulefile.text())["groups"]] == [["name", "rules"]] * 2


def test_certificate_knows_how_many_checks_there_are() -> None:
    """The number of checks, which the rules write out twice, is the number of states."""
    records = {rule["record"]: rule["expr"] for rule in rulefile.groups()[rulefile.GROUP] if "record" in rule}
    expr = records[JUDGED]
    assert expr.endswith(f"(timestamp({STATE}) == time()) == {len(CHECKS)}")
    assert ALERTS[-1]["labels"]["checks"] == str(len(CHECKS))


def test_rules_use_the_gauges_that_exist() -> None:
    """Every gauge in an expression or a message is one of the exporter's, and stands in the table."""
    text = json.dumps(list(rulefile.groups().values()))
    used = set(re.findall(r"(?<![:\w])clickstream_[a-z_]+(?![\w:.])", text)) - {LABEL_OF_A_GAUGE}
    measured = {gauge for measure in declared.load() for gauge in measure.gauges}
    twins = {gauge.replace("clickstream_", "clickstream_comparable_", 1) for gauge in measured}
    assert used <= measured | twins | set(own.HELP)
    served_ = {series.split("{")[0] for case in CASES.values() for series in served(case)}
    assert used - served_ == {"clickstream_exporter_build_info"}
    assert served_ - used == set()


def test_table_is_well_formed() -> None:
    """What is misspelt would silently change nothing."""
    assert len(CASES) == len(TABLE["cases"])
    for case in CASES.values():
        assert set(case) <= set(KEYS.split())
        assert case["fires"] == ("summary" in case)
        assert set(firing(case)) <= set(TABLE["alerts"])
        assert set(case.get("limits", {})) <= set(Limits().model_dump())
        gone = "\n".join(set(served({**case, "without": []})) - set(served(case)))
        assert [name for name in case.get("without", []) if name not in gone] == []


def test_what_rests_on_each_gauge_is_known() -> None:
    """Every gauge of the healthy data set stands in the table of what is off without it."""
    gauges = {series.split("{")[0] for series in served({})}
    assert gauges - {"clickstream_snapshot", "clickstream_series", "clickstream_gauge_series"} == set(TABLE["rests_on"])


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_has_its_cases(check: str) -> None:
    """A check fires in one case and is in order in another; with a guard, it is switched off in a third."""
    expr = next(rule["expr"] for rule in rulefile.groups()[rulefile.GROUP] if rule.get("labels") == {"check": check})
    guarded = "and on (dataset) dataset:clickstream_guard:open" in expr and check != "LowVolume"
    needed = {0, 1, 2} if guarded else {0, 1}
    found = {states(case)[check] for case in CASES.values() if check == case["alert"] or states(case)[check] == 2}
    assert needed <= found
