"""Hostile answers: the verdict is unknown, printed as JSON, in time and in little memory."""

from __future__ import annotations

import copy
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerting import check, publish, report, rulefile
from alerting.gate import diagnosis, pace, witness
from alerting.gate.judge import Servers, judge
from alerting.gate.verdict import Subject, Verdict
from alerting.http.alertmanager import Alert, listing
from alerting.http.client import Client, FetchError
from tests.support.rogue import HEAD, Script, drips, floods, rogue, says
from tests.support.service import Answer, Service

DEAD = "http://127.0.0.1:9"
LATER = "2099-01-01T00:00:00Z"

HOSTILE: dict[str, Script] = {
    "nested deep": says(b"[" * 200_000),
    "nested deep, and ended": says(b"[" * 5_000 + b"]" * 5_000),
    "not JSON": says(b"\xff\xfe"),
    "a number of 5,000 digits": says(b"9" * 5_000),
    "the year 9999": says(b"[]", date=b"Fri, 31 Dec 9999 23:59:59 GMT"),
    "the year 1": says(b"[]", date=b"Mon, 01 Jan 0001 00:00:00 GMT"),
    "no time": says(b"[]", date=b"yesterday"),
    "an offset of its own": says(b"[]", date=b"Sun, 09 Mar 2025 12:00:00 +9959"),
    "a time without a zone": says(b"[]", date=b"Sun, 09 Mar 2025 12:00:00 -0000"),
    "a compressed bomb": says(gzip.compress(b"[" + b" " * 10_000_000), b"Content-Encoding: gzip"),
    "half a surrogate pair": says(b'[{"labels": {"alertname": "\\ud800"}}]'),
    "an invalid length": lambda c: c.sendall(HEAD + b"Content-Length: many\r\n\r\n[]"),
    "a short body": lambda c: c.sendall(HEAD + b"Content-Length: 9\r\n\r\n[]"),
    "broken chunks": lambda c: c.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "no HTTP": lambda c: c.sendall(b"\x1b[2J" * 1_000),
    "nothing": lambda _: None,
    "many headers": lambda c: c.sendall(HEAD + b"X: y\r\n" * 100_000 + b"\r\n"),
    "a long header": lambda c: c.sendall(HEAD + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n"),
    "dripping body": drips(HEAD + b"\r\n["),
    "dripping chunks": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "dripping headers": drips(HEAD + b"X: ", b"y"),
    "dripping status": drips(b"HTTP/1.1 20", b"0"),
    "endless body": floods(HEAD + b"\r\n[", b" " * 65536),
    "endless promises": floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
}


@pytest.mark.parametrize("server", ["alertmanager", "exporter", "prometheus"])
@pytest.mark.parametrize("name", HOSTILE)
def test_v15_whatever_a_server_answers_is_unknown(
    name: str, server: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 2 and the JSON, before a server that drips for a minute has ended."""
    started = time.monotonic()
    with rogue(HOSTILE[name]) as bad, rogue(says(b"[]")) as empty:
        urls = {"alertmanager": empty, "prometheus": DEAD} | {server: bad}
        options = [f"--{each}.url={url}" for each, url in urls.items()]
        code = report.main(["--date", "2025-03-09", "--timeout", "1", f"--junit={tmp_path}/junit.xml", *options])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["status"], said["date"]) == (2, "FAIL", "2025-03-09")
    assert said["alerts"][0]["message"].startswith("Not judged: ")
    assert "internal error" not in said["alerts"][0]["message"]
    assert time.monotonic() - started < 50


GREEDY: dict[str, tuple[Script, str]] = {
    "an endless body": (HOSTILE["endless body"], "the answer is too large"),
    "endless chunks": (
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
        "the answer is too large",
    ),
    "a dripping body": (HOSTILE["dripping body"], "timed out"),
    "a compressed bomb": (HOSTILE["a compressed bomb"], "the answer is not valid JSON"),
    "ten million lists": (says(b"[" + b"[]," * 10_000_000 + b"[]]"), "the answer has too many values"),
}

FETCH = """
import re, sys, time
from pathlib import Path
from alerting.http.client import Client, FetchError

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

before, started = peak(), time.monotonic()
try:
    Client().get(sys.argv[1], 1)
except FetchError as error:
    print(f"{peak() - before} {time.monotonic() - started:.0f} {error}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("name", GREEDY)
def test_v15_no_answer_takes_much_memory_or_time(name: str) -> None:
    """Less than 128 MiB, and an end long before that of a server that drips for a minute."""
    script, reason = GREEDY[name]
    with rogue(script) as url:
        done = subprocess.run([sys.executable, "-c", FETCH, url], capture_output=True, text=True, check=True)
    mebibytes, seconds, error = done.stdout.split(maxsplit=2)
    assert error == f"{url}: {reason}\n"
    assert int(mebibytes) < 128
    assert int(seconds) < 20


WRONG: list[Any] = [None, True, -1.5, 10**400, "", "x", "²", "\ud800", "9" * 300, [], {}, [[]], [None], {"x": {"y": 1}}]


def mutations(value: Any) -> Iterator[Any]:
    """The value with something wrong at every place."""
    yield from WRONG
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, inner in places:
        for other in mutations(inner):
            changed = copy.copy(value)
            changed[place] = other
            yield changed
        if isinstance(value, dict):
            yield {key: each for key, each in value.items() if key != place}


def alert(name: str, labels: dict[str, str], annotations: dict[str, str]) -> dict[str, Any]:
    """An alert as Alertmanager lists it."""
    named = {"alertname": f"Clickstream{name}", "dataset": "shop", **labels}
    status = {"silencedBy": [], "inhibitedBy": []}
    return {"labels": named, "annotations": annotations, "fingerprint": name, "updatedAt": LATER, "status": status}


CHECK = {"check": "RevenueDrop", "severity": "critical", "tier": "business"}
DROP = alert("RevenueDrop", CHECK, {"snapshot": "5", "summary": "Revenue drop"})
SAID = {"date": "2025-03-09", "snapshot": "5", "checks": str(len(rulefile.checks())), "firing": "1"}
CERTIFICATE = alert("Certificate", SAID, {"firing": "RevenueDrop", "switched_off": ""})


def answering(bodies: dict[str, Any]) -> Service:
    """A server that answers with the body of the first path that matches."""

    def answer(_method: str, path: str, _body: bytes) -> Answer:
        found = next((body for part, body in bodies.items() if part in path), None)
        return Answer(404) if found is None else Answer(200, json.dumps(found).encode())

    return Service(answer)


def judged(servers: Servers) -> Verdict:
    """The verdict of one look."""
    return judge(Client(), servers, Subject("shop", "2025-03-09"), 0.01, lambda _: None)


def test_v15_a_listing_that_is_wrong_somewhere_is_no_pass() -> None:
    """Whatever replaces a value: FAIL at most where that is certain, and otherwise unknown."""
    bodies: dict[str, Any] = {"alerts": [CERTIFICATE, DROP]}
    service = answering(bodies)
    servers = Servers([service.url])
    assert judged(servers).exit_code == 1
    for body in mutations(bodies["alerts"]):
        bodies["alerts"] = body
        assert judged(servers).exit_code != 0, body
    service.stop()


def test_v15_silences_that_are_wrong_only_lack_their_end() -> None:
    """A silenced alert is listed, with the end of the silence where that is known."""
    quiet = {**DROP, "status": {"silencedBy": ["s"], "inhibitedBy": []}}
    silence = {"id": "s", "endsAt": "9999-12-31T23:00:00Z"}
    bodies: dict[str, Any] = {"alerts": [CERTIFICATE, quiet], "silences": [silence]}
    service = answering(bodies)
    servers = Servers([service.url])
    assert [line.message for line in judged(servers).lines] == ["Silenced until 9999-12-31 23:00 UTC: Revenue drop"]
    for body in mutations(bodies["silences"]):
        bodies["silences"] = body
        (line,) = judged(servers).lines
        assert line.message.startswith("Silenced"), body
    service.stop()


FILES = alert("UnreadableFiles", {"check": "UnreadableFiles", "severity": "critical"}, {"snapshot": "5"})
EVENTS = alert("EventVolumeDrop", {"check": "EventVolumeDrop", "severity": "critical"}, {"snapshot": "5"})


@pytest.mark.parametrize(
    ("silenced", "files_by", "lines", "inhibited"),
    [
        (["s"], [], ["Inhibited by UnreadableFiles, which is silenced until 9999-12-31 23:00 UTC: Revenue drop"], []),
        ([], [], [], ["Inhibited by EventVolumeDrop: Revenue drop"]),
        ([], ["RevenueDrop"], ["Revenue drop"], []),
    ],
    ids=["silenced", "heard", "in a circle"],
)
def test_v10_an_effect_of_an_inhibited_cause(
    silenced: list[str], files_by: list[str], lines: list[str], inhibited: list[str]
) -> None:
    """It is listed if the first cause is silenced, inhibited if somebody is notified of it, and otherwise it counts."""
    listed = [
        {**FILES, "status": {"silencedBy": silenced, "inhibitedBy": files_by}},
        {**EVENTS, "status": {"silencedBy": [], "inhibitedBy": ["UnreadableFiles"]}},
        {**DROP, "status": {"silencedBy": [], "inhibitedBy": ["EventVolumeDrop"]}},
    ]
    said = {"firing": "EventVolumeDrop RevenueDrop UnreadableFiles", "switched_off": ""}
    certificate = alert("Certificate", {**SAID, "firing": "3"}, said)
    silence = {"id": "s", "endsAt": "9999-12-31T23:00:00Z"}
    service = answering({"alerts": [certificate, *listed], "silences": [silence]})
    found = judged(Servers([service.url]))
    service.stop()
    for shown, expected in ((found.lines, lines), (found.inhibited, inhibited)):
        assert [line.message for line in shown if line.check == "RevenueDrop"] == expected


def test_v15_an_exporter_that_is_wrong_somewhere_is_unknown() -> None:
    """Its answer to a refresh must say what the verdict is about."""
    service = answering(bodies := {})
    servers = Servers([DEAD], service.url)
    outcome = {"dataset": "shop", "date": "2025-03-09", "snapshot": 5, "unreadable_files": 1}
    for dated in ({**outcome, "date": "2025-03-08"}, {"dataset": "shop", "error": "no such folder"}):
        for body in mutations({"datasets": [dated]}):
            bodies["refresh"] = body
            try:
                found = judged(servers)
            except report.UsageError:
                continue  # as if it had another data set
            assert found.exit_code == 2, body
    service.stop()


PROMETHEUS: dict[str, Any] = {
    "rules": {
        "groups": [
            {
                "name": rulefile.GROUP,
                "interval": 1,
                "lastEvaluation": "2025-03-09T12:00:00Z",
                "rules": [{"name": "r", "health": "err", "lastError": "e"}],
            }
        ]
    },
    "targets": {
        "activeTargets": [
            {"labels": {"job": "j"}, "health": "down", "scrapeUrl": "u", "lastError": "e", "scrapeInterval": "1s"}
        ]
    },
    "flags": {"rules.alert.resend-delay": "1s", "query.lookback-delta": "1m"},
    "status/config": {"yaml": "global: {rule_query_offset: 1s}"},
    "alertmanagers": {"activeAlertmanagers": [{"url": "u"}]},
    "query": {"result": [{"metric": {"__name__": "clickstream_series", "job": "j"}, "value": [1, "5"]}]},
    "v1/alerts": {
        "alerts": [
            {"labels": each["labels"], "annotations": each["annotations"], "state": "firing"}
            for each in (CERTIFICATE, DROP)
        ]
    },
}


@pytest.mark.parametrize("place", PROMETHEUS)
def test_v15_a_prometheus_that_is_wrong_somewhere_raises_nothing(place: str) -> None:
    """It is queried for reasons and for contradictions, and may answer both with anything."""
    whole = {part: {"data": data} for part, data in PROMETHEUS.items()}
    loaded = [{"name": "r"} for _ in rulefile.groups()[rulefile.GROUP]]
    whole["rules"]["data"] = {
        "groups": [{"name": rulefile.GROUP, "interval": 1, "rules": loaded}]
    }  # nothing to find before the place
    whole[place]["data"] = PROMETHEUS[place]
    service = answering(bodies := dict(whole))
    labels = {"dataset": "shop", **CHECK}
    now = datetime.now(UTC)
    drop = Alert(labels, {}, "f", now, (), ())
    for body in mutations(whole[place]):
        bodies[place] = body
        assert all(isinstance(each, str) for each in diagnosis.reasons(Client(), service.url, [DEAD], "shop", 5))
        certificate = Alert(CERTIFICATE["labels"], CERTIFICATE["annotations"], "f", now, (), ())
        prometheus = witness.Prometheus(Client(), service.url)
        witness.contradiction(prometheus, certificate, [drop], is_default=True)
        found = pace.pace(prometheus.data)
        assert found is None or found.wait <= pace.MAX_WAIT
    service.stop()


def test_v15_a_listing_is_refused_where_its_shape_is_wrong() -> None:
    """The place is named: a time without a zone could be any."""
    service = answering({"alerts": [{**DROP, "updatedAt": "2025-03-09T12:00:00"}]})
    with pytest.raises(FetchError, match="the answer is not a list of alerts"):
        listing(Client(), service.url, 5)
    service.stop()


def test_v15_an_error_in_the_report_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 2, JSON and a JUnit file that say so, and the traceback."""

    def broken(*_args: object) -> Verdict:
        raise TypeError("unexpected")

    monkeypatch.setattr(report, "judge", broken)
    assert report.main(["--date", "2025-03-09", "--junit", f"{tmp_path}/junit.xml"]) == 2
    out, err = capsys.readouterr()
    (line,) = json.loads(out)["alerts"]
    assert line == {"severity": "CRITICAL", "message": "Not judged: internal error: TypeError: unexpected"}
    assert "Traceback" in err
    assert "internal error" in (tmp_path / "junit.xml").read_text("utf-8")


def test_v15_an_error_in_the_check_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As for the report; for a drill there is nothing on stdout."""

    def broken(*_args: object) -> Verdict:
        raise TypeError("unexpected")

    monkeypatch.setattr(check.plan, "load", broken)
    assert check.main([str(tmp_path)]) == 2
    assert "internal error: TypeError" in json.loads(capsys.readouterr().out)["alerts"][0]["message"]
    assert check.main([str(tmp_path), "--drill", "NoData"]) == 2
    assert capsys.readouterr().out == ""


def test_v15_a_verdict_that_cannot_be_printed_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One document is on stdout, and it is JSON."""
    monkeypatch.setattr(report, "judge", lambda *_: Verdict("2025-03-09", (), True))
    broken: Any = {"text": lambda *_args, **_kwargs: 1 / 0}
    whole = publish.printed
    monkeypatch.setattr(publish, "printed", lambda *args, **kwargs: broken.get(args[1], whole)(*args, **kwargs))
    assert report.main(["--date", "2025-03-09", "--format", "text"]) == 2
    assert "ZeroDivisionError" in json.loads(capsys.readouterr().out)["alerts"][0]["message"]


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "2>/dev/full", "1>/dev/full"])
def test_v13_v15_without_stdout_or_stderr(closed: str) -> None:
    """Exit code 2; what is on stdout is nothing or the JSON."""
    command = (
        f'"{sys.executable}" -m alerting.report --date 2025-03-09 --timeout 0.1 --alertmanager.url {DEAD} {closed}'
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == "" if closed.startswith("1") else json.loads(done.stdout)["status"] == "FAIL"


def test_v15_a_name_that_is_not_text_is_unknown() -> None:
    """Bytes that no encoding has, as an argument: the JSON is still there."""
    command = [sys.executable, "-m", "alerting.report", "--dataset", b"\xff", "--date", "2025-03-09", "--details"]
    done = subprocess.run([*command, "--timeout", "0.1", "--alertmanager.url", DEAD], capture_output=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (2, "FAIL")
