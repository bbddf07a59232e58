"""What a listing of Alertmanager proves: the certificate in it, and exactly the alerts that it counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerting import rulefile
from alerting.gate.verdict import SEVERITIES, Line, Verdict, Wanted, in_order
from alerting.http.alertmanager import Alert, Listing, said


class UsageError(Exception):
    """Arguments that do not fit what the servers say: `what`."""


class UnprovenError(Exception):
    """Why there is no verdict (yet)."""


@dataclass(frozen=True)
class Proof:
    """A verdict, and the alerts that prove it."""

    verdict: Verdict
    certificate: Alert
    listed: Sequence[Alert]


def choose(names: Iterable[str], wanted: str | None) -> str:
    """The wanted data set, or the only one. Raises UsageError."""
    known = sorted(names)
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        what = f"no data set {wanted}" if wanted else "several data sets"
        raise UsageError(f"{what}, choose one with --dataset: {', '.join(known) or 'there is none'}")
    return wanted


def proven(found: Listing, since: dict[str, datetime], wanted: Wanted) -> Proof:
    """What this listing proves. Raises UnprovenError."""
    asked = since.setdefault(found.url, found.now + timedelta(seconds=1))
    certificate = _certificate(found, wanted, asked)
    dataset = certificate.labels["dataset"]
    snapshot = certificate.labels.get("snapshot", "")
    for alert in found.plumbing(dataset):
        raise UnprovenError(f"{alert.name} fires: {alert.annotations.get('summary')}")
    listed = found.of(dataset)
    _check_listed(listed, certificate, snapshot)
    weighed = _weighed(found, listed)
    verdict = Verdict(
        date=certificate.labels.get("date"),
        lines=in_order(each.line for each in weighed if each.weight < _HIDDEN),
        proven=True,
        dataset=dataset,
        snapshot=int(snapshot) if snapshot.isascii() and snapshot.isdigit() and len(snapshot) < 16 else None,
        inhibited=in_order(each.line for each in weighed if each.weight == _HIDDEN),
        switched_off=tuple(certificate.annotations.get("switched_off", "").split()),
        checks=len(rulefile.checks()),
    )
    return Proof(verdict, certificate, listed)


def _certificate(found: Listing, wanted: Wanted, asked: datetime) -> Alert:
    """The certificate that is about what is wanted, sent since it was asked for; replicas must say the same."""
    listed = found.certificates(wanted.dataset)
    if wanted.dataset is None and listed:
        choose({alert.labels["dataset"] for alert in listed}, None)
    fresh = [alert for alert in listed if alert.updated >= asked]
    about = [alert for alert in fresh if _is_about(alert, wanted)]
    name = f"data set {wanted.dataset}" if wanted.dataset else "any data set"
    if not fresh:
        raise UnprovenError(f"no fresh certificate for {name} in Alertmanager")
    if not about:
        seen = ", ".join(f"{a.labels.get('date')} (snapshot {a.labels.get('snapshot')})" for a in fresh)
        raise UnprovenError(f"no certificate for {_sought(wanted)} of {name}: the newest is about {seen}")
    _check_same([*about, *_last_words(listed, fresh, wanted)], name)
    shipped = len(rulefile.checks())
    if about[0].labels.get("checks") != str(shipped):
        theirs = about[0].labels.get("checks")
        raise UnprovenError(f"the rules that are loaded have {theirs} checks, this release has {shipped}")
    return about[0]


def _last_words(listed: Sequence[Alert], fresh: Sequence[Alert], wanted: Wanted) -> list[Alert]:
    """The newest certificate of each replica that has sent none since: it may send the same again in a moment."""
    senders = {alert.sender for alert in fresh}
    newest = {alert.sender: alert for alert in sorted(listed, key=lambda alert: alert.updated)}
    return [alert for sender, alert in newest.items() if sender not in senders and _is_about(alert, wanted)]


def _check_same(certificates: Sequence[Alert], name: str) -> None:
    """Raise UnprovenError, and say in what, where replicas of Prometheus certify different things."""
    told = [said(each.labels, each.annotations) for each in certificates]
    for what in told[0]:
        by_value = {each[what]: alert.sender for each, alert in zip(told, certificates, strict=True)}
        if len(by_value) > 1:
            both = ", ".join(f"{value!r}{sender and ' from ' + sender}" for value, sender in sorted(by_value.items()))
            raise UnprovenError(
                f"{len(certificates)} certificates for {name} contradict each other in the {what}: {both}"
            )


def _is_about(alert: Alert, wanted: Wanted) -> bool:
    return (wanted.snapshot is None or alert.labels.get("snapshot") == str(wanted.snapshot)) and (
        wanted.date is None or alert.labels.get("date") == wanted.date
    )


def _sought(wanted: Wanted) -> str:
    return f"{wanted.date or 'any day'}" + (f" (snapshot {wanted.snapshot})" if wanted.snapshot else "")


def _check_listed(listed: Sequence[Alert], certificate: Alert, snapshot: str) -> None:
    """Raise UnprovenError unless exactly the alerts that the certificate counts are listed."""
    certified = set(certificate.annotations.get("firing", "").split())
    names = {alert.labels["check"] for alert in listed}
    if certificate.labels.get("firing") != str(len(certified)):
        raise UnprovenError("the certificate is being renewed")
    if missing := sorted(certified - names):
        raise UnprovenError(f"Alertmanager does not list {', '.join(missing)}, which the certificate says fires")
    if surplus := sorted(names - certified):
        raise UnprovenError(f"Alertmanager lists {', '.join(surplus)}, which the certificate does not count")
    distinct = {alert.own for alert in listed}
    if len(distinct) != len(certified):
        raise UnprovenError(f"Alertmanager lists {len(distinct)} alerts, the certificate counts {len(certified)}")
    for alert in listed:
        if alert.annotations.get("snapshot") != snapshot:
            sender = alert.sender and f" from {alert.sender}"
            raise UnprovenError(f"the message of {alert.name}{sender} is still about an older snapshot")


_COUNTS, _SILENCED, _HIDDEN = range(3)


@dataclass(frozen=True, order=True)
class _Weighed:
    """A line, and whether it counts, is silenced, or is inhibited by a cause of which somebody hears."""

    weight: int
    message: str
    line: Line = field(compare=False)


def _weighed(found: Listing, listed: Sequence[Alert]) -> list[_Weighed]:
    """A line for every alert of the data set, of the replicas' the one that counts most."""
    # A cause that is not certified hides nothing: somebody could have posted it.
    causes = {alert.fingerprint: alert for alert in listed}
    heard = {alert.own for alert in listed if not alert.silenced_by}
    by_check: dict[frozenset[tuple[str, str]], list[_Weighed]] = {}
    for alert in listed:
        by_check.setdefault(alert.own, []).append(_weigh(found, alert, causes, heard))
    return [min(replicas) for replicas in by_check.values()]


