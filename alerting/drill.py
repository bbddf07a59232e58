"""A drill: an alert marked as a test, sent through the routes of a running Alertmanager."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerting import rulefile
from alerting.http.alertmanager import DRILL
from alerting.http.client import Client, FetchError
from exporter.config.values import ROUTING_LABELS
from exporter.text import did_you_mean

DURATION = timedelta(minutes=5)
"""How long the alert fires: longer than any `group_wait`."""

REQUEST_TIMEOUT = 5.0
"""Seconds for one request."""

_PREFIX = "Clickstream"
_EXAMPLE = {"value": 1, "baseline": 2, "limit": 3}
"""The numbers of a drill: only Prometheus has real ones."""

_FORM = re.compile(r'\| value \| printf "([^"]*)"')
_TAG = re.compile(r"\{\{\s*(\w*)(?:[^`}]|`[^`]*`|\}(?!\}))*\}\}")
"""A tag of a template; a backquoted query in it may contain braces."""

_LINK = re.compile(r'.*\| label "(\w+)" \}\}\{\{ \. \}\}(.*)\{\{ end \}\}\{\{ end \}\}')
"""A block that is a link below a place of the configuration, and empty without that."""


class DrillError(Exception):
    """An unknown check; the message lists the known ones."""


@dataclass(frozen=True)
class Drill:
    """The alert of a drill, with the templates in its annotations filled in."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def checks() -> list[str]:
    """The names of the checks whose alerts can be drilled."""
    alerts = {rule["alert"] for group in rulefile.groups().values() for rule in group if "alert" in rule}
    return sorted(name.removeprefix(_PREFIX) for name in alerts if name != "ClickstreamCertificate")


def drill(
    check: str,
    dataset: str,
    links: Mapping[str, str | None],
    *,
    labels: Mapping[str, str] | None = None,
    intraday: bool = False,
) -> Drill:
    """The alert of a check in the shipped rules, marked as a drill. Raises DrillError.

    `links` and `labels` are those of the configuration; `intraday` makes a partial day an info, as the rules do.
    """
    if check not in checks():
        raise DrillError(f"no check {check!r}{did_you_mean(check, checks())}: expected one of {', '.join(checks())}")
    name = _PREFIX + check
    shipped = [rule for group in rulefile.groups().values() for rule in group if rule.get("alert") == name]
    rule = shipped[-1 if intraday and check == "PartialDay" else 0]
    of = {"job": "clickstream"} if check == "ExporterDown" else {"dataset": dataset}
    named = {"check": check} if check in rulefile.checks() else {}
    summary = f"DRILL: nothing is wrong; this tests who is notified of {name}, data set {dataset}"
    filled = {
        key: _filled(rule["annotations"][key], {"dataset": dataset, **links})
        for key in ("description", "runbook_url", "dashboard_url")
    }
    of_rule = rule["annotations"]
    filled |= {key: _filled(of_rule[key], {}, number) for key, number in _EXAMPLE.items() if key in of_rule}
    filled["dashboard_url"] = filled["dashboard_url"].removesuffix("&var-day=...")
    shipped_labels = {label: value for label, value in rule["labels"].items() if label not in ROUTING_LABELS}
    carried = {"alertname": name, **shipped_labels, **(labels or {}), **named, **of, DRILL: "true"}
    return Drill(carried, {"summary": summary, **filled})


def _filled(template: str, known: Mapping[str, str | None], example: int | None = None) -> str:
    """The template with the known values, and the example, or `...`, where only Prometheus knows the number."""
    found, block, depth, end = "", "", 0, 0
    for tag in _TAG.finditer(template):
        between = template[end : tag.start()]
        found, block = (found, block + between) if depth else (found + between, "")
        block, end = block + tag[0], tag.end()
        depth += {"with": 1, "range": 1, "if": 1, "end": -1}.get(tag[1], 0)
        if not depth:
            found += _value(block, known, example)
    return found + template[end:]


def _value(block: str, known: Mapping[str, str | None], example: int | None) -> str:
    if link := _LINK.fullmatch(block):
        base = known.get(link[1])
        return (base and base + _filled(link[2], known, example)) or ""
    form = _FORM.search(block)
    if example is not None:
        return form[1] % example if form else ""
    named = re.search(r'\| label "(\w+)"', block) or re.fullmatch(r"\{\{ \$labels\.(\w+) \}\}", block)
    return known.get(named[1]) or "..." if named else "..."


def send_to_all(
    client: Client,
    made: Drill,
    alertmanagers: Sequence[str],
    log: Callable[[str], None],
    duration: timedelta = DURATION,
) -> bool:
    """Send the alert to every Alertmanager and `log` who is notified; returns whether all of them accepted it."""
    shown = ", ".join(f'{name}="{value}"' for name, value in made.labels.items())
    log(f"sending the drill {{{shown}}}")
    accepted = [_send(client, made, url, log, duration) for url in alertmanagers]
    return all(accepted)


def _send(client: Client, made: Drill, url: str, log: Callable[[str], None], duration: timedelta) -> bool:
    try:
        now = client.get(f"{url}/api/v2/status", REQUEST_TIMEOUT).date
        times = {"startsAt": now.isoformat(), "endsAt": (now + duration).isoformat()}
        body = {"labels": made.labels, "annotations": made.annotations, **times}
        client.send(f"{url}/api/v2/alerts", [body], REQUEST_TIMEOUT)
        log(f"{url} accepted it: {_routing(client, made, url)}{_ends(now + duration)}")
    except FetchError as error:
        log(f"{url} did not accept it: {error}")
        return False
    return True


def _ends(until: datetime) -> str:
    return f"; it resolves by itself at {until:%H:%M:%S} UTC; everyone notified also gets the resolve"


def _routing(client: Client, made: Drill, url: str) -> str:
    """The receivers that the alert is routed to, and what suppresses it."""
    try:
        query = f"filter={DRILL}%3D%22true%22"
        listed: list[dict[str, Any]] = client.get(f"{url}/api/v2/alerts?{query}", REQUEST_TIMEOUT).body
        own = next(each for each in listed if each["labels"] == made.labels)
        receivers = ", ".join(each["name"] for each in own["receivers"])
        status = own["status"]
    except (FetchError, StopIteration, KeyError, TypeError):
        return "its receivers are unknown"
    if status["silencedBy"]:
        return f"it would go to {receivers}, but is silenced"
    if status["inhibitedBy"]:
        return f"it would go to {receivers}, but another alert inhibits it"
    return f"it goes to {receivers}"
