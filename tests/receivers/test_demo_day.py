"""The demo's bad day, from Parquet files through real servers to each receiver, and what the README shows of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from contracts import assert_pagerduty, assert_slack, assert_webhook
from loopback_aws import Topic, subscribed
from relay import Json, Relay, awaited, relaying
from running_exporter import exporting
from snippets import is_old, with_cloudwatch, with_datadog

from alerting import rulefile
from alerting.stack.stack import await_answer, end, free_address, prometheus_at, start, write
from tests.support.generations import Generation
from tests.support.shipped_routes import configure, shipped

README = (Path(rulefile.__file__).parent / "README.md").read_text("utf-8")


@dataclass(frozen=True)
class Arrived:
    """What came of the bad day at each receiver."""

    pages: list[Json]
    data: list[Json]
    marketing: list[Json]
    events: list[Json]
    notifications: list[Json]
    total: int
    """How many requests PagerDuty, Slack and Datadog got together."""


@pytest.fixture(scope="module")
def arrived(programs: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arrived]:
    """The messages of one generation."""
    folder = tmp_path_factory.mktemp("day")
    with ExitStack() as stack:
        topic = stack.enter_context(subscribed())
        exporter = stack.enter_context(exporting(folder))
        relay = stack.enter_context(
            relaying(folder / "relay", lambda where, url: everything(where, url, topic, inline=is_old(programs)))
        )
        write(folder, [exporter], [relay.url.removeprefix("http://")], "1s")
        server = prometheus_at(free_address(), folder, "1s")
        process = start(server, folder)
        stack.callback(end, process)
        await_answer(server, process, folder)
        yield collected(relay, topic)


def everything(folder: Path, url: str, topic: Topic, *, inline: bool) -> None:
    """Write the shipped configuration with both snippets."""
    config = with_cloudwatch(with_datadog(shipped(), folder, f"{url}/datadog", inline=inline), topic)
    configure(folder, url, config, group_wait="3s", group_interval="3s")


def collected(relay: Relay, topic: Topic) -> Arrived:
    """What arrives, and nothing for two looks at the groups after that."""
    assert awaited(lambda: relay.pages("shop") and relay.messages("shop", 2) and relay.messages("shop", 1, "marketing"))
    time.sleep(6)
    data, marketing = (relay.messages("shop", 1, channel) for channel in ("data", "marketing"))
    events = [each.json for each in relay.inbox.at("/datadog")]
    return Arrived(relay.pages("shop"), data, marketing, events, topic.take(), len(relay.inbox.requests))


def shown(heading: str, language: str) -> str:
    """The block of the README below a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def holds(actual: Any, part: Any) -> bool:
    """Whether `part` is what came: without some keys, numbers as text as in 0.25, and without what cannot be seen."""
    if isinstance(part, dict):
        return isinstance(actual, dict) and all(key in actual and holds(actual[key], part[key]) for key in part)
    if isinstance(part, list):
        return len(actual) == len(part) and all(map(holds, actual, part))
    return str(actual).strip("\u200b ").replace("\u00a0", " ") == str(part)


def test_the_bad_day_is_one_page(arrived: Arrived) -> None:
    """The revenue drop pages, once."""
    (event,) = arrived.pages
    assert_pagerduty(event)
    assert holds(event, json.loads(shown("PagerDuty", "json")))


def test_nobody_hears_of_the_rest(arrived: Arrived) -> None:
    """One page, two messages to data and one to marketing, four events: nothing of the certificate, of no info."""
    assert arrived.total == 1 + 2 + 1 + 4


def test_the_bad_day_is_a_message_a_tier(arrived: Arrived) -> None:
    """The data team is notified of integrity and business, marketing of business."""
    for message in (*arrived.data, *arrived.marketing):
        assert_slack(message)
    titles = [[each["attachments"][0]["title"] for each in found] for found in (arrived.data, arrived.marketing)]
    business, integrity = "shop, 2025-03-09: 1 business warning", "shop, 2025-03-09: 2 integrity warnings"
    assert [sorted(each) for each in titles] == [[business, integrity], [business]]
    excerpt = json.loads(shown("Slack", "json"))
    assert sum(holds(message, excerpt) for message in arrived.data) == 1


def test_the_bad_day_is_four_events(arrived: Arrived) -> None:
    """Datadog gets each routed alert on its own."""
    for event in arrived.events:
        assert_webhook(event)
    names = sorted(event["commonLabels"]["check"] for event in arrived.events)
    assert names == ["ConversionRateDrop", "JsonErrors", "NullClientIds", "RevenueDrop"]
    (drop,) = (event for event in arrived.events if event["commonLabels"]["check"] == "RevenueDrop")
    assert holds(drop["commonAnnotations"], {"value": "10890 EUR", "baseline": "33139 EUR", "limit": "40.00%"})
    excerpt = json.loads(shown("Datadog", "json"))
    assert sum(holds(event, excerpt) for event in arrived.events) == 1


def test_the_bad_day_is_four_notifications(arrived: Arrived) -> None:
    """So does a subscription of the topic."""
    assert len(arrived.notifications) == 4
    excerpt = json.loads(shown("CloudWatch", "json"))
    assert sum(holds(each, excerpt) for each in arrived.notifications) == 1
