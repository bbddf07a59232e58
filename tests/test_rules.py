"""The rules say of each day what `rules/cases.yml` says, on every generation of Prometheus."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerting import rulefile
from alerting.formats.outline import REASONS
from alerting.mixin import __main__ as mixin
from exporter.config.checks import CHECKS as SWITCHABLE
from exporter.config.checks import KNOWABLE, Limits
from exporter.config.values import ROUTING_LABELS
from exporter.gauges import own
from exporter.measures import declared
from tests.support import generations
from tests.support.day_cases import (
    CASES,
    CHECKS,
    SNAPSHOT,
    TABLE,
    Case,
    Values,
    counted,
    firing,
    labelled,
    served,
    states,
)
from tests.support.generations import NEWEST_ALONE, Generation

ALERTING = Path(rulefile.__file__).parent
RULE_FILE = ALERTING / "rules" / "clickstream.yml"
KEYS = "name alert gauges limits without days fires summary description numbers owner labels severity also switched_off"
STATE = "dataset:clickstream_check:state"
GUARD = "dataset:clickstream_guard:open"
JUDGED = "dataset:clickstream_snapshot:judged"
GOGC = "400"
"""The variable GOGC of promtool: it lives for seconds, and may take more memory, and less time to free it."""

AT_ONCE = 4000
"""Series of one Prometheus: promtool's queries may not load more than 10,000 samples."""

LABEL_OF_A_GAUGE = "clickstream_gauge"
"""The label that takes the name of a gauge where the rules count series."""

KINDS = KNOWABLE
"""Checks with two alerts, one of them an info."""

NUMBERS = ("value", "baseline", "limit")
"""The annotations that have a number of the sentences, each where there is one."""

Test = dict[str, Any]
"""A part of a promtool test file."""

ALERTS = [rule for rule in rulefile.groups()[rulefile.GROUP] if "alert" in rule]


def scraped(dataset: str, *served_for: tuple[Values, int], **target: str) -> list[Test]:
    """What is served for so many minutes, one after the other, as `input_series`; what vanishes becomes stale."""
    scraped_as = {"instance": "localhost:9847", "job": "clickstream"} | target
    labels = ",".join(f'{name}="{value}"' for name, value in {"dataset": dataset, **scraped_as}.items())
    samples: dict[str, list[str]] = {series: [] for values, _ in served_for for series in values}
    for values, minutes in served_for:
        for series, before in samples.items():
            before.extend([str(values[series])] * minutes if series in values else ["stale", *["_"] * (minutes - 1)])
    return [
        {"series": labelled(series, labels), "values": " ".join(each).replace("nan", "NaN")}
        for series, each in samples.items()
    ]


def expression(expr: str, samples: dict[str, float], at: str = "0m") -> Test:
    """A `promql_expr_test`: the series that the expression gives, and no others."""
    expected = [{"labels": series, "value": value} for series, value in samples.items()]
    return {"expr": expr, "eval_time": at, "exp_samples": expected}


def judged(case: Case) -> Test:
    """The states of a case that are not in order."""
    dataset = f'dataset="{case["name"]}"'
    expected = {f'{STATE}{{check="{check}",{dataset}}}': float(state) for check, state in states(case).items() if state}
    return expression(f"{STATE}{{{dataset}}} != 0", expected)


def complete(cases: Iterable[Case]) -> tuple[Test, Test]:
    """Each case has every state; a further label, if it comes and goes, would leave an old state behind."""
    counts = {f'{{dataset="{case["name"]}"}}': float(len(CHECKS)) for case in cases}
    further = expression(f"count without (check, dataset) ({STATE})", {"{}": sum(counts.values())})
    return expression(f"count by (dataset) ({STATE})", counts), further


def alerts(name: str, *expected: Test, at: str = "0m") -> Test:
    """An `alert_rule_test`: the instances that fire, and no others."""
    return {"eval_time": at, "alertname": f"Clickstream{name}", "exp_alerts": list(expected)}


