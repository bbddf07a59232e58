"""`clickstream-check CONFIG --simulate`: its options, from the configuration to what is printed."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

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
from exporter.arguments import iso_date
from exporter.config.checks import Limits
from exporter.facts.model import FactsError
from exporter.facts.storage import Storage, StorageError
from exporter.plan import Plan
from exporter.replay import Replay
from exporter.temporary import TemporaryError

ALL: tuple[date | None, date | None] = (None, None)
"""Every day of the data that has a day before it."""

FORBIDDEN = ("as_of", "date", "snapshot", "drill", "sql", "junit", "details")
"""Options of a verdict about one day."""


def days(text: str) -> tuple[date, date]:
    """The first and the last day of a range written as FROM..TO."""
    first, dots, last = text.partition("..")
    if not dots:
        raise argparse.ArgumentTypeError(
            f"invalid range {text!r}: expected FROM..TO, for example 2025-02-01..2025-03-09"
        )
    found = iso_date(first), iso_date(last)
    if found[1] < found[0]:
        raise argparse.ArgumentTypeError(f"invalid range {text!r}: the last day is before the first")
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a simulation."""
    parser.add_argument(
        "--simulate",
        metavar="FROM..TO",
        nargs="?",
        type=days,
        const=ALL,
        help="instead of judging one day, show what the rules would have done on each day (default: all days that have "
        "one before them; exit code 0, or 2 if a day could not be judged)",
    )
    parser.add_argument(
        "--limit",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="with --simulate, show what this limit would change; repeat the option for each of several",
    )
    parser.add_argument(
        "--incidents",
        metavar="FILE",
        type=Path,
        help="with --simulate, score each check by what really happened: YAML or CSV with date, check and note",
    )
    parser.add_argument(
        "--storage.path",
        dest="storage",
        metavar="DIR",
        type=Path,
        help="with --simulate, keep what was measured there, so that the next simulation measures only new days",
    )


def require(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse options that do not go together, and set the format that is not given."""
    given = {name: value for name in FORBIDDEN if (value := getattr(options, name))}
    if options.simulate and given:
        parser.error(f"--simulate excludes --{next(iter(given)).replace('_', '-')}")
    for name, value in (("limit", options.limit), ("incidents", options.incidents), ("storage.path", options.storage)):
        if value and not options.simulate:
            parser.error(f"--{name} needs --simulate")
    if options.simulate and options.format in ("markdown", "junit", "emf"):
        parser.error(f"--simulate has no format {options.format}: expected text, json or csv")
    if options.format == "csv" and not options.simulate:
        parser.error("--format csv needs --simulate")
    options.format = options.format or ("text" if options.simulate else "json")


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
