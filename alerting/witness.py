"""Does Prometheus have what Alertmanager lists? Whoever can post to Alertmanager can forge all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerting import rules
from alerting.alertmanager import CERTIFICATE, Alert
from alerting.fetch import FetchError, RefusedError, get

REQUEST = 3.0
"""Seconds for one request: a Prometheus that hangs changes nothing."""


def contradiction(prometheus: str, certificate: Alert, listed: Sequence[Alert], *, guessed: bool) -> str | None:
    """What the Prometheus at the URL `prometheus` has otherwise than the listed alerts and their certificate say.

    None where it has the same, and where it does not answer. One whose address is only `guessed` may be somebody
    else's: then it must have the rules to contradict. Raises RefusedError where one that was named does not let in.
    """
    dataset = certificate.labels["dataset"]
    try:
        found = get(f"{prometheus}/api/v1/alerts", REQUEST).body["data"]["alerts"]
        own = [each for each in found if each["state"] == "firing" and each["labels"].get("dataset") == dataset]
        certified = [each for each in own if each["labels"]["alertname"] == CERTIFICATE]
        if not certified:
            foreign = guessed and not _has_rules(prometheus)
            return None if foreign else f"Prometheus at {prometheus} has no certificate of data set {dataset}"
        if _said(certificate.labels, certificate.annotations) not in [_said_by(each) for each in certified]:
            return f"Prometheus at {prometheus} contradicts Alertmanager: its own certificate says otherwise"
        differ = _firing(each["labels"] for each in own) ^ _firing(each.labels for each in listed)
    except FetchError as error:
        if isinstance(error, RefusedError) and not guessed:
            raise
        return None
    except (KeyError, TypeError, AttributeError):
        return None  # It is no Prometheus.
    if differ:
        names = ", ".join(sorted({check for check, _ in differ}))
        return f"Prometheus at {prometheus} contradicts Alertmanager about {names}"
    return None


def _has_rules(prometheus: str) -> bool:
    groups = get(f"{prometheus}/api/v1/rules", REQUEST).body["data"]["groups"]
    return any(group["name"] == rules.GROUP for group in groups)


def _said_by(body: Mapping[str, Any]) -> tuple[str | None, ...]:
    return _said(body["labels"], body["annotations"])


def _said(labels: Mapping[str, str], annotations: Mapping[str, str]) -> tuple[str | None, ...]:
    """All that a certificate says; an empty text is no label."""
    named = tuple(labels.get(name, "") for name in ("date", "snapshot", "checks", "firing"))
    return (*named, *(annotations.get(name, "") for name in ("firing", "switched_off")))


def _firing(alerts: Iterable[Mapping[str, str]]) -> set[tuple[str, str | None]]:
    """The checks whose alerts these are, each with its severity."""
    return {(labels["check"], labels.get("severity")) for labels in alerts if "check" in labels}
