"""The runbooks, and the SQL in them: each query once, against the relations of `exporter.ad_hoc`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from exporter.config.model import SETTINGS, Dataset
from exporter.text import did_you_mean

_PREFIX = "Clickstream"


class RunbookError(Exception):
    """A query that does not exist or cannot be asked of the data set: why."""


@dataclass(frozen=True)
class Query:
    """The SQL of a runbook; of each tuple in `needs`, the data set must have one."""

    check: str
    sql: str
    needs: tuple[tuple[str, ...], ...]


@cache
def queries() -> dict[str, Query]:
    """The query of each check whose runbook has one."""
    pages = (each for each in (files("alerting") / "runbooks").iterdir() if each.name.endswith(".md"))
    found = (parse(each.name.removesuffix(".md"), each.read_text("utf-8")) for each in pages)
    return {each.check: each for each in sorted(found, key=lambda each: each.check) if each.sql}


def parse(check: str, page: str) -> Query:
    """The query of a page; its `sql` is empty if the page has none."""
    sql = "\n".join(re.findall(r"^```sql\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))
    needs = re.findall(r"^-- needs: (.+?)\s*$", sql, re.MULTILINE)
    return Query(check, re.sub(r"^-- needs: .*\n", "", sql, flags=re.MULTILINE), tuple(map(_alternatives, needs)))


def _alternatives(need: str) -> tuple[str, ...]:
    return tuple(need.split(" or "))


def find(check: str) -> Query:
    """The query of a check, which may be given as its alert's name. Raises RunbookError."""
    name = check.removeprefix(_PREFIX)
    if name not in queries():
        hint = did_you_mean(name, queries())
        raise RunbookError(f"no query for {check!r}{hint}: expected one of {', '.join(queries())}")
    return queries()[name]


def require(query: Query, dataset: Dataset) -> None:
    """Raise RunbookError if the configuration lacks what the query needs."""
    lacking = [each for each in query.needs if dataset.lacks(each)]
    if lacking:
        raise RunbookError("; ".join(f"{query.check} needs {_described(each)}" for each in lacking))


def _described(need: Sequence[str]) -> str:
    if need[0] == "orders":
        return "purchase rows that are orders, not lines, which the configuration does not set"
    verb = "set" if need[0] in SETTINGS else "map"
    return f"{' or '.join(need)}, which the configuration does not {verb}"
