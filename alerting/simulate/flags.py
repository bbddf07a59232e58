"""The options of `clickstream-check CONFIG --simulate`."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from exporter.arguments import iso_date

ALL: tuple[date | None, date | None] = (None, None)
"""Every day of the data that has a day before it."""

FORBIDDEN = ("as_of", "date", "snapshot", "drill", "sql", "compare_engines", "junit", "details")
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
        parser.error(f"--simulate has no format {options.format}: expected text, json, csv or html")
    if options.format == "csv" and not options.simulate:
        parser.error("--format csv needs --simulate")
    options.format = options.format or ("text" if options.simulate else "json")
