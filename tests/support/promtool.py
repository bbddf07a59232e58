"""Tests of the rules as promtool runs them: what is scraped of the cases, and which alerts and states follow."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from alerting import rulefile
from tests.support import generations
from tests.support.day_cases import CHECKS, SNAPSHOT, TABLE, Case, Values, firing, labelled, served, severity, states
from tests.support.generations import Generation

RULE_FILE = Path(rulefile.__file__).parent / "rules" / "clickstream.yml"
STATE = "dataset:clickstream_check:state"

GOGC = "400"
"""The variable GOGC of promtool: it lives for seconds, and may take more memory, and less time to free it."""

AT_ONCE = 4000
"""Series of one Prometheus: promtool's queries may not load more than 10,000 samples."""

NUMBERS = ("value", "baseline", "limit")
"""The annotations that have a number of the sentences, each where there is one."""

Test = dict[str, Any]
"""A part of a promtool test file."""


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
    tier = TABLE["alerts"][name][1]
    labels = {"dataset": case["name"], "severity": severity(case, name), "tier": tier}
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
    """The rule file without the annotations that `test_n1_descriptions_and_links` holds against their cases."""
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
