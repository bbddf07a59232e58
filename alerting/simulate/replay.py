"""Judges each day of a replay, batch by batch: a day is a data set of its own, and a batch one cycle of the rules."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from multiprocessing import connection, get_context, parent_process

from alerting.gate.verdict import Line, Subject, Verdict
from alerting.simulate.cycle import Cycle, cycle
from alerting.simulate.selected import selected
from exporter.config.checks import Limits
from exporter.gauges.exposition import render
from exporter.replay import Replay
from exporter.temporary import Folder, remove_dead

BATCH = 50
"""Days of a batch: more need much memory, and a cycle that takes long."""

AHEAD = 2
"""Batches whose servers start and scrape, which is mostly waiting, while one is judged."""

FOLDER = "clickstream-simulate-"


def judge(replay: Replay, limits: Limits | None, timeout: float) -> Iterator[tuple[date, Verdict]]:
    """The verdict about each day, as `clickstream-check --as-of` gives it; `limits` replace those configured.

    While a batch is judged, the servers of the next ones start, and scrape. Raises StackError, ServerError and
    TemporaryError.
    """
    remove_dead(FOLDER)
    days = sorted(replay.days)
    batches = [days[start : start + BATCH] for start in range(0, len(days), BATCH)]
    with ThreadPoolExecutor(AHEAD + 1) as pool, _rendering(replay, limits, batches) as rendered, ExitStack() as ended:
        waiting: deque[_Batch] = deque()
        for subjects, exposition in rendered:
            started = ended.enter_context(ExitStack())
            of = started.enter_context(cycle(started.enter_context(Folder(FOLDER)), exposition))
            waiting.append(_Batch(subjects, started, of, pool.submit(of.scrape, timeout)))
            if len(waiting) > AHEAD:
                yield from _judged(replay.name, waiting.popleft(), timeout)
        while waiting:
            yield from _judged(replay.name, waiting.popleft(), timeout)


@dataclass(frozen=True)
class _Batch:
    """Days whose servers are `started`, and what ends when these have scraped all."""

    subjects: Sequence[Subject]
    started: ExitStack
    cycle: Cycle
    scraped: Future[None]


def _judged(name: str, batch: _Batch, timeout: float) -> Iterator[tuple[date, Verdict]]:
    """The verdicts of a batch, whose servers are stopped then."""
    batch.scraped.result()
    found = batch.cycle.verdicts(batch.subjects, timeout)
    batch.started.close()
    for subject in batch.subjects:
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
    gc.disable()  # what is rendered has no cycles, and to look for them takes a fifth of the time
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
    return [Subject(each.dataset, str(each.date), each.number) for each in taken], render(map(selected, views))