def alert(case: Case, name: str) -> Test:
    """How an alert fires for a case."""
    severity, tier = TABLE["alerts"][name]
    labels = {"dataset": case["name"], "severity": case.get("severity", severity), "tier": tier}
    annotations = {"summary": firing(case)[name]}
    if name in CHECKS:
        labels["check"] = name
        annotations["snapshot"] = str(SNAPSHOT)
    return {"exp_labels": labels | case.get("labels", {}), "exp_annotations": annotations}


def certificate(case: Case, snapshot: int = SNAPSHOT) -> Test:
    """How the certificate fires for a case."""
    ones, twos = (sorted(check for check, state in states(case).items() if state == value) for value in (1, 2))
    labels = {"dataset": case["name"], "severity": "none", "snapshot": str(snapshot)}
    counts = {"checks": str(len(CHECKS)), "firing": str(len(ones)), "release": version("clickstream-exporter")}
    date = {} if case.get("days") == 0 else {"date": "2025-03-09"}
    annotations = {"firing": " ".join(ones), "switched_off": " ".join(twos)}
    return {"exp_labels": labels | counts | date, "exp_annotations": annotations}


def group(series: Iterable[list[Test]], *expected: Test) -> Test:
    """A test group: the series of one Prometheus, and what is expected of them."""
    return {
        "interval": "1m",
        "input_series": list(chain.from_iterable(series)),
        "alert_rule_test": [each for each in expected if "alertname" in each],
        "promql_expr_test": [each for each in expected if "expr" in each],
    }


def some(generation: Generation, every: Iterable[Any]) -> list[Any]:
    """All of them; for the generation that takes twice as long, every fourth one."""
    return list(every)[:: 4 if generation == generations.found() else 1]


def batches(cases: Iterable[Case], targets: int = 1) -> Iterator[list[Case]]:
    """The cases, as many at a time as promtool can hold where so many `targets` serve each."""
    batch: list[Case] = []
    held = 0
    for case in cases:
        series = targets * len(served(case))
        if batch and held + series > AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append(case)
        held += series
    if batch:
        yield batch


def short_rules(folder: Path) -> Path:
    """The rule file without the annotations that `test_descriptions_and_links` holds against their cases."""
    names = ("description", *NUMBERS, "checks_off", "day", "owner", "runbook_url", "dashboard_url")
    long = tuple(f"      {name}: " for name in names)
    lines = (line for line in rulefile.text().splitlines() if not line.startswith(long))
    path = folder / "short.yml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def promtool(generation: Generation, folder: Path, *groups: Test, rule_file: Path | None = None) -> None:
    """Fail with what promtool has against the rules, which it evaluates at 0 and at every minute."""
    file = rule_file or short_rules(folder)
    document = {"rule_files": [str(file)], "evaluation_interval": "1m", "tests": groups}
    (folder / "tests.yml").write_text(json.dumps(document))
    run(generation.promtool, "test", "rules", folder / "tests.yml")


