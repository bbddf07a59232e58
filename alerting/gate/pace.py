"""How long Prometheus may take until Alertmanager has a verdict, by its own intervals and flags."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from alerting import rulefile
from alerting.http import shape
from alerting.http.client import FetchError
from alerting.http.shape import ShapeError

EXPORTER = "clickstream_exporter_build_info"
"""Identifies the targets that are exporters: the name of their job is up to the operator."""

WAIT = 60.0
"""Seconds to wait at least, which is what the shipped intervals and flags need."""

MAX_WAIT = 1800.0
"""Seconds to wait at most, whatever a server answers."""

RESEND_DELAY, LOOKBACK_DELTA = "rules.alert.resend-delay", "query.lookback-delta"

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


@dataclass(frozen=True)
class Pace:
    """The intervals and flags of a Prometheus, in seconds."""

    scrape: float
    evaluation: float
    resend_delay: float
    lookback: float

    @property
    def repeat(self) -> float:
        """How often an unchanged alert is sent: at the first evaluation that is later than the resend delay."""
        return self.evaluation * (self.resend_delay // self.evaluation + 1)

    @property
    def needed(self) -> float:
        """How long it may take from a refresh until every alert was sent with the new snapshot."""
        return self.scrape + self.repeat

    @property
    def wait(self) -> float:
        """How long to wait: one evaluation more, because none is certified while a scrape comes in between."""
        return min(MAX_WAIT, max(WAIT, self.needed + self.evaluation))

    def too_short(self, seconds: float) -> str | None:
        """Why waiting for so long may not be enough; None where it is."""
        if seconds >= self.needed:
            return None
        flag = f"--{RESEND_DELAY}"
        shorter = f", or set {flag} below {self.evaluation:g}s" if self.repeat > self.evaluation else ""
        return (
            f"Prometheus may take {self.needed:g} s: it scrapes the exporter every {self.scrape:g} s, evaluates the "
            f"rules every {self.evaluation:g} s and, with {flag}={self.resend_delay:g}s, sends an unchanged alert "
            f"every {self.repeat:g} s; wait with --timeout {self.needed + self.evaluation:g}{shorter}"
        )

    @property
    def gap(self) -> str | None:
        """Why series vanish between two scrapes; None where they do not."""
        if self.lookback > self.scrape:
            return None
        return (
            f"Prometheus scrapes the exporter every {self.scrape:g} s and forgets a series after "
            f"--{LOOKBACK_DELTA}={self.lookback:g}s: set that flag to {4 * self.scrape:g}s, four scrapes"
        )


Data = Callable[[str], Any]
"""The data that Prometheus answers at a path of its API. Raises FetchError, KeyError or ShapeError."""


def pace(data: Data) -> Pace | None:
    """The pace of a Prometheus; None where it does not answer, or has not loaded the rules."""
    try:
        evaluation = _evaluation(data)
        flags = shape.texts(data("status/flags"))
        resend_delay, lookback = (seconds(flags[name]) for name in (RESEND_DELAY, LOOKBACK_DELTA))
        return Pace(_scrape(data, evaluation), evaluation, resend_delay, lookback)
    except (FetchError, KeyError, ShapeError):
        return None


def seconds(text: str) -> float:
    """A duration as Prometheus writes it, such as 1m30s. Raises ShapeError."""
    if not re.fullmatch(r"(\d{1,9}(ms|[smhdwy]))+", text):
        raise ShapeError("expected a duration")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))


def _evaluation(data: Data) -> float:
    """The interval of the rule group; newer servers send no other group, older ones ignore the filter."""
    found = shape.sequence(shape.mapping(data(f"rules?type=alert&{quote('rule_group[]')}={rulefile.GROUP}"))["groups"])
    groups = [group for group in map(shape.mapping, found) if group["name"] == rulefile.GROUP]
    intervals = [_positive(group["interval"]) for group in groups]
    if not intervals:
        raise ShapeError("expected the rule group")
    return max(intervals)


def _scrape(data: Data, evaluation: float) -> float:
    """The interval of the targets that are exporters; the evaluations' where none was scraped yet."""
    served = shape.sequence(shape.mapping(data(f"query?query={EXPORTER}"))["result"])
    known = {_target(shape.mapping(each)["metric"]) for each in served}
    active = map(shape.mapping, shape.sequence(shape.mapping(data("targets?state=active"))["activeTargets"]))
    own = [each for each in active if _target(each["labels"]) in known]
    return max((seconds(shape.text(each["scrapeInterval"])) for each in own), default=evaluation)


def _target(labels: Any) -> tuple[str | None, str | None]:
    named = shape.texts(labels)
    return named.get("job"), named.get("instance")


def _positive(value: object) -> float:
    if not isinstance(value, int | float) or not 0 < value < 1e6:
        raise ShapeError("expected a number of seconds")
    return float(value)
