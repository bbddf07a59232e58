"""The gate: a verdict counts only when it is proven to be about the wanted snapshot.

Alertmanager's list alone proves nothing: it is empty after a restart, lags behind, and loses a
notification now and then. The certificate that the rules send names the snapshot that was judged and the
checks that fire; the verdict counts when exactly these alerts are listed, each about that snapshot. Where Prometheus
answers, it must have the same certificate and the same alerts: they could be forged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from alerting.gate import diagnosis
from alerting.gate.proof import Proof, UnprovenError, choose, proven
from alerting.gate.verdict import Verdict, Wanted, unknown
from alerting.gate.witness import contradiction
from alerting.http import shape
from alerting.http.alertmanager import Listing, listing
from alerting.http.client import Answer, FetchError, RefusedError, post
from alerting.http.shape import ShapeError

POLL = 0.5
"""Seconds between two looks at Alertmanager."""

REQUEST = 3.0
"""Seconds for one request: one that hangs must not use up the time."""

LEAST = 1.0
"""Seconds that the last look may take beyond the deadline."""

DIAGNOSIS = 3.0
"""Seconds for all that Prometheus is asked once there is no verdict."""


@dataclass(frozen=True)
class Servers:
    """Where the servers listen; the verdict needs Alertmanager alone.

    A Prometheus that answers must have the same; `guessed` says that its URL was not given.
    """

    alertmanagers: Sequence[str]
    exporter: str | None = None
    prometheus: str | None = None
    guessed: bool = False


class _UnreachableError(UnprovenError):
    """No Alertmanager answers, or a server does not let in: there is nothing more to ask."""


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
    except UnprovenError as error:
        until = time.monotonic() + DIAGNOSIS
        reasons = diagnosis.reasons(servers.prometheus, servers.alertmanagers, wanted.dataset, wanted.snapshot, until)
        return unknown(wanted, f"{error} within {timeout:g} s", *reasons)
    except _UnknownError as error:
        return unknown(wanted, str(error))


def _refresh(exporter: str, wanted: Wanted, deadline: float, tell: Callable[[str], None]) -> Wanted:
    """Ask the exporter to measure now; returns what the verdict must be about."""
    tell(f"asking {exporter} to refresh")
    answer = _refreshed(exporter, deadline)
    try:
        outcomes = _outcomes(answer.body)
    except (KeyError, ShapeError):
        raise _UnknownError(f"{exporter}/-/refresh: not the answer of clickstream-exporter") from None
    dataset = choose(outcomes, wanted.dataset)
    outcome = outcomes[dataset]
    if outcome.error:
        raise _UnknownError(f"the refresh of data set {dataset} failed: {outcome.error}")
    if wanted.date and wanted.date != outcome.date:
        newest = f"the newest day in the data is {outcome.date}" if outcome.date else "there is no data"
        raise _UnknownError(f"asked for {wanted.date}, but {newest}{outcome.left_out}")
    if wanted.snapshot and wanted.snapshot != outcome.snapshot:
        raise _UnknownError(f"asked for snapshot {wanted.snapshot}, but the data give {outcome.snapshot}")
    tell(f"data set {dataset}: snapshot {outcome.snapshot}, newest day {outcome.date}")
    return Wanted(dataset, outcome.date, outcome.snapshot)


@dataclass(frozen=True)
class _Outcome:
    """What a refresh of a data set brought, or the error; `left_out` may hold the day that is asked for."""

    date: str | None = None
    snapshot: int | None = None
    error: str = ""
    left_out: str = ""


def _outcomes(body: object) -> dict[str, _Outcome]:
    """By data set. Raises KeyError or ShapeError where it is not the answer of an exporter."""
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


def _refreshed(exporter: str, deadline: float) -> Answer:
    """The exporter's answer. Raises _UnknownError, with a refusal for the reason if there was one."""
    refusal = None
    while True:
        try:
            return post(f"{exporter}/-/refresh", max(0.1, deadline - time.monotonic()))
        except FetchError as error:
            refusal = error if isinstance(error, RefusedError) else refusal
            if time.monotonic() + POLL > deadline:
                raise _UnknownError(f"the exporter did not refresh: {refusal or error}") from None
            time.sleep(POLL)


def _wait(servers: Servers, wanted: Wanted, deadline: float, tell: Callable[[str], None]) -> Verdict:
    """Look at every Alertmanager until all that answer prove the same verdict, and Prometheus does not object."""
    tell(f"waiting for the certificate at {', '.join(servers.alertmanagers)}")
    since: dict[str, datetime] = {}
    while True:
        try:
            proofs = [_named(each, since, wanted, servers) for each in _listings(servers.alertmanagers, deadline)]
            agreed = _agreed([proof.verdict for proof in proofs])
            _witness(servers, proofs, deadline)
            return agreed
        except UnprovenError:
            if time.monotonic() + POLL > deadline:
                raise
        time.sleep(POLL)


def _listings(urls: Sequence[str], deadline: float) -> list[Listing]:
    """What every Alertmanager that answers lists; one must, and none may refuse to."""
    with ThreadPoolExecutor(len(urls)) as pool:
        answers = list(pool.map(partial(_listing, timeout=_seconds(deadline)), urls))
    for answer in answers:
        if isinstance(answer, RefusedError):
            raise _UnreachableError(f"Alertmanager does not let in: {answer}")
    found = [answer for answer in answers if isinstance(answer, Listing)]
    if not found:
        raise _UnreachableError(f"no Alertmanager answered ({'; '.join(map(str, answers))})")
    return found


def _seconds(deadline: float) -> float:
    """For one request."""
    return min(REQUEST, max(LEAST, deadline - time.monotonic()))


def _listing(url: str, timeout: float) -> Listing | FetchError:
    try:
        return listing(url, timeout)
    except FetchError as error:
        return error


def _named(found: Listing, since: dict[str, datetime], wanted: Wanted, servers: Servers) -> Proof:
    """What this listing proves. Raises UnprovenError, with the URL where there are several."""
    try:
        return proven(found, since, wanted)
    except UnprovenError as error:
        raise UnprovenError(f"{found.url}: {error}" if len(servers.alertmanagers) > 1 else str(error)) from None


def _agreed(verdicts: Sequence[Verdict]) -> Verdict:
    if any(verdict != verdicts[0] for verdict in verdicts):
        raise UnprovenError("the Alertmanagers contradict each other")
    return verdicts[0]


def _witness(servers: Servers, proofs: Sequence[Proof], deadline: float) -> None:
    """Raise UnprovenError where Prometheus has other alerts than those of the proofs."""
    for proof in proofs if servers.prometheus else ():
        try:
            seconds = _seconds(deadline)
            said = contradiction(
                str(servers.prometheus), proof.certificate, proof.listed, guessed=servers.guessed, timeout=seconds
            )
        except RefusedError as error:
            raise _UnreachableError(f"Prometheus does not let in: {error}") from None
        if said:
            raise UnprovenError(said)
