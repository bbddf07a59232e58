"""The command `clickstream-report`: one verdict, whose exit code gates the daily job."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from alerting.formats import junit
from alerting.formats.outline import basis, plain
from alerting.formats.printed import FORMATS, printed
from alerting.gate.day_numbers import NumbersError, day_numbers
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Subject, Verdict, unknown
from alerting.http.client import Client
from exporter.arguments import USAGE, Parser, iso_date

EXIT_CODES = """exit codes:
  0   PASS: the data were judged, and nothing critical fires
  1   FAIL: the data were judged, and something critical fires
  2   unknown: no verdict could be proven in time; the report says FAIL and what is missing
  64  the arguments or the configuration cannot be used; nothing is on stdout
"""


ALERTMANAGER = "http://127.0.0.1:9093"
"""The URL of Alertmanager unless another is given."""


def url(text: str) -> str:
    """An http(s) URL without a trailing slash."""
    parts, port = urlsplit(text), 0
    with contextlib.suppress(ValueError):
        port = parts.port or 1
    if "@" in parts.netloc:  # the message must not repeat it
        raise argparse.ArgumentTypeError("a URL must not contain a user or password: use --http.config.file")
    if parts.scheme not in ("http", "https") or not parts.hostname or not port:
        raise argparse.ArgumentTypeError(
            f"invalid URL {text!r}: expected http(s)://HOST:PORT, for example http://127.0.0.1:9093"
        )
    return text.rstrip("/")


def seconds(text: str) -> float:
    """A number of seconds above zero."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"invalid time {text!r}: expected a number of seconds above 0, for example 60")
    return value


