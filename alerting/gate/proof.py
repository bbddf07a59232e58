"""Proves a verdict from Alertmanager's alerts: the certificate, and exactly the alerts that it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerting import rulefile
from alerting.gate import releases
from alerting.gate.verdict import SEVERITIES, Line, Subject, Verdict, by_severity
from alerting.http.alertmanager import Alert, Listing, claims


class UsageError(Exception):
    """Arguments that do not match what the servers have."""


class UnprovenError(Exception):
    """Why no verdict is proven (yet)."""


@dataclass(frozen=True)
class Proof:
    """A verdict, and the alerts that prove it."""

    verdict: Verdict
    certificate: Alert
    listed: Sequence[Alert]


def choose(names: Iterable[str], requested: str | None) -> str:
    """The requested data set, or the only one. Raises UsageError."""
    known = sorted(names)
    if requested is None and len(known) == 1:
        return known[0]
    if requested not in known:
        what = f"no data set {requested!r}" if requested else "several data sets"
        raise UsageError(f"{what}: choose one with --dataset: {', '.join(known) or 'none is served'}")
    return requested


def proven(found: Listing, since: dict[str, datetime], subject: Subject) -> Proof:
    """The proof in this listing. Raises UnprovenError."""
    earliest = since.setdefault(found.url, found.now + timedelta(seconds=1))
    certificate = _certificate(found, subject, earliest)
    dataset = certificate.labels["dataset"]
    snapshot = certificate.labels.get("snapshot", "")
    for alert in found.plumbing(dataset):
        raise UnprovenError(f"{alert.name} fires: {alert.annotations.get('summary')}")
    listed = found.of(dataset)
    _check_listed(listed, certificate, snapshot)
    ranked = _ranked(found, listed)
    verdict = Verdict(
        date=certificate.labels.get("date"),
        lines=by_severity(each.line for each in ranked if each.rank < _HIDDEN),
        proven=True,
        dataset=dataset,
        snapshot=int(snapshot) if snapshot.isascii() and snapshot.isdigit() and len(snapshot) < 16 else None,
        inhibited=by_severity(each.line for each in ranked if each.rank == _HIDDEN),
        switched_off=tuple(certificate.annotations.get("switched_off", "").split()),
        checks=len(rulefile.checks()),
    )
    return Proof(verdict, certificate, listed)


def _certificate(found: Listing, subject: Subject, earliest: datetime) -> Alert:
    """The certificate about the subject that was sent since `earliest`; all replicas must claim the same."""
    listed = found.certificates(subject.dataset)
    if subject.dataset is None and listed:
        choose({alert.labels["dataset"] for alert in listed}, None)
    fresh = [alert for alert in listed if alert.updated >= earliest]
    matching = [alert for alert in fresh if _is_about(alert, subject)]
    name = f"data set {subject.dataset}" if subject.dataset else "any data set"
    if not fresh:
        raise UnprovenError(f"no fresh certificate for {name} in Alertmanager")
    if not matching:
        seen = ", ".join(f"{a.labels.get('date')} (snapshot {a.labels.get('snapshot')})" for a in fresh)
        raise UnprovenError(f"no certificate for {_shown(subject)} of {name}: the newest is about {seen}")
    _check_same([*matching, *_last_of_others(listed, fresh, subject)], name)
    shipped = len(rulefile.checks())
    if matching[0].labels.get("checks") != str(shipped):
        theirs = matching[0].labels
        older = releases.compared("the loaded rules", theirs.get("release", ""))
        what = f"the loaded rules have {theirs.get('checks')} checks, this report has {shipped}"
        raise UnprovenError(f"{what}{older and '; ' + older}")
    return matching[0]


def _last_of_others(listed: Sequence[Alert], fresh: Sequence[Alert], subject: Subject) -> list[Alert]:
    """The newest certificate of each replica without a fresh one: it may send that again in a moment."""
    senders = {alert.sender for alert in fresh}
    newest = {alert.sender: alert for alert in sorted(listed, key=lambda alert: alert.updated)}
    return [alert for sender, alert in newest.items() if sender not in senders and _is_about(alert, subject)]


def _check_same(certificates: Sequence[Alert], name: str) -> None:
    """Raise UnprovenError where replicas of Prometheus certify different things, and name what differs."""
    claimed = [claims(each.labels, each.annotations) for each in certificates]
    for what in claimed[0]:
        by_value = {each[what]: alert.sender for each, alert in zip(claimed, certificates, strict=True)}
        if len(by_value) > 1:
            both = ", ".join(f"{value!r}{sender and ' from ' + sender}" for value, sender in sorted(by_value.items()))
            raise UnprovenError(
                f"{len(certificates)} certificates for {name} contradict each other in the {what}: {both}"
            )


def _is_about(alert: Alert, subject: Subject) -> bool:
    return (subject.snapshot is None or alert.labels.get("snapshot") == str(subject.snapshot)) and (
        subject.date is None or alert.labels.get("date") == subject.date
    )


def _shown(subject: Subject) -> str:
    return f"{subject.date or 'any day'}" + (f" (snapshot {subject.snapshot})" if subject.snapshot else "")


def _check_listed(listed: Sequence[Alert], certificate: Alert, snapshot: str) -> None:
    """Raise UnprovenError unless exactly the alerts that the certificate counts are listed."""
    certified = set(certificate.annotations.get("firing", "").split())
    names = {alert.labels["check"] for alert in listed}
    if certificate.labels.get("firing") != str(len(certified)):
        raise UnprovenError("the certificate is being renewed")
    if missing := sorted(certified - names):
        raise UnprovenError(f"Alertmanager does not list {', '.join(missing)}, which the certificate counts")
    if surplus := sorted(names - certified):
        raise UnprovenError(f"Alertmanager lists {', '.join(surplus)}, which the certificate does not count")
    distinct = {alert.own for alert in listed}
    if len(distinct) != len(certified):
        raise UnprovenError(f"Alertmanager lists {len(distinct)} alerts, the certificate counts {len(certified)}")
    for alert in listed:
        if alert.annotations.get("snapshot") != snapshot:
            sender = alert.sender and f" from {alert.sender}"
            raise UnprovenError(f"{alert.name}{sender} is still about another snapshot")


_Own = frozenset[tuple[str, str]]
"""The labels of an alert that its replicas share."""

_COUNTS, _SILENCED, _HIDDEN = range(3)


@dataclass(frozen=True, order=True)
class _Ranked:
    """A line, and whether it counts, is silenced, or is inhibited by a cause that notifies."""

    rank: int
    message: str
    line: Line = field(compare=False)


def _ranked(found: Listing, listed: Sequence[Alert]) -> list[_Ranked]:
    """A line for every alert of the data set; where replicas differ, the one that counts most."""
    causes = _causes(listed)
    heard = _heard(listed, causes)
    by_check: dict[_Own, list[_Ranked]] = {}
    for alert in listed:
        by_check.setdefault(alert.own, []).append(_rank(found, alert, causes, heard))
    return [min(replicas) for replicas in by_check.values()]


def _causes(listed: Sequence[Alert]) -> dict[str, list[Alert]]:
    """What inhibits an alert, by its fingerprint. A cause that is not certified hides nothing: it may be forged."""
    certified = {alert.fingerprint: alert for alert in listed}
    return {
        alert.fingerprint: [certified[cause] for cause in alert.inhibited_by if cause in certified] for alert in listed
    }


def _heard(listed: Sequence[Alert], causes: Mapping[str, Sequence[Alert]]) -> set[_Own]:
    """The alerts that somebody is notified of, or of a cause of theirs, or of a cause of that."""
    audible = [alert for alert in listed if not alert.silenced_by]
    heard = {alert.own for alert in audible if not causes[alert.fingerprint]}
    while more := {each.own for each in audible if any(by.own in heard for by in causes[each.fingerprint])} - heard:
        heard |= more
    return heard


def _silenced_causes(alert: Alert, causes: Mapping[str, Sequence[Alert]]) -> list[Alert]:
    """The silenced alerts among what inhibits an alert, what inhibits that, and so on."""
    reached, silenced = [alert], []
    for each in reached:
        new = [cause for cause in causes[each.fingerprint] if cause not in reached]
        silenced += [cause for cause in new if cause.silenced_by]
        reached += new
    return silenced


def _rank(found: Listing, alert: Alert, causes: Mapping[str, Sequence[Alert]], heard: set[_Own]) -> _Ranked:
    line = _line(alert)
    if alert.silenced_by:
        rank, why = _SILENCED, f"Silenced{_until(found, alert)}"
    elif causing := _names(cause for cause in causes[alert.fingerprint] if cause.own in heard):
        rank, why = _HIDDEN, f"Inhibited by {causing}"
    elif silenced := _silenced_causes(alert, causes):
        rank, why = _SILENCED, f"Inhibited by {_names(silenced)}, which is silenced{_until(found, silenced[0])}"
    else:
        return _Ranked(_COUNTS, line.message, line)
    shown = replace(line, severity="INFO", message=f"{why}: {line.message}")
    return _Ranked(rank, shown.message, shown)


def _names(alerts: Iterable[Alert]) -> str:
    return ", ".join(sorted({alert.name.removeprefix("Clickstream") for alert in alerts}))


def _until(found: Listing, alert: Alert) -> str:
    until = found.silenced_until(alert)
    return until and f" until {until}"


def _line(alert: Alert) -> Line:
    """The alert as a line, silenced and inhibited or not."""
    return Line(
        severity=SEVERITIES.get(alert.labels.get("severity", ""), "CRITICAL"),
        message=alert.annotations.get("summary", alert.name),
        check=alert.labels["check"],
        tier=alert.labels.get("tier", ""),
        description=alert.annotations.get("description", ""),
        runbook=alert.annotations.get("runbook_url", ""),
        checks_off=tuple(alert.annotations.get("checks_off", "").split()),
        owner=alert.annotations.get("owner", ""),
    )
