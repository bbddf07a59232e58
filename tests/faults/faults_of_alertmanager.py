"""Alerts that someone else posts, ends or silences, and clocks and Alertmanagers that disagree."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from days import DATASET
from faults import fault
from standins import Alerts
from trial import Trial

from alerting import rulefile
from alerting.http.alertmanager import CERTIFICATE

LIE = {
    "alertname": "ClickstreamRevenueDrop",
    "check": "RevenueDrop",
    "dataset": DATASET,
    "severity": "critical",
    "tier": "business",
}
"""The labels of an alert that does not fire."""


@fault("V5")
def alert_resolved_by_forged_post(trial: Trial) -> None:
    """Someone ends one of the alerts, several times."""
    _end(trial, lambda labels: "check" in labels)


@fault("V5")
def certificate_resolved_by_forged_post(trial: Trial) -> None:
    """Someone ends the certificate, several times."""
    _end(trial, lambda labels: labels["alertname"] == CERTIFICATE)


@fault("V5", "lists {forged}")
def alert_forged(trial: Trial) -> None:
    """Someone posts an alert of a check that does not fire."""
    fired = {each.check for day in (trial.before, trial.after) for each in day.alerts}
    check = next(each for each in ("JsonErrors", "MissingUtm", "DuplicateEvents", "NullClientIds") if each not in fired)
    labels = {"alertname": f"Clickstream{check}", "check": check, "severity": "warning", "tier": "integrity"}
    seconds = trial.rng.choice([2.0, 60.0])
    trial.note = f"({check} for {seconds:g} s)"
    trial.unknown = trial.unknown and trial.unknown.format(forged=check) if seconds > 2 else None
    _forge(trial, labels, {"summary": "forged", "snapshot": str(trial.after.snapshot)}, seconds)


@fault("V5")
def cause_forged(trial: Trial) -> None:
    """Someone posts a cause that is not a check's alert: Alertmanager then inhibits the business alerts."""
    _forge(trial, {"alertname": "ClickstreamNoData", "severity": "critical"}, {"summary": "forged"}, 60)


@fault("V5")
def certificate_of_another_snapshot_forged(trial: Trial) -> None:
    """Someone posts a certificate of data that are not there."""
    _forge(trial, _certificate(trial, snapshot=trial.after.snapshot + 1), {"firing": "", "switched_off": ""}, 60)


@fault("V5", "contradict")
def certificate_of_the_snapshot_forged(trial: Trial) -> None:
    """Someone posts a second certificate of the new data, by rules that have one check."""
    labels = _certificate(trial, checks=1)
    _forge(trial, labels, {"firing": "", "switched_off": ""}, 60)


@fault("V5", "Prometheus at .* (contradicts Alertmanager|has no certificate)")
def whole_certificate_forged(trial: Trial) -> None:
    """Someone keeps Prometheus' notifications away and posts the opposite: a whole certificate with its alerts."""
    trial.bench.notifications.lose = lambda: True
    labels = {"alertname": CERTIFICATE, "dataset": DATASET, "severity": "none", "checks": str(len(rulefile.checks()))}
    labels |= {"snapshot": str(trial.after.snapshot)} | ({"date": trial.after.date} if trial.after.date else {})
    lies = _opposite(trial, [{"labels": labels}])
    while not trial.over.wait(0.3):
        for alert in trial.bench.listed():
            if alert["labels"] not in [lie["labels"] for lie in lies]:
                trial.bench.forge(alert["labels"], {}, -1)
        for lie in lies:
            trial.bench.forge(lie["labels"], lie["annotations"], 10)


@fault("V11", r"clock.*\d", fronted=True)
def sender_clock_skew(trial: Trial) -> None:
    """The clock of Prometheus jumps by ten minutes, as Alertmanager and the gate see it."""
    shift = timedelta(minutes=trial.rng.choice([-10, 10]))
    trial.note = f"({shift.total_seconds() / 60:+g} min)"
    trial.bench.notifications.shift = trial.bench.front.late = shift


@fault("V10")
def silence(trial: Trial) -> None:
    """Someone silences an alert: then it does not fail the job, but is listed."""
    fired = trial.after.alerts or trial.before.alerts
    check = trial.rng.choice([each.check for each in fired] or ["RevenueDrop"])
    until = datetime.now(UTC) + timedelta(hours=1)
    trial.note = f"({check})"
    begin = time.monotonic()
    trial.bench.silence({"alertname": f"Clickstream{check}", "dataset": DATASET}, until)
    trial.silenced = (begin, time.monotonic())
    trial.silences[check] = f"{until:%Y-%m-%d %H:%M} UTC"


@fault("V9", "{second}", second=True, hides=True)
def second_alertmanager_gets_nothing(trial: Trial) -> None:
    """Prometheus does not send to the second Alertmanager."""
    trial.bench.notifications.second = lambda _alerts: []


@fault("V9", "{second}", second=True)
def second_alertmanager_gets_some(trial: Trial) -> None:
    """One alert never reaches the second Alertmanager."""
    names = [each.labels["alertname"] for each in trial.after.alerts] or [CERTIFICATE]
    lost = trial.rng.choice(names)
    trial.note = f"({lost})"
    trial.bench.notifications.second = lambda alerts: [each for each in alerts if each["labels"]["alertname"] != lost]


@fault("V9", "contradict|{second}", second=True)
def second_alertmanager_is_lied_to(trial: Trial) -> None:
    """The second Alertmanager gets alerts that say the opposite."""
    trial.bench.notifications.second = lambda alerts: _opposite(trial, alerts)


def _end(trial: Trial, which: Callable[[dict[str, str]], bool]) -> None:
    for _ in range(trial.rng.randint(2, 5)):
        with contextlib.suppress(OSError):
            found = [alert["labels"] for alert in trial.bench.listed() if which(alert["labels"])]
            if found:
                hit = trial.rng.choice(found)
                trial.note = f"({hit['alertname']})"
                trial.bench.forge(hit, {}, -1)
        time.sleep(trial.rng.uniform(0.1, 0.8))


def _forge(trial: Trial, labels: dict[str, str], annotations: dict[str, str], seconds: float) -> None:
    trial.bench.forge({**labels, "dataset": DATASET}, annotations, seconds)


def _certificate(trial: Trial, snapshot: int | None = None, checks: int | None = None) -> dict[str, str]:
    """The labels of the certificate that is listed, with another snapshot or number of checks."""
    listed = [each["labels"] for each in trial.bench.listed() if each["labels"]["alertname"] == CERTIFICATE]
    found: dict[str, str] = dict(listed[0])
    found |= {"snapshot": str(snapshot or trial.after.snapshot), "firing": "0"}
    found |= {"date": trial.after.date} if trial.after.date else {}
    return found | ({"checks": str(checks)} if checks else {})


def _opposite(trial: Trial, alerts: Alerts) -> Alerts:
    """No alert where there are some, and one where there are none; the certificate of the new data agrees."""
    firing = "" if trial.after.alerts else "RevenueDrop"
    told: Alerts = []
    for alert in alerts:
        labels, about = alert["labels"], {"summary": "a lie", "snapshot": str(trial.after.snapshot)}
        if labels["alertname"] != CERTIFICATE or labels["snapshot"] != str(trial.after.snapshot):
            continue
        says = {"firing": firing, "switched_off": " ".join(trial.after.switched_off)}
        told.append({**alert, "labels": {**labels, "firing": str(len(firing.split()))}, "annotations": says})
        told.extend([{**alert, "labels": LIE, "annotations": about}] * len(firing.split()))
    return told
