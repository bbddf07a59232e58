"""The command `clickstream-exporter`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import NoReturn

from exporter import collector, log, measures
from exporter import config as config_file
from exporter.config import Config, ConfigError
from exporter.measures import Measure, MeasureError
from exporter.refresh import Refresher
from exporter.storage import Storage, StorageError

USAGE = 64
"""Exit code for arguments or a configuration that cannot be used (EX_USAGE of sysexits.h)."""


class Parser(argparse.ArgumentParser):
    """An argument parser that exits with 64, because 2 says "unknown" in the tools beside this one."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def iso_date(text: str) -> date:
    """A date written as YYYY-MM-DD, of a time in which there can be events."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 <= found.year < 9000 or text != found.isoformat():
        raise argparse.ArgumentTypeError(f"{text!r} is no date, write it like 2025-03-09")
    return found


def address(text: str) -> str:
    """An address written as HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address, write it like 127.0.0.1:9847")
    return text


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser("clickstream-exporter", description="Serves the metrics of daily clickstream data in Parquet.")
    parser.add_argument(
        "--config.file", dest="config", metavar="FILE", type=Path, required=True, help="see exporter/example.yml"
    )
    parser.add_argument(
        "--web.listen-address",
        dest="address",
        metavar="HOST:PORT",
        type=address,
        default="127.0.0.1:9847",
        help="where to serve (%(default)s)",
    )
    parser.add_argument(
        "--storage.path",
        dest="storage",
        metavar="DIR",
        type=Path,
        help="keep what was measured there, so that a restart costs nothing (only until it ends)",
    )
    parser.add_argument("--as-of", metavar="DATE", type=iso_date, help="take this day for the newest, to look back")
    parser.add_argument("--once", action="store_true", help="print the metrics on stdout and end")
    parser.add_argument("--check-config", action="store_true", help="check the configuration and end")
    parser.add_argument("--version", action="version", version=version("clickstream-exporter"))
    return parser.parse_args(arguments)


def load_config(path: Path) -> Config:
    """The configuration at `path`, its measures checked. Raises ConfigError with every problem."""
    config = config_file.load(path)
    problems = []
    built_in = {measure.name for measure in measures.load()}
    declared: dict[str, Measure] = {}
    for name, dataset in config.datasets.items():
        key = f"{path}: datasets.{name}.measures"
        try:
            found = measures.load(dataset.measures)
        except MeasureError as error:
            problems += [f"{key}: {line}" for line in str(error).splitlines()]
            continue
        for each in found:
            if each.name not in built_in and (own := collector.HELP.keys() & each.gauges.keys()):
                problems.append(f"{key}: {', '.join(sorted(own))} is a gauge of the exporter itself")
            taken = [gauge for gauge in each.gauges if declared.setdefault(gauge, each) != each]
            problems += [f"{key}: another data set has {gauge} from another file" for gauge in taken]
    if problems:
        raise ConfigError("\n".join(problems))
    return config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 for a failure, or 64 for a configuration that cannot be used."""
    options = _arguments(arguments)
    log.configure()
    try:
        config = load_config(options.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return USAGE
    if options.check_config:
        print(f"{options.config}: fine, {len(config.datasets)} data set(s): {', '.join(config.datasets)}")
        return 0
    try:
        storage = Storage(options.storage)
    except StorageError as error:
        print(f"clickstream-exporter: --storage.path: {error}", file=sys.stderr)
        return 1
    return _once(config, options.as_of, storage) if options.once else _serve(config, options, storage)


def _once(config: Config, as_of: date | None, storage: Storage) -> int:
    """Print the exposition without times of this very run, so that the same data give the same bytes."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    refresher = Refresher(config, as_of, storage, serving=False)
    try:
        state = refresher.refresh()
    finally:
        refresher.stop()
    try:
        sys.stdout.buffer.write(state.exposition)
        sys.stdout.flush()
    except OSError as error:
        print(f"clickstream-exporter: stdout: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if state.errors else 0


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    """End as the shell says of a signal, and remove what is temporary."""
    sys.exit(128 + number)


def _serve(config: Config, options: argparse.Namespace, storage: Storage) -> int:
    log.configure(logging.INFO)
    try:
        asyncio.run(_run(config, options, storage))
    except OSError as error:
        print(f"clickstream-exporter: {options.address}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


async def _run(config: Config, options: argparse.Namespace, storage: Storage) -> None:
    # Here, because the reading process imports this module too and needs no server.
    from exporter.server import Server  # noqa: PLC0415

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host, _, port = options.address.rpartition(":")
    server = Server(Refresher(config, options.as_of, storage), config.refresh_interval.total_seconds())
    await server.run(host.strip("[]"), int(port), stop)
