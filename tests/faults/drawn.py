"""Broken and healthy days of the catalogue for the lab: what an exporter serves of them, as real servers judged it."""

from __future__ import annotations

import pickle
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from random import Random

from days import DATASET, Day, Fired

from alerting.gate.proof import Proof
from alerting.http.alertmanager import Alert
from alerting.http.client import Client
from tests.broken_days import KINDS
from tests.broken_days.watching import watch

NEWEST = date(2025, 3, 16)
REQUEST = 30.0

_DAYS: list[Day] = []


def draw(seed: str, each: int) -> tuple[list[Day], dict[str, str]]:
    """So many days of each kind, judged on servers without faults; and by draw why there was no verdict."""
    kinds = [kind for kind in KINDS.values() if not kind.clocked and not kind.refused]
    named = {f"{kind.name}-{number}": kind for kind, number in product(kinds, range(each))}
    deliveries = {name: kind.draw(f"{seed} {name}", NEWEST) for name, kind in named.items()}
    with tempfile.TemporaryDirectory() as folder:
        watched = watch(deliveries, Path(folder) / "days", f"--as-of={NEWEST}")
        with watched.judged() as (stack, proofs):
            series = _series(Client().get_text(f"{stack.exporter}/metrics", REQUEST))
    made = [
        _day(name, proof, series[name], named[name].wrong(proof.verdict.lines))
        for name, proof in proofs.items()
        if isinstance(proof, Proof)
    ]
    return made, {name: proof for name, proof in proofs.items() if not isinstance(proof, Proof)}


def save(days: Sequence[Day], path: Path) -> None:
    """Keep the days for the processes that run the trials."""
    path.write_bytes(pickle.dumps(list(days)))


def load(path: Path) -> None:
    """Let `choose` choose of these days."""
    _DAYS[:] = pickle.loads(path.read_bytes())


def choose(rng: Random) -> Day | None:
    """A random day with a new snapshot, None where none was loaded."""
    if not _DAYS:
        return None
    day, snapshot = rng.choice(_DAYS), rng.randrange(1, 2**48)
    return replace(day, snapshot=snapshot, series={**day.series, "clickstream_snapshot": snapshot})


def _day(name: str, proof: Proof, series: Mapping[str, float], wrong: str) -> Day:
    alerts = tuple(_fired(name, alert) for alert in proof.listed)
    kind, off = name.rpartition("-")[0], frozenset(proof.verdict.switched_off)
    return Day(name, 0, proof.verdict.date, series, alerts, off, kind, wrong)


def _fired(name: str, alert: Alert) -> Fired:
    """The alert as that of the data set of the lab."""
    message = alert.annotations["summary"].replace(f"data set {name}", f"data set {DATASET}")
    return Fired({**alert.labels, "dataset": DATASET}, message)


def _series(exposition: str) -> dict[str, dict[str, float]]:
    """By data set its series, without the label of the data set."""
    found: dict[str, dict[str, float]] = {}
    for line in exposition.splitlines():
        if line.startswith("#") or not (label := re.search(r'\bdataset="([^"]*)",?', line)):
            continue
        name, _, value = f"{line[: label.start()]}{line[label.end() :]}".rpartition(" ")
        found.setdefault(label[1], {})[name.removesuffix("{}").replace(",}", "}")] = float(value)
    return found
