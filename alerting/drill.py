"""A drill: an alert that is marked as one, sent through the route of a running Alertmanager."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerting import rulefile
from alerting.http.alertmanager import DRILL
from alerting.http.client import FetchError, get, send

STANDS = timedelta(minutes=5)
"""How long the alert fires: longer than any `group_wait`."""

REQUEST = 5.0
"""Seconds for one request."""

_PREFIX = "Clickstream"
_EXAMPLE = {"value": 1, "baseline": 2, "limit": 3}
"""The numbers of a drill: only Prometheus has real ones."""

_FORM = re.compile(r'\| value \| printf "([^"]*)"')
_TAG = re.compile(r"\{\{\s*(\w*)(?:[^`}]|`[^`]*`|\}(?!\}))*\}\}")
"""A tag of a template; a backquoted query in it may have braces."""


class DrillError(Exception):
    """A check that is none: what there is."""


@dataclass(frozen=True)
class Drill:
    """The alert of a drill; `annotations` has no templates any more."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def checks() -> list[str]:
    """The names of the checks whose alerts are routed to somebody."""
    alerts = {rule["alert"] for group in rulefile.groups().values() for rule in group if "alert" in rule}
    return sorted(name.removeprefix(_PREFIX) for name in alerts if name != "ClickstreamCertificate")


def drill(check: str, dataset: str, links: Mapping[str, str], *, intraday: bool = False) -> Drill:
    """The alert that the shipped rules have for a check, marked as a drill. Raises DrillError.

    `links` are those of the configuration; `intraday` says that a partial day is normal.
    """
    if check not in checks():
        raise DrillError(f"no check {check}, there are {', '.join(checks())}")
    name = _PREFIX + check
    shipped = [rule for group in rulefile.groups().values() for rule in group if rule.get("alert") == name]
    rule = shipped[-1 if intraday else 0]
    of = {"job": "clickstream"} if check == "ExporterDown" else {"dataset": dataset}
    named = {"check": check} if check in rulefile.checks() else {}
    summary = f"DRILL: nothing is wrong; this tests who hears of {name}, data set {dataset}"
    filled = {
        key: _filled(rule["annotations"][key], {"dataset": dataset, **links})
        for key in ("description", "runbook_url", "dashboard_url")
    }
    of_rule = rule["annotations"]
    filled |= {key: _filled(of_rule[key], {}, number) for key, number in _EXAMPLE.items() if key in of_rule}
    filled["dashboard_url"] = filled["dashboard_url"].removesuffix("&var-day=...")
    return Drill({"alertname": name, **rule["labels"], **named, **of, DRILL: "true"}, {"summary": summary, **filled})


def _filled(template: str, known: Mapping[str, str], example: int | None = None) -> str:
    """The template with what is known filled in, and the example, or `...`, where only Prometheus has the number."""
    found, block, depth, end = "", "", 0, 0
    for tag in _TAG.finditer(template):
        between = template[end : tag.start()]
        found, block = (found, block + between) if depth else (found + between, "")
        block, end = block + tag[0], tag.end()
        depth += {"with": 1, "range": 1, "if": 1, "end": -1}.get(tag[1], 0)
        if not depth:
            found += _value(block, known, example)
    return found + template[end:]


def _value(block: str, known: Mapping[str, str], example: int | None) -> str:
    form = _FORM.search(block)
    if form and example is not None:
        return form[1] % example
    named = re.search(r'\| label "(\w+)"', block) or re.fullmatch(r"\{\{ \$labels\.(\w+) \}\}", block)
    return known.get(named[1], "...") if named else "..."


def hold(made: Drill, alertmanagers: Sequence[str], tell: Callable[[str], None], stands: timedelta = STANDS) -> bool:
    """Send the alert to every Alertmanager, and `tell` who will hear of it; returns whether all of them took it."""
    shown = ", ".join(f'{name}="{value}"' for name, value in made.labels.items())
    tell(f"sending the drill {{{shown}}}")
    taken = [_send(made, url, tell, stands) for url in alertmanagers]
    return all(taken)


def _send(made: Drill, url: str, tell: Callable[[str], None], stands: timedelta) -> bool:
    try:
        now = get(f"{url}/api/v2/status", REQUEST).date
        times = {"startsAt": now.isoformat(), "endsAt": (now + stands).isoformat()}
        body = {"labels": made.labels, "annotations": made.annotations, **times}
        send(f"{url}/api/v2/alerts", [body], REQUEST)
        tell(f"{url} took it: {_told(made, url)}{_ends(now + stands)}")
    except FetchError as error:
        tell(f"{url} did not take it: {error}")
        return False
    return True


def _ends(until: datetime) -> str:
    return f"; it ends by itself at {until:%H:%M:%S} UTC, and whoever heard of it hears of that, too"


def _told(made: Drill, url: str) -> str:
    """Whom the alert is routed to, and what keeps it from them."""
    try:
        listed: list[dict[str, Any]] = get(f"{url}/api/v2/alerts?filter={DRILL}%3D%22true%22", REQUEST).body
        own = next(each for each in listed if each["labels"] == made.labels)
        receivers = ", ".join(each["name"] for each in own["receivers"])
        status = own["status"]
    except (FetchError, StopIteration, KeyError, TypeError):
        return "whom it goes to cannot be told"
    if status["silencedBy"]:
        return f"it would go to {receivers}, but is silenced"
    if status["inhibitedBy"]:
        return f"it would go to {receivers}, but another alert inhibits it"
    return f"it goes to {receivers}"
