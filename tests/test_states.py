"""Whatever the days, the rules find the states that the definitions say, on every generation of Prometheus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import Phase, given, settings

from alerting.simulate.served import serving
from exporter.gauges import own
from exporter.measures import declared
from tests.support import generations, oracle
from tests.support.day_tables import Table, exposition, gauges
from tests.support.generations import Generation
from tests.support.judging import CERTIFICATE, STATE, ask, first_cycle, prometheus
from tests.support.random_tables import tables

DATA_SETS = 400

SHOWN = 5
"""Data sets that a failure prints in full."""

QUIET = (
    *("DataStale", "RevenueSpike", "SmallSampleDay", "BaselineShort", "LowVolume", "NotMeasured"),
    *("EarlyEvents", "WaitingFiles", "ReplacedText"),
)
"""Checks that may be switched off without a reason: one looks at the clock alone, the others only inform."""

REASONS = (
    *("QueryFailing", "NoData", "NoPurchases", "PurchasesWithoutRevenue"),
    *("SmallSampleDay", "BaselineShort", "LowVolume", "NotMeasured", "SwitchedOff", "LimitOutOfReach"),
)
"""One of these fires where another check is switched off."""

NEVER_OFF = ("DaysExcluded", "SwitchedOff", "LimitOutOfReach", "HistoryShort", "LowVolume", "NotMeasured")

States = Mapping[str, int]
"""Check to state."""


@dataclass(frozen=True)
class Cycle:
    """What the rules made of tables at the time `at`: the states and the certificates' labels, by data set."""

    at: float
    tables: Mapping[str, Table]
    states: Mapping[str, States]
    certificates: Mapping[str, Mapping[str, str]]


@cache
def data_sets() -> dict[str, Table]:
    """The tables, each under the seed from which `random_tables.random_table` makes it again."""
    made: dict[str, Table] = {}

    @settings(max_examples=DATA_SETS, phases=[Phase.generate], derandomize=True, deadline=None, database=None)
    @given(tables(time.time()))
    def collect(seeded: tuple[int, Table]) -> None:
        made[str(seeded[0])] = seeded[1]

    collect()
    return made


def judged_by(generation: Generation) -> dict[str, Table]:
    """The tables; of the generation that takes twice as long, every fourth one."""
    step = 4 if generation == generations.found() else 1
    return {name: table for place, (name, table) in enumerate(data_sets().items()) if place % step == 0}


@pytest.fixture(scope="module")
def cycle(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """What a real Prometheus finds in the tables with the shipped rules."""
    folder, judged = tmp_path_factory.mktemp("prometheus"), judged_by(generation)
    with (
        serving(exposition(judged).encode()) as target,
        prometheus(generation.prometheus, folder, target) as (url, process),
    ):
        at = first_cycle(url, process)
        found = ask(url, f"{STATE} and timestamp({STATE}) == {at!r}", at)
        certificates = ask(url, f"{CERTIFICATE} and timestamp({CERTIFICATE}) == {at!r}", at)
    states: dict[str, dict[str, int]] = {dataset: {} for dataset in judged}
    for labels, value in found:
        assert labels["check"] not in states[labels["dataset"]], f"two states of {labels}"
        states[labels["dataset"]][labels["check"]] = int(value)
    return Cycle(at, judged, states, {labels["dataset"]: labels for labels, _ in certificates})


def judged(table: Table, at: float) -> States:
    """The states that the definitions say, but for those that hang on the rounding of the last digit."""
    rounded = oracle.states(table, at, float)
    return {check: state for check, state in oracle.states(table, at).items() if rounded[check] == state}


def shown(differences: Mapping[str, str]) -> str:
    """What differs in which data set, and the first of them in full."""
    lines = [f"data set {dataset}: {what}" for dataset, what in differences.items()]
    return "\n".join([*lines, *(f"data set {name}:\n{data_sets()[name]}" for name in list(differences)[:SHOWN])])


def test_states_are_those_of_the_definitions(cycle: Cycle) -> None:
    """Each check of each data set has one state, and it is what the oracle says."""
    differences, skipped = {}, 0
    for dataset, table in cycle.tables.items():
        expected, found = judged(table, cycle.at), cycle.states[dataset]
        skipped += len(oracle.CHECKS) - len(expected)
        wrong = [
            f"{check} {found.get(check)} != {state}" for check, state in expected.items() if found.get(check) != state
        ]
        unknown = sorted(found.keys() - oracle.CHECKS.keys())
        if wrong or unknown:
            differences[dataset] = ", ".join(wrong + unknown)
    print(f"{skipped} states hang on the rounding of the last digit")
    assert not differences, shown(differences)
    assert skipped < len(cycle.tables) * len(oracle.CHECKS) / 1000


def test_what_is_switched_off_has_a_reason(cycle: Cycle) -> None:
    """Where a check other than the quiet ones is switched off, an alert says why."""
    differences = {}
    for dataset, table in cycle.tables.items():
        states = cycle.states[dataset]
        firing = {check for check, state in states.items() if state == oracle.FIRING}
        off = [check for check, state in states.items() if state == oracle.OFF and check not in QUIET]
        if table.servable and off and not firing.intersection(REASONS):
            differences[dataset] = f"no reason for {', '.join(off)}"
    assert not differences, shown(differences)


def test_certificates_count_what_fires(cycle: Cycle) -> None:
    """A data set has a certificate unless a series is NaN, and it says how many checks fire."""
    whole = [dataset for dataset, table in cycle.tables.items() if not table.has_nan]
    expected = {dataset: str(list(cycle.states[dataset].values()).count(oracle.FIRING)) for dataset in whole}
    assert {dataset: labels["firing"] for dataset, labels in cycle.certificates.items()} == expected
    assert {labels["checks"] for labels in cycle.certificates.values()} == {str(len(oracle.CHECKS))}


def test_tables_reach_every_state() -> None:
    """There are as many tables as asked for, and every check is in every state that it can have, a few times."""
    now = time.time()
    counts = Counter(each for table in data_sets().values() for each in oracle.states(table, now).items())
    print(
        *(f"{check:24} {' '.join(f'{counts[check, state]:4}' for state in range(3))}" for check in oracle.CHECKS),
        sep="\n",
    )
    assert len(data_sets()) >= DATA_SETS
    wanted = {(check, state) for check in oracle.CHECKS for state in range(3)} - {(check, 2) for check in NEVER_OFF}
    assert {each for each in wanted if counts[each] < 3} == set()


def test_tables_have_the_gauges_of_the_exporter() -> None:
    """No gauge is misspelt, and none of a measure is forgotten."""
    measured = {gauge for measure in declared.load() for gauge in measure.gauges}
    twins = {twin for measure in declared.load() for twin in measure.twins.values()}
    found = gauges(data_sets())
    assert measured | twins <= found
    assert found <= measured | twins | set(own.HELP)
