"""Does Prometheus have what Alertmanager lists? Whoever can post to Alertmanager can forge all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerting import rulefile
from alerting.http import shape
from alerting.http.alertmanager import CERTIFICATE, Alert, said
from alerting.http.client import FetchError, RefusedError, get
from alerting.http.shape import ShapeError

REQUEST = 3.0
"""Seconds for one request: a Prometheus that hangs changes nothing."""


def contradiction(
    prometheus: str, certificate: Alert, listed: Sequence[Alert], *, guessed: bool, timeout: float = REQUEST
) -> str | None:
    """What the Prometheus at the URL `prometheus` has otherwise than the listed alerts and their certificate say.

    None where it has the same, and where it does not answer. One whose address is only `guessed` may be somebody
    else's: then it must have the rules to contradict. Raises RefusedError where one that was named does not let in.
    """
    dataset = certificate.labels["dataset"]
    try:
        own = [each for each in _alerts(prometheus, timeout) if each.labels.get("dataset") == dataset]
        certified = [each for each in own if each.labels.get("alertname") == CERTIFICATE]
        if not certified:
            foreign = guessed and not _has_rules(prometheus, timeout)
            return None if foreign else f"Prometheus at {prometheus} has no certificate of data set {dataset}"
    except FetchError as error:
        if isinstance(error, RefusedError) and not guessed:
            raise
        return None
    except (KeyError, ShapeError):
        return None  # It is no Prometheus.
    if said(certificate.labels, certificate.annotations) not in [
        said(each.labels, each.annotations) for each in certified
    ]:
        return f"Prometheus at {prometheus} contradicts Alertmanager: its own certificate says otherwise"
    if differ := _firing(own) ^ _firing(listed):
        names = ", ".join(sorted({check for check, _ in differ}))
        return f"Prometheus at {prometheus} contradicts Alertmanager about {names}"
    return None


@dataclass(frozen=True)
class _Firing:
    """An alert as Prometheus has it."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def _alerts(prometheus: str, timeout: float) -> list[_Firing]:
    """What fires. Raises FetchError, and KeyError or ShapeError where the answer is not that of a Prometheus."""
    found = shape.sequence(_data(prometheus, "alerts", timeout)["alerts"])
    firing = [each for each in map(shape.mapping, found) if each["state"] == "firing"]
    return [_Firing(shape.texts(each["labels"]), shape.texts(each["annotations"])) for each in firing]


def _has_rules(prometheus: str, timeout: float) -> bool:
    groups = shape.sequence(_data(prometheus, "rules", timeout)["groups"])
    return any(shape.mapping(group)["name"] == rulefile.GROUP for group in groups)


def _data(prometheus: str, path: str, timeout: float) -> Mapping[str, Any]:
    return shape.mapping(shape.mapping(get(f"{prometheus}/api/v1/{path}", timeout).body)["data"])


def _firing(alerts: Iterable[Alert | _Firing]) -> set[tuple[str, str | None]]:
    """The checks whose alerts these are, each with its severity."""
    return {(alert.labels["check"], alert.labels.get("severity")) for alert in alerts if "check" in alert.labels}