def run(*command: str | Path) -> str:
    """What the command prints; fails with all of it if the command does."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={"GOGC": GOGC} | os.environ)
    if done.returncode:
        pytest.fail(f"{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout.strip()


def test_cases(generation: Generation, tmp_path: Path) -> None:
    """Every case has the alerts, the states and the certificate that the table says."""
    groups = [
        group(
            (scraped(case["name"], (served(case), 1)) for case in batch),
            *(alerts(name, *(alert(case, name) for case in batch if name in firing(case))) for name in TABLE["alerts"]),
            alerts("Certificate", *map(certificate, batch)),
            *map(judged, batch),
            *complete(batch),
        )
        for batch in batches(some(generation, CASES.values()))
    ]
    promtool(generation, tmp_path, *groups)


def test_missing_gauge_switches_off_what_rests_on_it(generation: Generation, tmp_path: Path) -> None:
    """Whichever gauge is not there, every check has a state, and none that rests on the gauge is in order."""
    groups = []
    for batch in batches({"name": gauge, "without": [gauge]} for gauge in some(generation, TABLE["rests_on"])):
        off = {
            f'{STATE}{{check="{check}",dataset="{case["name"]}"}}': 2.0
            for case in batch
            for check in TABLE["rests_on"][case["name"]]
        }
        series = (scraped(case["name"], (served(case), 1)) for case in batch)
        groups.append(group(series, expression(f"{STATE} == 2", off), *complete(batch)))
    promtool(generation, tmp_path, *groups)


def test_gauge_that_is_no_number_is_never_in_order(generation: Generation, tmp_path: Path) -> None:
    """Whichever gauge is NaN, every check has a state, what rests on it is off, and nothing is certified."""
    groups = []
    for batch in batches({"name": gauge} for gauge in some(generation, TABLE["rests_on"])):
        names = [case["name"] for case in batch]
        off = {
            f'{STATE}{{check="{check}",dataset="{name}"}}': 2.0
            for name in names
            for check in {*TABLE["rests_on"][name], *TABLE["stood_for"].get(name, [])}
        }
        told = {f'{STATE}{{check="NotMeasured",dataset="{name}"}}': 1.0 for name in names}
        series = (scraped(name, (not_a_number(name), 1)) for name in names)
        expected = (expression(f"{STATE} == 2", off), expression(f'{STATE}{{check="NotMeasured"}}', told))
        groups.append(group(series, *expected, alerts("Certificate"), *complete(batch)))
    promtool(generation, tmp_path, *groups)


def not_a_number(gauge: str) -> Values:
    """The healthy data set, with every series of the gauge NaN."""
    return {series: math.nan if series.split("{")[0] == gauge else value for series, value in served({}).items()}


@NEWEST_ALONE
def test_alert_ends_with_the_first_state_that_is_not_firing(generation: Generation, tmp_path: Path) -> None:
    """Whatever fired: when the data are gone, only that they are gone does."""
    fired = {case["alert"]: case for case in CASES.values() if case["fires"] and case["alert"] in CHECKS}
    gone = CASES["no-data"]
    groups = [
        group(
            (scraped(case["name"], (served(case), 1), (served(gone), 1)) for case in batch),
            expression(
                'sum by (check) (ALERTS{check!="",alertstate="firing"})',
                {f'{{check="{check}"}}': float(len(batch)) for check in firing(gone)},
                at="1m",
            ),
        )
        for batch in batches(fired.values())
    ]
    promtool(generation, tmp_path, *groups)


def test_alert_outlives_an_outage(generation: Generation, tmp_path: Path) -> None:
    """An hour without any series resolves nothing and certifies nothing; the first state after it decides."""
    cases = [CASES[name] for name in ("revenue-drop", "partial-day-of-an-intraday-data-set", "refresh-failed")]
    labels = ((case["alert"], case["name"], alert(case, case["alert"])["exp_labels"]["severity"]) for case in cases)
    latched = {
        f'{{alertname="Clickstream{name}",dataset="{dataset}",severity="{severity}"}}': 1.0
        for name, dataset, severity in labels
    }
    fires = 'ALERTS{tier!="",dataset!="",alertstate="firing",alertname!="ClickstreamHistoryShort"}'
    found = f"sum by (alertname, dataset, severity) ({fires})"
    test = group(
        (scraped(case["name"], (served(case), 5), ({}, 60), (served({}), 1)) for case in cases),
        expression(found, latched, at="4m"),
        expression(found, latched, at="64m"),
        alerts("RevenueDrop", of_the_past(CASES["revenue-drop"]), at="64m"),
        expression(STATE, {}, at="64m"),
        alerts("Certificate", at="64m"),
        expression('ALERTS{check!="",check!="HistoryShort"}', {}, at="65m"),
    )
    promtool(generation, tmp_path, test)


def test_a_segment_that_is_gone_from_the_data_set_is_not_listed(generation: Generation, tmp_path: Path) -> None:
    """It had dropped; since then, the data set has no such segment, and another one drops."""
    case = CASES["segment-dropped"]
    gone = {'clickstream_comparable_platform_events{platform="tizen"}': {0: 0, "1-7": 500}}
    before = {**case, "gauges": {**case["gauges"], **gone}}
    test = group(
        [scraped(case["name"], (served(before), 5), (served(case), 5))],
        expression('count(dataset_segment:clickstream_segment_events:drop_ratio{segment="tizen"})', {"{}": 1}, at="4m"),
        alerts("SegmentDrop", alert(case, "SegmentDrop"), at="7m"),
    )
    promtool(generation, tmp_path, test)


@NEWEST_ALONE
@pytest.mark.parametrize("targets", [1, 2])
def test_n1_descriptions_and_links(generation: Generation, tmp_path: Path, targets: int) -> None:
    """Every alert says what was measured against which limit, and links; replicas of the exporter change nothing."""
    described = [case for case in CASES.values() if "description" in case]
    assert sorted(case["alert"] for case in described) == sorted({*CHECKS, "RefreshFailing"})
    history = [case for case in described if case["alert"] == "HistoryShort"]  # it fires for the others, too
    others = [case for case in described if case not in history]
    groups = [
        group(
            (
                scraped(case["name"], (served(case), 1), instance=instance)
                for case in batch
                for instance in ("a:9847", "b:9847")[:targets]
            ),
            *(alerts(case["alert"], linked(case)) for case in batch),
        )
        for batch in chain(*(batches(some, targets) for some in (others, history)))
    ]
    promtool(generation, tmp_path, *groups, rule_file=RULE_FILE)


@pytest.mark.parametrize("named", [True, False])
def test_n1_alerts_without_links(generation: Generation, tmp_path: Path, named: bool) -> None:
    """Where the configuration names no place, the runbook is a path, and there is no link to a dashboard."""
    empty = {'clickstream_links_info{grafana="",runbooks=""}': 1} if named else {}
    groups = []
    for name in ("half-of-the-events", "refresh-failed"):
        case = CASES[name]
        kept = {key: value for key, value in served(case).items() if not key.startswith("clickstream_links_info")}
        counts = ("clickstream_gauge_series", "clickstream_series")
        values = counted({key: value for key, value in kept.items() if not key.startswith(counts)} | empty)
        found = linked(case)
        found["exp_annotations"] |= {"runbook_url": f"alerting/runbooks/{case['alert']}.md", "dashboard_url": ""}
        groups.append(group([scraped(name, (values, 1))], alerts(case["alert"], found)))
    promtool(generation, tmp_path, *groups, rule_file=RULE_FILE)


def linked(case: Case) -> Test:
    """The alert that the case describes, with all its annotations."""
    found = alert(case, case["alert"])
    exporter = "https://grafana.example/d/clickstream-exporter"
    day = "2025-03-09" if case.get("days") != 0 else ""
    dashboard = f"https://grafana.example/d/clickstream-dataset?var-dataset={case['name']}&var-day={day}"
    found["exp_annotations"] |= {
        "description": case["description"],
        **case.get("numbers", {}),
        **({"checks_off": " ".join(sorted(case["switched_off"]))} if case["alert"] in REASONS else {}),
        "runbook_url": f"https://wiki.example/runbooks/{case['alert']}.md",
        "dashboard_url": dashboard if case["alert"] in CHECKS else exporter,
        **({"day": day, "owner": case.get("owner", "")} if case["alert"] in CHECKS else {}),
    }
    return found


def of_the_past(case: Case) -> Test:
    """The alert of a case whose series are gone: it keeps its message, and is about no snapshot."""
    annotations = {"snapshot": "", "summary": case["summary"]}
    return alert(case, case["alert"]) | {"exp_annotations": annotations}


@pytest.mark.parametrize(
    ("up", "build_info", "summary"),
    [
        ("1 0x11", "1 stale _x10", "Exporter down: no metrics from localhost:9847"),
        ("_x12", "_x12", "Exporter down: no metrics from any instance"),
        ("1 stale _x11", "1 stale _x11", "Exporter down: no metrics from any instance"),
        ("1 0x5 1 0x4", "1 stale _x4 1 stale _x3", None),
        ("1x12", "1x12", None),
    ],
    ids=["down", "never-there", "gone", "back-in-between", "up"],
)
def test_n1_exporter_is_down_after_ten_minutes(
    generation: Generation, tmp_path: Path, up: str, build_info: str, summary: str | None
) -> None:
    """A target that was an exporter and is down pages after ten minutes, whatever its job; no other one does."""
    target = {"job": "web-analytics", "instance": "localhost:9847"}
    labels = ",".join(f'{name}="{value}"' for name, value in target.items())
    series = [
        {"series": f"up{{{labels}}}", "values": up},
        {"series": f'clickstream_exporter_build_info{{{labels},version="1"}}', "values": build_info},
        {"series": 'up{instance="localhost:9100",job="node"}', "values": "0x12"},
    ]
    own = target if "0" in up else {}
    fires = {"exp_labels": {**own, "severity": "critical", "tier": "pipeline"}, "exp_annotations": {"summary": summary}}
    after = "10m" if up.startswith("_") else "11m"
    test = group(
        [series],
        alerts("ExporterDown", at="9m"),
        alerts("ExporterDown", *([fires] if summary else []), at=after),
    )
    promtool(generation, tmp_path, test)


TARGETS: dict[str, list[dict[str, str]]] = {
    "two-jobs": [{}, {"job": "kubernetes-pods"}],
    "replicas": [{}, {"instance": "b:9847"}],
    "label-of-the-target": [{"cluster": "a", "team": "data"}],
    "renamed-job": [{"job": "web-analytics"}],
}


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_n1_drop_fires_however_it_is_scraped(
    generation: Generation, tmp_path: Path, targets: list[dict[str, str]]
) -> None:
    """One alert and one certificate about a drop, whatever jobs, labels and recording rules there are besides."""
    case = CASES["revenue-drop"]
    added = {name: value for name, value in targets[0].items() if name in ROUTING_LABELS}
    own = {"clickstream_events:total": 'dataset="revenue-drop"', "clickstream_weekly": labels_of(case, **targets[0])}
    test = group(
        [
            *(scraped(case["name"], (served(case), 12), **target) for target in targets),
            [{"series": f"{name}{{{labels}}}", "values": "4000x11"} for name, labels in own.items()],
        ],
        alerts("RevenueDrop", alert(case | {"labels": added}, "RevenueDrop"), at="11m"),
        alerts("Certificate", certificate(case), at="11m"),
        judged(case),
        alerts("NotJudged", at="11m"),
    )
    promtool(generation, tmp_path, test)


def labels_of(case: Case, **target: str) -> str:
    """The labels of every series that a target serves of a case."""
    labels = {"dataset": case["name"], "instance": "localhost:9847", "job": "clickstream"} | target
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def _without(lag: str) -> Values:
    """The healthy data set, of whose events a relabeling drops a lag."""
    return {series: value for series, value in served({}).items() if series != f'clickstream_events{{lag="{lag}"}}'}


NOT_WHOLE = (
    "Prometheus does not have exactly the series that the exporter served; a relabeling may drop some, or a label may "
    "duplicate them: clickstream_events of job clickstream, instance localhost:9847 should have 8. "
)
NOT_JUDGED: dict[str, tuple[list[Values], str]] = {
    "label-doubles": ([served({}) | {'clickstream_events{lag="3",team="data"}': 4000}], NOT_WHOLE),
    "not-a-number": ([served({}) | {'clickstream_events{lag="3"}': math.nan}], "Gauges with NaN: 1. "),
    "snapshots-differ": (
        [served({}), served({"gauges": {"clickstream_snapshot": 1}})],
        "Several targets serve different snapshots of the data set. ",
    ),
    "counts-dropped": ([{each: number for each, number in served({}).items() if "gauge_series" not in each}], ""),
    "total-dropped": ([{each: number for each, number in served({}).items() if each != "clickstream_series"}], ""),
}


@pytest.mark.parametrize(("scrapes", "why"), NOT_JUDGED.values(), ids=NOT_JUDGED)
def test_n1_what_is_not_judged_pages(generation: Generation, tmp_path: Path, scrapes: list[Values], why: str) -> None:
    """What is served and not certified pages after ten minutes and names the likeliest reason; others are judged."""
    instances = ("localhost:9847", "b:9847")
    test = group(
        [
            scraped("healthy", (served({}), 12)),
            *(scraped("shop", (each, 12), instance=one) for each, one in zip(scrapes, instances, strict=False)),
        ],
        alerts("NotJudged", at="9m"),
        alerts("NotJudged", not_judged("shop", why), at="10m"),
        alerts("Certificate", certificate(CASES["healthy"]), at="10m"),
    )
    promtool(generation, tmp_path, test, rule_file=RULE_FILE)


@pytest.mark.parametrize("others", [[], [served({})]], ids=["alone", "of-a-replica"])
def test_n1_dropped_lag_is_not_judged(generation: Generation, tmp_path: Path, others: list[Values]) -> None:
    """Where a relabeling drops a series, no state is left, and NotJudged fires, though a replica is whole."""
    test = group(
        [
            scraped("shop", (_without("3"), 12)),
            *(scraped("shop", (each, 12), instance="b:9847") for each in others),
        ],
        expression(f"count({STATE})", {}, at="10m"),
        alerts("NotJudged", at="9m"),
        alerts("NotJudged", not_judged("shop", NOT_WHOLE), at="10m"),
    )
    promtool(generation, tmp_path, test, rule_file=RULE_FILE)


def not_judged(dataset: str, why: str) -> Test:
    """The alert that the data set is not judged."""
    annotations = {
        "summary": f"Not judged: no check of data set {dataset} is evaluated, so no alert can fire",
        "description": f"The rules have certified nothing for ten minutes. {why}Otherwise a rule of the group "
        "clickstream fails or is missing; Prometheus shows it on its page of rules.",
        "runbook_url": "https://wiki.example/runbooks/NotJudged.md",
        "dashboard_url": "https://grafana.example/d/clickstream-exporter",
    }
    labels = {"dataset": dataset, "severity": "critical", "tier": "pipeline"}
    return {"exp_labels": labels, "exp_annotations": annotations}


def test_n1_no_certificate_pages(generation: Generation, tmp_path: Path) -> None:
    """Without the rules of the first group, NotJudged fires after ten minutes; a certificate that is back ends it."""
    document = yaml.safe_load(rulefile.text())
    document["groups"] = [each for each in document["groups"] if each["name"] != rulefile.GROUP]
    (tmp_path / "short.json").write_text(json.dumps(document))
    test = group(
        [scraped("shop", (served({}), 12))],
        alerts("NotJudged", at="9m"),
        alerts("NotJudged", not_judged("shop", ""), at="10m"),
    )
    promtool(generation, tmp_path, test, rule_file=tmp_path / "short.json")
    whole, broken = (served({}), 2), (_without("3"), 5)
    test = group(
        [scraped("shop", broken, whole, broken, whole)], *(alerts("NotJudged", at=f"{at}m") for at in (7, 11, 13))
    )
    promtool(generation, tmp_path, test)


def test_certificate_is_withheld(generation: Generation, tmp_path: Path) -> None:
    """Series that are missing or left over are not judged, and what is not judged has no certificate."""
    whole = served({})
    scrapes = {
        "healthy": whole,
        "one-missing": whole | {"clickstream_series": len(whole) + 1},
        "one-left-over": whole | {"clickstream_series": len(whole) - 1},
        "counted-twice": whole | {'clickstream_series{copy="1"}': 1},
        "a-gauge-counted-twice": whole | {'clickstream_gauge_series{copy="1",gauge="clickstream_events"}': 1},
        "no-snapshot-yet": served({"without": ["clickstream_snapshot"]}),
    }
    test = group(
        (scraped(name, (values, 1)) for name, values in scrapes.items()),
        alerts("Certificate", certificate(CASES["healthy"])),
        expression(f'{STATE}{{dataset!="healthy"}}', {}),
    )
    promtool(generation, tmp_path, test)


def test_certificate_names_every_rule() -> None:
    """It counts the rules of numbers by name, each but the guards and the states, which it counts by their series."""
    records = {rule["record"]: rule["expr"] for rule in rulefile.groups()[rulefile.GROUP] if "record" in rule}
    own = {f"dataset:clickstream_{each}:evaluated" for each in ("numbers", "snapshot")} | {JUDGED, GUARD, STATE}
    counted = re.findall(r"timestamp\((\S+)\)", records["dataset:clickstream_numbers:evaluated"])
    assert sorted(counted) == sorted(records.keys() - own)


@NEWEST_ALONE
def test_certificate_needs_every_rule(generation: Generation, tmp_path: Path) -> None:
    """Without one of the rules before it there is no certificate: every fifth is tried, others on each generation."""
    group_ = next(each for each in yaml.safe_load(rulefile.text())["groups"] if each["name"] == rulefile.GROUP)
    records = [rule for rule in group_["rules"] if "record" in rule]
    needed = [*records, group_["rules"][-1]]  # the other alerts cost as much again
    for rule in records[1 if generation == generations.found() else 3 :: 5]:
        short = {**group_, "rules": [each for each in needed if each is not rule]}
        file = tmp_path / "without.yml"
        file.write_text(json.dumps({"groups": [short]}))  # is YAML, too, and written in no time
        promtool(
            generation,
            tmp_path,
            group([scraped("healthy", (served({}), 1))], alerts("Certificate")),
            rule_file=file,
        )


def test_a_number_of_an_older_cycle_is_not_certified(generation: Generation, tmp_path: Path) -> None:
    """If a series of a number stayed from before, there is no certificate, and no alert names the snapshot."""
    case = CASES["yesterday-missing"]
    fires = alert(case, "MissingDay")
    fires["exp_annotations"]["snapshot"] = ""
    old = {"series": f'dataset_lag:clickstream_events:baseline_day{{dataset="{case["name"]}",lag="28"}}', "values": "1"}
    alerted = (alerts("MissingDay", fires, at="1m"), alerts("Certificate", at="1m"))
    test = group([scraped(case["name"], (served(case), 2)), [old]], *alerted)
    promtool(generation, tmp_path, test)


def test_checks_are_switched_off_by_hand(generation: Generation, tmp_path: Path) -> None:
    """Each check that a configuration can switch off is off where it does, and no other one."""
    halves = {"odd": SWITCHABLE[::2], "even": SWITCHABLE[1::2]}
    off = {
        name: {f'clickstream_switched_off_info{{check="{check}",reason="by hand"}}': 1 for check in checks}
        for name, checks in halves.items()
    }
    expected = {f'{STATE}{{check="{each}",dataset="{name}"}}': 2.0 for name, half in halves.items() for each in half}
    test = group(
        (scraped(name, (served({"gauges": off[name]}), 1)) for name in halves),
        expression(f"{STATE} == 2", expected),
        expression(
            f'{STATE}{{check!="HistoryShort"}} == 1',
            {f'{STATE}{{check="SwitchedOff",dataset="{name}"}}': 1.0 for name in halves},
        ),
    )
    promtool(generation, tmp_path, test)


def test_certificate_follows_the_snapshot(generation: Generation, tmp_path: Path) -> None:
    """The next cycle certifies the next snapshot, and the last one no more."""
    before, after = (served({"gauges": {"clickstream_snapshot": snapshot}}) for snapshot in (SNAPSHOT - 1, SNAPSHOT))
    test = group(
        [scraped("healthy", (before, 1), (after, 1))],
        alerts("Certificate", certificate(CASES["healthy"], SNAPSHOT - 1)),
        alerts("Certificate", certificate(CASES["healthy"], SNAPSHOT), at="1m"),
    )
    promtool(generation, tmp_path, test)


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
        assert rule["expr"] == last_state or (check in KINDS and rule["expr"].startswith(last_state))


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
