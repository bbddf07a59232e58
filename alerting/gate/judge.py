"""The gate: a verdict counts only when it is proven to be about the expected snapshot.

Alertmanager's list alone proves nothing: it is empty after a restart, lags behind, and misses an alert whose
notification was lost. So the rules send a certificate that names the snapshot they judged and the checks that fire, and
the verdict counts when exactly these alerts are listed, each about that snapshot. All of it could be forged; so where
Prometheus answers, it must have the same certificate and the same alerts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from alerting.gate import diagnosis, pace
from alerting.gate.proof import Proof, UnprovenError, choose, proven
from alerting.gate.verdict import Subject, Verdict, unknown
from alerting.gate.witness import Prometheus, contradiction
from alerting.http import shape
from alerting.http.alertmanager import Listing, listing
from alerting.http.client import Answer, Client, FetchError, RefusedError
from alerting.http.shape import ShapeError

POLL = 0.5
"""Seconds between two requests to Alertmanager."""

REQUEST_TIMEOUT = 3.0
"""Seconds for one request: one that hangs must not use up the whole timeout."""

MIN_REQUEST_TIMEOUT = 1.0
"""Seconds that the last request may take, even beyond the deadline."""

DIAGNOSIS_TIMEOUT = 3.0
"""Seconds for all queries to Prometheus after a verdict could not be proven."""


@dataclass(frozen=True)
class Servers:
    """The URLs of the servers; a verdict needs only Alertmanager.

    A Prometheus that answers must agree; `is_default` says that its URL was not given. `severities` has our names of
    severities by those that the company gives them.
    """

    alertmanagers: Sequence[str]
    exporter: str | None = None
    prometheus: str | None = None
    is_default: bool = False
    severities: Mapping[str, str] = field(default_factory=dict)


class _UnreachableError(UnprovenError):
    """No Alertmanager answers, or a server refuses access: a diagnosis would add nothing."""


class _UnknownError(Exception):
    """Why there is no verdict, however long one waits."""


def judge(
    client: Client, servers: Servers, subject: Subject, timeout: float | None, log: Callable[[str], None]
) -> Verdict:
    """Wait up to `timeout` seconds for a proven verdict, and `log` the progress.

    Without a timeout, wait for as long as the intervals and flags of Prometheus need.

    A server that fails raises nothing: it makes the verdict unknown, whose alert gives the reason.
    Raises UsageError when a data set must be chosen.
    """
    timeout = timeout or _timeout(client, servers, log)
    began = time.monotonic()
    deadline = began + timeout
    try:
        if servers.exporter:
            subject = _refresh(client, servers.exporter, subject, deadline, log)
            began = time.monotonic()
        return _wait(client, servers, subject, deadline, log)
    except _UnreachableError as error:
        return unknown(subject, f"{error} within {timeout:g} s")
    except UnprovenError as error:
        end = time.monotonic() + DIAGNOSIS_TIMEOUT
        reasons = diagnosis.reasons(
            client, servers.prometheus, servers.alertmanagers, subject.dataset, subject.snapshot, end, deadline - began
        )
        return unknown(subject, f"{error} within {timeout:g} s", *reasons)
    except _UnknownError as error:
        return unknown(subject, str(error))


def _timeout(client: Client, servers: Servers, log: Callable[[str], None]) -> float:
    """How long to wait for this Prometheus."""
    found = pace.pace(Prometheus(client, servers.prometheus).data) if servers.prometheus else None
    if not found or found.wait == pace.WAIT:
        return pace.WAIT
    log(f"waiting up to {found.wait:g} s, because of the intervals and flags of {servers.prometheus}")
    return found.wait


def _refresh(client: Client, exporter: str, subject: Subject, deadline: float, log: Callable[[str], None]) -> Subject:
    """Have the exporter measure now; returns what the verdict must be about."""
    log(f"refreshing {exporter}")
    answer = _refreshed(client, exporter, deadline)
    try:
        outcomes = _outcomes(answer.body)
    except (KeyError, ShapeError):
        raise _UnknownError(f"{exporter}/-/refresh: not a valid answer of clickstream-exporter") from None
    dataset = choose(outcomes, subject.dataset)
    outcome = outcomes[dataset]
    if outcome.error:
        raise _UnknownError(f"the refresh of data set {dataset} failed: {outcome.error}")
    if subject.date and subject.date != outcome.date:
        newest = f"the newest day in the data is {outcome.date}" if outcome.date else "there is no data"
        raise _UnknownError(f"requested {subject.date}, but {newest}{outcome.left_out}")
    if subject.snapshot and subject.snapshot != outcome.snapshot:
        raise _UnknownError(f"requested snapshot {subject.snapshot}, but the data give {outcome.snapshot}")
    log(f"data set {dataset}: snapshot {outcome.snapshot}, newest day {outcome.date}")
    return Subject(dataset, outcome.date, outcome.snapshot)


@dataclass(frozen=True)
class _Outcome:
    """What a refresh of a data set measured, or its error; what was `left_out` may hold the expected day."""

    date: str | None = None
    snapshot: int | None = None
    error: str = ""
    left_out: str = ""


def _outcomes(body: object) -> dict[str, _Outcome]:
    """The outcomes by data set. Raises KeyError or ShapeError where the answer is not that of an exporter."""
    found = map(shape.mapping, shape.sequence(shape.mapping(body)["datasets"]))
    return {shape.text(each["dataset"]): _outcome(each) for each in found}


def _outcome(each: Mapping[str, Any]) -> _Outcome:
    if "error" in each:
        return _Outcome(error=shape.text(each["error"]) or "no reason given")
    counts = {
        "unreadable files, set aside": each.get("unreadable_files"),
        "files being written": each.get("waiting_files"),
        "events of days that are not over": each.get("early_events"),
        "events without a plausible timestamp": each.get("implausible_timestamp_events"),
    }
    left_out = "".join(f"; {what}: {shape.whole(count)}" for what, count in counts.items() if count)
    return _Outcome(shape.day(each["date"]), shape.whole(each["snapshot"]), left_out=left_out)


def _refreshed(client: Client, exporter: str, deadline: float) -> Answer:
    """The exporter's answer. Raises _UnknownError; a refused access takes precedence as the reason."""
    refusal = None
    while True:
        try:
            return client.post(f"{exporter}/-/refresh", max(0.1, deadline - time.monotonic()))
        except FetchError as error:
            refusal = error if isinstance(error, RefusedError) else refusal
            if time.monotonic() + POLL > deadline:
                raise _UnknownError(f"the exporter did not refresh: {refusal or error}") from None
            time.sleep(POLL)


