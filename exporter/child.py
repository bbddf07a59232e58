"""Measures a data set in a process of its own, so that a hostile file takes down a refresh and no more."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import signal
from datetime import date, datetime
from multiprocessing.connection import Connection

from exporter.config import Dataset
from exporter.facts import FactsError, Known, Measured, measure

_SPAWN = multiprocessing.get_context("spawn")


class Child:
    """Measures in one process after another, until it is stopped from another thread."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._stopped = False

    def measure(self, dataset: Dataset, known: Known, as_of: date | None, now: datetime) -> Measured:
        """What `exporter.facts.measure` returns, measured by a new process.

        Raises FactsError, also when the process died.
        """
        ours, theirs = _SPAWN.Pipe(duplex=False)
        process = _SPAWN.Process(target=_answer, args=(theirs, dataset, known, as_of, now), daemon=True)
        process.start()
        theirs.close()
        self._process = process
        if self._stopped:
            process.kill()
        try:
            answer = ours.recv()
        except EOFError:
            process.join()
            raise FactsError(f"the reading process died ({_reason(process.exitcode)})") from None
        finally:
            ours.close()
        process.join()
        if not isinstance(answer, Measured):
            raise FactsError(str(answer))
        return answer

    def stop(self) -> None:
        """End the process that runs, and every later one, at once."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()


def _answer(pipe: Connection, dataset: Dataset, known: Known, as_of: date | None, now: datetime) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pipe.send(measure(dataset, known, as_of, now))
    except FactsError as error:
        pipe.send(str(error))
    except Exception as error:  # noqa: BLE001 - the border of the process: whatever it was, the parent must hear it
        pipe.send(f"{type(error).__name__}: {error}".splitlines()[0])


def _reason(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
