"""Judges each day of a replay, batch by batch: a day is a data set of its own, and a batch one cycle of the rules."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from multiprocessing import connection, get_context, parent_process

from alerting.gate.verdict import Line, Subject, Verdict
from alerting.simulate.cycle import Cycle, cycle
from exporter.config.checks import Limits
from exporter.gauges.exposition import render
from exporter.replay import Replay
from exporter.temporary import Folder, remove_dead

BATCH = 50
"""Days of a batch: more need much memory, and a cycle that takes long."""

FOLDER = "clickstream-simulate-"


def judge(replay: Replay, limits: Limits | None, timeout: float) -> Iterator[tuple[date, Verdict]]:
    """The verdict about each day, as `clickstream-check --as-of` gives it; `limits` replace those configured.

    While a batch is judged, the servers of the next one start. Raises StackError, ServerError and TemporaryError.
    """
    remove_dead(FOLDER)
    days = sorted(replay.days)
    batches = [days[start : start + BATCH] for start in range(0, len(days), BATCH)]
    with _rendering(replay, limits, batches) as rendered, ExitStack() as ended:
        before: tuple[ExitStack, Cycle, list[Subject]] | None = None
        for subjects, exposition in rendered:
            started = ended.enter_context(ExitStack())
            folder = started.enter_context(Folder(FOLDER))
            after = started, started.enter_context(cycle(folder, exposition)), subjects
            if before:
                yield from _judged(replay.name, *before, timeout)
            before = after
        if before:
            yield from _judged(replay.name, *before, timeout)


def _judged(
    name: str, started: ExitStack, of: Cycle, subjects: Sequence[Subject], timeout: float
) -> Iterator[tuple[date, Verdict]]:
    """The verdicts of a batch, whose servers are stopped then."""
    found = of.verdicts(subjects, timeout)
    started.close()
    for subject in subjects:
        yield date.fromisoformat(str(subject.date)), _of_dataset(name, found[subject])


def _of_dataset(name: str, verdict: Verdict) -> Verdict:
    """The verdict with the name of the data set in place of `NAME@DAY`."""
    simulated = f"{name}@{verdict.date}"

    def named(line: Line) -> Line:
        texts = {key: getattr(line, key).replace(simulated, name) for key in ("message", "description", "runbook")}
        return replace(line, **texts)

    return replace(
        verdict,
        dataset=name,
        lines=tuple(map(named, verdict.lines)),
        inhibited=tuple(map(named, verdict.inhibited)),
        missing=tuple(each.replace(simulated, name) for each in verdict.missing),
    )


Rendered = tuple[list[Subject], bytes]
"""What the verdicts about the days of a batch must be about, and their exposition."""


@contextmanager
def _rendering(
    replay: Replay, limits: Limits | None, batches: Sequence[Sequence[date]]
) -> Iterator[Iterator[Rendered]]:
    """The batches as they are served: if there are several, another process renders them, while this one judges."""
    if len(batches) == 1:
        yield map(partial(_rendered, replay, limits), batches)
        return
    pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (replay, limits))
    try:
        yield pool.map(_rendered_there, batches)
    finally:
        pool.shutdown(cancel_futures=True)


_OF: list[tuple[Replay, Limits | None]] = []
"""What the other process renders."""


def _begin(replay: Replay, limits: Limits | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    threading.Thread(target=_end_alone, daemon=True).start()
    _OF.append((replay, limits))


def _rendered_there(days: Sequence[date]) -> Rendered:
    return _rendered(*_OF[0], days)


def _end_alone() -> None:
    """End this process if its parent was killed."""
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)


def _rendered(replay: Replay, limits: Limits | None, days: Sequence[date]) -> Rendered:
    views = [replay.view(when, limits) for when in days]
    taken = [each.snapshot for each in views if each.snapshot]
    return [Subject(each.dataset, str(each.date), each.number) for each in taken], render(views)
