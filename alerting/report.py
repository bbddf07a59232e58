"""The command `clickstream-report`: one verdict, whose exit code gates the daily job."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from alerting.formats import junit
from alerting.formats.outline import plain, rests_on
from alerting.formats.printed import FORMATS, printed
from alerting.gate.day_numbers import NumbersError, day_numbers
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Verdict, Wanted, unknown
from alerting.http.client import be_let_in
from exporter.arguments import USAGE, Parser, iso_date

EXIT_CODES = """exit codes:
  0   PASS: the data were judged, and nothing critical fires
  1   FAIL: the data were judged, and something critical fires
  2   unknown: no verdict could be proven in time; the report says FAIL and what is missing
  64  the arguments or the configuration cannot be used; nothing is on stdout
"""


ALERTMANAGER = "http://127.0.0.1:9093"
"""Where Alertmanager is looked for unless it is named."""


def url(text: str) -> str:
    """An http(s) URL without the slash at its end."""
    parts, port = urlsplit(text), 0
    with contextlib.suppress(ValueError):
        port = parts.port or 1
    if "@" in parts.netloc:  # and not a word of what it is
        raise argparse.ArgumentTypeError("a URL must not have a user or a password, give them in --http.config.file")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port:
        raise argparse.ArgumentTypeError(f"invalid URL {text!r}: expected one like http://127.0.0.1:9093")
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


def snapshot(text: str) -> int:
    """The number of a snapshot: 48 bits, not 0."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**48:
        raise argparse.ArgumentTypeError(f"{text!r} is no snapshot, which is a whole number below 2^48")
    return int(text)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        "clickstream-report",
        description="Asks Alertmanager what fires, proves that the answer is about today's data, and prints a verdict.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_alertmanagers(parser, "may be given for each of several")
    add_http_config(parser, "those that are named here")
    parser.add_argument(
        "--exporter.url",
        dest="exporter",
        metavar="URL",
        type=url,
        help="the exporter to refresh first (http://127.0.0.1:9847 unless --date or --snapshot is given)",
    )
    parser.add_argument(
        "--prometheus.url",
        dest="prometheus",
        metavar="URL",
        type=url,
        help="the one that evaluates the rules: where it answers, it must agree (http://127.0.0.1:9090)",
    )
    add_common(parser, timeout=60)
    options = parser.parse_args(arguments)
    if options.http and not (options.alertmanagers or options.exporter or options.prometheus):
        parser.error("--http.config.file is for servers that are named, name them with --alertmanager.url and the like")
    return options


def add_alertmanagers(parser: argparse.ArgumentParser, use: str) -> None:
    """Add the option that names Alertmanagers; none where it is not given."""
    parser.add_argument(
        "--alertmanager.url",
        dest="alertmanagers",
        metavar="URL",
        type=url,
        action="append",
        help=f"{use} ({ALERTMANAGER})",
    )


def add_http_config(parser: argparse.ArgumentParser, whom: str) -> None:
    """Add the option that names the file with TLS and credentials."""
    parser.add_argument(
        "--http.config.file",
        dest="http",
        metavar="FILE",
        type=Path,
        help=f"TLS and credentials for {whom}, in Prometheus' format of http_config (amtool has it, too)",
    )


