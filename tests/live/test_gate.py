"""The gate against real servers that are stopped, cut off, lied to or reloaded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from alerting import rulefile
from alerting.drill import drill
from alerting.gate import releases
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Line, Subject, Verdict
from alerting.http.client import Client
from alerting.stack.stack import Stack, running
from exporter.demo.write import write_demo
from tests.support.exposition import age
from tests.support.generations import Generation
from tests.support.processes import wait_for

REVENUE = "Revenue drop detected: 10890 EUR vs baseline 33139 EUR"
ALERTS = [
    ("CRITICAL", REVENUE),
    ("WARN", "Conversion rate drop detected: 1.62% vs baseline 4.07%"),
    ("WARN", "High null client_id rate: 34.18%"),
    ("WARN", "JSON parse error rate high: 2.79%"),
]


@dataclass(frozen=True)
class Bench:
    """Running servers on the demo data, the folder of their configuration, and that of the data."""

    stack: Stack
    folder: Path
    data: Path

    @property
    def servers(self) -> Servers:
        """What the gate asks."""
        return Servers([self.stack.alertmanager], self.stack.exporter, self.stack.prometheus)


@pytest.fixture(scope="module")
def bench(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The servers of one generation, on the demo's last day."""
    folder = tmp_path_factory.mktemp("stack")
    config = write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9))
    with generation.chosen(), running(folder, config, ("--as-of", "2025-03-09")) as stack:
        made = Bench(stack, folder, config.parent)
        assert verdict(made.servers, timeout=60).exit_code == 1  # Prometheus takes a while to find its targets
        yield made


def verdict(servers: Servers, wanted: Subject | None = None, timeout: float = 30) -> Verdict:
    """The verdict of the gate."""
    return judge(Client(), servers, wanted or Subject(), timeout, lambda _: None)


def reason(found: Verdict) -> str:
    """The message of a verdict that could not be proven."""
    assert (found.status, found.exit_code, len(found.lines)) == ("FAIL", 2, 1)
    assert found.lines[0].severity == "CRITICAL"
    return found.lines[0].message


@contextmanager
def frozen(bench: Bench, name: str) -> Iterator[None]:
    """The server `name` hangs."""
    bench.stack.processes[name].send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        bench.stack.processes[name].send_signal(signal.SIGCONT)


