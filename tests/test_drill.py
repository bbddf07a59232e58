"""A drill through real Alertmanagers: who is told, that it ends, and that it is no verdict."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from generations import Generation

from alerting import rules
from alerting.drill import DrillError, checks, drill, hold
from alerting.fetch import send
from alerting.stack import alertmanager_at, await_answer, end, free_address, start
from exporter.demo import write_demo

LINKS = {"runbooks": "https://wiki.example/runbooks", "grafana": "https://grafana.example"}


@dataclass
class Told:
    """A receiver of notifications: the alert, its status and the receiver's name, in the order of their arrival."""

    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def of(self, dataset: str) -> list[tuple[str, str]]:
        """Who was told that the alert of a data set is in which status."""
        return [(who, status) for who, status, alert in list(self.heard) if alert["labels"].get("dataset") == dataset]

    def await_(self, dataset: str, status: str) -> list[tuple[str, str]]:
        """What was told, once this status was."""
        deadline = time.monotonic() + 20
        while status not in [told for _, told in self.of(dataset)] and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.of(dataset)


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager with the shipped routes, whose receivers are one of ours."""

    url: str
    told: Told


@pytest.fixture(scope="module")
def alertmanager(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """The Alertmanager of one generation; it waits a second, not half a minute."""
    folder, told = tmp_path_factory.mktemp("alertmanager"), Told()
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    shipped: dict[str, Any] = yaml.safe_load((files("alerting") / "alertmanager.yml").read_text("utf-8"))
    shipped.pop("templates", None)
    shipped["route"] |= {"group_wait": "1s", "group_interval": "1s"}
    shipped["receivers"] = [_stand_in(each["name"], receiver.server_port) for each in shipped["receivers"]]
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(shipped), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALERTMANAGER", str(generation.alertmanager))
        server = alertmanager_at(free_address(), folder)
    process = start(server, folder)
    try:
        await_answer(server, process, folder)
        yield Alertmanager(server.ready.removesuffix("/-/ready"), told)
    finally:
        end(process)
        receiver.shutdown()
        receiver.server_close()


def _stand_in(name: str, port: int) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}/{name}"
    hears = {"webhook_configs": [{"url": url, "send_resolved": True}]}
    return {"name": name} | ({} if name == "nowhere" else hears)


def _handler(told: Told) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.heard += [(self.path.strip("/"), alert["status"], alert) for alert in body["alerts"]]
            self.send_response_only(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


def sent(alertmanager: Alertmanager, check: str, dataset: str, seconds: float) -> list[str]:
    """What is said of a drill that stands so long."""
    said: list[str] = []
    assert hold(drill(check, dataset, LINKS), [alertmanager.url], said.append, timedelta(seconds=seconds))
    return said


def test_the_pager_is_told_of_a_drill_and_that_it_is_over(alertmanager: Alertmanager) -> None:
    """A critical drill pages by the route of its check, says that it is one, and resolves by itself."""
    said = sent(alertmanager, "RevenueDrop", "shop", 3)
    assert f"{alertmanager.url} took it: it goes to pagerduty; it ends by itself at " in said[-1]
    assert alertmanager.told.await_("shop", "resolved") == [("pagerduty", "firing"), ("pagerduty", "resolved")]
    _, _, alert = alertmanager.told.heard[0]
    (rule,) = (rule for rule in rules.groups()[rules.GROUP] if rule.get("alert") == "ClickstreamRevenueDrop")
    own = {"alertname": "ClickstreamRevenueDrop", "check": "RevenueDrop", "dataset": "shop", "drill": "true"}
    assert alert["labels"] == own | rule["labels"]
    assert alert["annotations"]["summary"].startswith("DRILL: nothing is wrong")
    assert alert["annotations"]["runbook_url"] == "https://wiki.example/runbooks/RevenueDrop.md"


@pytest.mark.parametrize(
    ("check", "who"),
    [("ConversionRateDrop", "slack-data-and-marketing"), ("JsonErrors", "slack-data"), ("LowVolume", "nowhere")],
)
def test_it_is_said_who_hears_of_it(alertmanager: Alertmanager, check: str, who: str) -> None:
    """The receiver that the routes choose is named, even where it is nobody."""
    assert f"it goes to {who};" in sent(alertmanager, check, f"of-{check}", 1)[-1]


def test_a_drill_that_nobody_hears_of_says_so(alertmanager: Alertmanager) -> None:
    """A drill that a silence covers is no proof that somebody is told."""
    times = {"startsAt": "2025-01-01T00:00:00Z", "endsAt": "2125-01-01T00:00:00Z", "createdBy": "t", "comment": "t"}
    matcher = {"name": "dataset", "value": "quiet", "isRegex": False}
    send(f"{alertmanager.url}/api/v2/silences", {"matchers": [matcher], **times}, 10)
    assert "it would go to pagerduty, but is silenced;" in sent(alertmanager, "NoData", "quiet", 1)[-1]


def test_every_check_has_a_drill_without_templates() -> None:
    """What only Prometheus could fill in is `...`; the rest is the rule's own text."""
    assert {*rules.checks(), "ExporterDown", "RefreshFailing"} == set(checks())
    for check in checks():
        made = drill(check, "shop", LINKS)
        assert "{{" not in "".join(made.annotations.values())
        assert made.annotations["runbook_url"] == f"https://wiki.example/runbooks/{check}.md"
        assert made.annotations["dashboard_url"].startswith("https://grafana.example/d/clickstream-")
    assert drill("DuplicateEvents", "shop", LINKS).annotations["description"] == (
        "On ..., ... of ... events are extra copies; the limit is ...."
    )


