"""What `clickstream-report` and `clickstream-check` share of their command lines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from alerting.formats.printed import FORMATS
from exporter.arguments import iso_date, url

EXIT_CODES = """exit codes:
  0   PASS: the data were judged, and nothing critical fires
  1   FAIL: the data were judged, and something critical fires
  2   unknown: no verdict could be proven in time; the report says FAIL and what is missing
  64  the arguments or the configuration cannot be used; nothing is on stdout
"""


ALERTMANAGER = "http://127.0.0.1:9093"
"""The URL of Alertmanager unless another is given."""


def seconds(text: str) -> float:
    """A number of seconds above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"invalid time {text!r}: expected a number of seconds above 0, for example 60")
    return value


def duration(text: str) -> float:
    """The seconds of a duration with a unit."""
    parts = re.fullmatch(r"([1-9]\d{0,4})([smh])", text)
    if not parts:
        raise argparse.ArgumentTypeError(f"invalid duration {text!r}: expected a number with s, m or h, for example 6h")
    return float(parts[1]) * {"s": 1, "m": 60, "h": 3600}[parts[2]]


def snapshot(text: str) -> int:
    """The number of a snapshot: 48 bits, above 0."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**48:
        raise argparse.ArgumentTypeError(f"invalid snapshot {text!r}: expected a whole number from 1 to 2^48 - 1")
    return int(text)


def add_alertmanagers(parser: argparse.ArgumentParser, use: str) -> None:
    """Add the option for the URLs of Alertmanagers; its value is None where it is not given."""
    parser.add_argument(
        "--alertmanager.url",
        dest="alertmanagers",
        metavar="URL",
        type=url,
        action="append",
        help=f"{use} (default: {ALERTMANAGER})",
    )


def add_common(
    parser: argparse.ArgumentParser, timeout: float | None, default: str, further: Sequence[str] = ()
) -> None:
    """Add the options that clickstream-report and clickstream-check share.

    `default` describes the timeout's; `further` are formats of one alone.
    """
    parser.add_argument("--dataset", metavar="NAME", help="the data set, needed if there are several")
    parser.add_argument("--date", metavar="DATE", type=iso_date, help="the day that the verdict must be about")
    parser.add_argument("--snapshot", metavar="N", type=snapshot, help="the snapshot that the verdict must be about")
    parser.add_argument(
        "--timeout", metavar="S", type=seconds, default=timeout, help=f"seconds to wait (default: {default})"
    )
    parser.add_argument(
        "--format",
        choices=[*FORMATS, *further],
        default="json",
        help="the output format: text and html for people, markdown for tickets, emf for CloudWatch (default: json)",
    )
    parser.add_argument(
        "--details", action="store_true", help="add inhibited alerts and switched-off checks to the JSON"
    )
    parser.add_argument("--junit", metavar="FILE", type=Path, help="also write the verdict as JUnit XML")
