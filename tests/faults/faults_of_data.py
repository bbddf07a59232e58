"""Expositions that lack, repeat or garble a gauge."""

from __future__ import annotations

import math
import random
import threading
from itertools import count

from days import Day, choose
from faults import fault
from trial import Trial

SCRAPED = 5.0
"""Seconds within which Prometheus has scraped another target twice."""

FRAME = ("clickstream_series", "clickstream_snapshot")
"""The gauges that say what a whole scrape is: hit more often."""


@fault("V7", "is NaN", hides=True)
def nan_gauge(trial: Trial) -> None:
    """A series, or every series of its gauge, is NaN."""
    hit = _chosen(trial)
    trial.bench.exporter.change = lambda series: {
        name: math.nan if _is_hit(name, hit) else value for name, value in series.items()
    }


@fault("V7", r"\d+ of \d+ series|has no snapshot", hides=True)
def missing_gauge(trial: Trial) -> None:
    """A series, or all of its gauge, is not there, but is counted."""
    hit = _chosen(trial)
    trial.bench.exporter.change = lambda series: {
        name: value for name, value in series.items() if not _is_hit(name, hit)
    }


@fault("V7", r"is duplicated|has \d+ (of \d+ )?series of|may double|different snapshots", hides=True)
def doubled_gauge(trial: Trial) -> None:
    """A series is duplicated, with another label and another value."""
    hit = _chosen(trial)
    trial.bench.exporter.change = lambda series: {
        **series,
        **{_copied(name): value / 2 + 1 for name, value in series.items() if _is_hit(name, hit)},
    }


@fault("V7", "different snapshots|2 targets", hides=True, spoils=True)
def second_exporter(trial: Trial) -> None:
    """A second target serves another day as the same data set."""
    other = choose(trial.rng, bad=trial.rng.random() < 0.5)
    scrapes = count(1)
    scraped = threading.Event()

    def twin_day() -> Day:
        if next(scrapes) > 1:
            scraped.set()  # so that Prometheus has the first
        return other

    trial.bench.exporter.twin_day = twin_day
    scraped.wait(SCRAPED)


@fault("V3", spoils=True, about=("UnreadableFiles", "DataStale", "QueryFailing", "EventNameVanished", "MissingDay"))
def exporter_moved(trial: Trial) -> None:
    """Another target serves the data set from now on."""
    exporter = trial.bench.exporter
    exporter.change, exporter.twin_day = lambda _series: {}, lambda: exporter.day


def _chosen(trial: Trial) -> str:
    """A gauge, or a single series, that both days have."""
    both = sorted(trial.before.series.keys() & trial.after.series.keys())
    series = trial.rng.choice(FRAME if trial.rng.random() < 0.3 else both)
    hit = random.Random(trial.rng.random()).choice([series, series.split("{")[0]])
    trial.note = f"({hit})"
    return hit


def _is_hit(name: str, hit: str) -> bool:
    return hit in (name, name.split("{", 1)[0])


def _copied(name: str) -> str:
    return f'{name[:-1]},copy="1"}}' if "{" in name else f'{name}{{copy="1"}}'
