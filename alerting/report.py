"""The command `clickstream-report`: one JSON verdict, whose exit code gates the daily job."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from alerting.gate import Servers, UsageError, Verdict, Wanted, judge
from exporter.cli import USAGE, Parser, iso_date

EXIT_CODES = """exit codes:
  0   PASS: the data were judged, and nothing critical fires
  1   FAIL: the data were judged, and something critical fires
  2   unknown: no verdict could be proven in time; the report says FAIL and what is missing
  64  the arguments or the configuration cannot be used; nothing is on stdout
"""


def url(text: str) -> str:
    """An http(s) URL without the slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL, write it like http://127.0.0.1:9093")
    return text.rstrip("/")


def seconds(text: str) -> float:
    """A number of seconds above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        "clickstream-report",
        description="Asks Alertmanager what fires, proves that the answer is about today's data, and prints a verdict.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--alertmanager.url",
        dest="alertmanagers",
        metavar="URL",
        type=url,
        action="append",
        help="may be given for each of several (http://127.0.0.1:9093)",
    )
    parser.add_argument(
        "--exporter.url",
        dest="exporter",
        metavar="URL",
        type=url,
        help="the exporter to refresh first (http://127.0.0.1:9847 unless --date is given)",
    )
    parser.add_argument(
        "--prometheus.url",
        dest="prometheus",
        metavar="URL",
        type=url,
        default="http://127.0.0.1:9090",
        help="asked only for the reason when there is no verdict (%(default)s)",
    )
    parser.add_argument("--dataset", metavar="NAME", help="the data set, where there are several")
    parser.add_argument("--date", metavar="DATE", type=iso_date, help="the day that the verdict must be about")
    parser.add_argument("--timeout", metavar="S", type=seconds, default=60.0, help="seconds to wait (%(default)g)")
    parser.add_argument("--details", action="store_true", help="list what is inhibited and switched off, too")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1, 2 or 64 as `EXIT_CODES` says."""
    options = _arguments(arguments)
    exporter = options.exporter or (None if options.date else "http://127.0.0.1:9847")
    servers = Servers(options.alertmanagers or ["http://127.0.0.1:9093"], exporter, options.prometheus)
    wanted = Wanted(options.dataset, options.date and options.date.isoformat())
    try:
        verdict = judge(servers, wanted, options.timeout, details=options.details, tell=tell)
    except UsageError as error:
        print(f"clickstream-report: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 2
    return publish(verdict, details=options.details)


def tell(message: str) -> None:
    """Say to a person what goes on."""
    print(message, file=sys.stderr)


def publish(verdict: Verdict, *, details: bool) -> int:
    """Print the report; returns its exit code, or 2 when it could not be written whole."""
    try:
        sys.stdout.write(json.dumps(_report(verdict, details=details), indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    return verdict.exit_code


def _report(verdict: Verdict, *, details: bool) -> dict[str, Any]:
    report: dict[str, Any] = {
        "date": verdict.date,
        "alerts": [{"severity": line.severity, "message": line.message} for line in verdict.lines],
        "status": verdict.status,
    }
    if details:
        report["details"] = {
            "dataset": verdict.dataset,
            "snapshot": verdict.snapshot,
            "switched_off": list(verdict.switched_off),
        }
    return report


if __name__ == "__main__":
    sys.exit(main())
