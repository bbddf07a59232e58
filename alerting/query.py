"""`clickstream-check CONFIG --sql CHECK`: prints the query of a check's runbook for a data set, or runs it."""

from __future__ import annotations

import argparse
import sys

from alerting import runbook
from alerting.formats.table import table
from alerting.publish import write
from alerting.runbook import Query, RunbookError
from exporter import ad_hoc
from exporter.ad_hoc import Data, NoDataError
from exporter.arguments import USAGE
from exporter.config.model import Config
from exporter.engine.protocol import EngineError
from exporter.files.file import FilesError
from exporter.temporary import TemporaryError

NO_DATA = 2
"""Exit code if there is nothing to query, or if the query failed."""


def query(options: argparse.Namespace, config: Config, name: str) -> int:
    """Print the query of `options.sql` for the data set, or its rows; returns 0, 2 or 64."""
    dataset = config.datasets[name]
    try:
        asked = runbook.find(options.sql)
        runbook.require(asked, dataset)
    except RunbookError as error:
        print(f"clickstream-check: {error}", file=sys.stderr)
        return USAGE
    try:
        with ad_hoc.opened(dataset, config.resources, options.as_of) as data:
            if options.run:
                output = "\n".join(table(rows.names, rows.rows) for rows in data.rows(asked.sql))
            else:
                output = f"{_heading(asked, name, data)}\n{data.text(asked.sql)}"
    except (NoDataError, FilesError, EngineError, TemporaryError) as error:
        print(f"clickstream-check: {options.config}: datasets.{name}: {error}", file=sys.stderr)
        return NO_DATA
    return write(output)


def _heading(asked: Query, name: str, data: Data) -> str:
    return f"-- {asked.check}: data set {name}, {data.day or 'no day'}. For DuckDB 2 or newer."
