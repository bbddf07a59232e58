"""What the exporter tells, on stderr."""

from __future__ import annotations

import logging
import sys


def configure(level: int = logging.WARNING) -> None:
    """Write what is at least of `level` to stderr, a line each."""
    logging.basicConfig(stream=sys.stderr, format="clickstream-exporter: %(levelname)s: %(message)s")
    logging.getLogger("exporter").setLevel(level)
