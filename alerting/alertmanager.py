"""What Alertmanager lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerting import shape
from alerting.fetch import FetchError, get
from alerting.shape import ShapeError

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
    """All alerts of one Alertmanager but drills, its clock, and when the silences of its alerts end."""

    url: str
    alerts: tuple[Alert, ...]
    now: datetime
    silences: Mapping[str, datetime] = field(default_factory=dict)

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

    def silenced_until(self, alert: Alert) -> str:
        """When the last silence of the alert ends, as `2025-03-10 12:00 UTC`; empty where it cannot be told."""
        if not alert.silenced_by or not self.silences.keys() >= set(alert.silenced_by):
            return ""
        return f"{max(self.silences[silence] for silence in alert.silenced_by):%Y-%m-%d %H:%M} UTC"


def listing(url: str, timeout: float) -> Listing:
    """What the Alertmanager at `url` lists, drills left out. Raises FetchError."""
    where = f"{url}/api/v2/alerts?{_ALL}"
    answer = get(where, timeout)
    try:
        found = tuple(_alert(shape.mapping(each)) for each in shape.sequence(answer.body))
    except (KeyError, ShapeError):
        raise FetchError(f"{where}: the answer is no list of alerts") from None
    alerts = tuple(alert for alert in found if DRILL not in alert.labels)
    is_silenced = any(alert.silenced_by for alert in alerts)
    return Listing(url, alerts, answer.date, _silences(url, timeout) if is_silenced else {})


def _alert(body: Mapping[str, Any]) -> Alert:
    status = shape.mapping(body["status"])
    return Alert(
        labels=shape.texts(body["labels"]),
        annotations=shape.texts(body["annotations"]),
        fingerprint=shape.text(body["fingerprint"]),
        updated=shape.moment(body["updatedAt"]),
        silenced_by=tuple(map(shape.text, shape.sequence(status["silencedBy"]))),
        inhibited_by=tuple(map(shape.text, shape.sequence(status["inhibitedBy"]))),
    )


def _silences(url: str, timeout: float) -> dict[str, datetime]:
    """When each silence ends, by its id; none where that cannot be told, because nothing rests on it."""
    try:
        found = shape.sequence(get(f"{url}/api/v2/silences", timeout).body)
        return {shape.text(each["id"]): shape.moment(each["endsAt"]) for each in map(shape.mapping, found)}
    except (FetchError, KeyError, ShapeError):
        return {}