def add_common(parser: argparse.ArgumentParser, timeout: float) -> None:
    """Add the options that clickstream-report and clickstream-check share."""
    parser.add_argument("--dataset", metavar="NAME", help="the data set, where there are several")
    parser.add_argument("--date", metavar="DATE", type=iso_date, help="the day that the verdict must be about")
    parser.add_argument("--snapshot", metavar="N", type=snapshot, help="the snapshot that it must be about")
    parser.add_argument("--timeout", metavar="S", type=seconds, default=timeout, help="seconds to wait (%(default)g)")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="json",
        help="how to print the verdict: text for a person, markdown for a ticket, emf for CloudWatch (%(default)s)",
    )
    parser.add_argument("--details", action="store_true", help="json: list what is inhibited and switched off, too")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the verdict as JUnit XML, too")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1, 2 or 64 as `EXIT_CODES` says."""
    options = _arguments(arguments)
    exporter = options.exporter or (None if options.date or options.snapshot else "http://127.0.0.1:9847")
    servers = Servers(
        options.alertmanagers or [ALERTMANAGER],
        exporter,
        options.prometheus or "http://127.0.0.1:9090",
        guessed=not options.prometheus,
    )
    wanted = Wanted(options.dataset, options.date and options.date.isoformat(), options.snapshot)
    numbers: Mapping[str, float] = {}
    try:
        if options.http:
            named = (*(options.alertmanagers or ()), options.exporter, options.prometheus)
            use_http_config(options.http, filter(None, named))
        announce(options.junit, wanted)
        verdict = judge(servers, wanted, options.timeout, tell)
        numbers = numbers_of(exporter, verdict, options.format)
    except UsageError as error:
        print(f"clickstream-report: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 2
    except Exception as error:  # noqa: BLE001 - exit code 1 would say that the data were judged
        verdict = internal(wanted, error)
    return publish(verdict, options, numbers)


def use_http_config(file: Path, urls: Iterable[str]) -> None:
    """Ask the servers at these URLs with the TLS and the credentials in the file. Raises UsageError."""
    # Here, because a report without the file needs no model of one, whose import takes a third of its start.
    from alerting.http import http_config  # noqa: PLC0415
    from exporter.config.strict_yaml import ConfigError  # noqa: PLC0415

    try:
        be_let_in(http_config.load(file), urls)
    except ConfigError as error:
        raise UsageError(str(error)) from None


def internal(wanted: Wanted, error: Exception) -> Verdict:
    """No verdict, because of a mistake in here; whoever mends it needs the traceback."""
    with contextlib.suppress(OSError):
        traceback.print_exception(error)
    return unknown(wanted, f"internal error: {type(error).__name__}: {error}")


def announce(junit_file: Path | None, wanted: Wanted) -> None:
    """Let the JUnit file say that there is no verdict yet: whoever reads it too early, or too late, reads no PASS.

    Raises UsageError when it cannot be written.
    """
    if junit_file:
        try:
            junit.write(junit_file, unknown(wanted, "the report has not ended"))
        except OSError as error:
            raise UsageError(f"--junit {junit_file}: {error.strerror}") from None


def tell(message: str) -> None:
    """Say to a person, if one reads stderr, what goes on."""
    if sys.stderr:
        with contextlib.suppress(OSError):
            print(plain(message), file=sys.stderr)


def numbers_of(exporter: str | None, verdict: Verdict, form: str) -> Mapping[str, float]:
    """The numbers of the day that was judged, where the form has them and there is an exporter to ask."""
    if form != "emf" or not exporter or not verdict.proven:
        return {}
    try:
        return day_numbers(exporter, verdict)
    except NumbersError as error:
        tell(f"without the numbers of the day: {error}")
        return {}


def publish(verdict: Verdict, options: argparse.Namespace, numbers: Mapping[str, float]) -> int:
    """Print the verdict, and write the JUnit file; returns its exit code, or 2 when one could not be written whole."""
    if not sys.stdout:
        return 2
    try:
        said = printed(verdict, options.format, sys.stdout, details=options.details, numbers=numbers)
    except Exception as error:  # noqa: BLE001 - as in `main`
        verdict = internal(Wanted(verdict.dataset, verdict.date, verdict.snapshot), error)
        said = printed(verdict, "json", sys.stdout)
    try:
        sys.stdout.write(said)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    if verdict.proven and options.format not in ("text", "markdown"):  # they say it themselves
        tell(rests_on(verdict))
    try:
        if options.junit:
            junit.write(options.junit, verdict)
    except (OSError, ValueError) as error:
        tell(f"--junit {options.junit}: {getattr(error, 'strerror', None) or error}")
        return 2
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
