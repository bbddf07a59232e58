"""A drill through real Alertmanagers: who is notified, that it resolves, and that no verdict counts it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from relay import Relay, awaited

from alerting import rulefile
from alerting.drill import DrillError, checks, drill, send_to_all
from alerting.http.client import Client
from exporter.demo.write import write_demo

LINKS = {"runbooks": "https://wiki.example/runbooks", "grafana": "https://grafana.example"}


def sent(relay: Relay, check: str, dataset: str, seconds: float) -> list[str]:
    """What is said of a drill that stands so long."""
    said: list[str] = []
    assert send_to_all(Client(), drill(check, dataset, LINKS), [relay.url], said.append, timedelta(seconds=seconds))
    return said


def test_the_pager_is_told_of_a_drill_and_that_it_is_over(relay: Relay, dataset: str) -> None:
    """A critical drill pages by the route of its check, says that it is one, and resolves by itself."""
    said = sent(relay, "RevenueDrop", dataset, 3)
    assert f"{relay.url} accepted it: it goes to pagerduty; it resolves by itself at " in said[-1]
    pages = awaited(lambda: relay.pages(dataset, 2))
    assert [page["event_action"] for page in pages] == ["trigger", "resolve"]
    assert pages[0]["payload"]["summary"].startswith("DRILL: nothing is wrong")
    assert pages[0]["links"][0] == {"text": "Runbook", "href": "https://wiki.example/runbooks/RevenueDrop.md"}


def test_a_drill_without_links(relay: Relay, dataset: str) -> None:
    """Where the configuration names no place, it has none either: the runbook is a path, the dashboard empty."""
    made = drill("RevenueDrop", dataset, {"runbooks": "alerting/runbooks", "grafana": None})
    assert made.annotations["runbook_url"] == "alerting/runbooks/RevenueDrop.md"
    assert made.annotations["dashboard_url"] == ""
    made = drill("RevenueDrop", dataset, LINKS)
    assert made.annotations["dashboard_url"] == f"https://grafana.example/d/clickstream-dataset?var-dataset={dataset}"
    assert send_to_all(Client(), made, [relay.url], lambda _said: None, timedelta(seconds=1))


def test_a_drill_has_the_labels_of_the_real_alert(relay: Relay, dataset: str) -> None:
    """Those of the configuration, too, and one more, which marks it."""
    made = drill("RevenueDrop", dataset, LINKS, labels={"team": "growth"})
    assert send_to_all(Client(), made, [relay.url], lambda _said: None, timedelta(seconds=60))
    named = [rule for rule in rulefile.groups()[rulefile.GROUP] if rule.get("alert") == "ClickstreamRevenueDrop"]
    (rule,) = (rule for rule in named if rule["labels"]["severity"] != "info")
    own = {"alertname": "ClickstreamRevenueDrop", "check": "RevenueDrop", "dataset": dataset, "drill": "true"}
    listed = Client().get(f"{relay.url}/api/v2/alerts?filter=dataset%3D%22{dataset}%22", 10).body
    fixed = {name: value for name, value in rule["labels"].items() if name not in ("team", "service")}
    assert [alert["labels"] for alert in listed] == [own | fixed | {"team": "growth"}]


def test_a_page_of_a_drill_is_an_incident_of_its_own(relay: Relay, dataset: str) -> None:
    """Beside the real one, which stays what it is."""
    real = {"alertname": "ClickstreamRevenueDrop", "severity": "critical", "tier": "business", "dataset": dataset}
    relay.fire({"labels": real, "annotations": {"summary": "Revenue drop detected: 1 vs baseline 2"}})
    sent(relay, "RevenueDrop", dataset, 60)
    pages = awaited(lambda: relay.pages(dataset, 2))
    summaries = sorted(page["payload"]["summary"] for page in pages)
    assert summaries[0].startswith("DRILL: ")
    assert summaries[1] == "Revenue drop detected: 1 vs baseline 2"
    assert {page["payload"]["severity"] for page in pages} == {"critical"}
    assert len({page["dedup_key"] for page in pages}) == 2


def test_channels_are_told_of_a_drill(relay: Relay, dataset: str) -> None:
    """A business warning arrives in both channels, under a title that says that it is a drill."""
    sent(relay, "ConversionRateDrop", dataset, 60)
    for channel in ("data", "marketing"):
        (message,) = awaited(lambda channel=channel: relay.messages(dataset, channel=channel))
        (attachment,) = message["attachments"]
        assert attachment["title"].startswith(f"DRILL: {dataset}")
        assert "*DRILL: " in attachment["text"]


@pytest.mark.parametrize(
    ("check", "who"),
    [("ConversionRateDrop", "slack-data-and-marketing"), ("JsonErrors", "slack-data"), ("LowVolume", "nowhere")],
)
def test_it_is_said_who_hears_of_it(relay: Relay, check: str, who: str) -> None:
    """The receiver that the routes choose is named, even where it is nobody."""
    assert f"it goes to {who};" in sent(relay, check, f"of-{check}", 60)[-1]


def test_a_drill_that_nobody_hears_of_says_so(relay: Relay) -> None:
    """A silenced drill does not prove that anyone is notified."""
    times = {"startsAt": "2025-01-01T00:00:00Z", "endsAt": "2125-01-01T00:00:00Z", "createdBy": "t", "comment": "t"}
    matcher = {"name": "dataset", "value": "quiet", "isRegex": False}
    Client().send(f"{relay.url}/api/v2/silences", {"matchers": [matcher], **times}, 10)
    assert "it would go to pagerduty, but is silenced;" in sent(relay, "NoData", "quiet", 60)[-1]


def test_every_check_has_a_drill_without_templates() -> None:
    """What only Prometheus could fill in is `...`; the rest is the rule's own text."""
    assert {*rulefile.checks(), "ExporterDown", "NotJudged", "RefreshFailing"} == set(checks())
    for check in checks():
        made = drill(check, "shop", LINKS)
        assert "{{" not in "".join(made.annotations.values())
        assert made.annotations["runbook_url"] == f"https://wiki.example/runbooks/{check}.md"
        assert made.annotations["dashboard_url"].startswith("https://grafana.example/d/clickstream-")
    assert drill("DuplicateEvents", "shop", LINKS).annotations["description"] == (
        "On ..., ... of ... events are extra copies; the limit is ..., so up to ... may be chance."
    )


