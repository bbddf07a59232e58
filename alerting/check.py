"""The command `clickstream-check`: the whole chain from Parquet files to the verdict, with temporary servers."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from alerting.arguments import ALERTMANAGER, EXIT_CODES, add_alertmanagers, add_common
from alerting.drill import DrillError, drill, send_to_all
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Subject, Verdict, unknown
from alerting.http.client import Client
from alerting.publish import Samples, announce, client_for, internal, log, publish, samples_of
from alerting.simulate import flags
from alerting.stack.programs import ServerError
from alerting.stack.stack import StackError, running
from exporter import file_names, plan
from exporter.arguments import USAGE, Parser, iso_date
from exporter.config.model import Config
from exporter.config.strict_yaml import ConfigError
from exporter.flags import add_http_config
from exporter.plan import Plan
from exporter.temporary import Folder, TemporaryError


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        "clickstream-check",
        description="Judges a data set with a temporary exporter, Prometheus and Alertmanager.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", metavar="CONFIG", type=Path, help="the exporter's configuration")
    parser.add_argument("--as-of", metavar="DATE", type=iso_date, help="judge this day as if it were the newest")
    add_common(parser, 120, "120", ["csv"])
    parser.set_defaults(format=None)
    _add_instead(parser)
    flags.add_arguments(parser)
    options = parser.parse_args(arguments)
    if options.run and not options.sql:
        parser.error("--run needs --sql")
    if options.alertmanagers and not options.drill:
        parser.error("--alertmanager.url needs --drill: a verdict uses a temporary Alertmanager")
    if options.http and not options.alertmanagers:
        parser.error("--http.config.file needs --drill and --alertmanager.url")
    flags.require(parser, options)
    return options


def _add_instead(parser: argparse.ArgumentParser) -> None:
    """Add what is done instead of judging, and the options of that."""
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--drill",
        metavar="CHECK",
        help="instead of judging, send the alert of this check, marked as a drill, to a running Alertmanager "
        "(exit code 2 if it is not accepted)",
    )
    instead.add_argument(
        "--sql",
        metavar="CHECK",
        help="instead of judging, print the query of this check's runbook for the data set (exit code 2 without data)",
    )
    instead.add_argument(
        "--compare-engines",
        action="store_true",
        help="instead of judging, measure the day on DuckDB and on the engine of the configuration, and print each "
        "fact that differs (exit code 1 if one does, 2 if they cannot be compared)",
    )
    parser.add_argument("--run", action="store_true", help="with --sql, run the query and print its rows")
    add_alertmanagers(parser, "where to send the drill; repeat the option for each of several")
    add_http_config(parser, "the Alertmanagers given here by URL")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1, 2 or 64 as clickstream-report does."""
    if arguments is None:
        file_names.use_utf8()
    options = _arguments(arguments)
    date = options.date or options.as_of
    subject = Subject(options.dataset, date and date.isoformat(), options.snapshot)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    instead = options.drill or options.sql or options.compare_engines or options.simulate
    try:
        if not instead:
            announce(options.junit, subject)
        loaded = plan.load(options.config, options.dataset)
        dataset = _dataset(options, loaded.config)
        if instead:
            return _instead(options, loaded, dataset)
        subject = replace(subject, dataset=dataset)
        verdict, samples = _check(options, subject)
    except (ConfigError, UsageError, DrillError) as error:
        print(error, file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 2
    except Exception as error:  # noqa: BLE001 - exit code 1 would mean that the data were judged
        verdict, samples = internal(subject, error), ()
        if instead:
            return 2
    return publish(verdict, options, samples)


def _instead(options: argparse.Namespace, loaded: Plan, dataset: str) -> int:
    """Do what is requested instead of a verdict; returns the exit code."""
    if options.drill:
        return _drill(options, loaded.config, dataset)
    if options.sql:
        return _query(options, loaded.config, dataset)
    if options.compare_engines:
        from alerting.compare_engines import compare_engines  # noqa: PLC0415 - a verdict needs no engine

        return compare_engines(options, loaded, dataset)
    from alerting.simulate import command  # noqa: PLC0415 - a verdict needs none of what replays days

    return command.simulate(options, loaded, dataset)


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(2)


def _dataset(options: argparse.Namespace, config: Config) -> str:
    """The name of the data set. Raises UsageError where there are several."""
    if len(config.datasets) > 1:
        raise UsageError(
            f"{options.config}: several data sets: choose one with --dataset: {', '.join(config.datasets)}"
        )
    return next(iter(config.datasets))


def _drill(options: argparse.Namespace, config: Config, dataset: str) -> int:
    """Send a drill; returns 0 when every Alertmanager accepted it, otherwise 2."""
    client = client_for(options.http, *(options.alertmanagers or ()))
    of = config.datasets[dataset]
    links, intraday = config.links.model_dump(), of.cadence == "intraday"
    made = drill(options.drill, dataset, links, labels=of.labels, intraday=intraday)
    return 0 if send_to_all(client, made, options.alertmanagers or [ALERTMANAGER], log) else 2


def _query(options: argparse.Namespace, config: Config, dataset: str) -> int:
    """Print the query of a runbook, or its rows; returns 0, 2 or 64."""
    from alerting.query import query  # noqa: PLC0415 - a verdict needs none of what reads the files

    return query(options, config, dataset)


def _check(options: argparse.Namespace, subject: Subject) -> tuple[Verdict, Samples]:
    """The verdict, unknown where a server does not start, and what is served of the day if the format has it."""
    try:
        return _verdict(options, subject)
    except (StackError, ServerError, TemporaryError, OSError) as error:
        return unknown(subject, str(error)), ()


def _verdict(options: argparse.Namespace, subject: Subject) -> tuple[Verdict, Samples]:
    log("starting exporter, Prometheus and Alertmanager")
    exporter_options = [f"--dataset={subject.dataset}", *([f"--as-of={options.as_of}"] if options.as_of else [])]
    with (
        Folder("clickstream-check-") as folder,
        running(folder, options.config, exporter_options) as stack,
    ):
        servers = Servers([stack.alertmanager], stack.exporter, stack.prometheus)
        client = Client()
        verdict = judge(client, servers, subject, options.timeout, log)
        return verdict, samples_of(client, stack.exporter, verdict, options.format)


if __name__ == "__main__":
    sys.exit(main())
