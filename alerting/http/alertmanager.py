"""What Alertmanager lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerting.http import shape
from alerting.http.client import Client, FetchError
from alerting.http.shape import ShapeError

CERTIFICATE = "ClickstreamCertificate"
PLUMBING = ("ClickstreamExporterDown", "ClickstreamRefreshFailing", "ClickstreamNotJudged")
"""The alerts outside the certificate: what is down cannot certify itself.

NotJudged contradicts a fresh certificate until it is resolved, which takes Prometheus one evaluation, or Alertmanager
four, where the notification is lost.
"""

DRILL = "drill"
"""The label of an alert sent as a test of the notifications: it says nothing about the data."""

_CLAIMS = (("date", "snapshot", "checks", "firing"), ("firing", "switched_off"))
"""The labels and the annotations that carry what a certificate claims."""

_OWN = ("alertname", "check", "dataset", "drill", "release", "severity", "tier", *_CLAIMS[0])
"""The labels that the rules set; any other label distinguishes replicas of Prometheus.

The release is no claim: while one replica after the other is upgraded, they may certify the same.
"""

_ALL = "active=true&silenced=true&inhibited=true&unprocessed=true"
"""All spelled out: Alertmanager ignores a misspelled filter without an error."""


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

    @property
    def own(self) -> frozenset[tuple[str, str]]:
        """The labels that are the same from every replica of Prometheus."""
        return frozenset((name, value) for name, value in self.labels.items() if name in _OWN)

    @property
    def sender(self) -> str:
        """The labels that identify the replica of Prometheus, as `{replica="a"}`; empty where there are none."""
        added = ", ".join(f'{name}="{value}"' for name, value in sorted(self.labels.items()) if name not in _OWN)
        return added and f"{{{added}}}"


@dataclass(frozen=True)
class Listing:
    """All alerts of one Alertmanager except drills, its clock, and when the silences of its alerts end."""

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
        """The alerts that report that the data set is not measured at all."""
        return [
            alert for alert in self.alerts if alert.name in PLUMBING and alert.labels.get("dataset", dataset) == dataset
        ]

    def silenced_until(self, alert: Alert) -> str:
        """When the last silence of the alert ends, as `2025-03-10 12:00 UTC`; empty where that is unknown."""
        if not alert.silenced_by or not self.silences.keys() >= set(alert.silenced_by):
            return ""
        return f"{max(self.silences[silence] for silence in alert.silenced_by):%Y-%m-%d %H:%M} UTC"


def claims(labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, str]:
    """All that a certificate with these labels and annotations claims, by name; an empty label counts as absent."""
    named = {f"label {name}": labels.get(name, "") for name in _CLAIMS[0]}
    return named | {f"annotation {name}": annotations.get(name, "") for name in _CLAIMS[1]}


def renamed(labels: Mapping[str, str], severities: Mapping[str, str]) -> Mapping[str, str]:
    """The labels with our severity, where `severities` has the name that the company gives it."""
    severity = labels.get("severity", "")
    return {**labels, "severity": severities[severity]} if severity in severities else labels


def listing(client: Client, url: str, timeout: float, severities: Mapping[str, str] | None = None) -> Listing:
    """What the Alertmanager at `url` lists, drills left out. Raises FetchError.

    `severities` has our names of severities by those that the alerts have.
    """
    where = f"{url}/api/v2/alerts?{_ALL}"
    answer = client.get(where, timeout)
    try:
        found = tuple(_alert(shape.mapping(each), severities or {}) for each in shape.sequence(answer.body))
    except (KeyError, ShapeError):
        raise FetchError(f"{where}: the answer is not a list of alerts") from None
    alerts = tuple(alert for alert in found if DRILL not in alert.labels)
    is_silenced = any(alert.silenced_by for alert in alerts)
    return Listing(url, alerts, answer.date, _silences(client, url, timeout) if is_silenced else {})


def _alert(body: Mapping[str, Any], severities: Mapping[str, str]) -> Alert:
    status = shape.mapping(body["status"])
    return Alert(
        labels=renamed(shape.texts(body["labels"]), severities),
        annotations=shape.texts(body["annotations"]),
        fingerprint=shape.text(body["fingerprint"]),
        updated=shape.moment(body["updatedAt"]),
        silenced_by=tuple(map(shape.text, shape.sequence(status["silencedBy"]))),
        inhibited_by=tuple(map(shape.text, shape.sequence(status["inhibitedBy"]))),
    )


def _silences(client: Client, url: str, timeout: float) -> dict[str, datetime]:
    """When each silence ends, by its id; empty where that is unknown, because no verdict depends on it."""
    try:
        found = shape.sequence(client.get(f"{url}/api/v2/silences", timeout).body)
        return {shape.text(each["id"]): shape.moment(each["endsAt"]) for each in map(shape.mapping, found)}
    except (FetchError, KeyError, ShapeError):
        return {}
