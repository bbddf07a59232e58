"""What becomes of a message that its receiver refuses: tried again at once, or when the group is looked at again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay import Relay, Request, awaited, relaying
from shop_alerts import alert
from snippets import is_old, with_datadog

from tests.support.generations import Generation
from tests.support.service import Answer
from tests.support.shipped_routes import configure, shipped

INTERVAL = 12.0
"""Seconds between two looks at a group; as shipped it is a minute."""

AT_ONCE, LATER = "at once", "at the next look"
OUTCOMES = {
    ("pagerduty", 429): AT_ONCE,
    ("pagerduty", 500): AT_ONCE,
    ("pagerduty", 400): LATER,
    ("slack", 429): LATER,
    ("slack", 500): AT_ONCE,
    ("slack", 400): LATER,
    ("slack", 404): LATER,
    ("datadog", 429): LATER,
    ("datadog", 500): AT_ONCE,
    ("datadog", 403): LATER,
}
CHECK = {"pagerduty": "RevenueDrop", "slack": "JsonErrors", "datadog": "ConversionRateDrop"}


def dataset(receiver: str, status: int, wait: str) -> str:
    """The data set whose first message the receiver refuses with this status."""
    return f"{receiver}-{status}-{wait}"


CASES = {dataset(*case, wait): (*case, wait) for case in OUTCOMES for wait in ("none", "60")}


def refuse_first(request: Request, seen: set[str]) -> Answer | None:
    """Refuse the first message of a data set as its name says."""
    name = next((each for each in CASES if each.encode() in request.body), None)
    if name is None or name in seen:
        return None
    receiver, status, wait = CASES[name]
    if not request.path.startswith(f"/{receiver}"):
        return None
    seen.add(name)
    body = b'{"status": "invalid event", "message": "Event object is invalid", "errors": ["summary is too long"]}'
    return Answer(status, body, headers={} if wait == "none" else {"Retry-After": wait})


@pytest.fixture(scope="module")
def attempts(programs: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[float]]]:
    """When the messages of each data set came, after all were refused once."""
    seen: set[str] = set()

    def write(folder: Path, url: str) -> None:
        config = with_datadog(shipped(), folder, f"{url}/datadog", inline=is_old(programs))
        configure(folder, url, config, group_wait="1s", group_interval=f"{INTERVAL:.0f}s")

    with relaying(tmp_path_factory.mktemp("relay"), write) as relay:
        relay.inbox.refuse = lambda request: refuse_first(request, seen)
        relay.fire(*(alert(CHECK[receiver], name) for name, (receiver, *_) in CASES.items()))
        awaited(lambda: min(len(came(relay, name)) for name in CASES) == 2)
        time.sleep(1)
        yield {name: came(relay, name) for name in CASES}


def came(relay: Relay, name: str) -> list[float]:
    """When the messages of a data set came."""
    receiver, *_ = CASES[name]
    return [each.at for each in relay.inbox.at(f"/{receiver}", name)]


@pytest.mark.parametrize("wait", ["none", "60"])
@pytest.mark.parametrize(("receiver", "status"), OUTCOMES)
def test_a_refused_message_comes_again(attempts: dict[str, list[float]], receiver: str, status: int, wait: str) -> None:
    """Nothing is lost but time, and Retry-After is not looked at; what was taken is not sent twice."""
    first, second = attempts[dataset(receiver, status, wait)]
    assert (AT_ONCE if second - first < INTERVAL / 2 else LATER) == OUTCOMES[receiver, status]
    assert second - first < 2 * INTERVAL


def test_what_is_over_before_it_was_taken_is_never_told(relay: Relay, dataset: str) -> None:
    """The cost of a receiver that refuses for as long as an alert fires: it is never notified."""
    relay.inbox.refuse = lambda request: Answer(400) if dataset.encode() in request.body else None
    relay.fire(alert("RevenueDrop", dataset))
    assert awaited(lambda: relay.pages(dataset, 2))
    relay.resolve(alert("RevenueDrop", dataset))
    time.sleep(3)
    refused = len(relay.pages(dataset))
    relay.inbox.refuse = lambda _request: None
    assert not awaited(lambda: relay.pages(dataset, refused + 1), 4)
    assert {each["event_action"] for each in relay.pages(dataset)} == {"trigger"}


def test_an_end_that_is_refused_is_told_later(relay: Relay, dataset: str) -> None:
    """An incident that was opened is resolved, whenever PagerDuty takes the event."""
    relay.fire(alert("RevenueDrop", dataset))
    assert awaited(lambda: relay.pages(dataset))
    relay.inbox.refuse = lambda request: Answer(400) if dataset.encode() in request.body else None
    relay.resolve(alert("RevenueDrop", dataset))
    refused = awaited(lambda: relay.pages(dataset, 3))
    relay.inbox.refuse = lambda _request: None
    assert awaited(lambda: relay.pages(dataset, len(refused) + 1))
    assert [each["event_action"] for each in refused] == ["trigger", "resolve", "resolve"]


def test_a_page_hangs_on_no_template(programs: Generation, tmp_path: Path) -> None:
    """Where the folder of the templates was not copied, pages come; to Slack goes nothing, or an empty message."""
    assert programs

    def write(folder: Path, url: str) -> None:
        configure(folder, url, shipped(), group_wait="1s", group_interval="1s")
        shutil.rmtree(folder / "templates")

    with relaying(tmp_path / "relay", write) as relay:
        relay.fire(alert("RevenueDrop"), alert("JsonErrors"))
        assert awaited(lambda: relay.pages("shop"))
        assert awaited(lambda: relay.inbox.at("/slack") or "clickstream.slack.title" in relay.log())
        assert [each.json["attachments"][0]["text"] for each in relay.inbox.at("/slack")] in ([], [""])
