"""What the commands share of their command lines: the exit code for a bad one, dates and addresses."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from typing import NoReturn

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
