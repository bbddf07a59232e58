"""Queries Prometheus for the reasons why there is no certificate."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from alerting import rulefile
from alerting.gate import releases
from alerting.gate.pace import EXPORTER, LOOKBACK_DELTA, Pace, pace
from alerting.gate.scrape import MAY_BE_STALE, scrape_problem
from alerting.http import shape
from alerting.http.client import Answer, Client, FetchError, RefusedError

REQUEST_TIMEOUT = 3.0
"""Seconds for one request."""

Target = tuple[str, str]
"""A job and an instance."""

MAX_CLOCK_SKEW = 30
"""Seconds by which two clocks may differ: an alert ends after a minute."""

EVALUATED = "dataset:clickstream_scrape:timestamp_seconds"
"""A series that each evaluation of the rules records."""

OFFSET = "rule_query_offset"
"""The key of Prometheus' global configuration that has the rules judge the past."""

MIN_OFFSET = 1
"""Seconds: without an offset, samples are as old as their evaluation, or milliseconds older."""

CERTIFIED = (
    "Prometheus has certified it: its notifications are lost or changed on the way, "
    "or another sender posts to Alertmanager"
)

VMALERT = (
    "vmalert evaluates the rules: it reads what they wrote before that is stored, so it never certifies anything; "
    "let Prometheus evaluate them"
)


@dataclass(frozen=True)
class _Prometheus:
    """The Prometheus at a URL, queried until a deadline (of `time.monotonic`)."""

    client: Client
    url: str
    deadline: float

    def data(self, path: str) -> Any:
        return self.get(f"{self.url}/api/v1/{path}").body["data"]

    def query(self, query: str) -> list[tuple[Mapping[str, str], float]]:
        """The labels and the value of every series."""
        result = self.data(f"query?query={quote(query)}")["result"]
        return [(shape.texts(each["metric"]), float(each["value"][1])) for each in result]

    def get(self, url: str) -> Answer:
        return self.client.get(url, min(REQUEST_TIMEOUT, self.deadline - time.monotonic()))


def reasons(
    client: Client,
    url: str | None,
    alertmanagers: Sequence[str],
    dataset: str | None,
    snapshot: int | None,
    deadline: float = math.inf,
    waited: float = math.inf,
) -> list[str]:
    """What is wrong with the Prometheus at `url`, worst first; empty where nothing is found.

    The queries end at `deadline`, a time of `time.monotonic`. `waited` is for how many seconds there was no verdict.
    """
    found: list[str] = []
    if not url:
        return found
    prometheus = _Prometheus(client, url, deadline)
    try:
        for each in (
            _rules(prometheus),
            _targets(prometheus),
            _alertmanagers(prometheus),
            _clocks(prometheus, alertmanagers),
        ):
            found.extend(each)
            if VMALERT in found:
                return found
        found = found or _late(prometheus, dataset, snapshot, waited)
        return [*found, *_releases(prometheus)]
    except RefusedError as error:
        return [*found, f"Prometheus refused access: {error}"]
    except FetchError as error:
        return [*found, f"Prometheus does not answer: {error}"]
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return [*found, f"{url}: not a valid answer of Prometheus"]


def _late(prometheus: _Prometheus, dataset: str | None, snapshot: int | None, waited: float) -> list[str]:
    """What is wrong with the snapshot, or why it could not arrive in time: what is late is not lost."""
    known = pace(prometheus.data)
    if in_the_past := _in_the_past(prometheus):
        return [in_the_past]
    found = list(_snapshot(prometheus, dataset, snapshot, known))
    if known and known.gap:
        return [known.gap, *found]
    if known and (too_short := known.too_short(waited)):
        return [*(reason for reason in found if reason != CERTIFIED), too_short]
    return found


def _in_the_past(prometheus: _Prometheus) -> str | None:
    """How much older the samples of the rules are than their evaluation: the messages then find no judged snapshot."""
    groups = [each for each in prometheus.data("rules?type=alert")["groups"] if each["name"] == rulefile.GROUP]
    evaluated = max(shape.moment(group["lastEvaluation"]).timestamp() for group in groups)
    offset = min((evaluated - at for _, at in prometheus.query(f"timestamp({EVALUATED})")), default=0)
    # After a pause of the machine, an evaluation is late by up to its interval, too.
    if offset < MIN_OFFSET or OFFSET not in prometheus.data("status/config")["yaml"]:
        return None
    return (
        f"Prometheus evaluates the rules {offset:.0f} s in the past, because of its {OFFSET}: "
        f"add query_offset: 0s to the group {rulefile.GROUP}"
    )


def _rules(prometheus: _Prometheus) -> Iterator[str]:
    shipped = rulefile.groups()[rulefile.GROUP]
    loaded = [group for group in prometheus.data("rules")["groups"] if group["name"] == rulefile.GROUP]
    if not loaded:
        yield f"Prometheus has no rule group {rulefile.GROUP}"
        return
    found = loaded[0]["rules"]
    if any("datasourceType" in rule for rule in found):
        yield VMALERT
        return
    if len(found) != len(shipped):
        yield f"Prometheus has {len(found)} of {len(shipped)} rules of the group {rulefile.GROUP}"
    broken = [rule for rule in found if rule.get("health") == "err"]
    for rule in broken[:1]:
        check = rule.get("labels", {}).get("check", "")
        yield f"rule {rule['name']} {check}".rstrip() + f" fails: {rule.get('lastError', '')[:200]}"


