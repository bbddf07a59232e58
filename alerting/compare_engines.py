"""`clickstream-check CONFIG --compare-engines`: whether Spark finds the same facts of a day as DuckDB."""

from __future__ import annotations

import argparse
import sys

from alerting.publish import write
from exporter import two_engines
from exporter.facts.model import FactsError
from exporter.plan import Plan
from exporter.temporary import TemporaryError

DIFFERENT, NOT_COMPARED = 1, 2
"""Exit codes."""


def compare_engines(options: argparse.Namespace, plan: Plan, name: str) -> int:
    """Print each fact of the day that differs; returns 0 if none does, 1, or 2 if they could not be compared."""
    try:
        found = two_engines.compare(plan, name, options.as_of)
    except (FactsError, TemporaryError) as error:
        print(f"clickstream-check: {options.config}: datasets.{name}: {error}", file=sys.stderr)
        return NOT_COMPARED
    if found.day is None:
        print(f"clickstream-check: {options.config}: datasets.{name}: no event", file=sys.stderr)
        return NOT_COMPARED
    differ = f"{len(found.different)} differ" if found.different else "none differs"
    write("\n".join([*found.different, f"{name} {found.day}: {found.facts} facts on DuckDB and on Spark, {differ}\n"]))
    return DIFFERENT if found.different else 0
