"""The side that reads: a fork server that has imported all modules, lists files, and forks for each reading."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import resource
import select
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, NoReturn, cast

from exporter import log
from exporter.engine import chosen
from exporter.facts.measure import find, measure
from exporter.facts.model import FactsError, Measured
from exporter.facts.task import Look, Task
from exporter.files.file import File, is_url
from exporter.measures.devices import classify
from exporter.reader import pipes
from exporter.reader.client import RECEIVED, died

UNTIL_COLLECTION = 100_000
"""New objects until garbage is looked for: a listing has as many as files, and none is garbage."""


def main() -> None:
    """Read requests from stdin and answer on stdout, each task in a fork; what libraries print goes to stderr."""
    requests = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    log.configure(*sys.argv[1:])
    classify("")  # loads its patterns before the first fork
    gc.freeze()  # what was imported is never garbage
    gc.set_threshold(UNTIL_COLLECTION)
    listed: dict[str, tuple[File, ...]] = {}
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            request, spill = cast("tuple[Look | Task, Path]", pipes.read(requests))
            pipes.write(answers, pickle.dumps(RECEIVED))
            if isinstance(request, Look):
                pipes.write(answers, pickle.dumps(_looked(request, listed, answers)))
            else:
                pipes.write(answers, _forked(partial(_measured, request, spill), answers))
            del request


def _looked(look: Look, listed: dict[str, tuple[File, ...]], answers: IO[bytes]) -> tuple[File, ...] | str | None:
    """The answer to `look`; `listed` has the last answers, because sending many files takes time."""
    found = partial(_found, look)
    is_remote = look.dataset.table or any(map(is_url, look.dataset.files))
    files = cast("tuple[File, ...] | str", pickle.loads(_forked(found, answers)) if is_remote else found())
    if isinstance(files, str):
        return files
    if listed.get(look.name) == files:
        return None
    listed[look.name] = files
    return files


def _found(look: Look) -> tuple[File, ...] | str:
    """The files, or why they cannot be listed."""
    try:
        return find(look.dataset, look.resources)
    except FactsError as error:
        return str(error)


def _forked(work: Callable[[], object], answers: IO[bytes]) -> bytes:
    """The pickled result of the work in a process of its own, or how that died."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        answers.close()  # otherwise the exporter would not notice that the fork server died
        _work_and_exit(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        text = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return pickle.dumps(died("the reading process", code)) if code else text


def _work_and_exit(work: Callable[[], object], writing: int) -> NoReturn:
    code = 1
    try:
        threading.Thread(target=_end_alone, args=(writing,), daemon=True).start()
        with os.fdopen(writing, "wb") as answer:
            pickle.dump(work(), answer)
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must never continue as a second fork server
        traceback.print_exc()
    finally:
        os._exit(code)


def _measured(task: Task, spill: Path) -> Measured | str:
    """What was measured, or what failed."""
    try:
        measured = measure(task, spill, chosen.opened)
    except FactsError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - at the border of the process, any error is passed on
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return replace(measured, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _end_alone(writing: int) -> None:
    """End this process once nobody waits for its answer: the other end of its pipe, or of stdin, is closed."""
    poll = select.poll()
    poll.register(sys.stdin.fileno(), 0)
    poll.register(writing, 0)
    poll.poll()
    os._exit(1)


if __name__ == "__main__":
    main()
