"""The gate: a verdict counts only when it is proven to be about the wanted snapshot.

Alertmanager's list alone proves nothing: it is empty after a restart, lags behind, and loses a
notification now and then. The certificate that the rules send names the snapshot that was judged and the
checks that fire; the verdict counts when exactly these alerts are listed, each about that snapshot. Where Prometheus
answers, it must have the same certificate and the same alerts: they could be forged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerting import diagnosis, rules
from alerting.alertmanager import Alert, Listing, listing, silenced_until
from alerting.fetch import FetchError, post
from alerting.verdict import SEVERITIES, Line, Verdict, Wanted, in_order, unknown
from alerting.witness import contradiction

POLL = 0.5
REQUEST = 3.0
"""Seconds between two looks at Alertmanager, and for one request: one that hangs must not use up the time."""


class UsageError(Exception):
    """Arguments that do not fit what the servers say: `what`."""


@dataclass(frozen=True)
class Servers:
    """Where the servers listen; the verdict needs Alertmanager alone.

    A Prometheus that answers must have the same; `guessed` says that its URL was not given.
    """

    alertmanagers: Sequence[str]
    exporter: str | None = None
    prometheus: str | None = None
    guessed: bool = False


@dataclass(frozen=True)
class _Proof:
    """A verdict, and the alerts that prove it."""

    verdict: Verdict
    certificate: Alert
    listed: Sequence[Alert]


class _UnprovenError(Exception):
    """Why there is no verdict (yet)."""


class _UnreachableError(_UnprovenError):
    """No Alertmanager answers: there is nothing more to ask."""


class _UnknownError(Exception):
    """Why there will be no verdict."""


def judge(servers: Servers, wanted: Wanted, timeout: float, tell: Callable[[str], None]) -> Verdict:
    """Wait up to `timeout` seconds for a proven verdict; `tell` hears what a person wants to know meanwhile.

    Never raises for a server that fails: the verdict is then unknown, and its alert says what is missing.
    Raises UsageError when a data set must be chosen.
    """
    deadline = time.monotonic() + timeout
    try:
        if servers.exporter:
            wanted = _refresh(servers.exporter, wanted, deadline, tell)
        return _wait(servers, wanted, deadline, tell)
    except _UnreachableError as error:
        return unknown(wanted, f"{error} within {timeout:g} s")
    except _UnprovenError as error:
        reasons = diagnosis.reasons(servers.prometheus, servers.alertmanagers, wanted.dataset, wanted.snapshot)
        return unknown(wanted, f"{error} within {timeout:g} s", *reasons)
    except _UnknownError as error:
        return unknown(wanted, str(error))


def _refresh(exporter: str, wanted: Wanted, deadline: float, tell: Callable[[str], None]) -> Wanted:
    """Ask the exporter to measure now; returns what the verdict must be about."""
    tell(f"asking {exporter} to refresh")
    answer = None
    while answer is None:
        try:
            answer = post(f"{exporter}/-/refresh", max(0.1, deadline - time.monotonic()))
        except FetchError as error:
            if time.monotonic() + POLL > deadline:
                raise _UnknownError(f"the exporter did not refresh: {error}") from None
            time.sleep(POLL)
    try:
        outcomes = {each["dataset"]: each for each in answer.body["datasets"]}
    except (KeyError, TypeError):
        raise _UnknownError(f"{exporter}/-/refresh: not the answer of clickstream-exporter") from None
    dataset = _choose(outcomes, wanted.dataset)
    outcome = outcomes[dataset]
    if "error" in outcome:
        raise _UnknownError(f"the refresh of data set {dataset} failed: {outcome['error']}")
    if wanted.date and wanted.date != outcome["date"]:
        newest = f"the newest day in the data is {outcome['date']}" if outcome["date"] else "there is no data"
        raise _UnknownError(f"asked for {wanted.date}, but {newest}")
    if wanted.snapshot and wanted.snapshot != outcome["snapshot"]:
        raise _UnknownError(f"asked for snapshot {wanted.snapshot}, but the data give {outcome['snapshot']}")
    tell(f"data set {dataset}: snapshot {outcome['snapshot']}, newest day {outcome['date']}")
    return Wanted(dataset, outcome["date"], outcome["snapshot"])


def _choose(names: Iterable[str], wanted: str | None) -> str:
    known = sorted(names)
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        what = f"no data set {wanted}" if wanted else "several data sets"
        raise UsageError(f"{what}, choose one with --dataset: {', '.join(known) or 'there is none'}")
    return wanted


def _wait(servers: Servers, wanted: Wanted, deadline: float, tell: Callable[[str], None]) -> Verdict:
    """Look at every Alertmanager until all that answer prove the same verdict, and Prometheus does not object."""
    tell(f"waiting for the certificate at {', '.join(servers.alertmanagers)}")
    since: dict[str, datetime] = {}
    while True:
        try:
            proofs = [_named(each, since, wanted, servers) for each in _listings(servers.alertmanagers)]
            agreed = _agreed([proof.verdict for proof in proofs])
            _witness(servers, proofs)
            return agreed
        except _UnprovenError:
            if time.monotonic() + POLL > deadline:
                raise
        time.sleep(POLL)


def _listings(urls: Sequence[str]) -> list[Listing]:
    """What every Alertmanager that answers lists; one must."""
    with ThreadPoolExecutor(len(urls)) as pool:
        answers = list(pool.map(_listing, urls))
    found = [answer for answer in answers if isinstance(answer, Listing)]
    if not found:
        raise _UnreachableError(f"no Alertmanager answered ({'; '.join(map(str, answers))})")
    return found


def _listing(url: str) -> Listing | FetchError:
    try:
        return listing(url, REQUEST)
    except FetchError as error:
        return error


def _named(found: Listing, since: dict[str, datetime], wanted: Wanted, servers: Servers) -> _Proof:
    """What this listing proves. Raises _UnprovenError, with the URL where there are several."""
    try:
        return _proven(found, since, wanted)
    except _UnprovenError as error:
        raise _UnprovenError(f"{found.url}: {error}" if len(servers.alertmanagers) > 1 else str(error)) from None


def _agreed(verdicts: Sequence[Verdict]) -> Verdict:
    if any(verdict != verdicts[0] for verdict in verdicts):
        raise _UnprovenError("the Alertmanagers contradict each other")
    return verdicts[0]


def _witness(servers: Servers, proofs: Sequence[_Proof]) -> None:
    """Raise _UnprovenError where Prometheus has other alerts than those of the proofs."""
    for proof in proofs if servers.prometheus else ():
        said = contradiction(str(servers.prometheus), proof.certificate, proof.listed, guessed=servers.guessed)
        if said:
            raise _UnprovenError(said)


def _proven(found: Listing, since: dict[str, datetime], wanted: Wanted) -> _Proof:
    """What this listing proves. Raises _UnprovenError."""
    asked = since.setdefault(found.url, found.now + timedelta(seconds=1))
    certificate = _certificate(found, wanted, asked)
    dataset = certificate.labels["dataset"]
    snapshot = certificate.labels.get("snapshot", "")
    for alert in found.plumbing(dataset):
        raise _UnprovenError(f"{alert.name} fires: {alert.annotations.get('summary')}")
    listed = found.of(dataset)
    _check_listed(listed, certificate, snapshot)
    lines = list(_lines(found, dataset))
    verdict = Verdict(
        date=certificate.labels.get("date"),
        lines=in_order(line for line, hidden in lines if not hidden),
        proven=True,
        dataset=dataset,
        snapshot=int(snapshot) if snapshot.isdigit() else None,
        inhibited=in_order(line for line, hidden in lines if hidden),
        switched_off=tuple(certificate.annotations.get("switched_off", "").split()),
    )
    return _Proof(verdict, certificate, listed)


def _certificate(found: Listing, wanted: Wanted, asked: datetime) -> Alert:
    """The one certificate that is about what is wanted, sent since it was asked for."""
    listed = found.certificates(wanted.dataset)
    if wanted.dataset is None and listed:
        _choose({alert.labels["dataset"] for alert in listed}, None)
    fresh = [alert for alert in listed if alert.updated >= asked]
    about = [alert for alert in fresh if _is_about(alert, wanted)]
    name = f"data set {wanted.dataset}" if wanted.dataset else "any data set"
    if not fresh:
        raise _UnprovenError(f"no fresh certificate for {name} in Alertmanager")
    if not about:
        seen = ", ".join(f"{a.labels.get('date')} (snapshot {a.labels.get('snapshot')})" for a in fresh)
        raise _UnprovenError(f"no certificate for {_sought(wanted)} of {name}: the newest is about {seen}")
    if len(about) > 1:
        raise _UnprovenError(f"{len(about)} certificates for {name} contradict each other")
    shipped = len(rules.checks())
    if about[0].labels.get("checks") != str(shipped):
        theirs = about[0].labels.get("checks")
        raise _UnprovenError(f"the rules that are loaded have {theirs} checks, this release has {shipped}")
    return about[0]


def _is_about(alert: Alert, wanted: Wanted) -> bool:
    return (wanted.snapshot is None or alert.labels.get("snapshot") == str(wanted.snapshot)) and (
        wanted.date is None or alert.labels.get("date") == wanted.date
    )


def _sought(wanted: Wanted) -> str:
    return f"{wanted.date or 'any day'}" + (f" (snapshot {wanted.snapshot})" if wanted.snapshot else "")


def _check_listed(listed: Sequence[Alert], certificate: Alert, snapshot: str) -> None:
    """Raise _UnprovenError unless exactly the alerts that the certificate counts are listed."""
    certified = set(certificate.annotations.get("firing", "").split())
    names = {alert.labels["check"] for alert in listed}
    if certificate.labels.get("firing") != str(len(certified)):
        raise _UnprovenError("the certificate is being renewed")
    if missing := sorted(certified - names):
        raise _UnprovenError(f"Alertmanager does not list {', '.join(missing)}, which the certificate says fires")
    if surplus := sorted(names - certified):
        raise _UnprovenError(f"Alertmanager lists {', '.join(surplus)}, which the certificate does not count")
    if len(listed) != len(certified):
        raise _UnprovenError(f"Alertmanager lists {len(listed)} alerts, the certificate counts {len(certified)}")
    for alert in listed:
        if alert.annotations.get("snapshot") != snapshot:
            raise _UnprovenError(f"the message of {alert.name} is still about an older snapshot")


def _lines(found: Listing, dataset: str) -> Iterator[tuple[Line, bool]]:
    """Every alert of the data set, and whether another one silences it."""
    # A cause that someone silenced is no longer heard of, so it may hide nothing either.
    heard = [alert for alert in found.alerts if not alert.silenced_by]
    names = {alert.fingerprint: alert.name.removeprefix("Clickstream") for alert in heard}
    for alert in found.of(dataset):
        line = _line(alert)
        if alert.silenced_by:
            until = silenced_until(found.url, alert, REQUEST)
            said = f"Silenced{' until ' + until if until else ''}: {line.message}"
            yield replace(line, severity="INFO", message=said), False
        elif causes := sorted(names[cause] for cause in alert.inhibited_by if cause in names):
            yield replace(line, severity="INFO", message=f"Inhibited by {', '.join(causes)}: {line.message}"), True
        else:
            yield line, False


def _line(alert: Alert) -> Line:
    """The alert as if it were neither silenced nor inhibited."""
    return Line(
        severity=SEVERITIES.get(alert.labels.get("severity", ""), "CRITICAL"),
        message=alert.annotations.get("summary", alert.name),
        check=alert.labels["check"],
        tier=alert.labels.get("tier", ""),
        description=alert.annotations.get("description", ""),
        runbook=alert.annotations.get("runbook_url", ""),
    )