def test_a_drill_has_the_numbers_of_an_example() -> None:
    """In the form of the real ones, so that whatever reads them can be tried; none where the check has none."""
    expected = {
        "RevenueDrop": ["1", "2", "3.00%"],
        "PartialDay": ["01:01", "02:02", "3 h"],
        "NullClientIds": ["1.00%", None, "3.00%, or 3.00 percentage points above the baseline"],
        "NoData": [None, None, None],
    }
    for check, numbers in expected.items():
        made = drill(check, "shop", LINKS)
        assert [made.annotations.get(name) for name in ("value", "baseline", "limit")] == numbers


def test_a_partial_day_of_an_intraday_data_set_is_an_info() -> None:
    """As the rules have it: it pages nobody."""
    found = [drill("PartialDay", "shop", LINKS, intraday=each).labels["severity"] for each in (False, True)]
    assert found == ["critical", "info"]


def test_an_unknown_check_names_those_that_there_are() -> None:
    """The message has all names."""
    with pytest.raises(DrillError, match=r"no check 'Nope': expected one of AmountShift, .*, WaitingFiles$"):
        drill("Nope", "shop", LINKS)


def command(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`clickstream-check` on the configuration of the demo."""
    config = write_demo(tmp_path, date(2025, 3, 9))
    line = [sys.executable, "-m", "alerting.check", str(config), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_the_command_sends_a_drill_and_prints_no_verdict(relay: Relay, tmp_path: Path) -> None:
    """Exit 0 and nothing on stdout; who is notified, and until when, is on stderr."""
    done = command(tmp_path, "--drill", "NoPurchases", "--alertmanager.url", relay.url)
    assert (done.returncode, done.stdout) == (0, "")
    assert 'alertname="ClickstreamNoPurchases"' in done.stderr
    assert "it goes to pagerduty; it resolves by itself at" in done.stderr


def test_an_alertmanager_that_did_not_take_it_is_no_success(relay: Relay, tmp_path: Path) -> None:
    """Exit 2, although the other one accepted it."""
    urls = ("--alertmanager.url", relay.url, "--alertmanager.url", "http://127.0.0.1:9")
    done = command(tmp_path, "--drill", "JsonErrors", *urls)
    assert (done.returncode, done.stdout) == (2, "")
    assert "http://127.0.0.1:9 did not accept it: " in done.stderr


@pytest.mark.parametrize("arguments", [("--drill", "Nope"), ("--alertmanager.url", "http://127.0.0.1:9")])
def test_a_drill_of_nothing_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit 64, a reason on stderr, and nothing on stdout."""
    done = command(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (64, "")
    assert "no check 'Nope'" in done.stderr or "--alertmanager.url needs --drill" in done.stderr
