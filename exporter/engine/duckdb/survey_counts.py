"""What a survey counts, once it is known which name is which column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.engine.duckdb.steps import identifier
from exporter.engine.duckdb.survey import TIME, Survey

HOSTS = 50
"""The maximum number of hosts."""

TEXTS = 2000
"""The maximum number of JSON texts that are looked into, and EACH of each event name."""

EACH = 40

LONGEST = 100_000
"""The maximum length of such a text, in characters."""


@dataclass(frozen=True)
class Range:
    """The first and the last timestamp (µs since the epoch) of the events with the same date, or in the same file."""

    of: str
    first: int
    last: int


def names(survey: Survey, event_name: str) -> Mapping[str, int]:
    """The event names and how many events have them, the most frequent first."""
    name = identifier(event_name)
    sql = f"SELECT {name}, count(*) FROM survey WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
    return {str(each): int(number) for each, number in survey.rows(sql)}


def by_name(
    survey: Survey, event_name: str, amounts: Sequence[str], ids: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    """For each event name, how many events have it (""), an amount above zero, and an id, by each of the sources."""
    counted = [f"count(*) FILTER (TRY_CAST({identifier(each)} AS DOUBLE) > 0)" for each in amounts]
    counted += [f"count({identifier(each)})" for each in ids]
    name, keys = identifier(event_name), ("", *amounts, *ids)
    sql = f"SELECT {', '.join([name, 'count(*)', *counted])} FROM survey WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1"
    return {str(row[0]): dict(zip(keys, (int(each) for each in row[1:]), strict=True)) for row in survey.rows(sql)}


def texts(survey: Survey, column: str, event_name: str) -> list[str]:
    """JSON texts of the column, some of each event name."""
    of, name = identifier(column), identifier(event_name)
    sql = (
        f"SELECT {of} FROM survey WHERE {of}[1] = '{{' AND length({of}) < {LONGEST} "
        f"QUALIFY row_number() OVER (PARTITION BY {name} ORDER BY {of}) <= {EACH} ORDER BY 1 LIMIT {TEXTS}"
    )
    return [str(text) for (text,) in survey.rows(sql)]


def hosts(survey: Survey, page_url: str) -> Mapping[str, int]:
    """The hosts of the URLs, in lower case and without `www.`, the most frequent first."""
    host = f"regexp_extract(lower({identifier(page_url)}), '^https?://(?:[^/?#@]*@)?(?:www\\.)?([^/:?#]+)', 1)"
    sql = f"SELECT {host} AS host, count(*) FROM survey WHERE host <> '' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {HOSTS}"
    return {str(each): int(number) for each, number in survey.rows(sql)}


def ranges(survey: Survey, timestamp: str, of: str) -> list[Range]:
    """The range of the timestamps for each value of `of`, SQL over the table."""
    time = f"epoch_us({identifier(TIME + timestamp)})"
    sql = (
        f"SELECT CAST({of} AS VARCHAR), min({time}), max({time}) FROM survey "
        f"WHERE {of} IS NOT NULL AND {time} IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return [Range(str(value), int(first), int(last)) for value, first, last in survey.rows(sql)]


def dated(column: str) -> str:
    """SQL for a column of dates, written with or without dashes, as YYYY-MM-DD."""
    plain = f"replace({identifier(column)}, '-', '')"
    return f"CASE WHEN length({plain}) = 8 THEN CAST(CAST(try_strptime({plain}, '%Y%m%d') AS DATE) AS VARCHAR) END"


def with_time_of_day(survey: Survey, timestamp: str) -> int:
    """The number of events whose timestamp is not midnight."""
    time = f"epoch_us({identifier(TIME + timestamp)})"
    return survey.value(f"count(*) FILTER ({time} % 86400000000 <> 0)")


def most_frequent(survey: Survey, column: str) -> tuple[str, int, int]:
    """The most frequent value of the column, how many events have it, and how many have any."""
    of = identifier(column)
    sql = f"SELECT {of}, count(*) FROM survey WHERE {of} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    found = survey.rows(sql)
    return (str(found[0][0]), int(found[0][1]), survey.value(f"count({of})")) if found else ("", 0, 0)


def copies(survey: Survey, columns: Sequence[str]) -> int:
    """The number of events that are extra copies, by the columns; NULL is a value like any other."""
    listed = ", ".join(map(identifier, columns))
    rows = survey.rows(f"SELECT count(*) FROM (SELECT 1 FROM survey GROUP BY {listed})")
    return survey.value("count(*)") - int(rows[0][0])


def unlike(survey: Survey, event_name: str, names: Sequence[str], transaction_id: str, by: Sequence[str]) -> int:
    """Of the events with these names and a transaction id, the number that differ in the id or `by` these columns."""
    key, columns = identifier(transaction_id), ", ".join(map(identifier, [transaction_id, *by]))
    of = f"list_contains($names, {identifier(event_name)}) AND {key} IS NOT NULL"
    sql = f"SELECT count(*) FROM (SELECT 1 FROM survey WHERE {of} GROUP BY {columns})"
    return int(survey.rows(sql, {"names": list(names)})[0][0])


def fractions(survey: Survey, column: str) -> int:
    """The number of values of the column that are numbers, but not whole ones."""
    return survey.value(f"count(*) FILTER (TRY_CAST({identifier(column)} AS DOUBLE) % 1 <> 0)")


def repeated(survey: Survey, event_name: str, names: Sequence[str], transaction_id: str) -> tuple[int, int]:
    """Of the events with these names, those that have a transaction id, and the number of distinct ids."""
    key, name = identifier(transaction_id), identifier(event_name)
    sql = f"SELECT count({key}), count(DISTINCT {key}) FROM survey WHERE list_contains($names, {name})"
    ((with_id, ids),) = survey.rows(sql, {"names": list(names)})
    return int(with_id), int(ids)