def post(url: str, body: object) -> object:
    """The JSON that a POST is answered with, if any."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        text = response.read()
    return json.loads(text) if text else None


@contextmanager
def posted(bench: Bench, labels: dict[str, str]) -> Iterator[None]:
    """Somebody has posted an alert to Alertmanager."""
    url, until = f"{bench.stack.alertmanager}/api/v2/alerts", datetime.now(UTC) + timedelta(minutes=5)
    post(url, [{"labels": labels, "endsAt": until.isoformat()}])
    try:
        yield
    finally:
        post(url, [{"labels": labels, "endsAt": "2025-01-01T00:00:00Z"}])


def test_a_proven_verdict_lists_what_fires(bench: Bench) -> None:
    """The report is the JSON and nothing else, by severity and message; the exit code says FAIL."""
    command = [sys.executable, "-m", "alerting.report", "--exporter.url", bench.stack.exporter]
    command += ["--alertmanager.url", bench.stack.alertmanager, "--prometheus.url", bench.stack.prometheus]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    alerts = [{"severity": severity, "message": message} for severity, message in ALERTS]
    assert done.stdout == json.dumps({"date": "2025-03-09", "alerts": alerts, "status": "FAIL"}, indent=2) + "\n"
    assert done.returncode == 1


def test_a_date_alone_needs_no_exporter(bench: Bench) -> None:
    """V1: the verdict needs Alertmanager alone."""
    found = verdict(Servers([bench.stack.alertmanager]), Subject("shop", "2025-03-09"))
    assert [(line.severity, line.message) for line in found.lines] == ALERTS


def test_v12_another_date_is_unknown(bench: Bench) -> None:
    """A date that is not the anchor: both dates are named, with and without the exporter."""
    assert reason(verdict(bench.servers, Subject(date="2025-03-08"))) == (
        "Not judged: requested 2025-03-08, but the newest day in the data is 2025-03-09"
    )
    found = reason(verdict(Servers([bench.stack.alertmanager]), Subject("shop", "2025-03-08"), 10))
    assert found.startswith(
        "Not judged: no certificate for 2025-03-08 of data set shop: the newest is about 2025-03-09"
    )


def test_an_unknown_data_set_is_a_usage_error(bench: Bench) -> None:
    """The data sets that there are, are named."""
    with pytest.raises(UsageError, match="no data set 'web': choose one with --dataset: shop"):
        verdict(bench.servers, Subject("web"))


def test_a_wrong_port_is_unknown(bench: Bench) -> None:
    """Where nobody listens, the server is named."""
    wrong = replace(bench.servers, alertmanagers=["http://127.0.0.1:9"])
    assert "no Alertmanager answered (http://127.0.0.1:9/api/v2/alerts: connection refused)" in reason(
        verdict(wrong, timeout=3)
    )
    wrong = replace(bench.servers, exporter="http://127.0.0.1:9")
    assert "the exporter did not refresh: http://127.0.0.1:9/-/refresh: connection refused" in reason(
        verdict(wrong, timeout=2)
    )


def test_v9_of_two_alertmanagers_one_must_answer(bench: Bench) -> None:
    """The one that answers decides."""
    two = replace(bench.servers, alertmanagers=["http://127.0.0.1:9", bench.stack.alertmanager])
    assert verdict(two).exit_code == 1


@contextmanager
def silenced(bench: Bench, alert: str, end: datetime) -> Iterator[None]:
    """Alertmanager is silent about `alert` until `end`, and for no longer than this lasts."""
    silence = {
        "matchers": [{"name": "alertname", "value": alert, "isRegex": False}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": end.isoformat(),
        "createdBy": "test",
        "comment": "test",
    }
    answer = post(f"{bench.stack.alertmanager}/api/v2/silences", silence)
    assert isinstance(answer, dict)
    try:
        yield
    finally:
        url = f"{bench.stack.alertmanager}/api/v2/silence/{answer['silenceID']}"
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=10).close()


def test_v10_a_silence_is_listed_and_does_not_fail(bench: Bench) -> None:
    """A silenced critical alert is shown as INFO with the end of its silence."""
    end = datetime.now(UTC) + timedelta(hours=1)
    with silenced(bench, "ClickstreamRevenueDrop", end):
        found = verdict(bench.servers)
    assert found.exit_code == 0
    assert found.lines[-1] == Line("INFO", f"Silenced until {end:%Y-%m-%d %H:%M} UTC: {REVENUE}", "RevenueDrop")


def test_v10_a_silence_of_a_cause_wakes_no_effect(bench: Bench) -> None:
    """What a silenced cause inhibits stays inhibited, and is shown, because nobody is notified of the cause."""
    bad = bench.data / "events" / "events_bad.parquet"
    bad.touch()
    age(bad)
    end = datetime.now(UTC) + timedelta(hours=1)
    try:
        whole = verdict(bench.servers)
        with silenced(bench, "ClickstreamUnreadableFiles", end):
            found = verdict(bench.servers)
    finally:
        bad.unlink()
    assert Line("INFO", f"Inhibited by UnreadableFiles: {REVENUE}", "RevenueDrop") in whole.inhibited
    until = f"{end:%Y-%m-%d %H:%M} UTC"
    hidden = f"Inhibited by UnreadableFiles, which is silenced until {until}: {REVENUE}"
    assert Line("INFO", hidden, "RevenueDrop") in found.lines
    assert any(line.message.startswith(f"Silenced until {until}: Unreadable files") for line in found.lines)
    assert (whole.exit_code, found.exit_code) == (1, 0)
    assert [(line.severity, line.message) for line in verdict(bench.servers).lines] == ALERTS


def test_v5_a_forged_resolve_is_not_believed(bench: Bench) -> None:
    """An alert that someone else resolved is waited for: the certificate still counts it."""
    for _ in range(5):
        forged = {
            "labels": {
                "alertname": "ClickstreamRevenueDrop",
                "check": "RevenueDrop",
                "dataset": "shop",
                "severity": "critical",
                "tier": "business",
            },
            "endsAt": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        }
        post(f"{bench.stack.alertmanager}/api/v2/alerts", [forged])
        assert verdict(bench.servers).exit_code == 1


@pytest.mark.parametrize(
    "check", ["NoData", "RevenueDrop", "JsonErrors", "RefreshFailing", "ExporterDown", "Certificate"]
)
def test_a_drill_turns_no_verdict(bench: Bench, check: str) -> None:
    """A drill is neither listed, nor counted, nor believed, nor does it hide an alert that fires."""
    if check == "Certificate":
        labels = {"alertname": "ClickstreamCertificate", "dataset": "shop", "snapshot": "1", "drill": "true"}
    else:
        labels = dict(drill(check, "shop", {}).labels)
    with posted(bench, labels):
        found = verdict(bench.servers)
    assert [(line.severity, line.message) for line in found.lines] == ALERTS
    assert found.inhibited == ()


def test_n1_nothing_is_proven_while_not_judged_fires(bench: Bench) -> None:
    """A certificate beside it contradicts it: one of them is late, and the verdict waits until that one is over."""
    labels = {"alertname": "ClickstreamNotJudged", "dataset": "shop", "severity": "critical"}
    with posted(bench, labels):
        assert "ClickstreamNotJudged fires" in reason(verdict(bench.servers, timeout=4))
    assert verdict(bench.servers).exit_code == 1
    with posted(bench, labels | {"dataset": "other"}):
        assert verdict(bench.servers).exit_code == 1


def test_a_cause_that_is_not_certified_hides_nothing(bench: Bench) -> None:
    """Alertmanager inhibits by any alert that looks like a cause; the gate lets only those hide that are proven."""
    labels = {"alertname": "ClickstreamNoData", "dataset": "shop", "severity": "critical"}
    with posted(bench, labels):
        found = verdict(bench.servers)
    assert [(line.severity, line.message) for line in found.lines] == ALERTS


@pytest.mark.parametrize(
    ("relabeled", "what"),
    [
        ({"target_label": "drill", "replacement": "true"}, "no fresh certificate"),
        (
            {
                "source_labels": ["check"],
                "regex": "RevenueDrop",
                "target_label": "drill",
                "replacement": "true",
            },
            "Alertmanager does not list RevenueDrop, which the certificate counts",
        ),
    ],
    ids=["all", "one"],
)
def test_a_real_alert_that_is_called_a_drill_is_unknown(bench: Bench, relabeled: dict[str, object], what: str) -> None:
    """Who labels every alert, or one of them, as a drill gets no PASS."""
    with relabeling(bench, relabeled):
        time.sleep(6)  # what was sent before ends four seconds after the last time
        assert what in reason(verdict(bench.servers, timeout=6))
    assert verdict(bench.servers).exit_code == 1


@contextmanager
def relabeling(bench: Bench, *relabeled: dict[str, object]) -> Iterator[None]:
    """Prometheus changes the labels of the alerts that it sends."""
    file = bench.folder / "prometheus.yml"
    shipped = file.read_text("utf-8")
    config = yaml.safe_load(shipped)
    config["alerting"]["alert_relabel_configs"] = list(relabeled)
    file.write_text(yaml.safe_dump(config), "utf-8")
    bench.stack.processes["prometheus"].send_signal(signal.SIGHUP)
    try:
        yield
    finally:
        file.write_text(shipped, "utf-8")
        bench.stack.processes["prometheus"].send_signal(signal.SIGHUP)


def test_severities_by_other_names(bench: Bench) -> None:
    """Alerts that are sent with a company's own severities give the same verdict, once the report knows them."""
    own = {"page": "critical", "ticket": "warning"}
    rules: list[dict[str, object]] = [
        {"source_labels": ["severity"], "regex": ours, "target_label": "severity", "replacement": theirs}
        for theirs, ours in own.items()
    ]
    with relabeling(bench, *rules):
        time.sleep(6)
        assert "contradicts Alertmanager about" in reason(verdict(bench.servers, timeout=6))
        found = verdict(replace(bench.servers, severities=own))
        assert [(line.severity, line.message) for line in found.lines] == ALERTS
    assert verdict(bench.servers).exit_code == 1


