"""What a listing of Alertmanager proves: the certificate in it, and exactly the alerts that it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerting import rules
from alerting.alertmanager import Alert, Listing
from alerting.verdict import SEVERITIES, Line, Verdict, Wanted, in_order


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
    lines = list(_lines(found, listed))
    verdict = Verdict(
        date=certificate.labels.get("date"),
        lines=in_order(line for line, hidden in lines if not hidden),
        proven=True,
        dataset=dataset,
        snapshot=int(snapshot) if snapshot.isascii() and snapshot.isdigit() and len(snapshot) < 16 else None,
        inhibited=in_order(line for line, hidden in lines if hidden),
        switched_off=tuple(certificate.annotations.get("switched_off", "").split()),
    )
    return Proof(verdict, certificate, listed)


def _certificate(found: Listing, wanted: Wanted, asked: datetime) -> Alert:
    """The one certificate that is about what is wanted, sent since it was asked for."""
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
    if len(about) > 1:
        raise UnprovenError(f"{len(about)} certificates for {name} contradict each other")
    shipped = len(rules.checks())
    if about[0].labels.get("checks") != str(shipped):
        theirs = about[0].labels.get("checks")
        raise UnprovenError(f"the rules that are loaded have {theirs} checks, this release has {shipped}")
    return about[0]


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
    if len(listed) != len(certified):
        raise UnprovenError(f"Alertmanager lists {len(listed)} alerts, the certificate counts {len(certified)}")
    for alert in listed:
        if alert.annotations.get("snapshot") != snapshot:
            raise UnprovenError(f"the message of {alert.name} is still about an older snapshot")


def _lines(found: Listing, listed: Sequence[Alert]) -> Iterator[tuple[Line, bool]]:
    """Every alert of the data set, and whether another one of them silences it."""
    # A cause that someone silenced is no longer heard of, so it may hide nothing either; nor may one that is not
    # certified: somebody could have posted it.
    heard = [alert for alert in listed if not alert.silenced_by]
    names = {alert.fingerprint: alert.name.removeprefix("Clickstream") for alert in heard}
    for alert in listed:
        line = _line(alert)
        if alert.silenced_by:
            until = found.silenced_until(alert)
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
