"""Rule files that are broken, cut or wrong."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from faults import fault
from trial import Trial

from alerting import rulefile

FAILING = "clickstream_limit * on (dataset) clickstream_limit"
"""Many-to-many: it fails whatever the data are."""

STARTED = "dataset:clickstream_snapshot:started"
STATE = "dataset:clickstream_check:state"
Rule = dict[str, Any]


@fault("V8", r"rule \S+.* fails: .*(many-to-many|duplicate)")
def number_rule_in_error(trial: Trial) -> None:
    """A rule that records a number fails."""
    _fail(trial, _is_number)


@fault("V8", r"rule \S+.* fails: .*(many-to-many|duplicate)", hides=True)
def state_rule_in_error(trial: Trial) -> None:
    """A rule that records a state fails."""
    _fail(trial, _is_state)


@fault("V8", r"rule \S+.* fails: .*(many-to-many|duplicate)")
def alert_rule_in_error(trial: Trial) -> None:
    """An alert fails."""
    _fail(trial, _is_alert)


@fault("V2", r"has \d+ of \d+ rules")
def number_rule_removed(trial: Trial) -> None:
    """A rule that records a number is gone."""
    _remove(trial, _is_number)


@fault("V2", r"has \d+ of \d+ rules", hides=True)
def state_rule_removed(trial: Trial) -> None:
    """A rule that records a state is gone."""
    _remove(trial, _is_state)


@fault("V2", r"has \d+ of \d+ rules")
def alert_rule_removed(trial: Trial) -> None:
    """An alert is gone."""
    _remove(trial, _is_alert)


@fault("V2", "no rule group clickstream")
def rule_file_emptied(trial: Trial) -> None:
    """The rule file has no rules."""
    trial.bench.set_rules("groups: []\n")


@fault("V2")
def rule_file_broken(trial: Trial) -> None:
    """The rule file is not valid YAML: Prometheus keeps the rules it has."""
    trial.bench.set_rules("groups: [\n")


def _is_number(rule: Rule) -> bool:
    return "record" in rule and rule["record"] != STATE


def _is_state(rule: Rule) -> bool:
    return bool(rule.get("record") == STATE)


def _is_alert(rule: Rule) -> bool:
    return "alert" in rule


def _fail(trial: Trial, kind: Callable[[Rule], bool]) -> None:
    """Let Prometheus read the shipped file, but for one rule of this kind, which fails."""
    group = copy.deepcopy(rulefile.groups())
    rule = _chosen(trial, group[rulefile.GROUP], kind)
    rule["expr"] = FAILING
    _load(trial, group)


def _remove(trial: Trial, kind: Callable[[Rule], bool]) -> None:
    """Let Prometheus read the shipped file, but for one rule of this kind."""
    group = copy.deepcopy(rulefile.groups())
    rule = _chosen(trial, group[rulefile.GROUP], kind)
    group[rulefile.GROUP].remove(rule)
    _load(trial, group)


def _chosen(trial: Trial, group: list[Rule], kind: Callable[[Rule], bool]) -> Rule:
    """A rule of this kind, and mostly one that a check rests on that fires before or after."""
    fired = {each.check for day in (trial.before, trial.after) for each in day.alerts}
    all_of_kind = [rule for rule in group if kind(rule)]
    resting = [rule for rule in all_of_kind if id(rule) in _below(group, fired)]
    rule = trial.rng.choice(resting if resting and trial.rng.random() < 0.8 else all_of_kind)
    check = rule.get("labels", {}).get("check", "")
    trial.note = f"({rule.get('record') or rule.get('alert')} {check}".rstrip() + ")"
    return rule


def _below(group: list[Rule], checks: set[str]) -> set[int]:
    """The rules that the alerts of these checks rest on, these alerts included."""
    found = [rule for rule in group if rule.get("alert", "").removeprefix("Clickstream") in checks]
    found += [rule for rule in group if rule.get("labels", {}).get("check") in checks]
    for rule in found:
        names = set(re.findall(r"\w+:clickstream_\w+:\w+", rule["expr"])) - {STATE, STARTED}
        found += [each for each in group if each.get("record") in names and each not in found]
    return {id(rule) for rule in found}


def _load(trial: Trial, groups: dict[str, list[Rule]]) -> None:
    trial.bench.set_rules(json.dumps({"groups": [{"name": name, "rules": each} for name, each in groups.items()]}))
