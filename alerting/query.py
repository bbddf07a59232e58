"""`clickstream-check CONFIG --sql CHECK`: prints the query of a check's runbook for a data set, or runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from alerting import runbook
from alerting.formats.table import table
from alerting.runbook import Query, RunbookError
from exporter import by_hand
from exporter.arguments import USAGE
from exporter.by_hand import Data, NoDataError
from exporter.config.checks import Limits
from exporter.config.model import Config
from exporter.engine.protocol import EngineError
from exporter.facts.model import FactsError
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
        with by_hand.opened(dataset, config.resources, options.as_of) as data:
            statements = [*_limits(asked, dataset.limits), *data.before(asked.sql), asked.sql]
            if not options.run:
                print(_heading(asked, name, data), by_hand.SETTINGS, *statements, sep="\n", end="")
                return 0
            tables = [table(rows.names, rows.rows) for rows in data.rows(statements)]
    except (NoDataError, FactsError, EngineError, TemporaryError) as error:
        print(f"clickstream-check: {options.config}: datasets.{name}: {error}", file=sys.stderr)
        return NO_DATA
    print("\n".join(tables), end="")
    return 0


def _heading(asked: Query, name: str, data: Data) -> str:
    return f"-- {asked.check}: data set {name}, {data.day or 'no day'}. For DuckDB 2 or newer."


def _limits(asked: Query, limits: Limits) -> Iterator[str]:
    """Statements that set the limits that the query names."""
    for name, value in limits.model_dump().items():
        if f"getvariable('{name}')" in asked.sql:
            yield by_hand.variable(name, value)
