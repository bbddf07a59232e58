"""The command `clickstream-check`: the whole chain in a box, from Parquet files to the verdict."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from alerting.drill import DrillError, drill, hold
from alerting.gate.judge import Servers, judge
from alerting.gate.proof import UsageError
from alerting.gate.verdict import Verdict, Wanted, unknown
from alerting.report import (
    ALERTMANAGER,
    EXIT_CODES,
    add_alertmanagers,
    add_common,
    add_http_config,
    announce,
    internal,
    numbers_of,
    publish,
    tell,
    use_http_config,
)
from alerting.stack.programs import ServerError
from alerting.stack.stack import StackError, running
from exporter import file_names, plan
from exporter.arguments import USAGE, Parser, iso_date
from exporter.config.model import Config
from exporter.config.strict_yaml import ConfigError
from exporter.temporary import Folder, TemporaryError


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        "clickstream-check",
        description="Judges a data set with an exporter, Prometheus and Alertmanager of its own, and ends them.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", metavar="CONFIG", type=Path, help="the exporter's configuration")
    parser.add_argument("--as-of", metavar="DATE", type=iso_date, help="judge this day as if it were the newest")
    add_common(parser, timeout=120)
    parser.add_argument(
        "--drill",
        metavar="CHECK",
        help="judge nothing: send the alert of this check, marked as a drill, to a running Alertmanager "
        "(exit code 2 when it does not take it)",
    )
    add_alertmanagers(parser, "where to send the drill; may be given several times")
    add_http_config(parser, "the Alertmanagers that are named here")
    options = parser.parse_args(arguments)
    if options.alertmanagers and not options.drill:
        parser.error("--alertmanager.url is for --drill: a verdict needs no Alertmanager of yours")
    if options.http and not options.alertmanagers:
        parser.error("--http.config.file is for the Alertmanagers of a drill: name them with --alertmanager.url")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1, 2 or 64 as clickstream-report does."""
    if arguments is None:
        file_names.use_utf8()
    options = _arguments(arguments)
    date = options.date or options.as_of
    wanted = Wanted(options.dataset, date and date.isoformat(), options.snapshot)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    try:
        config = plan.load(options.config, options.dataset).config
        dataset = _dataset(options, config)
        if options.drill:
            return _drill(options, config, dataset)
        wanted = replace(wanted, dataset=dataset)
        announce(options.junit, wanted)
        verdict, numbers = _check(options, wanted)
    except (ConfigError, UsageError, DrillError) as error:
        print(error, file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 2
    except Exception as error:  # noqa: BLE001 - exit code 1 would say that the data were judged
        verdict, numbers = internal(wanted, error), {}
        if options.drill:
            return 2
    return publish(verdict, options, numbers)


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(2)


def _dataset(options: argparse.Namespace, config: Config) -> str:
    """The only one that was read. Raises UsageError where there are several to choose from."""
    if len(config.datasets) > 1:
        raise UsageError(f"{options.config}: choose a data set with --dataset: {', '.join(config.datasets)}")
    return next(iter(config.datasets))


def _drill(options: argparse.Namespace, config: Config, dataset: str) -> int:
    """Send a drill; returns 0 when every Alertmanager took it, otherwise 2."""
    if options.http:
        use_http_config(options.http, options.alertmanagers)
    intraday = config.datasets[dataset].cadence == "intraday"
    made = drill(options.drill, dataset, config.links.model_dump(), intraday=intraday)
    return 0 if hold(made, options.alertmanagers or [ALERTMANAGER], tell) else 2


def _check(options: argparse.Namespace, wanted: Wanted) -> tuple[Verdict, Mapping[str, float]]:
    """The verdict, unknown where the servers do not start, and the numbers of the day where they are printed."""
    try:
        return _verdict(options, wanted)
    except (StackError, ServerError, TemporaryError, OSError) as error:
        return unknown(wanted, str(error)), {}


def _verdict(options: argparse.Namespace, wanted: Wanted) -> tuple[Verdict, Mapping[str, float]]:
    tell("starting exporter, Prometheus and Alertmanager")
    asked = [f"--dataset={wanted.dataset}", *([f"--as-of={options.as_of}"] if options.as_of else [])]
    with (
        Folder("clickstream-check-") as folder,
        running(folder, options.config, asked) as stack,
    ):
        servers = Servers([stack.alertmanager], stack.exporter, stack.prometheus)
        verdict = judge(servers, wanted, options.timeout, tell)
        return verdict, numbers_of(stack.exporter, verdict, options.format)


if __name__ == "__main__":
    sys.exit(main())