def snapshot(text: str) -> int:
    """The number of a snapshot: 48 bits, above 0."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**48:
        raise argparse.ArgumentTypeError(f"invalid snapshot {text!r}: expected a whole number from 1 to 2^48 - 1")
    return int(text)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        "clickstream-report",
        description="Fetches Alertmanager's alerts, proves that they are about today's data, and prints a verdict.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_alertmanagers(parser, "Alertmanager; repeat the option for each of several")
    add_http_config(parser, "the servers given here by URL")
    parser.add_argument(
        "--exporter.url",
        dest="exporter",
        metavar="URL",
        type=url,
        help="the exporter to refresh first (default: http://127.0.0.1:9847, or none with --date or --snapshot)",
    )
    parser.add_argument(
        "--prometheus.url",
        dest="prometheus",
        metavar="URL",
        type=url,
        help="the Prometheus that evaluates the rules; if it answers, it must agree (default: http://127.0.0.1:9090)",
    )
    add_common(parser, timeout=60)
    options = parser.parse_args(arguments)
    if options.http and not (options.alertmanagers or options.exporter or options.prometheus):
        parser.error("--http.config.file needs the URL of a server, for example --alertmanager.url")
    return options


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


def add_http_config(parser: argparse.ArgumentParser, servers: str) -> None:
    """Add the option for the file with TLS and credentials."""
    parser.add_argument(
        "--http.config.file",
        dest="http",
        metavar="FILE",
        type=Path,
        help=f"TLS and credentials for {servers}, in the format of Prometheus' http_config, as for amtool",
    )


def add_common(parser: argparse.ArgumentParser, timeout: float) -> None:
    """Add the options that clickstream-report and clickstream-check share."""
    parser.add_argument("--dataset", metavar="NAME", help="the data set, needed if there are several")
    parser.add_argument("--date", metavar="DATE", type=iso_date, help="the day that the verdict must be about")
    parser.add_argument("--snapshot", metavar="N", type=snapshot, help="the snapshot that the verdict must be about")
    parser.add_argument(
        "--timeout", metavar="S", type=seconds, default=timeout, help="seconds to wait (default: %(default)g)"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="json",
        help="the output format: text for people, markdown for tickets, emf for CloudWatch (default: %(default)s)",
    )
    parser.add_argument(
        "--details", action="store_true", help="add inhibited alerts and switched-off checks to the JSON"
    )
    parser.add_argument("--junit", metavar="FILE", type=Path, help="also write the verdict as JUnit XML")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1, 2 or 64 as `EXIT_CODES` says."""
    options = _arguments(arguments)
    exporter = options.exporter or (None if options.date or options.snapshot else "http://127.0.0.1:9847")
    servers = Servers(
        options.alertmanagers or [ALERTMANAGER],
        exporter,
        options.prometheus or "http://127.0.0.1:9090",
        is_default=not options.prometheus,
    )
    subject = Subject(options.dataset, options.date and options.date.isoformat(), options.snapshot)
    numbers: Mapping[str, float] = {}
    try:
        client = client_for(options.http, *(options.alertmanagers or ()), options.exporter, options.prometheus)
        announce(options.junit, subject)
        verdict = judge(client, servers, subject, options.timeout, log)
        numbers = numbers_of(client, exporter, verdict, options.format)
    except UsageError as error:
        print(f"clickstream-report: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 2
    except Exception as error:  # noqa: BLE001 - exit code 1 would mean that the data were judged
        verdict = internal(subject, error)
    return publish(verdict, options, numbers)


def client_for(file: Path | None, *named: str | None) -> Client:
    """The client that has access, by the file of --http.config.file, to the servers at the `named` URLs.

    Raises UsageError.
    """
    if file is None:
        return Client()
    # Here, because a report without the file needs no model of one, whose import takes a third of its start.
    from alerting.http import http_config  # noqa: PLC0415
    from exporter.config.strict_yaml import ConfigError  # noqa: PLC0415

    try:
        return Client(http_config.load(file), filter(None, named))
    except ConfigError as error:
        raise UsageError(str(error)) from None


def internal(subject: Subject, error: Exception) -> Verdict:
    """The unknown verdict after a bug in this program; the traceback goes to stderr."""
    with contextlib.suppress(OSError):
        traceback.print_exception(error)
    return unknown(subject, f"internal error: {type(error).__name__}: {error}")


def announce(junit_file: Path | None, subject: Subject) -> None:
    """Write a JUnit file without a verdict first, so that nobody reads the PASS of an earlier run.

    Raises UsageError when it cannot be written.
    """
    if junit_file:
        try:
            junit.write(junit_file, unknown(subject, "the report has not finished"))
        except OSError as error:
            raise UsageError(f"--junit {junit_file}: {error.strerror}") from None


def log(message: str) -> None:
    """Print progress to stderr, where there is one."""
    if sys.stderr:
        with contextlib.suppress(OSError):
            print(plain(message), file=sys.stderr)


def numbers_of(client: Client, exporter: str | None, verdict: Verdict, output_format: str) -> Mapping[str, float]:
    """The numbers of the judged day, where the format includes them and the exporter is known."""
    if output_format != "emf" or not exporter or not verdict.proven:
        return {}
    try:
        return day_numbers(client, exporter, verdict)
    except NumbersError as error:
        log(f"the numbers of the day are missing: {error}")
        return {}


def publish(verdict: Verdict, options: argparse.Namespace, numbers: Mapping[str, float]) -> int:
    """Print the verdict and write the JUnit file; returns the exit code, which is 2 if either could not be written."""
    if not sys.stdout:
        return 2
    try:
        output = printed(verdict, options.format, sys.stdout, details=options.details, numbers=numbers)
    except Exception as error:  # noqa: BLE001 - as in `main`
        verdict = internal(Subject(verdict.dataset, verdict.date, verdict.snapshot), error)
        output = printed(verdict, "json", sys.stdout)
    try:
        sys.stdout.write(output)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    if verdict.proven and options.format not in ("text", "markdown"):  # their output has it
        log(basis(verdict))
    try:
        if options.junit:
            junit.write(options.junit, verdict)
    except (OSError, ValueError) as error:
        log(f"--junit {options.junit}: {getattr(error, 'strerror', None) or error}")
        return 2
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
