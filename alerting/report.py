"""The command `clickstream-report`: one verdict, whose exit code gates the daily job."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from alerting.arguments import ALERTMANAGER, EXIT_CODES, add_alertmanagers, add_common, duration
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Subject
from alerting.gate.wait import awaited
from alerting.publish import Samples, announce, client_for, internal, log, publish, samples_of
from exporter.arguments import USAGE, Parser, url
from exporter.flags import add_http_config, add_severity


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        "clickstream-report",
        description="Fetches Alertmanager's alerts, proves that they are about today's data, and prints a verdict.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_servers(parser)
    parser.add_argument(
        "--wait",
        metavar="TIME",
        type=duration,
        help="if there is no verdict, for example because the day has not arrived, ask again for so long: 6h, 90m",
    )
    add_common(parser, None, "what the intervals and flags of Prometheus need, 60 at least")
    options = parser.parse_args(arguments)
    if options.http and not (options.alertmanagers or options.exporter or options.prometheus):
        parser.error("--http.config.file needs the URL of a server, for example --alertmanager.url")
    return options


def _add_servers(parser: argparse.ArgumentParser) -> None:
    """Add where the servers are, and how their alerts differ from the shipped ones."""
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
    add_severity(parser)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1, 2 or 64 as `EXIT_CODES` says."""
    options = _arguments(arguments)
    exporter = options.exporter or (None if options.date or options.snapshot else "http://127.0.0.1:9847")
    servers = Servers(
        options.alertmanagers or [ALERTMANAGER],
        exporter,
        options.prometheus or "http://127.0.0.1:9090",
        is_default=not options.prometheus,
        severities=dict(options.severities),
    )
    subject = Subject(options.dataset, options.date and options.date.isoformat(), options.snapshot)
    samples: Samples = ()
    try:
        announce(options.junit, subject)
        client = client_for(options.http, *(options.alertmanagers or ()), options.exporter, options.prometheus)
        attempt = partial(judge, client, servers, subject, options.timeout)
        verdict = awaited(attempt, options.wait, log) if options.wait else attempt(log)
        samples = samples_of(client, exporter, verdict, options.format)
    except UsageError as error:
        print(f"clickstream-report: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 2
    except Exception as error:  # noqa: BLE001 - exit code 1 would mean that the data were judged
        verdict = internal(subject, error)
    return publish(verdict, options, samples)


if __name__ == "__main__":
    sys.exit(main())
