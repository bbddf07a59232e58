"""The flags of the exporter about what it serves, where its page gets the verdict from, and what it logs."""

from __future__ import annotations

import argparse
from pathlib import Path

from exporter import log
from exporter.arguments import ADDRESS, METRICS, address, severity, telemetry_path, url


def add_web(parser: argparse.ArgumentParser) -> None:
    """Add where and how it serves."""
    parser.add_argument(
        "--web.listen-address",
        dest="addresses",
        metavar="HOST:PORT",
        type=address,
        action="append",
        help=f"where to serve, repeatable; :PORT is all interfaces (default: {ADDRESS})",
    )
    parser.add_argument(
        "--web.systemd-socket", dest="systemd", action="store_true", help="serve on the sockets that systemd passes"
    )
    parser.add_argument(
        "--web.telemetry-path",
        dest="telemetry_path",
        metavar="PATH",
        type=telemetry_path,
        default=METRICS,
        help="where the metrics are (default: %(default)s)",
    )
    parser.add_argument(
        "--web.config.file",
        dest="web",
        metavar="FILE",
        type=Path,
        help="TLS and passwords, in the format of Prometheus' web configuration",
    )


def add_verdict(parser: argparse.ArgumentParser) -> None:
    """Add where the page for people gets the verdict from."""
    parser.add_argument(
        "--alertmanager.url",
        dest="alertmanagers",
        metavar="URL",
        type=url,
        action="append",
        default=[],
        help="the Alertmanager whose verdict the page at / shows; repeat the option for each of several",
    )
    parser.add_argument(
        "--prometheus.url",
        dest="prometheus",
        metavar="URL",
        type=url,
        help="the Prometheus that the verdict must agree with (default: as for clickstream-report)",
    )
    add_http_config(parser, "both")
    add_severity(parser)


def add_http_config(parser: argparse.ArgumentParser, servers: str) -> None:
    """Add the option for the file with TLS and credentials for `servers`."""
    parser.add_argument(
        "--http.config.file",
        dest="http",
        metavar="FILE",
        type=Path,
        help=f"TLS and credentials for {servers}, in the format of Prometheus' http_config, as for amtool",
    )


def add_severity(parser: argparse.ArgumentParser) -> None:
    """Add the option for names of severities that differ from the shipped ones."""
    parser.add_argument(
        "--severity",
        dest="severities",
        metavar="NAME=SEVERITY",
        type=severity,
        action="append",
        default=[],
        help="what your alerts call a severity, if you renamed it, for example page=critical; repeat it for each",
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    """Add what it logs."""
    parser.add_argument(
        "--log.level",
        dest="log_level",
        choices=log.LEVELS,
        default="info",
        help="what is logged (default: %(default)s)",
    )
    parser.add_argument(
        "--log.format",
        dest="log_format",
        choices=log.FORMATS,
        help="how it is logged (default: logfmt; with --once, --check-config and --backfill: plain)",
    )
