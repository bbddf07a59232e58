"""`clickstream-check CONFIG --simulate`: from the configuration to what is printed."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from alerting.formats.printed import takes_colours
from alerting.gate.proof import UsageError
from alerting.publish import log, write
from alerting.simulate import incidents, replay
from alerting.simulate.changes import tried
from alerting.simulate.judged import Days
from alerting.simulate.printed import printed
from alerting.simulate.result import Result
from alerting.stack.programs import ServerError, find
from alerting.stack.stack import StackError
from exporter import replay as measuring
from exporter.config.checks import Limits
from exporter.facts.model import FactsError
from exporter.facts.storage import Storage, StorageError
from exporter.plan import Plan
from exporter.replay import Replay
from exporter.temporary import TemporaryError


def simulate(options: argparse.Namespace, plan: Plan, name: str) -> int:
    """Replay the days of the data set and print what was found; returns 0, or 2 if a day could not be judged.

    Raises UsageError and ConfigError.
    """
    try:
        result = run(options, plan, name)
    except (FactsError, StackError, ServerError, TemporaryError, OSError) as error:
        log(f"data set {name}: {error}")
        return 2
    if not result.days:
        log(f"data set {name}: no day to judge: {_range(options)} has no event")
        return 2
    colour = sys.stdout is not None and sys.stdout.isatty() and takes_colours()
    encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
    code = write(printed(result, options.format, colour=colour, encoding=encoding))
    return code or (0 if result.complete else 2)


def run(options: argparse.Namespace, plan: Plan, name: str) -> Result:
    """What the rules find on each day. Raises what `simulate` reports."""
    limits = tried(plan.config.datasets[name].limits, options.limit)
    known = incidents.load(options.incidents) if options.incidents else None
    for program in ("prometheus", "alertmanager"):
        find(program)
    try:
        first, last = options.simulate
        found = measuring.measure(plan, name, first, last, Storage(options.storage))
    except StorageError as error:
        raise UsageError(str(error)) from None
    judged = _judged(found, None, options.timeout, name)
    if not limits:
        return Result(name, judged, found.quiet, incidents=known)
    others = _judged(found, limits, options.timeout, f"{name}, tried")
    changed = {key: getattr(limits, key) for key in _names(options)}
    return Result(name, judged, found.quiet, changed, others, known)


def _range(options: argparse.Namespace) -> str:
    first, last = options.simulate
    return f"{first} to {last}" if first else "the data after their first day"


def _names(options: argparse.Namespace) -> list[str]:
    return [setting.partition("=")[0] for setting in options.limit]


def _judged(of: Replay, limits: Limits | None, timeout: float, title: str) -> Days:
    """The verdict about each day, with a progress bar on a terminal, otherwise a line for each batch."""
    found = {}
    with tqdm(total=len(of.days), desc=title, unit=" days judged", delay=1, leave=False, disable=None) as bar:
        for when, verdict in replay.judge(of, limits, timeout):
            found[when] = verdict
            bar.update()
            if bar.disable and (len(found) % replay.BATCH == 0 or len(found) == len(of.days)):
                log(f"{title}: {len(found)} of {len(of.days)} days judged")
    return found
