"""Asks Prometheus why there is no certificate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from alerting import rules
from alerting.fetch import FetchError, RefusedError, get

REQUEST = 3.0
"""Seconds for one request."""

APART = 30
"""Seconds that two clocks may differ: an alert ends after a minute."""

CERTIFIED = (
    "Prometheus has certified it: its notifications are lost or changed on the way, "
    "or someone else posts to Alertmanager"
)


def reasons(
    prometheus: str | None, alertmanagers: Sequence[str], dataset: str | None, snapshot: int | None
) -> list[str]:
    """What is wrong with the Prometheus at the URL `prometheus`, worst first; empty where nothing is found."""
    if not prometheus:
        return []
    try:
        found = [*_rules(prometheus), *_targets(prometheus), *_alertmanagers(prometheus)]
        found += _clocks(prometheus, alertmanagers)
        return found or list(_snapshot(prometheus, dataset, snapshot))
    except RefusedError as error:
        return [f"Prometheus does not let in: {error}"]
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


def _clocks(prometheus: str, alertmanagers: Sequence[str]) -> Iterator[str]:
    """Alertmanager drops what ended by its own clock, and keeps what ends later."""
    for url in alertmanagers:
        try:
            theirs = get(f"{url}/api/v2/status", REQUEST).date
        except FetchError:
            continue
        apart = (get(f"{prometheus}/api/v1/query?query=1", REQUEST).date - theirs).total_seconds()
        if abs(apart) > APART:
            side = "ahead of" if apart > 0 else "behind"
            yield f"the clock of Prometheus is {abs(apart):.0f} s {side} that of {url}"


def _snapshot(prometheus: str, dataset: str | None, snapshot: int | None) -> Iterator[str]:
    """How far the snapshot came: served once, scraped whole, numbers all of it, judged, told."""
    name = f"data set {dataset}" if dataset else "any data set"
    selector = f'{{dataset="{dataset}"}}' if dataset else ""
    found = _query(prometheus, f"clickstream_snapshot{selector}")
    instances = sorted({labels.get("instance", "") for labels, _ in found})
    series = _query(prometheus, f'{{__name__=~"clickstream_.+",dataset="{dataset}"}}') if dataset else []
    if not found:
        yield f"Prometheus has no snapshot of {name}"
    elif len(instances) > 1 and dataset:
        yield f"Prometheus scrapes {name} from {len(instances)} targets: {', '.join(instances)}"
    elif dataset and (problem := _scrape(series)):
        yield problem
    elif snapshot and found[0][1] != snapshot:
        yield f"Prometheus has snapshot {found[0][1]:.0f}"
    else:
        yield from _judged(prometheus, dataset, snapshot)


def _judged(prometheus: str, dataset: str | None, snapshot: int | None) -> Iterator[str]:
    """Whether the rules judged it: they certify it now or, where a scrape came between two of them, did just before."""
    of = [f'dataset="{dataset}"'] if dataset else []
    firing = ['alertname="ClickstreamCertificate"', 'alertstate="firing"', *of]
    states = _query(prometheus, f"count(dataset:clickstream_check:state{{{','.join(of)}}})")
    count = states[0][1] if states else 0
    if _query(prometheus, f"ALERTS{{{','.join(firing)}}}"):
        yield CERTIFIED
    elif count != len(rules.checks()):
        yield f"{count:.0f} of {len(rules.checks())} checks were evaluated"
    elif _query(prometheus, f'last_over_time(ALERTS{{{",".join(firing)},snapshot="{snapshot}"}}[1m])'):
        yield CERTIFIED


def _scrape(series: Sequence[tuple[Mapping[str, str], float]]) -> str | None:
    """What is wrong with the gauges that Prometheus has of a data set."""
    served = [value for labels, value in series if labels["__name__"] == "clickstream_series"]
    wrong = sorted({labels["__name__"] for labels, value in series if math.isnan(value)})
    if wrong:
        return f"{', '.join(wrong[:3])} is no number"
    if not served:
        return "Prometheus has no clickstream_series, which says how many series there must be"
    if len(series) < served[0]:
        return f"Prometheus has {len(series)} of {served[0]:.0f} series that the exporter served"
    if len(series) > served[0]:
        names = _doubled([labels for labels, _ in series])
        return f"Prometheus has {len(series)} series where the exporter served {served[0]:.0f}: " + (
            f"{', '.join(names[:3])} is there twice" if names else "some are left over"
        )
    return None


def _doubled(series: Sequence[Mapping[str, str]]) -> list[str]:
    """The gauges of which some series differ only in a label that the others do not have."""
    usual = {"__name__", "dataset", "instance", "job"}
    names = sorted({labels["__name__"] for labels in series})
    found = []
    for name in names:
        own = [labels for labels in series if labels["__name__"] == name]
        shared = set.intersection(*(set(labels) for labels in own)) - usual
        keys = [tuple(labels[label] for label in sorted(shared)) for labels in own]
        if len(set(keys)) < len(keys):
            found.append(name)
    return found


def _query(prometheus: str, query: str) -> list[tuple[Mapping[str, str], float]]:
    """The labels and the value of every series."""
    result = _data(prometheus, f"query?query={quote(query)}")["result"]
    return [(each["metric"], float(each["value"][1])) for each in result]
