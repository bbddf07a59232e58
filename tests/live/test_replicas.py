"""Two Prometheus with labels of their own that send to one Alertmanager: one truth, or none."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from alerting import rulefile
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import Proof, UnprovenError, proven
from alerting.gate.verdict import Subject, Verdict
from alerting.http.alertmanager import Alert, Listing
from alerting.http.client import Client
from alerting.stack import stack
from exporter.demo.write import write_demo
from tests.support.generations import Generation
from tests.support.processes import wait_for

NOW = datetime(2025, 3, 10, 6, tzinfo=UTC)
WANTED = Subject("shop", "2025-03-09", 7)
CHECKS = str(len(rulefile.checks()))


@dataclass(frozen=True)
class Pair:
    """The gate's servers, and the folders and processes of the replicas a and b; the gate asks Prometheus a."""

    servers: Servers
    folders: tuple[Path, Path]
    processes: tuple[subprocess.Popen[bytes], ...]


@pytest.fixture(scope="module")
def pair(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """An exporter of the demo's last day, two Prometheus of one generation and one Alertmanager."""
    config = write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9))
    folder = tmp_path_factory.mktemp("servers")
    exporter, alertmanager, *addresses = (stack.free_address() for _ in range(4))
    folders = folder / "a", folder / "b"
    with generation.chosen(), ExitStack() as opened:
        servers = [(stack._exporter(config, exporter, ("--as-of", "2025-03-09")), folder)]
        for place, address in zip(folders, addresses, strict=True):
            place.mkdir()
            stack.write(place, [exporter], [alertmanager], "1s")
            settings = yaml.safe_load((place / "prometheus.yml").read_text("utf-8"))
            settings["global"]["external_labels"] = {"replica": place.name, "cluster": "eu"}
            (place / "prometheus.yml").write_text(yaml.safe_dump(settings), "utf-8")
            servers.append((stack.prometheus_at(address, place, "1s"), place))
        servers.append((stack.alertmanager_at(alertmanager, folders[0]), folders[0]))
        processes = []
        for server, place in servers:
            processes.append(stack.start(server, place))
            opened.callback(stack.end, processes[-1])
        for (server, place), process in zip(servers, processes, strict=True):
            stack.await_answer(server, process, place)
        urls = [f"http://{each}" for each in (alertmanager, exporter, addresses[0])]
        made = Pair(Servers([urls[0]], urls[1], urls[2]), folders, (processes[1], processes[2]))
        assert verdict(made, 60).proven
        yield made


def verdict(pair: Pair, timeout: float = 30) -> Verdict:
    """The verdict of the gate."""
    return judge(Client(), pair.servers, Subject(), timeout, lambda _: None)


def test_v16_replicas_that_agree_are_one_truth(pair: Pair) -> None:
    """Each alert is listed once, though it is sent twice; one of the two may hang."""
    both = verdict(pair)
    assert both.exit_code == 1
    assert [line.check for line in both.lines] == ["RevenueDrop", "ConversionRateDrop", "NullClientIds", "JsonErrors"]
    pair.processes[1].send_signal(signal.SIGSTOP)
    try:
        assert verdict(pair) == both
    finally:
        pair.processes[1].send_signal(signal.SIGCONT)
    assert verdict(pair) == both


def test_v16_replicas_that_contradict_each_other_are_unknown(pair: Pair) -> None:
    """What they certify differently is named, with the labels that distinguish them."""
    file = pair.folders[1] / "clickstream.yml"
    shipped = file.read_text("utf-8")
    loaded = yaml.safe_load(shipped)
    (state,) = (each for each in loaded["groups"][0]["rules"] if each.get("labels") == {"check": "JsonErrors"})
    state["expr"] = "dataset:clickstream_snapshot:started * 0"
    file.write_text(yaml.safe_dump(loaded), "utf-8")
    pair.processes[1].send_signal(signal.SIGHUP)
    contradiction = (
        "2 certificates for data set shop contradict each other in the label firing: "
        '\'3\' from {cluster="eu", replica="b"}, \'4\' from {cluster="eu", replica="a"}'
    )
    try:
        wait_for(lambda: [contradiction in line.message for line in verdict(pair, 10).lines] == [True], 90)
    finally:
        file.write_text(shipped, "utf-8")
        pair.processes[1].send_signal(signal.SIGHUP)
    assert verdict(pair).exit_code == 1


def certificate(replica: str, *firing: str, **labels: str) -> Alert:
    """The certificate of a replica."""
    said = {"date": "2025-03-09", "snapshot": "7", "checks": CHECKS, "firing": str(len(firing)), "replica": replica}
    named = {"alertname": "ClickstreamCertificate", "dataset": "shop", "severity": "none", **said, **labels}
    return Alert(named, {"firing": " ".join(firing), "switched_off": ""}, f"{replica}-c", NOW, (), ())