def test_a_partial_day_of_an_intraday_data_set_is_an_info() -> None:
    """As the rules have it: it pages nobody."""
    found = [drill("PartialDay", "shop", LINKS, intraday=each).labels["severity"] for each in (False, True)]
    assert found == ["critical", "info"]


def test_an_unknown_check_names_those_that_there_are() -> None:
    """The message has all names."""
    with pytest.raises(DrillError, match=r"no check Nope, there are AssistedShareDrop, .*, UnreadableFiles$"):
        drill("Nope", "shop", LINKS)


def command(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`clickstream-check` on the configuration of the demo."""
    config = write_demo(tmp_path, date(2025, 3, 9))
    line = [sys.executable, "-m", "alerting.check", str(config), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_command_sends_a_drill_and_prints_no_verdict(alertmanager: Alertmanager, tmp_path: Path) -> None:
    """Exit 0 and nothing on stdout; who hears of it, and until when, is on stderr."""
    done = command(tmp_path, "--drill", "NoPurchases", "--alertmanager.url", alertmanager.url)
    assert (done.returncode, done.stdout) == (0, "")
    assert 'alertname="ClickstreamNoPurchases"' in done.stderr
    assert "it goes to pagerduty; it ends by itself at" in done.stderr


def test_an_alertmanager_that_did_not_take_it_is_no_success(alertmanager: Alertmanager, tmp_path: Path) -> None:
    """Exit 2, although the other one took it."""
    urls = ("--alertmanager.url", alertmanager.url, "--alertmanager.url", "http://127.0.0.1:9")
    done = command(tmp_path, "--drill", "JsonErrors", *urls)
    assert (done.returncode, done.stdout) == (2, "")
    assert "http://127.0.0.1:9 did not take it: " in done.stderr


@pytest.mark.parametrize("arguments", [("--drill", "Nope"), ("--alertmanager.url", "http://127.0.0.1:9")])
def test_a_drill_of_nothing_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit 64, a reason on stderr, and nothing on stdout."""
    done = command(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert "no check Nope" in done.stderr or "--alertmanager.url is for --drill" in done.stderr
