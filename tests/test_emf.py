"""The lines for CloudWatch, against the rules that its documentation states."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from alerting.formats.emf import emf
from alerting.gate.day_numbers import NumbersError, day_numbers, day_samples
from alerting.gate.verdict import Line, Subject, Verdict, unknown
from alerting.http.client import Client
from alerting.publish import samples_of
from exporter.demo.write import write_demo

NOW = datetime(2025, 3, 10, 6, 0, tzinfo=UTC)
VERDICT = Verdict(
    "2025-03-09",
    (Line("CRITICAL", "a", "RevenueDrop"), Line("WARN", "b", "JsonErrors"), Line("INFO", "c", "LowVolume")),
    proven=True,
    dataset="shop",
    snapshot=7,
    switched_off=("DataStale",),
)
UNITS = re.compile(
    "Seconds|Microseconds|Milliseconds|((Kilo|Mega|Giga|Tera)?(bytes|Bytes|bits|Bits)|Bytes|Bits|Count)(/Second)?|"
    "Percent|None"
)


def valid(line: str) -> dict[str, Any]:
    """The document of a line that keeps every rule of the Embedded Metric Format.

    The rules, and the schema that they are in, too, are those of "Specification: Embedded metric format" in the
    CloudWatch User Guide (CloudWatch_Embedded_Metric_Format_Specification); the bounds of values and of names are those
    of MetricDatum and Dimension in the CloudWatch API Reference.
    """
    document: dict[str, Any] = json.loads(line, parse_constant=_refuse)
    assert len(line.encode()) <= 256 * 1024
    assert document["_aws"].keys() == {"Timestamp", "CloudWatchMetrics"}
    assert type(document["_aws"]["Timestamp"]) is int
    for directive in document["_aws"]["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert re.fullmatch(r"(?!AWS/)[A-Za-z0-9.\-_/#: ]{1,255}", directive["Namespace"])
        assert len(directive["Dimensions"]) >= 1
        for names in directive["Dimensions"]:
            assert len(names) <= 30
            assert all(0 < len(name) <= 255 and _is_dimension(document[name]) for name in names)
        assert len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert {"Name"} <= metric.keys() <= {"Name", "Unit", "StorageResolution"}
            assert 0 < len(metric["Name"]) <= 255
            assert UNITS.fullmatch(metric["Unit"])
            assert _is_value(document[metric["Name"]])
    return document


def _refuse(constant: str) -> None:
    pytest.fail(f"{constant} is no JSON")


def _is_dimension(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1024 and value.isascii() and bool(value.strip())


def _is_value(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= 2.0**360


def metrics(document: dict[str, Any]) -> dict[str, float]:
    """The metrics of a document by name."""
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: document[metric["Name"]] for metric in directive["Metrics"]}


def test_a_verdict_is_one_line() -> None:
    """The numbers of the verdict and of the day, with the data set as their dimension."""
    (line,) = emf(VERDICT, {"clickstream_events": 3487.0, "clickstream_revenue": 10890.21}, NOW).splitlines()
    found = valid(line)
    assert found["_aws"]["Timestamp"] == 1741586400000
    assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["dataset"]]
    assert {key: found[key] for key in ("dataset", "date", "snapshot", "status")} == {
        "dataset": "shop",
        "date": "2025-03-09",
        "snapshot": 7,
        "status": "FAIL",
    }
    judged = {"Pass": 0, "Unknown": 0, "CriticalAlerts": 1, "Warnings": 1, "SwitchedOffChecks": 1}
    assert metrics(found) == judged | {"clickstream_events": 3487.0, "clickstream_revenue": 10890.21}
    units = {each["Name"]: each["Unit"] for each in found["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert (units["clickstream_events"], units["clickstream_revenue"]) == ("Count", "None")


def test_an_unknown_verdict_counts_no_alerts() -> None:
    """An unknown number is absent, not zero; without a data set there is no dimension."""
    found = valid(emf(unknown(Subject("shop"), "x"), {}, NOW))
    assert metrics(found) == {"Pass": 0, "Unknown": 1}
    found = valid(emf(unknown(Subject(), "x"), {}, NOW))
    assert (metrics(found), found["_aws"]["CloudWatchMetrics"][0]["Dimensions"]) == ({"Pass": 0, "Unknown": 1}, [[]])


def test_a_pass_is_one() -> None:
    """An alarm on Pass below 1 covers FAIL and unknown."""
    assert metrics(valid(emf(Verdict("2025-03-08", (), proven=True, dataset="shop"), {}, NOW)))["Pass"] == 1


def test_what_cloudwatch_would_refuse_is_left_out() -> None:
    """NaN, the infinities, values beyond 2^360, and names that are too long, empty or no ASCII."""
    bad = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 2.0**361, "e" * 256: 1.0, "": 1.0, "\u00e9": 1.0}
    good = {"clickstream_x": -(2.0**360), "f" * 255: 1.0}
    found = metrics(valid(emf(VERDICT, bad | good, NOW)))
    assert found.keys() == {"Pass", "Unknown", "CriticalAlerts", "Warnings", "SwitchedOffChecks", *good}
    for name in (":shop", "x" * 1025, " ", "caf\u00e9"):
        found = valid(emf(replace(VERDICT, dataset=name), {}, NOW))
        assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]


def test_a_hundred_metrics_a_line() -> None:
    """More than a hundred metrics continue in further lines, each of them once."""
    numbers = {f"clickstream_{number:03}": float(number) for number in range(230)}
    found = [metrics(valid(line)) for line in emf(VERDICT, numbers, NOW).splitlines()]
    assert [len(each) for each in found] == [100, 100, 35]
    assert {name: value for each in found for name, value in each.items() if name in numbers} == numbers


def test_the_command_tells_the_numbers_of_the_judged_day(tmp_path: Path) -> None:
    """`clickstream-check --format emf` on the demo's broken day; the exit code says FAIL."""
    config = write_demo(tmp_path, date(2025, 3, 9))
    command = [sys.executable, "-m", "alerting.check", str(config), "--as-of", "2025-03-09", "--format", "emf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (line,) = done.stdout.splitlines()
    found = metrics(valid(line))
    expected = {"clickstream_events": 3487, "clickstream_purchases": 14, "clickstream_revenue": 10890.21}
    assert expected.items() <= found.items()
    assert {name for name in found if name.startswith("clickstream_comparable_") or name.endswith("_seconds")} == set()
    assert (found["CriticalAlerts"], found["Warnings"], done.returncode) == (1, 3, 1)


@pytest.fixture
def exporter() -> Iterator[tuple[str, dict[str, str]]]:
    """The URL of something that serves what `text` says at its only key."""
    text = {"metrics": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text["metrics"].encode()
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", text
    server.shutdown()
    server.server_close()


def test_numbers_of_another_snapshot_are_none(exporter: tuple[str, dict[str, str]]) -> None:
    """Only the judged day has numbers: not another snapshot, another data set, an older day, or an invalid answer."""
    url, text = exporter
    text["metrics"] = (
        'clickstream_snapshot{dataset="shop"} 7\nclickstream_snapshot{dataset="web"} 8\n'
        'clickstream_events{dataset="shop",lag="0"} 5\nclickstream_events{dataset="shop",lag="1"} 6\n'
        'clickstream_events{dataset="web",lag="0"} 9\n'
        'clickstream_named_events{dataset="shop",lag="0",event_name="x"} 5\n'
    )
    assert day_numbers(day_samples(Client(), url, VERDICT)) == {"clickstream_events": 5.0}
    assert samples_of(Client(), url, unknown(Subject("shop", None, 7), "x"), "emf") == ()
    for other in (replace(VERDICT, snapshot=9), unknown(Subject("shop"), "x")):
        with pytest.raises(NumbersError, match="serves another snapshot than the one judged"):
            day_samples(Client(), url, other)
    text["metrics"] = "<html>"
    with pytest.raises(NumbersError, match="not valid metrics"):
        day_samples(Client(), url, VERDICT)
    with pytest.raises(NumbersError, match="connection refused"):
        day_samples(Client(), "http://127.0.0.1:9", VERDICT)
