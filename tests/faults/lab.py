"""The fault lab: trials of the gate with data whose truth is known, and one fault each.

python tests/faults/lab.py --trials 300 --seed 7 --workers 3 [--fault NAME] [--generation found|newest] [--draws 2]

The data are the cases of the rules' table and, so many of each kind, draws of the catalogue of broken days, which are
measured and judged once beforehand, without faults.

Exits with 1 when a verdict was false, an unknown needless, a reason did not name the true cause, or the gate took
longer than it had.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import drawn  # noqa: E402
import faults_of_alertmanager  # noqa: E402, F401
import faults_of_data  # noqa: E402, F401
import faults_of_rules  # noqa: E402, F401
import faults_of_servers  # noqa: E402, F401
from bench import Bench, running  # noqa: E402
from days import Day, day  # noqa: E402
from faults import FAULTS  # noqa: E402
from trial import FALSE_FAIL, FALSE_PASS, NEEDLESS, RIGHT, UNKNOWN, UNNAMED, BenchError, Fault, Result, run  # noqa: E402

from alerting.stack.stack import StackError  # noqa: E402
from tests.support import generations  # noqa: E402
from tests.support.generations import Generation  # noqa: E402

LATE, OVERRAN = "too late", "overran"
OUTCOMES = (RIGHT, UNKNOWN, UNNAMED, NEEDLESS, FALSE_PASS, FALSE_FAIL)
BROKEN = {UNNAMED, NEEDLESS, FALSE_PASS, FALSE_FAIL}
STARTS = 3
"""How many benches of one worker may not start, on a machine that is busy."""

NO_FAULT = "no fault, beforehand"
BENCH = "bench not whole"
"""Not an outcome of a trial: the bench had to be replaced."""


@dataclass(frozen=True)
class Task:
    """One trial to run: which fault, its number, and the seed of all that is random in it."""

    fault: Fault
    number: int
    seed: str


def tasks(faults: Sequence[Fault], trials: int, seed: str) -> list[Task]:
    """So many trials, every fault as often as any other."""
    made = [Task(each, number, f"{seed}:{each.name}:{number}") for number, each in zip(range(trials), cycle(faults))]
    random.Random(seed).shuffle(made)
    return made


def work(mine: Sequence[Task], programs: Generation, folder: Path) -> Iterator[Result]:
    """Run the trials one after the other on a bench, and on a fresh one where it could not be healed."""
    os.environ |= {"PROMETHEUS": str(programs.prometheus), "ALERTMANAGER": str(programs.alertmanager)}
    rest = list(mine)
    fresh, failed = 0, 0
    while rest:
        fresh += 1
        try:
            with running(folder / str(fresh), day("healthy", 1)) as bench:
                yield from _on(bench, rest)
        except StackError as error:
            failed += 1
            if failed > STARTS:
                raise
            yield Result(rest[0].fault.name, rest[0].number, BENCH, str(error), BENCH, 0.0)


def _on(bench: Bench, rest: list[Task]) -> Iterator[Result]:
    """Run trials, taking them off the list, until one finds the bench broken; the next bench begins with that one."""
    last = ""
    while rest:
        task = rest[0]
        try:
            result = run(bench, task.fault, task.seed, task.number)
        except BenchError as error:
            yield Result(last or task.fault.name, task.number, error.outcome or BENCH, str(error), BENCH, 0.0)
            if not last:
                rest.pop(0)
            return
        yield result
        rest.pop(0)
        last = task.fault.name
        if task.fault.spoils:
            return
        try:
            bench.heal()
        except (OSError, StackError) as error:
            yield Result(last, task.number, BENCH, str(error), BENCH, 0.0)
            return


def collect(mine: Sequence[Task], programs: Generation, folder: Path, draws: Path | None = None) -> list[Result]:
    """All results of `work`, each said on stderr as it comes."""
    if draws:
        drawn.load(draws)
    results = []
    for result in work(mine, programs, folder):
        results.append(result)
        where = f"{programs.name} {result.number:4} {result.fault}: {result.outcome} in {result.seconds:.1f} s"
        print(f"{where} [{result.note}] {result.message}", file=sys.stderr, flush=True)
    return results


def trials(
    wanted: Sequence[Task], programs: Sequence[Generation], workers: int, days: Sequence[Day] = ()
) -> list[Result]:
    """The results of all tasks, of so many benches at a time that take turns with the generations.

    Half of the data are of `days`, if there are any, and the others of the rules' table.
    """
    shares = [wanted[start::workers] for start in range(workers)]
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers, spawn) as pool:
        draws = Path(folder) / "draws" if days else None
        if draws:
            drawn.save(days, draws)
        benches = [
            pool.submit(collect, share, programs[number % len(programs)], Path(folder) / f"bench{number}", draws)
            for number, share in enumerate(shares)
        ]
        return [result for bench in as_completed(benches) for result in bench.result()]


def judged_beforehand(days: Sequence[Day], unproven: Mapping[str, str]) -> list[Result]:
    """What was found of the draws without faults, as trials of no fault."""
    found = [Result(NO_FAULT, 0, _outcome(each), each.wrong, each.case, 0.0, kind=each.kind) for each in days]
    kinds = {name: name.rpartition("-")[0] for name in unproven}
    return found + [Result(NO_FAULT, 0, NEEDLESS, unproven[name], name, 0.0, kind=kinds[name]) for name in unproven]


def _outcome(of: Day) -> str:
    if not of.wrong:
        return RIGHT
    return FALSE_FAIL if of.bad else FALSE_PASS


def is_broken(result: Result) -> bool:
    """Whether the trial ended as none may."""
    return result.outcome in BROKEN or result.overran


def table(results: Sequence[Result]) -> str:
    """How often each fault ended how, and what the unknowns said."""
    counted: dict[str, Counter[str]] = {}
    for result in results:
        counted.setdefault(result.fault, Counter()).update(
            [result.outcome] + [LATE] * result.late + [OVERRAN] * result.overran
        )
    slowest = {name: max(each.seconds for each in results if each.fault == name) for name in counted}
    counted["all"] = sum(counted.values(), Counter())
    columns = (*OUTCOMES, LATE, OVERRAN)
    lines = [f"{'fault':40}{'trials':>8}" + "".join(f"  {column}" for column in columns) + "  slowest"]
    for name, counts in sorted(counted.items(), key=lambda item: (item[0] == "all", item[0])):
        of_it = sum(counts[outcome] for outcome in OUTCOMES)
        lines.append(
            f"{name:40}{of_it:8}" + "".join(f"{counts[column] or '-':>{len(column) + 2}}" for column in columns)
        )
        lines[-1] += f"{slowest.get(name, max(slowest.values(), default=0)):7.1f} s"
    return "\n".join(lines)


def reasons(results: Iterable[Result]) -> str:
    """What was said of each outcome that is not right, most frequent first, with numbers left out."""
    said = Counter(
        (result.fault, result.outcome, re.sub(r"127\.0\.0\.1:\d+|\d{6,}", "#", result.message))
        for result in results
        if result.outcome != RIGHT
    )
    ordered = sorted(said.items(), key=lambda item: (item[0][0], item[0][1], -item[1]))
    return "\n".join(f"{fault}, {outcome}, {count}: {message}" for (fault, outcome, message), count in ordered)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the lab; returns 1 when a requirement is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=len(FAULTS))
    parser.add_argument("--seed", default="1")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--draws", type=int, default=1, help="days of each kind of the catalogue")
    parser.add_argument("--fault", choices=FAULTS, action="append")
    parser.add_argument("--generation", choices=("found", "newest"), action="append")
    options = parser.parse_args(arguments)
    programs = [getattr(generations, name)() for name in options.generation or ("found", "newest")]
    since = time.monotonic()
    days, unproven = drawn.draw(options.seed, options.draws) if options.draws else ([], {})
    results = judged_beforehand(days, unproven) + trials(
        tasks([FAULTS[name] for name in options.fault or FAULTS], options.trials, options.seed),
        programs,
        options.workers,
        days,
    )
    by_kind = table([replace(each, fault=each.kind) for each in results if each.kind])
    print(table(results), by_kind, reasons(results), f"{time.monotonic() - since:.0f} s", sep="\n\n")
    return int(any(is_broken(result) for result in results))


if __name__ == "__main__":
    sys.exit(main())
