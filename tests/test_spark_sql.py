"""SQL for Spark: what is translated gives the same on both engines, and the rest is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from tests.support import spark
from tests.support.exposition import SHOP, run, write_config
from tests.support.spark import needs_spark

if not find_spec("sqlglot") or not find_spec("pyspark"):
    pytest.skip("Spark is not installed: pip install '.[spark]'", allow_module_level=True)

from exporter.engine.spark import regexes, translate
from exporter.engine.spark.session import Session
from exporter.measures import declared

TEXTS = [
    "",
    " ",
    "a",
    "A",
    "abc",
    "a.c",
    "x\ny",
    "x\r",
    "K",
    "\u212a",
    "\u017f",
    "ä",
    "Ä",
    "1_0",
    "50%",
    "a\\b",
    "\u00a0b ",
    "\tc",
    "12345678",
]
NUMBERS = [-7, -1, 0, 1, 2, 7, 9_000_000_000]
AMOUNTS = [None, "0.0001", "0.0002", "-1.5000", "12.3456", "99999999999.9999"]

VALUES = """
SELECT *, TIMESTAMP '2025-03-30 00:30:00' + INTERVAL 1 HOUR * CAST(number % 1000 AS INTEGER) AS ts
FROM (SELECT unnest($texts) AS name),
     (SELECT CAST(unnest($numbers) AS BIGINT) AS number),
     (SELECT unnest($amounts) AS revenue)
