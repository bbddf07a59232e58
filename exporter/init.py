"""The command `clickstream-init`: prints a configuration that fits the data."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from exporter import file_names, log
from exporter.arguments import Parser
from exporter.engine.protocol import EngineError
from exporter.propose.data import ProposeError
from exporter.propose.proposal import propose
from exporter.propose.written import written
from exporter.temporary import TemporaryError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, 1 if nothing can be proposed, or 64 for unusable arguments."""
    if arguments is None:
        file_names.use_utf8()
    parser = Parser("clickstream-init", description="Prints a configuration that fits the data: FILES > config.yml")
    parser.add_argument("files", metavar="FILES", nargs="+", help="Parquet files, folders, or patterns in quotes")
    parser.add_argument("--version", action="version", version=version("clickstream-exporter"))
    options = parser.parse_args(arguments)
    if "" in options.files:
        parser.error("FILES must not be empty")
    log.configure()
    try:
        text = written(propose(options.files), options.files)
    except (ProposeError, EngineError, TemporaryError) as error:
        for line in str(error).splitlines():
            print(f"clickstream-init: {line}", file=sys.stderr)
        return 1
    return _write(text)


def _write(text: str) -> int:
    """Write to stdout; returns 1 if that fails, otherwise 0."""
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"clickstream-init: stdout: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
