"""CloudWatch: Alertmanager publishes to a topic of SNS, and what is subscribed to it gets the alert."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_aws import Topic, subscribed
from relay import Json, Relay, awaited, relaying
from shop_alerts import alert, drill, without_links
from snippets import with_cloudwatch

from tests.support.generations import Generation
from tests.support.shipped_routes import configure, shipped


@pytest.fixture(scope="module")
def topic() -> Iterator[Topic]:
    """The topic that the snippet names."""
    with subscribed() as found:
        yield found


@pytest.fixture(scope="module")
def publisher(programs: Generation, topic: Topic, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """An Alertmanager with the snippet merged into the shipped configuration."""
    assert programs

    def write(folder: Path, url: str) -> None:
        config = with_cloudwatch(shipped(), topic)
        configure(folder, url, config, group_wait="1s", group_interval="1s")

    with relaying(tmp_path_factory.mktemp("relay"), write) as found:
        yield found


def published(topic: Topic, dataset: str, number: int = 1) -> list[Json]:
    """So many notifications about a data set, each as SNS accepts it.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: the subject is ASCII, has no line break and fewer than
    100 characters; the message has at most 262,144 bytes; no attribute is empty.
    """
    found: list[Json] = []
    awaited(lambda: found.extend(topic.take()) or len(found) >= number)
    for each in found:
        assert each["MessageAttributes"]["dataset"]["Value"] == dataset
        assert each["Subject"].isascii()
        assert each["Subject"].isprintable()
        assert 0 < len(each["Subject"]) < 100
        assert 0 < len(each["Message"].encode()) <= 262_144
        assert all(attribute["Value"] for attribute in each["MessageAttributes"].values())
    assert len(found) == number
    return found


def values(notification: Json) -> dict[str, str]:
    """The attributes, by which a subscription may filter."""
    return {name: attribute["Value"] for name, attribute in notification["MessageAttributes"].items()}


def test_a_notification_without_links(publisher: Relay, topic: Topic, dataset: str) -> None:
    """Where the configuration names no place, the message has the runbook's path, and no line for a dashboard."""
    fired = without_links("RevenueDrop", dataset)
    publisher.fire(fired)
    (first,) = published(topic, dataset)
    told = fired["annotations"]
    runbook = "Runbook: alerting/runbooks/RevenueDrop.md\n"
    assert first["Message"] == f"{told['summary']}\n{told['description']}\n{runbook}"


def test_an_alert_is_a_notification(publisher: Relay, topic: Topic, dataset: str) -> None:
    """It says what is wrong, what to do and where to look, and later that it is resolved; PagerDuty gets it, too."""
    fired = alert("RevenueDrop", dataset)
    publisher.fire(fired, alert("LowVolume", dataset))
    (first,) = published(topic, dataset)
    told = fired["annotations"]
    assert first["Subject"] == told["summary"]
    links = f"Runbook: {told['runbook_url']}\nDashboard: {told['dashboard_url']}\n"
    assert first["Message"] == f"{told['summary']}\n{told['description']}\n{links}"
    labels = {name: fired["labels"][name] for name in ("severity", "tier", "alertname", "dataset")}
    own = labels | {name: told[name] for name in ("value", "baseline", "limit")} | {"drill": "false"}
    assert values(first) == own | {"status": "firing"}
    assert awaited(lambda: publisher.pages(dataset))
    publisher.resolve(fired)
    (last,) = published(topic, dataset)
    assert last["Subject"] == f"Resolved: {told['summary']}"
    assert values(last) == own | {"status": "resolved"}


def test_a_drill_says_so(publisher: Relay, topic: Topic, dataset: str) -> None:
    """A subscription can leave drills out."""
    publisher.fire(drill("RevenueDrop", dataset))
    (found,) = published(topic, dataset)
    assert found["Subject"].startswith("DRILL: ")
    assert values(found)["drill"] == "true"


@pytest.mark.parametrize("letter", ["x", "€", "😀", "\n"])
def test_a_message_without_end_is_cut(publisher: Relay, topic: Topic, dataset: str, letter: str) -> None:
    """Whatever an alert names, SNS accepts it."""
    words = dict.fromkeys(("summary", "description"), f"Names: {letter * 300000}")
    publisher.fire(alert("ColumnMissing", dataset, **words))
    (found,) = published(topic, dataset)
    assert found["Subject"] == "Names: " + ("x" if letter == "x" else "?") * 78


def test_the_exporter_has_no_data_set(publisher: Relay, topic: Topic) -> None:
    """What is about no data set has no empty attribute, which SNS would refuse."""
    labels = {"alertname": "ClickstreamExporterDown", "severity": "critical", "tier": "pipeline"}
    down = {"labels": labels, "annotations": {"summary": "Exporter down: no metrics from any instance"}}
    publisher.fire(down)
    assert published(topic, "none")
    publisher.resolve(down)
    assert published(topic, "none")
