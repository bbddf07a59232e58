"""The closed table of rewrites: what DuckDB's functions are on Spark, each proven by a test of both engines."""

from __future__ import annotations

from sqlglot import exp

from exporter.engine.spark import regexes

SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What DuckDB's trim strips; Spark's strips the space alone."""

LARGEST_KEY, LARGEST = "18446744073709551615", "9223372036854775807"
"""The largest hash: DuckDB's are unsigned, Spark's are those less 2^63, in the same order."""

INTEGERS = ("BIGINT", "INT", "SMALLINT", "TINYINT")
OF_DAY = ("hour", "events", "schema_id", "number", "place", "session_hour")
"""Columns of relations that are integers."""

TEXTS = ("platform", "device_class", "device", "channel", "event_name", "transaction_id", "dimension_1", "dimension_2")
"""Columns of relations that are text, or an enum of texts."""


class Refusal(Exception):  # noqa: N818 - not an error of the program
    """What has no proven counterpart; `name` is what to look for in the SQL, if not the node itself."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what)
        self.name = name


def common_table(node: exp.Expression) -> exp.Expression:
    """A named query, without the advice to compute it once."""
    node.set("materialized", None)
    return node


def number(node: exp.Expression) -> exp.Expression:
    """The largest hash, if the literal is one; any other node as it is."""
    if isinstance(node, exp.Literal) and not node.is_string and node.this == LARGEST_KEY:
        return exp.Literal.number(LARGEST)
    return node


def named(node: exp.Expression) -> exp.Expression:
    """Functions that sqlglot does not know: those of time, hash, and old names."""
    name, arguments = node.name.lower(), node.expressions
    match name:
        case "epoch_us":
            return exp.Anonymous(this="unix_micros", expressions=arguments)
        case "hash":
            return _hash(node)
        case "suffix":
            return exp.EndsWith(this=arguments[0], expression=arguments[1])
        case "prefix":
            return exp.StartsWith(this=arguments[0], expression=arguments[1])
    raise Refusal(f"{name} has no proven counterpart on Spark", name)


def _hash(node: exp.Expression) -> exp.Expression:
    """xxhash64, which skips NULL, so that it is told from where there is none."""
    is_key = isinstance(node.parent, exp.Alias) and node.parent.alias == "transaction_key"
    if not (is_key or isinstance(node.parent, exp.EQ | exp.Count | exp.Distinct)):
        raise Refusal("hash has another value and order on Spark: compare hashes with = or count distinct ones", "hash")
    arguments = [each.copy() for each in node.expressions]
    flagged = [part for each in arguments for part in (exp.Is(this=each.copy(), expression=exp.Null()), each)]
    return exp.Anonymous(this="xxhash64", expressions=flagged)


def division(node: exp.Expression) -> exp.Expression:
    """A division of doubles; by zero it is infinite or not a number, where Spark fails."""
    sides = {"a": node.this, "b": node.expression}
    return exp.maybe_parse(
        "CASE WHEN CAST(b AS DOUBLE) <> 0 THEN CAST(a AS DOUBLE) / CAST(b AS DOUBLE)"
        " WHEN CAST(b AS DOUBLE) = 0 THEN CASE WHEN CAST(a AS DOUBLE) > 0 THEN CAST('Infinity' AS DOUBLE)"
        " WHEN CAST(a AS DOUBLE) < 0 THEN CAST('-Infinity' AS DOUBLE) WHEN a IS NOT NULL THEN CAST('NaN' AS DOUBLE)"
        " END END",
        dialect="spark",
    ).transform(lambda each: sides[each.name].copy() if isinstance(each, exp.Column) else each)


def average(node: exp.Expression) -> exp.Expression:
    """The sum as a double, divided by the number of values."""
    total, count = exp.Sum(this=node.this.copy()), exp.Count(this=node.this.copy())
    if isinstance(node.parent, exp.Filter | exp.Window):
        raise Refusal("avg with FILTER or OVER has no proven counterpart on Spark: write sum(…) / count(…)", "avg")
    return exp.Div(this=exp.cast(total, "double"), expression=exp.func("nullif", count, exp.Literal.number(0)))


def of_integers(node: exp.Expression) -> exp.Expression:
    """A division or its rest, if both sides are integers: of decimals, DuckDB's // is a division as /."""
    if is_integer(node.this) and is_integer(node.expression):
        return node
    sign = "//" if isinstance(node, exp.IntDiv) else "%"
    raise Refusal(f"{sign} of what may be no integer has no proven counterpart on Spark: cast it to BIGINT", sign)


def is_integer(node: exp.Expression) -> bool:
    """Whether the value certainly is an integer."""
    match node:
        case exp.Literal():
            return bool(node.is_int)
        case exp.Column():
            return node.name in OF_DAY
        case exp.Paren() | exp.Neg():
            return is_integer(node.this)
        case exp.Add() | exp.Sub() | exp.Mul() | exp.IntDiv() | exp.Mod():
            return is_integer(node.this) and is_integer(node.expression)
        case exp.Cast():
            return node.to.this.name in INTEGERS
    is_epoch = isinstance(node, exp.Anonymous) and node.name in ("unix_micros", "epoch_us")
    return is_epoch or isinstance(node, exp.Count | exp.RowNumber)


