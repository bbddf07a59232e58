"""Compares Alertmanager's alerts with those of Prometheus: anyone who can post to Alertmanager can forge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alerting import rulefile
from alerting.http import shape
from alerting.http.alertmanager import CERTIFICATE, Alert, claims, renamed
from alerting.http.client import Client, FetchError, RefusedError
from alerting.http.shape import ShapeError

REQUEST_TIMEOUT = 3.0
"""Seconds for one request: a Prometheus that hangs does not change the verdict."""


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus, the seconds for each request to it, and our names of severities by those that it has."""

    client: Client
    url: str
    timeout: float = REQUEST_TIMEOUT
    severities: Mapping[str, str] = field(default_factory=dict)

    def data(self, path: str) -> Mapping[str, Any]:
        """The data of an answer. Raises FetchError, KeyError or ShapeError."""
        return shape.mapping(shape.mapping(self.client.get(f"{self.url}/api/v1/{path}", self.timeout).body)["data"])


def contradiction(
    prometheus: Prometheus, certificate: Alert, listed: Sequence[Alert], *, is_default: bool
) -> str | None:
    """How Prometheus differs from the listed alerts and their certificate; None where it agrees or does not answer.

    A Prometheus at the default URL may be another team's, so it contradicts only if it has loaded the rules.
    Raises RefusedError where one whose URL was given refuses access.
    """
    dataset = certificate.labels["dataset"]
    try:
        own = [each for each in _alerts(prometheus) if each.labels.get("dataset") == dataset]
        certified = [each for each in own if each.labels.get("alertname") == CERTIFICATE]
        if not certified:
            foreign = is_default and not _has_rules(prometheus)
            return None if foreign else f"Prometheus at {prometheus.url} has no certificate of data set {dataset}"
    except FetchError as error:
        if isinstance(error, RefusedError) and not is_default:
            raise
        return None
    except (KeyError, ShapeError):
        return None  # Another kind of server listens there.
    if claims(certificate.labels, certificate.annotations) not in [
        claims(each.labels, each.annotations) for each in certified
    ]:
        return f"Prometheus at {prometheus.url} contradicts Alertmanager: its own certificate differs"
    if different := _firing(own) ^ _firing(listed):
        names = ", ".join(sorted({check for check, _ in different}))
        return f"Prometheus at {prometheus.url} contradicts Alertmanager about {names}"
    return None


@dataclass(frozen=True)
class _Firing:
    """An alert as Prometheus lists it."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def _alerts(prometheus: Prometheus) -> list[_Firing]:
    """The firing alerts. Raises FetchError, and KeyError or ShapeError where the answer is not that of Prometheus."""
    found = shape.sequence(prometheus.data("alerts")["alerts"])
    firing = [each for each in map(shape.mapping, found) if each["state"] == "firing"]
    return [
        _Firing(renamed(shape.texts(each["labels"]), prometheus.severities), shape.texts(each["annotations"]))
        for each in firing
    ]


def _has_rules(prometheus: Prometheus) -> bool:
    groups = shape.sequence(prometheus.data("rules")["groups"])
    return any(shape.mapping(group)["name"] == rulefile.GROUP for group in groups)


def _firing(alerts: Iterable[Alert | _Firing]) -> set[tuple[str, str | None]]:
    """The checks whose alerts these are, each with its severity."""
    return {(alert.labels["check"], alert.labels.get("severity")) for alert in alerts if "check" in alert.labels}
