"""The cause silences the effect: what a real Alertmanager lets through of a bad day, as amtool shows it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from alerting import rulefile
from alerting.stack.stack import alertmanager_at, await_answer, end, free_address, start, write
from tests.support.generations import Generation

BUSINESS = [
    *("RevenueDrop", "ConversionRateDrop", "DirectShareHigh", "DeviceRevenueShift", "AssistedShareDrop"),
    *("AmountShift", "RevenueSpike"),
]
SOUND = [
    "NullClientIds",
    "JsonErrors",
    "DuplicatePurchases",
    "SegmentDrop",
    "BotShareHigh",
    "FieldMissing",
    "PurchasesWithoutTransactionId",
    "ForeignCurrency",
    "EventIdConflicts",
    "SwitchedOff",
]
NUMBERS = count()


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager with the shipped inhibitions."""

    url: str
    amtool: Path

    def post(self, dataset: str, *names: str, **labels: str) -> None:
        """Let the alerts of the checks fire for a data set; `labels` replaces some of theirs."""
        self.send(*({"labels": _labels(name) | labels | {"dataset": dataset}} for name in names))

    def send(self, *alerts: dict[str, object]) -> None:
        """Post the alerts as they are."""
        body = json.dumps(alerts).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def heard(self, dataset: str) -> list[str]:
        """The checks whose alerts are not inhibited."""
        return self._query(dataset, "--active")

    def inhibited(self, dataset: str) -> list[str]:
        """The checks whose alerts are inhibited."""
        return self._query(dataset, "--inhibited")

    def _query(self, dataset: str, kind: str) -> list[str]:
        command = [self.amtool, "alert", "query", f"--alertmanager.url={self.url}", "--output=json", kind]
        done = subprocess.run([*command, f'dataset="{dataset}"'], capture_output=True, text=True, check=True)
        return sorted(alert["labels"]["alertname"].removeprefix("Clickstream") for alert in json.loads(done.stdout))


def _labels(name: str) -> dict[str, str]:
    """The labels that the alert of a check has."""
    shipped = next(
        rule for group in rulefile.groups().values() for rule in group if rule.get("alert") == f"Clickstream{name}"
    )
    return {"alertname": shipped["alert"], "check": name, **shipped["labels"]}


@pytest.fixture(scope="module")
def alertmanager(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """The Alertmanager of one generation."""
    folder = tmp_path_factory.mktemp("alertmanager")
    write(folder, [], [], "1s")
    with generation.chosen():
        server = alertmanager_at(free_address(), folder)
    process = start(server, folder)
    try:
        await_answer(server, process, folder)
        yield Alertmanager(server.ready.removesuffix("/-/ready"), generation.amtool)
    finally:
        end(process)


@pytest.fixture
def dataset() -> str:
    """A data set that no other test uses."""
    return f"shop-{next(NUMBERS)}"


def settled(alertmanager: Alertmanager, dataset: str, total: int) -> tuple[list[str], list[str]]:
    """What notifies and what is inhibited, once all alerts are listed."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = alertmanager.heard(dataset), alertmanager.inhibited(dataset)
        if len(found[0]) + len(found[1]) == total:
            return found
        time.sleep(0.1)
    pytest.fail(f"{total} alerts were posted, but these are listed: {found}")


@pytest.mark.parametrize(
    "cause",
    [
        *("RefreshFailing", "NoData", "UnreadableFiles", "PartialDay", "HoursMissing", "MissingDay", "RepeatedDay"),
        *("EventVolumeDrop", "NoPurchases"),
    ],
)
def test_a_cause_inhibits_the_business_alerts(alertmanager: Alertmanager, dataset: str, cause: str) -> None:
    """What the data cannot show does not notify; what is wrong with the data themselves does."""
    alertmanager.post(dataset, cause, *BUSINESS, *SOUND)
    total = 1 + len(BUSINESS) + len(SOUND)
    assert settled(alertmanager, dataset, total) == (sorted([cause, *SOUND]), sorted(BUSINESS))


@pytest.mark.parametrize("cause", ["PartialDay", "HoursMissing", "UnreadableFiles"])
def test_a_truncated_day_is_one_page(alertmanager: Alertmanager, dataset: str, cause: str) -> None:
    """Of six alerts about a day that is partly missing, only the cause notifies."""
    others = ["EventVolumeDrop", "NoPurchases", "RevenueDrop", "ConversionRateDrop", "AssistedShareDrop"]
    alertmanager.post(dataset, cause, *others)
    assert settled(alertmanager, dataset, 6) == ([cause], sorted(others))


def test_small_spikes_are_heard(alertmanager: Alertmanager, dataset: str) -> None:
    """An info is not a warning: no cause inhibits it."""
    alertmanager.post(dataset, "MissingDay", "RevenueDrop")
    alertmanager.post(dataset, "RevenueSpike", severity="info")
    assert settled(alertmanager, dataset, 3) == (["MissingDay", "RevenueSpike"], ["RevenueDrop"])


def test_the_exporter_that_is_down_inhibits_every_data_set(alertmanager: Alertmanager, dataset: str) -> None:
    """Without the exporter nobody knows of any data set."""
    alertmanager.post(dataset, *BUSINESS)
    down = {"labels": _labels("ExporterDown") | {"job": "clickstream"}}
    alertmanager.send(down)
    assert settled(alertmanager, dataset, len(BUSINESS)) == ([], sorted(BUSINESS))
    alertmanager.send(down | {"endsAt": "2020-01-01T00:00:00Z"})
    assert settled(alertmanager, dataset, len(BUSINESS)) == (sorted(BUSINESS), [])


@pytest.mark.parametrize("sound", ["DuplicatePurchases", "NullClientIds", "RevenueDrop"])
def test_what_is_no_cause_inhibits_nothing(alertmanager: Alertmanager, dataset: str, sound: str) -> None:
    """Unsound data and a revenue drop inhibit nothing else."""
    others = [name for name in BUSINESS if name != sound]
    alertmanager.post(dataset, sound, *others)
    assert settled(alertmanager, dataset, 1 + len(others)) == (sorted([sound, *others]), [])


def test_a_partial_day_that_is_normal_inhibits_nothing(alertmanager: Alertmanager, dataset: str) -> None:
    """A day that fills up compares like with like: its drops notify."""
    alertmanager.post(dataset, "PartialDay", severity="info")
    alertmanager.post(dataset, *BUSINESS)
    assert settled(alertmanager, dataset, 1 + len(BUSINESS)) == (sorted(["PartialDay", *BUSINESS]), [])


def test_a_missing_day_before_yesterday_inhibits_nothing(alertmanager: Alertmanager, dataset: str) -> None:
    """Where the day before has events, the hole is a remark."""
    alertmanager.post(dataset, "MissingDay", severity="info")
    alertmanager.post(dataset, *BUSINESS)
    assert settled(alertmanager, dataset, 1 + len(BUSINESS)) == (sorted(["MissingDay", *BUSINESS]), [])


def test_other_data_sets_are_heard(alertmanager: Alertmanager, dataset: str) -> None:
    """The cause of one data set says nothing of another."""
    alertmanager.post(f"{dataset}-other", "NoData")
    alertmanager.post(dataset, "RevenueDrop")
    assert settled(alertmanager, dataset, 1) == (["RevenueDrop"], [])
