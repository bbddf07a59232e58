"""What Alertmanager lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerting.fetch import FetchError, get

CERTIFICATE = "ClickstreamCertificate"
PLUMBING = ("ClickstreamExporterDown", "ClickstreamRefreshFailing")
"""The alerts outside the certificate: what is down cannot certify itself."""

DRILL = "drill"
"""The label of an alert that somebody sent to try who hears of it: it says nothing of the data."""

_ALL = "active=true&silenced=true&inhibited=true&unprocessed=true"
"""Spelled out, because a mistyped filter silently matches nothing."""


@dataclass(frozen=True)
class Alert:
    """An alert as Alertmanager lists it; `updated` is by Alertmanager's own clock."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    fingerprint: str
    updated: datetime
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.labels.get("alertname", "")


@dataclass(frozen=True)
class Listing:
    """All alerts of one Alertmanager but drills, and its clock."""

    url: str
    alerts: tuple[Alert, ...]
    now: datetime

    def of(self, dataset: str) -> list[Alert]:
        """The alerts of a data set's checks, the certificate left out."""
        return [alert for alert in self.alerts if alert.labels.get("dataset") == dataset and "check" in alert.labels]

    def certificates(self, dataset: str | None) -> list[Alert]:
        """The certificates of a data set, or of all."""
        found = [
            alert for alert in self.alerts if alert.name == CERTIFICATE and {"dataset", "snapshot"} <= set(alert.labels)
        ]
        return [alert for alert in found if dataset in (None, alert.labels["dataset"])]

    def plumbing(self, dataset: str) -> list[Alert]:
        """The alerts that say that the data set is not measured at all."""
        return [
            alert for alert in self.alerts if alert.name in PLUMBING and alert.labels.get("dataset", dataset) == dataset
        ]


def listing(url: str, timeout: float) -> Listing:
    """What the Alertmanager at `url` lists, drills left out. Raises FetchError."""
    where = f"{url}/api/v2/alerts?{_ALL}"
    answer = get(where, timeout)
    try:
        alerts = tuple(_alert(each) for each in answer.body)
        return Listing(url, tuple(alert for alert in alerts if DRILL not in alert.labels), answer.date)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FetchError(f"{where}: the answer is no list of alerts") from None


def _alert(body: dict[str, Any]) -> Alert:
    return Alert(
        labels=body["labels"],
        annotations=body["annotations"],
        fingerprint=body["fingerprint"],
        updated=datetime.fromisoformat(body["updatedAt"]),
        silenced_by=tuple(body["status"]["silencedBy"]),
        inhibited_by=tuple(body["status"]["inhibitedBy"]),
    )


def silenced_until(url: str, alert: Alert, timeout: float) -> str:
    """When the last silence of the alert ends, as `2025-03-10 12:00 UTC`; empty where it cannot be told."""
    try:
        ends = [get(f"{url}/api/v2/silence/{silence}", timeout).body["endsAt"] for silence in alert.silenced_by]
        return f"{max(datetime.fromisoformat(end) for end in ends):%Y-%m-%d %H:%M} UTC"
    except (FetchError, KeyError, TypeError, ValueError):
        return ""
