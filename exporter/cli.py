"""The command `clickstream-exporter`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from exporter import file_names, flags, log, plan, shipped
from exporter.arguments import ADDRESS, USAGE, Address, Parser, address, iso_date
from exporter.config import schema
from exporter.config.strict_yaml import ConfigError
from exporter.facts.model import FactsError
from exporter.facts.storage import Storage, StorageError
from exporter.plan import Plan
from exporter.refresh import Refresher
from exporter.temporary import TemporaryError
from exporter.web import web_config
from exporter.web.web_config import Web

if TYPE_CHECKING:
    from exporter.web.service import Service


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser("clickstream-exporter", description="Serves the metrics of daily clickstream data in Parquet.")
    parser.add_argument(
        "--config.file", dest="config", metavar="FILE", type=Path, required=True, help="see exporter/example.yml"
    )
    parser.add_argument("--dataset", metavar="NAME", help="measure and serve only this data set (default: all)")
    flags.add_web(parser)
    flags.add_verdict(parser)
    parser.add_argument(
        "--storage.path",
        dest="storage",
        metavar="DIR",
        type=Path,
        help="keep what was measured there, so that a restart costs nothing (default: a temporary folder)",
    )
    parser.add_argument("--as-of", metavar="DATE", type=iso_date, help="treat this day as the newest, to look back")
    parser.add_argument("--once", action="store_true", help="print the metrics on stdout and exit")
    parser.add_argument(
        "--check-config", action="store_true", help="check the configuration against the newest data and exit"
    )
    parser.add_argument(
        "--backfill",
        metavar="DIR",
        type=Path,
        help="write every day of the data into DIR as OpenMetrics, for `promtool tsdb create-blocks-from`, and exit",
    )
    flags.add_log(parser)
    shipped.add_flags(parser)
    parser.add_argument("--config.schema", action=_Schema, help="print the JSON Schema of the configuration and exit")
    parser.add_argument("--version", action="version", version=version("clickstream-exporter"))
    options = parser.parse_args(arguments)
    if options.systemd and options.addresses:
        parser.error("--web.systemd-socket and --web.listen-address exclude each other")
    if not options.alertmanagers and (options.prometheus or options.http or options.severities):
        parser.error("--prometheus.url, --http.config.file and --severity need --alertmanager.url")
    options.log_format = options.log_format or (
        "plain" if options.once or options.check_config or options.backfill else "logfmt"
    )
    return options


class _Schema(argparse.Action):
    """Prints the schema as soon as the flag is read, so that it needs no other."""

    def __init__(self, option_strings: Sequence[str], dest: str, **keywords: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **keywords)

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        parser.exit(_write(schema.text().encode()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 for a failure, or 64 for a configuration that cannot be used."""
    if arguments is None:
        file_names.use_utf8()
    options = _arguments(arguments)
    log.configure(options.log_level, options.log_format)
    try:
        loaded, web = load(options)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        if options.check_config:
            return _check(loaded, web, options)
        storage = Storage(options.storage)
        if options.backfill:
            return _backfill(loaded, options, storage)
    except (StorageError, TemporaryError) as error:
        return _failed(error)
    refresher = Refresher(loaded, options.as_of, storage, serving=not options.once)
    return _once(refresher) if options.once else _serve(refresher, web, options)


def load(options: argparse.Namespace) -> tuple[Plan, Web]:
    """The plan and the web configuration that the options name. Raises ConfigError."""
    return plan.load(options.config, options.dataset), web_config.load(options.web)


def _check(loaded: Plan, web: Web, options: argparse.Namespace) -> int:
    """Compare the configuration with the data, and print what does not match."""
    from exporter.preflight import first_look  # noqa: PLC0415 - only this command queries the data in its own process

    findings = first_look.take(loaded.config, loaded.measures)
    lines = [f"{options.config}: {note}" for note in findings.notes]
    failures = [*findings.problems, *findings.unchecked]
    if not failures:
        names = loaded.config.datasets
        lines.append(f"{options.config}: fine, {len(names)} data set(s): {', '.join(names)}")
    if options.web and not findings.problems:
        lines.append(f"{options.web}: fine, {web}")
    code = _write("".join(f"{line}\n" for line in lines).encode(sys.stdout.encoding, "backslashreplace"))
    if failures:
        print(*(f"{options.config}: {failure}" for failure in failures), sep="\n", file=sys.stderr)
        return USAGE if findings.problems else 1
    return code


def _backfill(loaded: Plan, options: argparse.Namespace, storage: Storage) -> int:
    """Write the days of the data, and print where."""
    from exporter import backfill  # noqa: PLC0415 - only this command needs it

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    try:
        for line in backfill.write(loaded, options.backfill, options.as_of, storage):
            print(line)
    except (FactsError, backfill.BackfillError) as error:
        return _failed(error)
    return 0


def _once(refresher: Refresher) -> int:
    """Print the exposition without what depends on this run, so that the same data give the same bytes."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    try:
        state = refresher.refresh()
    finally:
        refresher.stop()
    code = _write(state.exposition)
    return 1 if state.errors else code


def _write(output: bytes) -> int:
    """Write to stdout; returns 1 if that fails, otherwise 0."""
    try:
        sys.stdout.buffer.write(output)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _failed(f"stdout: {error.strerror}")
    return 0


def _failed(why: object) -> int:
    """Print to stderr why the command failed; returns 1."""
    print(f"clickstream-exporter: {why}", file=sys.stderr)
    return 1


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    """Remove temporary folders, and exit with the code that a shell reports for the signal."""
    sys.exit(128 + number)


def _serve(refresher: Refresher, web: Web, options: argparse.Namespace) -> int:
    # Imported here, because only serving needs them.
    from exporter.web import systemd  # noqa: PLC0415
    from exporter.web.service import ListenError, Service  # noqa: PLC0415
    from exporter.web.verdicts import Verdicts  # noqa: PLC0415

    try:
        places = systemd.sockets() if options.systemd else options.addresses or [address(ADDRESS)]
        servers = (options.alertmanagers, options.prometheus, options.http, dict(options.severities))
        verdicts = Verdicts(*servers) if options.alertmanagers else None
        service = Service(refresher, web, partial(load, options), options.telemetry_path, verdicts)
        asyncio.run(_run(service, places))
    except (ListenError, systemd.SocketsError) as error:
        return _failed(error)
    return 0


async def _run(service: Service, places: Sequence[Address | socket.socket]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, service.reload_soon)
    await service.run(places, stop)