def cast(node: exp.Expression) -> exp.Expression:
    """Casts that do not round, parse or print: to DOUBLE, from text to text, from integers and truths to integers."""
    assert isinstance(node, exp.Cast)
    kind = node.to.this.name
    value = node.this.unnest() if isinstance(node.this, exp.Paren) else node.this
    is_truth = isinstance(value, exp.Predicate | exp.Not | exp.Boolean) or value.name.startswith(("is_", "has_"))
    allowed = {
        "DOUBLE": True,
        "VARCHAR": _is_text(value),
        "TEXT": _is_text(value),
        "ARRAY": isinstance(value, exp.Array),
        "DATE": isinstance(value, exp.Literal),
        **dict.fromkeys(INTEGERS, is_integer(value) or is_truth),
    }
    if not (allowed.get(kind) or isinstance(value, exp.Null)) or isinstance(node, exp.TryCast):
        raise Refusal(f"{node.sql('duckdb')[:60]} has no proven counterpart on Spark", "cast")
    return node


def _is_text(value: exp.Expression) -> bool:
    if isinstance(value, exp.Coalesce):
        return all(map(_is_text, (value.this, *value.expressions)))
    return (isinstance(value, exp.Literal) and value.is_string) or (
        isinstance(value, exp.Column) and value.name in TEXTS
    )


def unnested(node: exp.Expression) -> exp.Expression:
    """A list that is written out, as what `among` makes of it."""
    if not (node.find_ancestor(exp.In) and isinstance(node.this, exp.Cast) and isinstance(node.this.this, exp.Array)):
        raise Refusal("unnest has no proven counterpart on Spark", "unnest")
    return node


def among(node: exp.Expression) -> exp.Expression:
    """IN a list; of IN a query, only of a list that is written out: Spark's is false where DuckDB's is NULL."""
    query = node.args.get("query")
    if not query:
        return node
    rows = query.unnest().selects
    if len(rows) != 1 or not isinstance(rows[0], exp.Explode) or query.unnest().args.get("from_"):
        raise Refusal("IN (SELECT …) has no proven counterpart on Spark: write SEMI JOIN or ANTI JOIN", "IN")
    listed = [each.copy() for each in rows[0].this.this.expressions]
    return exp.In(this=node.this.copy(), expressions=listed) if listed else exp.false()


def grouping(node: exp.Expression) -> exp.Expression:
    """The bits of several columns: Spark tells them one by one."""
    bits = [f"{2**place} * grouping({each.sql('spark')})" for place, each in enumerate(reversed(node.expressions))]
    return exp.Paren(this=exp.maybe_parse(" + ".join(bits), dialect="spark"))


def left(node: exp.Expression) -> exp.Expression:
    """The first characters, if their number is written out."""
    if not (isinstance(node.expression, exp.Literal) and node.expression.is_int):
        raise Refusal("left with a number that is not written out has no proven counterpart on Spark", "left")
    return node


def like(node: exp.Expression) -> exp.Expression:
    """A pattern without a backslash, which Spark would read as an escape."""
    if not (isinstance(node.expression, exp.Literal) and "\\" not in node.expression.this):
        raise Refusal(
            "LIKE with a pattern that is not written out, or has a backslash, has no proven counterpart", "LIKE"
        )
    return node


def extreme(node: exp.Expression) -> exp.Expression:
    """The least or the greatest; of structs, a flag before each field makes NULL the greatest, as in DuckDB."""
    if isinstance(node.this, exp.Struct):
        flagged = []
        for each in node.this.expressions:
            flag = exp.Is(this=each.expression.copy(), expression=exp.Null())
            flagged += [exp.PropertyEQ(this=exp.to_identifier(f"no_{each.name}"), expression=flag), each.copy()]
        return type(node)(this=exp.Struct(expressions=flagged))
    return node


def median(node: exp.Expression) -> exp.Expression:
    """The median of amounts, cut to their digits: exact up to 450 billion, where a double still has halves."""
    if not (isinstance(node.this, exp.Column) and node.this.name == "revenue"):
        raise Refusal("median of another column than revenue has no proven counterpart on Spark", "median")
    unscaled = exp.cast(exp.Mul(this=node.this.copy(), expression=exp.Literal.number(10_000)), "bigint")
    middle = exp.Anonymous(this="percentile", expressions=[unscaled, exp.Literal.number("0.5")])
    whole = exp.cast(exp.Floor(this=middle), "decimal(18, 0)")
    return exp.cast(
        exp.Div(this=whole, expression=exp.cast(exp.Literal.number(10_000), "decimal(5, 0)")), "decimal(18, 4)"
    )


def regex(node: exp.Expression) -> exp.Expression:
    """A match of a regex that is written out, and that Java reads as RE2 does."""
    if not (isinstance(node.expression, exp.Literal) and node.expression.is_string):
        raise Refusal("a regex that is not written out has no proven counterpart on Spark", "regexp_matches")
    if node.args.get("flag"):
        raise Refusal("options of a regex have no proven counterpart on Spark", "regexp_matches")
    try:
        pattern = regexes.java(node.expression.this)
    except regexes.RegexError as error:
        raise Refusal(f"the regex has no proven counterpart on Spark: {error}", "regexp_matches") from None
    return exp.RegexpLike(this=node.this.copy(), expression=exp.Literal.string(pattern))


def trim(node: exp.Expression) -> exp.Expression:
    """Without the spaces that DuckDB strips."""
    if node.args.get("expression") or node.args.get("position"):
        raise Refusal("trim of other characters, or of one side, has no proven counterpart on Spark", "trim")
    return exp.Trim(this=node.this.copy(), expression=exp.Literal.string(SPACES), position="BOTH")