"""

EXPRESSIONS = r"""
coalesce(name, 'x'); nullif(name, 'a'); length(name); contains(name, 'a'); starts_with(name, 'a'); suffix(name, 'c')
prefix(name, 'a'); replace(name, 'a', 'b'); left(name, 2); trim(name); name LIKE 'a%'; name LIKE '_'; name NOT LIKE '%c'
name IN ('a', 'b'); name BETWEEN 'A' AND 'a'; name < 'a'; name IS DISTINCT FROM 'a'; name <> 'a'; name >= 'a'
name IS NOT DISTINCT FROM NULL; name IN (SELECT unnest(CAST(['a', 'b'] AS VARCHAR[])))
name NOT IN (SELECT unnest(CAST([] AS VARCHAR[])))
regexp_matches(name, '^a.c$'); regexp_matches(name, '(?i)k|S'); regexp_matches(name, '[^a-c]')
regexp_matches(name, '\d{2,}'); regexp_matches(name, '\s'); regexp_matches(name, 'x$'); regexp_matches(name, '\w+%')
regexp_matches(name, '(?i)[a-z]b')
number + 1; number - 1; -number; abs(number); number * 2; number / 2; number / 0; 7 / number; number IS NULL
(number > 0) IS NOT TRUE; name IS NOT NULL OR number > 1 AND NOT name = 'a'; ends_with(name, 'c')
least(number, 3); greatest(number, 3); CAST(number AS DOUBLE); CASE WHEN number > 1 THEN 'many' ELSE 'few' END
revenue + 1; revenue * 2; revenue / 3; revenue > 0; abs(revenue); coalesce(revenue, 0); CAST(revenue > 0 AS INTEGER)
epoch_us(ts); epoch_us(ts) // 1800000000; epoch_us(ts) % 7; ts - INTERVAL 7 DAYS; ts <= ts
"""

AGGREGATES = """
count(*); count(number); count(DISTINCT name); count(DISTINCT {'a': name, 'b': number}); sum(number); sum(revenue)
min(name); max(revenue); any_value(name); avg(number); avg(revenue); sum(revenue) / count(*); median(revenue)
bool_and(number > 0); bool_or(number > 0); count_if(number > 0); count(*) FILTER (WHERE number > 0)
sum(number) FILTER (WHERE name = 'a'); min({'a': name, 'b': revenue}); max({'a': name, 'b': revenue})
"""

QUERIES = """
SELECT name, number, row_number() OVER (PARTITION BY name ORDER BY number, revenue) AS place FROM rows
SELECT name, number, rank() OVER (PARTITION BY name ORDER BY number DESC) AS place FROM rows
SELECT number, dense_rank() OVER (ORDER BY number DESC) AS place FROM rows WHERE name = 'a'
SELECT name, lead(number, 2) OVER (PARTITION BY name ORDER BY number, revenue) AS after FROM rows
SELECT name, number FROM rows ORDER BY name DESC, number, revenue LIMIT 3
SELECT name, lag(number) OVER (PARTITION BY name ORDER BY number, revenue) AS before FROM rows
SELECT name, max(number) OVER (PARTITION BY name ORDER BY number, revenue ROWS UNBOUNDED PRECEDING) AS so_far FROM rows
SELECT grouping(name, number) AS bits, count(*) AS n FROM rows GROUP BY GROUPING SETS ((name), (number), (name, number))
SELECT name, count(*) AS number FROM rows GROUP BY ALL HAVING count(*) > 1
SELECT a.name FROM rows AS a SEMI JOIN (FROM rows WHERE number = 7) AS b ON a.name = b.name AND a.number < b.number
SELECT name FROM rows ANTI JOIN (SELECT 'a' AS name) AS b USING (name)
SELECT name FROM rows WHERE number IN (7, 9) UNION ALL SELECT 'x' WHERE EXISTS (FROM rows)
WITH few AS MATERIALIZED (FROM rows WHERE number = 1) SELECT DISTINCT name FROM few
"""

REFUSED = {
    "SELECT hour,\n strftime(ts, '%H') AS x FROM events": "line 2: strftime has no proven counterpart on Spark",
    "SELECT json_extract_string(payload, '$.x') AS x FROM events": "line 1: json_extract_string has",
    "SELECT event_name IN (SELECT event_name FROM names) AS x FROM events": "line 1: IN (SELECT …) has",
    "SELECT arg_max(event_name, ts) AS x FROM events": "line 1: arg_max has",
    "SELECT random() AS x FROM events": "random has",
    "SELECT lower(event_name) AS x FROM events": "line 1: lower has no proven counterpart on Spark",
    "SELECT min(hash(event_name)) AS x FROM events": "compare hashes with =",
    "SELECT median(hour) AS x FROM events": "median of another column than revenue",
    "SELECT hour // revenue AS x FROM purchases": "cast it to BIGINT",
    "SELECT CAST(revenue AS BIGINT) AS x FROM purchases": "CAST(revenue AS BIGINT)",
    "SELECT regexp_matches(event_name, origin) AS x FROM events": "a regex that is not written out",
    "SELECT regexp_matches(event_name, 'a\\b') AS x FROM events": "the regex has no proven counterpart on Spark",
    "SELECT event_name LIKE 'a\\%' AS x FROM events": "LIKE",
    "SELECT * REPLACE (1 AS hour) FROM events": "REPLACE",
    "SELECT * FROM events ASOF JOIN sessions USING (client, ts)": "ASOF JOIN",
    "SELECT * FROM events UNION ALL BY NAME SELECT * FROM events": "BY NAME",
    "SELECT * FROM read_parquet('x')": "read_parquet",
    "SELECT hour FROM events QUALIFY row_number() OVER (ORDER BY ts) = 1": "QUALIFY",
    "PIVOT events ON hour USING count(*)": "",
}  # fmt: skip
"""SQL, and what the reason contains."""


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not_proven_is_refused(sql: str) -> None:
    """With the line and the function."""
    reason = translate.problem(sql)
    assert reason
    assert REFUSED[sql] in reason


def test_every_part_is_proven() -> None:
    """What the tables of the translation have is in the SQL whose results are compared below."""
    selected = [f"SELECT {each} FROM rows" for each in parted(EXPRESSIONS) + parted(AGGREGATES)]
    tested = [*selected, *parted(QUERIES, "\0")]
    proven = {type(node) for sql in tested for node in sqlglot.parse_one(sql, read="duckdb").walk()}
    assert {each.__name__ for each in {*translate.SAME, *translate.REWRITTEN} - proven} == set()


def test_every_built_in_measure_is_translated() -> None:
    """None of them is refused."""
    assert {each.name: translate.problem(each.sql) for each in declared.load() if translate.problem(each.sql)} == {}


@pytest.mark.parametrize(
    "pattern", ["a++", "(?s)a", r"\bx", r"\p{L}", "[[:alpha:]]", "(?P<a>x)", "(?i)ä", r"\Qx", "a**"]
)
def test_a_regex_that_java_may_read_otherwise_is_refused(pattern: str) -> None:
    """Even if it is a regex of both."""
    with pytest.raises(regexes.RegexError):
        regexes.java(pattern)


def test_the_configuration_is_refused(tmp_path: Path) -> None:
    """With the file of the measure, the line and the function."""
    measure = tmp_path / "hours.sql"
    measure.write_text("-- clickstream_x: X.\nSELECT hour,\n       strftime(ts, '%H') AS clickstream_x\nFROM events\n")
    config = write_config(tmp_path, web=SHOP | {"engine": {"spark": "sc://127.0.0.1:1"}, "measures": ["hours.sql"]})
    done = run(config, "--check-config")
    assert done.returncode == 64
    assert f"datasets.web.measures: {measure}: line 3: " in done.stderr
    assert "line 3: strftime has no proven counterpart on Spark" in done.stderr


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Session]]:
    """The engines, each with the same table `rows`."""
    from datetime import timedelta  # noqa: PLC0415

    with duckdb.connect() as connection, spark.server(tmp_path_factory.mktemp("spark")) as url:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"CREATE TABLE rows AS {VALUES}",
            {"texts": [*TEXTS, None], "numbers": list(map(str, NUMBERS)), "amounts": AMOUNTS},
        )
        connection.execute("ALTER TABLE rows ALTER revenue TYPE DECIMAL(18, 4)")
        session = Session(url, timedelta(minutes=2))
        table = connection.sql("SELECT name, number, revenue, CAST(ts AS TIMESTAMPTZ) AS ts FROM rows").to_arrow_table()
        session.show("rows", session.spark.createDataFrame(table))
        yield connection, session
        session.close()


def found(both: tuple[duckdb.DuckDBPyConnection, Session], sql: str) -> tuple[list[Any], list[Any]]:
    """The rows of both engines, sorted."""
    connection, session = both
    first = connection.execute(sql).fetchall()
    with session.limited():
        second = [tuple(row) for row in session.sql(translate.spark_sql(sql)).collect()]
    return tuple(sorted((tuple(map(plain, row)) for row in rows), key=repr) for rows in (first, second))  # type: ignore[return-value]


def plain(value: Any) -> Any:
    """A value that can be compared: structs as tuples, numbers to their twelfth digit, times without a zone."""
    if hasattr(value, "asDict"):
        value = {name: each for name, each in value.asDict().items() if not name.startswith("no_")}
    if isinstance(value, dict):
        return tuple(map(plain, value.values()))
    if isinstance(value, float):
        return "nan" if math.isnan(value) else f"{value:.12g}"
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


def differences(listed: list[str], first: list[Any], second: list[Any], own: int) -> dict[str, tuple[Any, ...]]:
    """Each expression that differs in a row, with its values; before them, a row has `own` columns."""
    return {
        listed[place - own]: (*one[:own], one[place], other[place])
        for one, other in zip(first, second, strict=True)
        for place in range(own, len(one))
        if one[place] != other[place]
    }


def parted(text: str, by: str = ";") -> list[str]:
    """The parts of a text, by lines and by the separator."""
    return [part.strip() for line in text.strip().splitlines() for part in line.split(by)]


@needs_spark
@pytest.mark.xdist_group("spark")
class TestSameOnBoth:
    """What is translated gives the same values."""

    def test_expressions(self, both: tuple[duckdb.DuckDBPyConnection, Session]) -> None:
        """For every combination of texts, numbers and amounts, each expression; all at once."""
        listed = parted(EXPRESSIONS)
        columns = ", ".join(f"{each} AS column_{number}" for number, each in enumerate(listed))
        first, second = found(both, f"SELECT name, number AS own, revenue AS amount, {columns} FROM rows")
        assert differences(listed, first, second, 3) == {}

    @pytest.mark.parametrize("grouped", ["", " GROUP BY name"])
    def test_aggregates(self, both: tuple[duckdb.DuckDBPyConnection, Session], grouped: str) -> None:
        """Over all rows, and by name."""
        listed = [each for each in parted(AGGREGATES) if not grouped or each != "any_value(name)"]
        columns = ", ".join(f"{each} AS column_{number}" for number, each in enumerate(listed))
        first, second = found(both, f"SELECT {columns} FROM rows WHERE name <> 'x'{grouped}")
        assert differences(listed, first, second, 0) == {}

    @pytest.mark.parametrize("sql", parted(QUERIES, "\0"))
    def test_queries(self, both: tuple[duckdb.DuckDBPyConnection, Session], sql: str) -> None:
        """Windows, joins, sets, subqueries."""
        first, second = found(both, sql)
        assert first == second
