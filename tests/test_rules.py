"""The rules say of each day what `rules/cases.yml` says, on every generation of Prometheus."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import chain
from pathlib import Path

import pytest

from alerting.formats.outline import REASONS
from exporter.config.values import ROUTING_LABELS
from tests.support.day_cases import CASES, CHECKS, TABLE, Case, Values, counted, firing, served
from tests.support.generations import NEWEST_ALONE, Generation
from tests.support.promtool import (
    RULE_FILE,
    STATE,
    Test,
    alert,
    alerts,
    batches,
    certificate,
    complete,
    expression,
    group,
    judged,
    promtool,
    scraped,
    some,
)


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


def test_gauges_with_nan_are_counted(generation: Generation, tmp_path: Path) -> None:
    """Before the reasons why others are not measured."""
    lacks = {'clickstream_not_measured{gauge="clickstream_x",reason="no column x"}': 1.0}
    scrapes = {"alone": not_a_number("clickstream_conflicting_events")}
    scrapes["beside"] = scrapes["alone"] | lacks
    said = {"alone": "gauges with NaN: 1", "beside": "gauges with NaN: 1, no column x"}
    told = []
    for name in scrapes:
        found = alert({"name": name, "alert": "NotMeasured", "fires": True, "summary": ""}, "NotMeasured")
        found["exp_annotations"]["summary"] = f"Not measured: {said[name]}; switched off: EventIdConflicts"
        told.append(found)
    promtool(
        generation,
        tmp_path,
        group((scraped(name, (each, 1)) for name, each in scrapes.items()), alerts("NotMeasured", *told)),
    )


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
    names = ("revenue-drop", "partial-day-of-an-intraday-data-set", "refresh-failed", "yesterday-missing")
    cases = [CASES[name] for name in names]
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
        alerts("MissingDay", of_the_past(CASES["yesterday-missing"]), at="64m"),
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
    assert {case["alert"] for case in described} == {*CHECKS, "RefreshFailing"}
    history = [case for case in described if case["alert"] == "HistoryShort"]  # it fires for the others, too
    rounds: defaultdict[int, list[Case]] = defaultdict(list)  # in each of them, an alert is described once
    times: Counter[str] = Counter()
    for case in described:
        if case not in history:
            rounds[times[case["alert"]]].append(case)
            times[case["alert"]] += 1
    groups = [
        group(
            (
                scraped(case["name"], (served(case), 1), instance=instance)
                for case in batch
                for instance in ("a:9847", "b:9847")[:targets]
            ),
            *(alerts(case["alert"], linked(case)) for case in batch),
        )
        for batch in chain(*(batches(some, targets) for some in (*rounds.values(), history)))
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
