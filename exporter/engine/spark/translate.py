"""SQL of DuckDB for Spark: parts of speech that mean the same, and a closed table of those that are rewritten.

Whatever is in neither is refused, even if Spark has a function of that name: it may round, sort or match otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import sqlglot
from sqlglot import exp

from exporter.engine.spark import rewrites
from exporter.engine.spark.rewrites import Refusal
from exporter.engine.spark.values import literal

SAME: Final = frozenset({
    exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.GroupingSets, exp.Having, exp.Order, exp.Ordered,
    exp.Limit, exp.With, exp.Subquery, exp.Table, exp.TableAlias, exp.Union, exp.Distinct, exp.Tuple,
    exp.Column, exp.Identifier, exp.Alias, exp.Star, exp.Paren, exp.Literal, exp.Boolean, exp.Null, exp.Var,
    exp.Case, exp.If, exp.Between, exp.Is, exp.And, exp.Or, exp.Not, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Interval, exp.DataType,
    exp.Window, exp.WindowSpec, exp.Filter, exp.IgnoreNulls, exp.Struct, exp.PropertyEQ, exp.Array, exp.Exists,
    exp.Count, exp.Sum, exp.AnyValue, exp.LogicalAnd, exp.LogicalOr, exp.CountIf,
    exp.Coalesce, exp.Nullif, exp.Least, exp.Greatest, exp.Abs,
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
    exp.Contains, exp.StartsWith, exp.EndsWith, exp.Replace, exp.Length,
})  # fmt: skip
"""What means the same in Spark as it is written by sqlglot."""

REWRITTEN: Final[Mapping[type[exp.Expression], Callable[[exp.Expression], exp.Expression]]] = {
    exp.Anonymous: rewrites.named,
    exp.Avg: rewrites.average,
    exp.CTE: rewrites.common_table,
    exp.Cast: rewrites.cast,
    exp.Div: rewrites.division,
    exp.Explode: rewrites.unnested,
    exp.Grouping: rewrites.grouping,
    exp.In: rewrites.among,
    exp.IntDiv: rewrites.of_integers,
    exp.Left: rewrites.left,
    exp.Like: rewrites.like,
    exp.Max: rewrites.extreme,
    exp.Median: rewrites.median,
    exp.Min: rewrites.extreme,
    exp.Mod: rewrites.of_integers,
    exp.RegexpLike: rewrites.regex,
    exp.Trim: rewrites.trim,
}
"""What is rewritten, or refused, depending on what it is applied to."""

OF_DUCKDB = {
    exp.Select: ("sample", "qualify"),
    exp.Group: ("cube", "rollup"),
    exp.Star: ("replace", "except_", "rename"),
    exp.Distinct: ("on",),
}
"""Clauses of these that Spark lacks or reads otherwise."""


class TranslationError(Exception):
    """SQL that no test has proven to mean the same on Spark: `line N: what`."""


def spark_sql(sql: str, values: Mapping[str, object] | None = None) -> str:
    """The SQL for Spark, with the `values` in place of parameters. Raises TranslationError."""
    try:
        parsed = sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise TranslationError(f"not understood: {str(error).splitlines()[0]}") from None
    filled = parsed.transform(lambda node: _filled(node, values or {}))
    return str(_rewritten(filled, sql).sql("spark", comments=False))


def problem(sql: str) -> str | None:
    """Why the SQL of a measure cannot run on Spark, or None."""
    try:
        spark_sql(sql)
    except TranslationError as error:
        return str(error)
    return None


def _filled(node: exp.Expression, values: Mapping[str, object]) -> exp.Expression:
    """The value of a parameter; any other node as it is."""
    if isinstance(node, exp.Placeholder | exp.Parameter) and node.name in values:
        return literal(values[node.name])
    return node


def _rewritten(parsed: exp.Expression, sql: str) -> exp.Expression:
    """The tree with each node replaced by what means the same, from the leaves up."""
    nodes = list(parsed.walk(bfs=False))
    for node in nodes:
        _check(node, sql)
    for node in reversed(nodes):
        try:
            new = REWRITTEN.get(type(node), rewrites.number)(node)
        except Refusal as refusal:
            raise TranslationError(f"{_line(sql, refusal.name or _written(node, sql))}{refusal}") from None
        if node is parsed:
            parsed = new
        elif new is not node:
            node.replace(new)
    return parsed


def _check(node: exp.Expression, sql: str) -> None:
    """Raise TranslationError if the node is in neither table."""
    kind, name = type(node), ""
    clauses = [each for each in OF_DUCKDB.get(kind, ()) if node.args.get(each)]
    if kind not in REWRITTEN and kind not in SAME:
        name = _written(node, sql)
    elif clauses:
        name = clauses[0].rstrip("_").upper()
    elif isinstance(node, exp.Union) and node.args.get("by_name"):
        name = "BY NAME"
    elif isinstance(node, exp.Join) and node.args.get("method"):
        name = f"{node.method} JOIN"
    elif isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        name = _written(node.this, sql)
    if name:
        raise TranslationError(f"{_line(sql, name)}{name} has no proven counterpart on Spark")


def _written(node: exp.Expression, sql: str) -> str:
    """What the node is called in the SQL."""
    if isinstance(node, exp.Anonymous):
        return str(node.name)
    for word in re.findall(r"(\w+)\s*\(", sql):
        with suppress(sqlglot.errors.SqlglotError):
            if isinstance(sqlglot.parse_one(f"SELECT {word}(a, 'b')", read="duckdb").selects[0], type(node)):
                return str(word)
    if isinstance(node, exp.Func):
        return str(node.sql_name()).lower()
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).upper()


def _line(sql: str, name: str) -> str:
    """`line N: ` for the first line, without its comment, that has the name; empty if none has."""
    for number, line in enumerate(sql.splitlines(), 1):
        if re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", line.partition("--")[0]):
            return f"line {number}: "
    return ""
