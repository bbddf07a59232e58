"""Refreshing: measures every data set, and holds what is served."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from exporter.config.model import Dataset
from exporter.facts.model import FactsError, Known, Measured, Query
from exporter.facts.storage import Storage
from exporter.facts.task import Look, Task
from exporter.files.file import File
from exporter.gauges import exposition, snapshot
from exporter.gauges.snapshot import COMPARABLE_LAGS
from exporter.gauges.view import Refresh, View
from exporter.plan import Plan
from exporter.reader.client import Reader, StoppedError
from exporter.text import clean

log = logging.getLogger("exporter")

LONGEST_REMARK = 1000
"""The maximum length of a log line, in characters."""


@dataclass(frozen=True)
class State:
    """What is served: the views by data set, their exposition, and by data set why the last refresh failed."""

    views: Mapping[str, View] = field(default_factory=dict)
    exposition: bytes = b""
    errors: Mapping[str, str] = field(default_factory=dict)


class Refresher:
    """Measures the data sets of a configuration at each refresh, and reuses what has not changed.

    Unless `serving`, the exposition omits what depends on the run, such as times, and is rendered once at the end.
    """

    def __init__(
        self, plan: Plan, as_of: date | None = None, storage: Storage | None = None, *, serving: bool = True
    ) -> None:
        self._plan = self._next = plan
        self._as_of = as_of
        self._serving = serving
        self._storage = storage or Storage()
        self._known: dict[str, Known] = {}
        self._last: dict[str, Measured] = {}
        self._same: dict[str, tuple[File, ...]] = {}
        self._logged: dict[str, tuple[str, ...]] = {}
        self._reader = Reader()
        self.state = State(exposition=exposition.render([]))

    @property
    def interval(self) -> float:
        """Seconds between two refreshes, as configured."""
        return self._next.config.refresh_interval.total_seconds()

    def change(self, plan: Plan) -> None:
        """Use another plan from the next refresh on."""
        self._next = plan

    def refresh(self) -> State:
        """Measure every data set now and serve the result; a data set that fails keeps its last snapshot."""
        self._take_over()
        views: dict[str, View] = {}
        errors: dict[str, str] = {}
        for name, dataset in self._plan.config.datasets.items():
            started = time.time()
            try:
                views[name] = self._measured(name, dataset, started, views)
            except StoppedError:
                return self.state
            except FactsError as error:
                errors[name] = str(error)
                self._log_new(name, f"refresh failed: {error}", level=logging.ERROR)
            except Exception as error:
                errors[name] = f"{type(error).__name__}: {error}"
                log.exception("%s: refresh failed", name)
            if name in errors:
                views[name] = self._failed(name, started)
        return self._serve(views, errors)

    def stop(self) -> None:
        """Stop a refresh that runs in another thread."""
        self._reader.stop()

    def _take_over(self) -> None:
        if self._plan is not self._next:
            self._plan = self._next
            self._last, self._same = {}, {}
            views = {name: view for name, view in self.state.views.items() if name in self._plan.config.datasets}
            self.state = replace(self.state, views=views)

    def _serve(self, views: Mapping[str, View], errors: Mapping[str, str]) -> State:
        self.state = State(views, exposition.render(views.values()), errors)
        return self.state

    def _measured(self, name: str, dataset: Dataset, started: float, so_far: Mapping[str, View]) -> View:
        """The view of the data set; the first time, its newest days are served before the older ones are measured."""
        if (last := self._last.get(name)) and self._is_unchanged(name, dataset, last):
            not_run = {query: Query(each.error) for query, each in last.queries.items()}
            unchanged = replace(last, recomputed=0, queries=not_run)
            return replace(self.state.views[name], refresh=self._refresh(started, unchanged))
        before = self.state.views.get(name)
        is_first = self._serving and not (before and before.snapshot)
        measured = self._read(name, dataset, COMPARABLE_LAGS if is_first else None)
        if measured.remaining:
            newest = self._view(name, dataset, measured, started)
            self._serve({**self.state.views, **so_far, name: newest}, self.state.errors)
            log.info("%s: the newest days are served, %d older ones follow", name, measured.remaining)
            measured = _combined(measured, self._read(name, dataset, None))
            log.info("%s: all %d days are served", name, len(measured.days))
        return self._view(name, dataset, measured, started)

    def _is_unchanged(self, name: str, dataset: Dataset, last: Measured) -> bool:
        """Whether the last reading was complete, and the files are still the same."""
        if last.remaining or not last.known.whole:
            return False
        found = self._reader.find(Look(name, dataset, self._plan.config.resources))
        if found is self._same.get(name):  # the very listing of the refresh before, and thousands need no comparison
            return True
        if tuple(last.known.entries) != found:
            return False
        self._same[name] = found
        return True

    def _view(self, name: str, dataset: Dataset, measured: Measured, started: float) -> View:
        measures = self._plan.measures[name]
        taken = snapshot.take(name, dataset, measures, measured, by_hand=self._as_of is not None)
        return View(name, taken, self._refresh(started, measured), self._plan.config.links, measures)

    def _read(self, name: str, dataset: Dataset, days: int | None) -> Measured:
        """Measure at most `days` new days, None for all, and keep the result for the next reading."""
        storage, now = self._storage.folder(name), datetime.now(UTC)
        known = self._known[name] if name in self._known else self._storage.load(name)
        measures, resources = self._plan.measures[name], self._plan.config.resources
        task = Task(name, dataset, measures, known, self._as_of, now, days, resources, storage)
        measured = self._reader.measure(task)
        problem = None if measured.known == known else self._storage.save(name, measured.known)
        self._known[name], self._last[name] = measured.known, measured
        self._same.pop(name, None)
        self._log_new(name, *_remarks(dataset, measured, self._as_of), *filter(None, (measured.problem, problem)))
        return measured

    def _log_new(self, name: str, *lines: str, level: int = logging.WARNING) -> None:
        """Log the lines that were not logged at the last refresh: repeating them each time would drown the rest."""
        for line in lines:
            if line not in self._logged.get(name, ()):
                log.log(level, "%s: %s", name, clean(line, LONGEST_REMARK))
        self._logged[name] = lines

    def _failed(self, name: str, started: float) -> View:
        before = self.state.views.get(name)
        finished = before.refresh.finished if before else None
        duration = time.time() - started if self._serving else None
        queries = before.refresh.queries if before else None
        refresh = Refresh(False, finished, duration, self._interval(), queries=queries)
        measures = before.measures if before else self._plan.measures[name]
        return View(name, before.snapshot if before else None, refresh, self._plan.config.links, measures)

    def _refresh(self, started: float, measured: Measured) -> Refresh:
        finished = time.time()
        return Refresh(
            success=True,
            finished=finished if self._serving else None,
            duration=finished - started if self._serving else None,
            interval=self._interval(),
            recomputed=measured.recomputed if self._serving else None,
            queries=measured.queries,
            peak=measured.peak if self._serving else None,
        )

    def _interval(self) -> float:
        return self._plan.config.refresh_interval.total_seconds()


def _combined(earlier: Measured, later: Measured) -> Measured:
    """The later reading, with the time, memory and days of both."""
    queries = {
        name: replace(each, seconds=each.seconds + earlier.queries[name].seconds)
        for name, each in later.queries.items()
    }
    peak = max(earlier.peak or 0, later.peak or 0)
    return replace(later, recomputed=earlier.recomputed + later.recomputed, queries=queries, peak=peak)


def _remarks(dataset: Dataset, measured: Measured, as_of: date | None) -> Iterator[str]:
    """What to log about a reading, line by line."""
    if not measured.files.number:
        yield f"no file matches {', '.join(dataset.files)}"
    elif len(measured.files.unreadable) + len(measured.files.waiting) == measured.files.number:
        yield "every file was set aside"
    elif not any(facts.last_event for facts in measured.days):
        what = f"on or before {as_of}" if as_of else "with a plausible timestamp"
        yield f"no event {what} in {measured.files.number} files"
    gauge = "clickstream_purchases"
    purchases = [facts.found[gauge] for facts in measured.days if gauge in facts.found]
    if purchases and not any(purchases):
        yield f"no event on any day is named {', '.join(dataset.purchase)} (purchase)"
    for file in measured.files.unreadable:
        yield f"{file.name} set aside: {file.reason}"
    for file in measured.files.waiting:
        yield f"{file.name} is still being written, not measured yet: {file.reason}"
    if measured.files.replaced:
        yield f"{measured.files.replaced} events in the files of the newest day have text that is not UTF-8: read as ?"
    for query in measured.queries.values():
        if query.error:
            yield f"measure failed: {query.error}"
