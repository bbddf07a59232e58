"""What PagerDuty is sent: events that it accepts, one incident a data set and alert, and its end."""

from __future__ import annotations

import json
import shutil

import pytest
from contracts import assert_pagerduty
from relay import Json, Relay, awaited
from shop_alerts import CHECKS, alert, without_links

from alerting import rulefile

CRITICAL = [check for check in CHECKS if alert(check)["labels"]["severity"] == "critical"]


def page(relay: Relay, dataset: str, *alerts: Json) -> Json:
    """The one event that PagerDuty is sent for the alerts."""
    relay.fire(*alerts)
    (event,) = awaited(lambda: relay.pages(dataset)) or [{}]
    assert_pagerduty(event)
    return dict(event)


def test_every_critical_alert_is_an_incident_of_its_own(relay: Relay, dataset: str) -> None:
    """PagerDuty accepts the event of each, with the alert's own words, and each has a key of its own."""
    fired = [alert(check, f"{dataset}-{check}") for check in CRITICAL]
    relay.fire(*fired)
    for each in fired:
        labels, told = each["labels"], each["annotations"]
        (event,) = awaited(lambda name=labels["dataset"]: relay.pages(name))
        assert_pagerduty(event)
        payload = event["payload"]
        assert payload["summary"] == told["summary"]
        assert (payload["severity"], payload["source"]) == ("critical", "clickstream-exporter")
        assert [payload[key] for key in ("class", "group")] == [labels["alertname"], labels["tier"]]
        details = payload["custom_details"]
        assert details["firing"].strip("\u200b ") == told["description"].replace(": ", ":\u00a0")
        numbers = {name: told.get(name, "none") for name in ("value", "baseline", "limit")}
        assert {name: str(details[name]) for name in numbers} == numbers
    keys = [relay.pages(each["labels"]["dataset"])[0]["dedup_key"] for each in fired]
    assert len(set(keys)) == len(CRITICAL)


def test_the_numbers_are_details(relay: Relay, dataset: str) -> None:
    """The day, the value, its baseline and its limit can be read at a glance, without a list of labels."""
    event = page(relay, dataset, alert("RevenueDrop", dataset))
    details = {name: str(value) for name, value in event["payload"]["custom_details"].items()}
    assert {name: details[name] for name in ("day", "value", "baseline", "limit", "num_firing", "resolved")} == {
        "day": "2025-03-09",
        "value": "10565 EUR",
        "baseline": "33636 EUR",
        "limit": "40.00%",
        "num_firing": "1",
        "resolved": "none",
    }
    assert "alertname" not in json.dumps(details)


@pytest.mark.parametrize("owner", ["data-eng", "data: eng", "{{ x"])
def test_the_owner_is_a_detail(relay: Relay, dataset: str, owner: str) -> None:
    """Whom to tell, whatever the name; `none` where the configuration names nobody."""
    event = page(relay, dataset, alert("RevenueDrop", dataset, owner=owner))
    found = event["payload"]["custom_details"]["owner"]
    assert found.strip("\u200b ").replace("\u00a0", " ").replace("{ {", "{{") == owner
    event = page(relay, f"{dataset}-other", alert("RevenueDrop", f"{dataset}-other"))
    assert event["payload"]["custom_details"]["owner"] == "none"


def test_it_links_to_the_runbook_and_to_the_day(relay: Relay, dataset: str) -> None:
    """One click leads to what to do, another to the dashboard of that day."""
    event = page(relay, dataset, alert("RevenueDrop", dataset))
    assert [(link["text"], link["href"]) for link in event["links"]] == [
        ("Runbook", "https://wiki.example/runbooks/RevenueDrop.md"),
        ("Dashboard", f"https://grafana.example/d/clickstream-dataset?var-dataset={dataset}&var-day=2025-03-09"),
    ]


def test_a_runbook_that_is_a_file_is_no_link(relay: Relay, dataset: str) -> None:
    """Without `links.runbooks`, the event carries the path and is still accepted."""
    event = page(relay, dataset, alert("RevenueDrop", dataset, runbooks="alerting/runbooks"))
    assert [link["text"] for link in event["links"]] == ["Dashboard"]
    assert event["payload"]["custom_details"]["runbook"] == "alerting/runbooks/RevenueDrop.md"


