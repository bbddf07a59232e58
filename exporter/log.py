"""The exporter's log on stderr."""

from __future__ import annotations

import logging
import sys


def configure(level: int = logging.WARNING) -> None:
    """Log messages of at least `level` to stderr, one a line."""
    logging.basicConfig(stream=sys.stderr, format="clickstream-exporter: %(levelname)s: %(message)s")
    logging.getLogger("exporter").setLevel(level)