def _wait(client: Client, servers: Servers, subject: Subject, deadline: float, log: Callable[[str], None]) -> Verdict:
    """Poll every Alertmanager until all that answer prove the same verdict, and Prometheus does not contradict."""
    log(f"waiting for the certificate at {', '.join(servers.alertmanagers)}")
    since: dict[str, datetime] = {}
    while True:
        try:
            listings = _listings(client, servers, deadline)
            proofs = [_proven(each, since, subject, servers) for each in listings]
            agreed = _agreed([proof.verdict for proof in proofs])
            _check_prometheus(client, servers, proofs, deadline)
            return agreed
        except UnprovenError:
            if time.monotonic() + POLL > deadline:
                raise
        time.sleep(POLL)


def _listings(client: Client, servers: Servers, deadline: float) -> list[Listing]:
    """What every Alertmanager that answers lists; at least one must answer, and none may refuse access."""
    ask = partial(_listing, client, timeout=_seconds(deadline), severities=servers.severities)
    with ThreadPoolExecutor(len(servers.alertmanagers)) as pool:
        answers = list(pool.map(ask, servers.alertmanagers))
    for answer in answers:
        if isinstance(answer, RefusedError):
            raise _UnreachableError(f"Alertmanager refused access: {answer}")
    found = [answer for answer in answers if isinstance(answer, Listing)]
    if not found:
        raise _UnreachableError(f"no Alertmanager answered ({'; '.join(map(str, answers))})")
    return found


def _seconds(deadline: float) -> float:
    """The timeout of one request."""
    return min(REQUEST_TIMEOUT, max(MIN_REQUEST_TIMEOUT, deadline - time.monotonic()))


def _listing(client: Client, url: str, timeout: float, severities: Mapping[str, str]) -> Listing | FetchError:
    try:
        return listing(client, url, timeout, severities)
    except FetchError as error:
        return error


def _proven(found: Listing, since: dict[str, datetime], subject: Subject, servers: Servers) -> Proof:
    """The proof in this listing. Raises UnprovenError, with the URL where there are several."""
    try:
        return proven(found, since, subject)
    except UnprovenError as error:
        raise UnprovenError(f"{found.url}: {error}" if len(servers.alertmanagers) > 1 else str(error)) from None


def _agreed(verdicts: Sequence[Verdict]) -> Verdict:
    if any(verdict != verdicts[0] for verdict in verdicts):
        raise UnprovenError("the Alertmanagers contradict each other")
    return verdicts[0]


def _check_prometheus(client: Client, servers: Servers, proofs: Sequence[Proof], deadline: float) -> None:
    """Raise UnprovenError where Prometheus has other alerts than those of the proofs."""
    for proof in proofs if servers.prometheus else ():
        try:
            prometheus = Prometheus(client, str(servers.prometheus), _seconds(deadline), servers.severities)
            found = contradiction(prometheus, proof.certificate, proof.listed, is_default=servers.is_default)
        except RefusedError as error:
            raise _UnreachableError(f"Prometheus refused access: {error}") from None
        if found:
            raise UnprovenError(found)