@pytest.mark.parametrize(
    ("server", "what"),
    [
        ("alertmanager", "no Alertmanager answered"),
        ("prometheus", "no fresh certificate for data set shop in Alertmanager"),
        ("exporter", "the exporter did not refresh"),
    ],
)
def test_v1_v2_v3_a_server_that_hangs_is_unknown(bench: Bench, server: str, what: str) -> None:
    """Never PASS, and the reason names who is missing."""
    with frozen(bench, server):
        assert what in reason(verdict(bench.servers, timeout=4))
    assert verdict(bench.servers).exit_code == 1


def test_v2_a_rule_group_that_lost_rules_is_unknown(bench: Bench) -> None:
    """A rule file without some checks, or without the group, certifies nothing."""
    file = bench.folder / "clickstream.yml"
    shipped = file.read_text("utf-8")
    short = shipped.replace("check: RevenueDrop}", "check: NullClientIds}", 1)
    for text, what in ((short, "checks were evaluated"), ("groups: []\n", "no rule group clickstream")):
        file.write_text(text, "utf-8")
        bench.stack.processes["prometheus"].send_signal(signal.SIGHUP)
        time.sleep(1.5)
        assert what in reason(verdict(bench.servers, timeout=6))
    file.write_text(shipped, "utf-8")
    bench.stack.processes["prometheus"].send_signal(signal.SIGHUP)
    assert verdict(bench.servers).exit_code == 1