def alert(replica: str, check: str, snapshot: str = "7", severity: str = "critical") -> Alert:
    """The alert of a check from a replica."""
    labels = {"alertname": f"Clickstream{check}", "check": check, "dataset": "shop", "severity": severity}
    return Alert(
        labels | {"tier": "business", "replica": replica},
        {"summary": f"{check}!", "snapshot": snapshot},
        f"{replica}-{check}",
        NOW,
        (),
        (),
    )


def proof(*alerts: Alert) -> Proof:
    """What a listing of these alerts proves; the silence `s` ends at noon."""
    silences = {"s": NOW.replace(hour=12)}
    return proven(Listing("http://a", alerts, NOW, silences), {"http://a": NOW - timedelta(seconds=5)}, WANTED)


def test_v16_a_replica_that_lags_behind_is_waited_for() -> None:
    """Its alert about an older snapshot may be one that has healed: it is named."""
    listed = [certificate("a", "RevenueDrop"), alert("a", "RevenueDrop")]
    assert [line.message for line in proof(*listed).verdict.lines] == ["RevenueDrop!"]
    with pytest.raises(UnprovenError, match=r'RevenueDrop from \{replica="b"\} is still about another snapshot'):
        proof(*listed, alert("b", "RevenueDrop", snapshot="6"))
    with pytest.raises(UnprovenError, match="lists JsonErrors, which the certificate does not count"):
        proof(*listed, alert("b", "JsonErrors", snapshot="6"))


def test_v16_what_a_replica_said_before_counts_until_it_is_over() -> None:
    """One that contradicts is not overlooked because the other one was faster."""
    early = replace(certificate("b"), updated=NOW - timedelta(seconds=10))
    listed = [certificate("a", "RevenueDrop"), alert("a", "RevenueDrop")]
    with pytest.raises(UnprovenError, match=r"label firing: '0' from \{replica=\"b\"\}, '1' from \{replica=\"a\"\}"):
        proof(*listed, early)
    assert proof(*listed, replace(early, labels={**early.labels, "snapshot": "6"})).verdict.exit_code == 1


def test_v16_an_alert_that_only_one_replica_sends_counts() -> None:
    """The other one's was lost on the way: the certificate counts it, and it is there."""
    both = (certificate("a", "RevenueDrop"), certificate("b", "RevenueDrop"))
    assert proof(*both, alert("b", "RevenueDrop")).verdict.exit_code == 1


def test_v16_replicas_may_be_upgraded_one_by_one() -> None:
    """Rules of two releases that certify the same, with the same checks, are one truth."""
    both = (certificate("a", "RevenueDrop", release="0.1.0"), certificate("b", "RevenueDrop", release="0.1.1"))
    assert proof(*both, alert("a", "RevenueDrop"), alert("b", "RevenueDrop")).verdict.exit_code == 1


def test_v16_one_severity_for_each_check() -> None:
    """A check that is critical for one replica and info for the other proves nothing."""
    both = (certificate("a", "PartialDay"), certificate("b", "PartialDay"))
    with pytest.raises(UnprovenError, match="lists 2 alerts, the certificate counts 1"):
        proof(*both, alert("a", "PartialDay"), alert("b", "PartialDay", severity="info"))


def test_v10_v16_a_silence_of_one_replica_silences_nothing() -> None:
    """The alert of the other replica still notifies."""
    loud = alert("b", "RevenueDrop")
    quiet = replace(alert("a", "RevenueDrop"), silenced_by=("s",))
    whole = certificate("a", "RevenueDrop")
    assert proof(whole, quiet, loud).verdict.exit_code == 1
    found = proof(whole, quiet, replace(loud, silenced_by=("s",))).verdict
    assert (found.exit_code, [line.message for line in found.lines]) == (
        0,
        ["Silenced until 2025-03-10 12:00 UTC: RevenueDrop!"],
    )


def test_v10_v16_what_a_cause_hides_is_shown_where_nobody_hears_of_the_cause() -> None:
    """Silenced for all replicas: the effect is listed. For one of them only: it is hidden as ever."""
    whole = certificate("a", "NoData", "RevenueDrop")
    quiet = replace(alert("a", "NoData"), silenced_by=("s",))
    effect = replace(alert("a", "RevenueDrop"), inhibited_by=("a-NoData",))
    found = proof(whole, quiet, effect).verdict
    assert [line.message for line in found.lines] == [
        "Inhibited by NoData, which is silenced until 2025-03-10 12:00 UTC: RevenueDrop!",
        "Silenced until 2025-03-10 12:00 UTC: NoData!",
    ]
    assert found.exit_code == 0
    found = proof(whole, quiet, effect, alert("b", "NoData")).verdict
    assert [line.message for line in found.inhibited] == ["Inhibited by NoData: RevenueDrop!"]
    assert found.exit_code == 1