def _targets(prometheus: _Prometheus) -> Iterator[str]:
    """The targets that are or were exporters; where none is known, any target that is down may be one."""
    known = {_target(labels) for labels, _ in prometheus.query(f"last_over_time({EXPORTER}[36h])")}
    active = prometheus.data("targets?state=active")["activeTargets"]
    own = [target for target in active if _target(target["labels"]) in known]
    if not own:
        earlier = f", it had {_listed(known)}" if known else ""
        yield f"Prometheus has no target that serves {EXPORTER}{earlier}"
    down = [target for target in own or active if target["health"] == "down"]
    for target in down[:3]:
        yield f"Prometheus cannot scrape {target['scrapeUrl']}: {target['lastError']}"


def _releases(prometheus: _Prometheus) -> Iterator[str]:
    """The exporters that are of another release: their gauges may not be those that the rules read."""
    found = {labels.get("version", "") for labels, _ in prometheus.query(EXPORTER)}
    yield from filter(None, (releases.compared("the exporter", version) for version in sorted(found)))


def _target(labels: Mapping[str, str]) -> Target:
    return labels.get("job", ""), labels.get("instance", "")


def _listed(targets: Iterable[Target]) -> str:
    named = [f"job {job}, instance {instance}" for job, instance in sorted(targets)]
    return "; ".join([*named[:3], *(["..."] if len(named) > 3 else [])])


def _alertmanagers(prometheus: _Prometheus) -> Iterator[str]:
    if not prometheus.data("alertmanagers")["activeAlertmanagers"]:
        yield "Prometheus sends to no Alertmanager"


def _clocks(prometheus: _Prometheus, alertmanagers: Sequence[str]) -> Iterator[str]:
    """Alertmanager drops an alert once it has ended by its own clock, which may be ahead of Prometheus."""
    for url in alertmanagers:
        try:
            theirs = prometheus.get(f"{url}/api/v2/status").date
        except FetchError:
            continue
        skew = (prometheus.get(f"{prometheus.url}/api/v1/query?query=1").date - theirs).total_seconds()
        if abs(skew) > MAX_CLOCK_SKEW:
            side = "ahead of" if skew > 0 else "behind"
            yield f"the clock of Prometheus is {abs(skew):.0f} s {side} that of {url}"


def _snapshot(prometheus: _Prometheus, dataset: str | None, snapshot: int | None, known: Pace | None) -> Iterator[str]:
    """How far the snapshot got: served by one exporter, scraped whole and without NaN, judged, notified."""
    name = f"data set {dataset}" if dataset else "any data set"
    of = _selector(dataset)
    found = prometheus.query(f"clickstream_snapshot{{{of}}}")
    if not found:
        yield f"Prometheus has no snapshot of {name}"
    elif dataset and len({value for _, value in found}) > 1:
        served = sorted((_target(labels), value) for labels, value in found)
        named = "; ".join(f"{value:.0f} from {_listed([target])}" for target, value in served[:3])
        yield f"Prometheus has different snapshots of {name}: {named}"
    elif dataset and (problem := scrape_problem(prometheus.query(f'{{__name__=~"clickstream_.+",{of}}}'))):
        yield problem + (_until(known) if MAY_BE_STALE in problem else "")
    elif snapshot and found[0][1] != snapshot:
        yield f"Prometheus has snapshot {found[0][1]:.0f}"
    else:
        yield from _judged(prometheus, dataset, snapshot, known)


def _until(known: Pace | None) -> str:
    return f", for up to --{LOOKBACK_DELTA}={known.lookback:g}s" if known else ""


def _selector(dataset: str | None) -> str:
    return f"dataset={json.dumps(dataset, ensure_ascii=False)}" if dataset else ""


def _judged(prometheus: _Prometheus, dataset: str | None, snapshot: int | None, known: Pace | None) -> Iterator[str]:
    """Whether the rules judged it: they certify it now, or did so before a scrape between two evaluations."""
    of = [_selector(dataset)] if dataset else []
    firing = ['alertname="ClickstreamCertificate"', 'alertstate="firing"', *of]
    states = prometheus.query(f"count(dataset:clickstream_check:state{{{','.join(of)}}})")
    count = states[0][1] if states else 0
    before = max(60, 4 * known.evaluation) if known else 60
    if prometheus.query(f"ALERTS{{{','.join(firing)}}}"):
        yield CERTIFIED
    elif count != len(rulefile.checks()):
        yield f"{count:.0f} of {len(rulefile.checks())} checks were evaluated"
    elif prometheus.query(f'last_over_time(ALERTS{{{",".join(firing)},snapshot="{snapshot}"}}[{before:.0f}s])'):
        yield CERTIFIED
