"""The overview's verdict, on states that the demo does not have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from generations import Generation

from grafana.source.palette import BROKEN, FIRES_CRITICAL, FIRES_INFO, OK, TRUSTWORTHY, UNKNOWN_VERDICT
from grafana.source.promql import matrix, verdict

STATE = 'dataset:clickstream_check:state{dataset="shop",check="%s"}'
SERVED = 'clickstream_series{dataset="shop"}'
CERTIFIED = 'ALERTS{alertname="ClickstreamCertificate",alertstate="firing",dataset="shop"}'
FAILING = 'dataset:clickstream_refresh:failing{dataset="shop"}'
INTRADAY = 'dataset:clickstream_intraday:max{dataset="shop"}'
JUDGED = {SERVED: 7, CERTIFIED: 1, FAILING: 0, INTRADAY: 0, STATE % "PartialDay": 0, STATE % "DirectShareHigh": 0}


def value(generation: Generation, folder: Path, series: dict[str, int], expr: str, expected: dict[str, int]) -> None:
    """Let promtool compare the answer, by labels, after five minutes in which nothing changed."""
    given = [{"series": name, "values": f"{number}x20"} for name, number in series.items()]
    asked = {
        "expr": expr.replace("$dataset", ".*"),
        "eval_time": "5m",
        "exp_samples": [{"labels": labels, "value": number} for labels, number in expected.items()],
    }
    path = folder / "test.yml"
    test = {"interval": "15s", "input_series": given, "promql_expr_test": [asked]}
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}), "utf-8")
    done = subprocess.run(
        [generation.promtool, "test", "rules", path], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, TRUSTWORTHY),
        ({STATE % "DirectShareHigh": 1}, TRUSTWORTHY),
        ({STATE % "PartialDay": 2}, TRUSTWORTHY),
        ({STATE % "PartialDay": 1}, BROKEN),
        ({STATE % "PartialDay": 1, INTRADAY: 1}, TRUSTWORTHY),
        ({STATE % "PartialDay": 1, INTRADAY: 1, STATE % "RevenueDrop": 1}, BROKEN),
        ({FAILING: 1}, UNKNOWN_VERDICT),
        ({FAILING: 1, STATE % "PartialDay": 1}, UNKNOWN_VERDICT),
        ({CERTIFIED: None}, UNKNOWN_VERDICT),
        ({CERTIFIED: None, STATE % "RevenueDrop": 1}, UNKNOWN_VERDICT),
    ],
    ids=[
        "in order",
        "a warning",
        "switched off",
        "critical",
        "a partial day is normal",
        "critical beside a partial day that is normal",
        "numbers that are no longer renewed",
        "critical numbers that are no longer renewed",
        "no certificate",
        "critical without a certificate",
    ],
)
def test_verdict(generation: Generation, tmp_path: Path, change: dict[str, int | None], expected: int) -> None:
    """Critical checks break it; without a certificate of the newest data it is unknown, whatever fires."""
    series = {name: number for name, number in (JUDGED | change).items() if number is not None}
    value(generation, tmp_path, series, verdict(), {'{dataset="shop"}': expected})


def test_every_data_set_has_its_own_verdict(generation: Generation, tmp_path: Path) -> None:
    """One that is not judged is seen beside one that is."""
    series = JUDGED | {SERVED.replace("shop", "web"): 8}
    expected = {'{dataset="shop"}': TRUSTWORTHY, '{dataset="web"}': UNKNOWN_VERDICT}
    value(generation, tmp_path, series, verdict(), expected)


@pytest.mark.parametrize(("intraday", "expected"), [(0, FIRES_CRITICAL), (1, FIRES_INFO)])
def test_a_firing_check_has_the_severity_of_its_alert(
    generation: Generation, tmp_path: Path, intraday: int, expected: int
) -> None:
    """A partial day is critical, but an info where the data set grows during the day."""
    series = {INTRADAY: intraday, STATE % "PartialDay": 1, STATE % "NoData": 0}
    cells = {'{check="PartialDay", dataset="shop"}': expected, '{check="NoData", dataset="shop"}': OK}
    value(generation, tmp_path, series, matrix("pipeline"), cells)
