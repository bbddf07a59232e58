"""A whole certificate that somebody forged, against a real Prometheus that knows better."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from alerting import rulefile
from alerting.gate.judge import Servers, judge
from alerting.gate.verdict import Subject, Verdict
from alerting.http.client import Client
from alerting.stack.stack import Stack, running
from exporter.demo.write import write_demo
from tests.support.generations import Generation

WANTED = Subject("shop", "2025-03-09")


@pytest.fixture(scope="module")
def stack(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Path]]:
    """The servers of one generation, and their folder, on the demo's last day; Prometheus notifies nobody any more."""
    folder = tmp_path_factory.mktemp("stack")
    config = write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9))
    with generation.chosen(), running(folder, config, ("--as-of", "2025-03-09")) as made:
        assert verdict(made).exit_code == 1
        settings = yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))
        del settings["alerting"]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings), "utf-8")
        made.processes["prometheus"].send_signal(signal.SIGHUP)
        time.sleep(6)  # what was sent before ends after four seconds
        yield made, folder


def servers(stack: Stack) -> Servers:
    """What the gate asks."""
    return Servers([stack.alertmanager], None, stack.prometheus)


def verdict(stack: Stack, **others: object) -> Verdict:
    """The verdict of the gate, where `others` replaces some of the servers."""
    return judge(Client(), replace(servers(stack), **others), WANTED, 30 if not others else 6, lambda _: None)


@contextmanager
def forged(stack: Stack) -> Iterator[None]:
    """Somebody says again and again that nothing fires: a whole certificate."""
    (outcome,) = Client().post(f"{stack.exporter}/-/refresh", 30).body["datasets"]
    labels = {"alertname": "ClickstreamCertificate", "dataset": "shop", "severity": "none", "date": "2025-03-09"}
    labels |= {"snapshot": str(outcome["snapshot"]), "checks": str(len(rulefile.checks())), "firing": "0"}
    over = threading.Event()

    def say(seconds: int) -> None:
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        body = {"labels": labels, "annotations": {"firing": "", "switched_off": "DataStale"}, "endsAt": until}
        Client().send(f"{stack.alertmanager}/api/v2/alerts", [body], 5)

    def repeat() -> None:
        while not over.wait(0.3):
            say(10)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        say(-1)


def test_a_whole_certificate_that_is_forged_is_no_pass(stack: tuple[Stack, Path]) -> None:
    """Prometheus, which answers, has another one: unknown, and both are named. Without it, the lie would pass."""
    made, _ = stack
    with forged(made):
        assert verdict(made, prometheus=None).exit_code == 0
        found = verdict(made, exporter=made.exporter)
    assert found.exit_code == 2
    assert f"Prometheus at {made.prometheus} contradicts Alertmanager" in found.lines[0].message


def test_a_prometheus_that_does_not_answer_changes_nothing(stack: tuple[Stack, Path]) -> None:
    """Alertmanager alone is enough: nobody listens at Prometheus' address, something else does, or it hangs."""
    made, _ = stack
    with forged(made):
        assert verdict(made, prometheus="http://127.0.0.1:9").exit_code == 0
        assert verdict(made, prometheus=made.exporter).exit_code == 0
        made.processes["prometheus"].send_signal(signal.SIGSTOP)
        try:
            assert verdict(made, exporter=None).exit_code == 0
        finally:
            made.processes["prometheus"].send_signal(signal.SIGCONT)


def test_somebody_elses_prometheus_at_the_default_address_changes_nothing(stack: tuple[Stack, Path]) -> None:
    """Without our rules it is ignored, unless its URL was given: then its rules are gone, which must not be a PASS."""
    made, folder = stack
    file = folder / "clickstream.yml"
    shipped = file.read_text("utf-8")
    file.write_text("groups: []\n", "utf-8")
    made.processes["prometheus"].send_signal(signal.SIGHUP)
    time.sleep(1.5)
    try:
        with forged(made):
            assert verdict(made, is_default=True).exit_code == 0
            found = verdict(made, is_default=False)
    finally:
        file.write_text(shipped, "utf-8")
        made.processes["prometheus"].send_signal(signal.SIGHUP)
    assert found.exit_code == 2
    assert f"Prometheus at {made.prometheus} has no certificate of data set shop" in found.lines[0].message


def test_the_command_asks_the_prometheus_that_is_named(stack: tuple[Stack, Path]) -> None:
    """`clickstream-report --prometheus.url` ends with 2, and says who contradicts."""
    made, _ = stack
    command = [sys.executable, "-m", "alerting.report", "--date", "2025-03-09", "--timeout", "6"]
    command += ["--alertmanager.url", made.alertmanager, "--prometheus.url", made.prometheus, "--format", "text"]
    with forged(made):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    said = " ".join(done.stdout.split())
    assert f"Prometheus at {made.prometheus} contradicts Alertmanager" in said
    assert "if it is this one, find the other sender." in said
