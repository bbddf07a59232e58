"""Asks Prometheus why there is no certificate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from alerting import rules
from alerting.fetch import FetchError, get

REQUEST = 5.0
"""Seconds for one request."""


def reasons(prometheus: str | None, dataset: str | None, snapshot: int | None) -> list[str]:
    """What is wrong with the Prometheus at the URL `prometheus`, worst first; empty where nothing is found."""
    if not prometheus:
        return []
    try:
        found = [*_rules(prometheus), *_targets(prometheus), *_alertmanagers(prometheus)]
        return found or list(_snapshot(prometheus, dataset, snapshot))
    except FetchError as error:
        return [f"Prometheus does not answer: {error}"]
    except (KeyError, TypeError, ValueError, IndexError):
        return [f"{prometheus}: not the answer of Prometheus"]


def _data(prometheus: str, path: str) -> Any:
    return get(f"{prometheus}/api/v1/{path}", REQUEST).body["data"]


def _rules(prometheus: str) -> Iterator[str]:
    shipped = rules.groups()[rules.GROUP]
    loaded = [group for group in _data(prometheus, "rules")["groups"] if group["name"] == rules.GROUP]
    if not loaded:
        yield f"Prometheus has no rule group {rules.GROUP}"
        return
    found = loaded[0]["rules"]
    if len(found) != len(shipped):
        yield f"Prometheus has {len(found)} of {len(shipped)} rules of the group {rules.GROUP}"
    broken = [rule for rule in found if rule.get("health") == "err"]
    for rule in broken[:1]:
        check = rule.get("labels", {}).get("check", "")
        yield f"rule {rule['name']} {check}".rstrip() + f" fails: {rule.get('lastError', '')[:200]}"


def _targets(prometheus: str) -> Iterator[str]:
    targets = [
        target
        for target in _data(prometheus, "targets?state=active")["activeTargets"]
        if target["labels"].get("job") == "clickstream"
    ]
    if not targets:
        yield "Prometheus has no target of the job clickstream"
    for target in targets:
        if target["health"] == "down":
            yield f"Prometheus cannot scrape {target['scrapeUrl']}: {target['lastError']}"


def _alertmanagers(prometheus: str) -> Iterator[str]:
    if not _data(prometheus, "alertmanagers")["activeAlertmanagers"]:
        yield "Prometheus sends to no Alertmanager"


def _snapshot(prometheus: str, dataset: str | None, snapshot: int | None) -> Iterator[str]:
    """Whether the snapshot arrived, whole, and every check has a state."""
    selector = f'{{dataset="{dataset}"}}' if dataset else ""
    found = _query(prometheus, f"clickstream_snapshot{selector}")
    if not found:
        yield f"Prometheus has no snapshot of {f'data set {dataset}' if dataset else 'any data set'}"
    elif snapshot and found != [snapshot]:
        yield f"Prometheus has snapshot {', '.join(f'{value:.0f}' for value in found)}"
    elif not _query(prometheus, f"dataset:clickstream_snapshot:started{selector}"):
        yield "Prometheus did not get every series of the snapshot, or has some twice"
    else:
        states = _query(prometheus, f"count(dataset:clickstream_check:state{selector})")
        if states != [len(rules.checks())]:
            yield f"{states[0] if states else 0:.0f} of {len(rules.checks())} checks were evaluated"


def _query(prometheus: str, query: str) -> list[float]:
    result = _data(prometheus, f"query?query={quote(query)}")["result"]
    return [float(each["value"][1]) for each in result]