def test_a_page_without_links(relay: Relay, dataset: str) -> None:
    """Where the configuration names no place, the event has no link, not a broken one, and is accepted."""
    event = page(relay, dataset, without_links("RevenueDrop", dataset))
    assert event.get("links", []) == []
    assert event["payload"]["custom_details"]["runbook"] == "alerting/runbooks/RevenueDrop.md"
    assert "localhost" not in json.dumps(event)


@pytest.mark.parametrize("letter", ["x", "é", "€", "😀"])
def test_a_message_without_end_is_cut(relay: Relay, dataset: str, letter: str) -> None:
    """However many files an alert names, the event is accepted, and its details stay."""
    long = letter * 600_000
    event = page(relay, dataset, alert("UnreadableFiles", dataset, summary=long, description=long))
    assert event["payload"]["summary"] == letter * 1023 + "…"
    assert event["payload"]["custom_details"]["firing"].strip("\u200b ") == letter * 1000


def test_two_exporters_that_are_down_are_one_incident(relay: Relay) -> None:
    """They are one alert without a data set; the event names both, and is accepted without a component."""
    shipped = next(rule for rule in rulefile.groups()["clickstream_exporter"] if rule.get("alert", "").endswith("Down"))
    labels = {"alertname": shipped["alert"], **shipped["labels"], "job": "clickstream"}
    words = {each: f"Exporter down: no metrics from {each}" for each in ("a:9847", "b:9847")}
    down = [{"labels": labels | {"instance": each}, "annotations": {"summary": words[each]}} for each in words]
    relay.fire(*down)
    (found,) = awaited(lambda: [each.json for each in relay.inbox.at("/pagerduty", "b:9847")])
    relay.resolve(*down)  # It silences the business alerts of every data set.
    assert_pagerduty(found)
    assert found["payload"]["summary"] == "; ".join(words.values())


@pytest.mark.parametrize(
    "name",
    [
        "{{",
        "{{ .Boom }}.parquet",
        '["{{ x"]',
        "- {{ x",
        "a: {{ x",
        "*x",
        "&x",
        "!!binary x",
        "? x",
        "'{{'",
        "x\n---\n- {{",
    ],
)
def test_d7_no_name_in_the_data_can_lose_a_page(relay: Relay, dataset: str, name: str) -> None:
    """Newer Alertmanagers read a detail as YAML, and then as a template again: words stay words."""
    event = page(relay, dataset, alert("UnreadableFiles", dataset, summary=name, description=name))
    assert event["payload"]["summary"] == name
    details = event["payload"]["custom_details"]
    assert isinstance(details["firing"], str)
    assert "".join(details["firing"].split()).strip("\u200b") == "".join(name.replace("{{", "{ {").split())


def test_an_alert_without_words_still_pages(relay: Relay, dataset: str) -> None:
    """What is posted by hand may lack every annotation; the page comes, named after the alert."""
    event = page(relay, dataset, alert("RevenueDrop", dataset) | {"annotations": {}})
    assert event["payload"]["summary"] == "ClickstreamRevenueDrop"


def test_one_key_from_trigger_to_resolve(relay: Relay, dataset: str) -> None:
    """The incident is updated and resolved by the key that it was opened with."""
    relay.fire(alert("RevenueDrop", dataset))
    assert awaited(lambda: relay.pages(dataset))
    relay.resolve(alert("RevenueDrop", dataset, summary="Revenue drop detected: 10566 vs baseline 33636"))
    first, last = awaited(lambda: relay.pages(dataset, 2))
    assert_pagerduty(last)
    assert [first["event_action"], last["event_action"]] == ["trigger", "resolve"]
    assert first["dedup_key"] == last["dedup_key"]


@pytest.mark.parametrize("keeps", [True, False], ids=["storage-kept", "storage-lost"])
def test_one_key_over_a_restart(relay: Relay, dataset: str, keeps: bool) -> None:
    """A restart opens no second incident: with its storage Alertmanager is silent, without it the key is the same."""
    relay.fire(alert("RevenueDrop", dataset))
    assert awaited(lambda: relay.pages(dataset))
    relay.restart(lambda: None if keeps else shutil.rmtree(relay.folder / "alertmanager"))
    relay.fire(alert("RevenueDrop", dataset))
    assert len(awaited(lambda: relay.pages(dataset, 2), 4) or relay.pages(dataset)) == (1 if keeps else 2)
    relay.resolve(alert("RevenueDrop", dataset))
    ended = awaited(lambda: [each for each in relay.pages(dataset) if each["event_action"] == "resolve"])
    assert {each["dedup_key"] for each in (*relay.pages(dataset), *ended)} == {ended[0]["dedup_key"]}