def _weigh(
    found: Listing, alert: Alert, causes: Mapping[str, Alert], heard: set[frozenset[tuple[str, str]]]
) -> _Weighed:
    line = _line(alert)
    by = [causes[cause] for cause in alert.inhibited_by if cause in causes]
    if alert.silenced_by:
        weight, why = _SILENCED, f"Silenced{_until(found, alert)}"
    elif loud := _names(cause for cause in by if cause.own in heard):
        weight, why = _HIDDEN, f"Inhibited by {loud}"
    elif by:
        weight, why = _SILENCED, f"Inhibited by {_names(by)}, which is silenced{_until(found, by[0])}"
    else:
        return _Weighed(_COUNTS, line.message, line)
    shown = replace(line, severity="INFO", message=f"{why}: {line.message}")
    return _Weighed(weight, shown.message, shown)


def _names(alerts: Iterable[Alert]) -> str:
    return ", ".join(sorted({alert.name.removeprefix("Clickstream") for alert in alerts}))


def _until(found: Listing, alert: Alert) -> str:
    until = found.silenced_until(alert)
    return until and f" until {until}"


def _line(alert: Alert) -> Line:
    """The alert as if it were neither silenced nor inhibited."""
    return Line(
        severity=SEVERITIES.get(alert.labels.get("severity", ""), "CRITICAL"),
        message=alert.annotations.get("summary", alert.name),
        check=alert.labels["check"],
        tier=alert.labels.get("tier", ""),
        description=alert.annotations.get("description", ""),
        runbook=alert.annotations.get("runbook_url", ""),
        checks_off=tuple(alert.annotations.get("checks_off", "").split()),
    )