def test_the_release_and_the_loaded_rules_must_agree(bench: Bench) -> None:
    """Rules of the release before, with one check less, prove nothing, and the reason says which part is older."""
    file = bench.folder / "clickstream.yml"
    shipped = file.read_text("utf-8")
    checks, own = len(rulefile.checks()), version("clickstream-exporter")
    other = shipped.replace(f"checks: '{checks}'", f"checks: '{checks - 1}'")
    file.write_text(other.replace(f"release: '{own}'", "release: '0.0.9'"), "utf-8")
    bench.stack.processes["prometheus"].send_signal(signal.SIGHUP)
    expected = (
        f"the loaded rules have {checks - 1} checks, this report has {checks}; the loaded rules are of release 0.0.9, "
        f"this report is of {own}: upgrade the loaded rules, the older part"
    )
    try:
        wait_for(lambda: expected in verdict(bench.servers, timeout=4).lines[0].message)
    finally:
        file.write_text(shipped, "utf-8")
        bench.stack.processes["prometheus"].send_signal(signal.SIGHUP)
    wait_for(lambda: verdict(bench.servers).exit_code == 1)


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ("0.0.10", "the exporter is of release 0.0.10, this report is of 0.1.0: upgrade the exporter, the older part"),
        ("0.10.0", "the exporter is of release 0.10.0, this report is of 0.1.0: upgrade this report, the older part"),
        ("", "the exporter is of an earlier release, this report is of 0.1.0: upgrade the exporter, the older part"),
        ("0.1.0", ""),
    ],
)
def test_which_part_is_older(monkeypatch: pytest.MonkeyPatch, theirs: str, said: str) -> None:
    """Releases are compared by their numbers; the first rules named none."""
    monkeypatch.setattr(releases, "own", lambda: "0.1.0")
    assert releases.compared("the exporter", theirs) == said


def test_v2_prometheus_killed_in_the_middle_is_unknown(bench: Bench) -> None:
    """The last test on these servers: Prometheus is killed while the gate waits."""
    process = bench.stack.processes["prometheus"]
    timer = threading.Timer(0.3, os.kill, (process.pid, signal.SIGKILL))
    with frozen(bench, "alertmanager"):
        timer.start()
        timer.join()
        process.wait()
    found = reason(verdict(bench.servers, timeout=4))
    assert "no fresh certificate" in found
    assert f"Prometheus does not answer: {bench.stack.prometheus}/api/v1/rules: connection refused" in found
