"""What all command lines share: the exit code for a usage error, and parsers for dates, addresses and URLs."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Sequence
from datetime import date
from ipaddress import IPv6Address
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

USAGE = 64
"""Exit code for arguments or a configuration that cannot be used (EX_USAGE of sysexits.h)."""


ADDRESS = "127.0.0.1:9847"
"""Where the exporter serves, unless other addresses are given."""

METRICS = "/metrics"
"""Where the exporter has the gauges, unless another path is given."""

SEVERITIES = ("critical", "warning", "info")
"""What the shipped alerts call their severities."""


class Parser(argparse.ArgumentParser):
    """An argument parser that exits with 64, because 2 means "unknown" for the other commands."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """Parse the arguments, or list how they can go on, where a shell asks for that."""
        if "_ARGCOMPLETE" in os.environ:
            import argcomplete  # noqa: PLC0415 - the extra `completion`, whose script sets the variable

            argcomplete.autocomplete(self)
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def iso_date(text: str) -> date:
    """A date written as YYYY-MM-DD, from 2000 on, because no earlier event is plausible."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        parsed = date.min
    if not 2000 <= parsed.year < 9000 or text != parsed.isoformat():
        raise argparse.ArgumentTypeError(f"invalid date {text!r}: expected YYYY-MM-DD, for example 2025-03-09")
    return parsed


class Address(NamedTuple):
    """Where to listen; an empty host stands for all interfaces."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """An address written as HOST:PORT, [IPv6]:PORT, or :PORT for all interfaces."""
    parts = re.fullmatch(r"(?:([^\s:/@\[\]]*)|\[([^\s/@\[\]]+)\]):([0-9]{1,5})", text)
    if not parts or int(parts[3]) > 65535 or not _is_ipv6(parts[2] or "::"):
        raise argparse.ArgumentTypeError(f"invalid address {text!r}: expected HOST:PORT, for example 127.0.0.1:9847")
    return Address(parts[2] or parts[1], int(parts[3]))


def telemetry_path(text: str) -> str:
    """A path for the metrics: none of the other pages."""
    if not re.fullmatch(r"/[\w./~-]*", text, re.ASCII) or text.startswith("/-/"):
        raise argparse.ArgumentTypeError(f"invalid path {text!r}: expected one such as /metrics, and not below /-/")
    return text


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


def severity(text: str) -> tuple[str, str]:
    """A company's name of a severity, and ours, written as NAME=SEVERITY."""
    name, _, ours = text.partition("=")
    if not name or ours not in SEVERITIES:
        raise argparse.ArgumentTypeError(
            f"invalid severity {text!r}: expected NAME={'|'.join(SEVERITIES)}, for example page=critical"
        )
    return name, ours


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False
