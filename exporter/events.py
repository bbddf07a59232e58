"""The relation `events` of a day: the only place that knows files, column names, types and zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files as resources
from zoneinfo import ZoneInfo

import duckdb

from exporter.config import COLUMNS, Dataset
from exporter.devices import classify
from exporter.files import File, Footer, UnreadableError

CLICK_IDS = {
    "gclid": "google", "gbraid": "google", "wbraid": "google", "dclid": "google",
    "msclkid": "bing", "fbclid": "facebook", "ttclid": "tiktok", "twclid": "twitter",
    "li_fat_id": "linkedin", "epik": "pinterest", "ScCid": "snapchat", "rdt_cid": "reddit", "yclid": "yandex",
}  # fmt: skip
"""Click ids that advertising networks add to the page URL, and the network of each."""

FACTS = (
    "ts", "hour", "client", "row_key", "source", "is_direct", "schema_id", "is_purchase", "is_invalid",
    "is_missing_referrer", "is_missing_utm", "has_payload", "is_json_error",
)  # fmt: skip
"""What `relations/events.sql` adds to the canonical columns."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Measurable:
    """A file and its footer."""

    file: File
    footer: Footer


@dataclass(frozen=True)
class Day:
    """A calendar day in the reporting zone; `start` and `end` are microseconds since the epoch.

    The zone's offset from UTC (µs) is `before` until `shift_at` and `after` from then on.
    """

    date: date
    start: int
    end: int
    shift_at: int
    before: int
    after: int


def microseconds(instant: datetime) -> int:
    """Microseconds since the epoch."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def local_date(instant: int, zone: ZoneInfo) -> date:
    """The date of `instant` (µs since the epoch) in `zone`."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).astimezone(zone).date()


@cache
def day(when: date, zone: ZoneInfo) -> Day:
    """The day `when` in `zone`; a zone changes its offset at most once a day."""
    start, end = _midnight(when, zone), _midnight(when + timedelta(days=1), zone)
    before, after = _offset(start, zone), _offset(end - timedelta(microseconds=1), zone)
    low, high = start, end
    while before != after and high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    shift = high.replace(microsecond=0) if before != after else end
    return Day(when, microseconds(start), microseconds(end), microseconds(shift), _us(before), _us(after))


def _midnight(when: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day: midnight, or what follows where the clock skips midnight."""
    return datetime(when.year, when.month, when.day, tzinfo=zone).astimezone(UTC)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _us(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1)


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def relation(name: str) -> str:
    """The text of `relations/<name>.sql`."""
    return (resources("exporter") / "relations" / f"{name}.sql").read_text("utf-8")


def check_columns(dataset: Dataset, footer: Footer) -> None:
    """Raise UnreadableError when the file lacks a timestamp or an event name."""
    names = {name for name, _ in footer.kinds}
    for column in ("timestamp", "event_name"):
        wanted = getattr(dataset.columns, column)
        if not names & set(wanted):
            raise UnreadableError(f"no column for {column} (looked for {', '.join(wanted)})")


def missing_columns(dataset: Dataset, footer: Footer) -> tuple[str, ...]:
    """The mapped columns for which the file has no source."""
    return tuple(column for column in dataset.mapped() if not _sources(dataset, footer, column))


def timestamp_range(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, file: Measurable, earliest: int, latest: int
) -> tuple[int | None, int | None, int]:
    """First and last timestamp (µs) in [earliest, latest], and how many rows have none there."""
    select = f"SELECT epoch_us({_timestamp(dataset, file.footer)}) AS us FROM {_scan('$path')}"
    row = connection.execute(
        f"""SELECT min(us) FILTER (WHERE us BETWEEN $earliest AND $latest),
                   max(us) FILTER (WHERE us BETWEEN $earliest AND $latest),
                   count(*) FILTER (WHERE (us BETWEEN $earliest AND $latest) IS NOT TRUE)
            FROM ({select})""",
        {"path": [file.file.path], "earliest": earliest, "latest": latest},
    ).fetchall()[0]
    return row[0], row[1], row[2]


def load(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    files: Sequence[Measurable],
    when: Day,
    texts: Iterable[str],
) -> None:
    """Make the temporary tables `events`, `sessions`, `purchases` and `missing_columns` of one day.

    `events` has the columns that the SQL in `texts` or the relations themselves name.
    """
    schemas = sorted({_schema(dataset, each.footer) for each in files})
    by_schema = [[each for each in files if _schema(dataset, each.footer) == schema] for schema in schemas]
    columns = ", ".join(_used([relation("sessions"), relation("purchases"), *texts]))
    source, values = _source(dataset, by_schema)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE events AS WITH source AS ({source})\n"
        f"SELECT {columns} FROM (\n{relation('events')}) "
        "WHERE ts >= make_timestamp($start) AND ts < make_timestamp($end)",
        {**values, **_values(dataset, when)},
    )
    _load_missing(connection, [missing_columns(dataset, group[0].footer) for group in by_schema])
    _load_devices(connection)
    for name in ("sessions", "purchases"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {relation(name)}")


def _used(texts: Iterable[str]) -> list[str]:
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    canonical = [name for name in COLUMNS if name != "timestamp"]
    return [name for name in (*FACTS, *canonical) if name in words]


def _schema(dataset: Dataset, footer: Footer) -> tuple[tuple[str, ...], ...]:
    """What makes two files readable by one scan: the same sources for every canonical column."""
    timestamp = _timestamp(dataset, footer)
    return ((timestamp,), *(tuple(_sources(dataset, footer, column)) for column in COLUMNS))


def _source(dataset: Dataset, by_schema: Sequence[Sequence[Measurable]]) -> tuple[str, dict[str, object]]:
    scans: list[str] = []
    values: dict[str, object] = {}
    for number, group in enumerate(by_schema):
        values[f"files_{number}"] = [each.file.path for each in group]
        values |= {f"path_{i}": path for i, path in enumerate(_paths(dataset))}
        columns = ",\n  ".join(_selected(dataset, group[0].footer))
        scans.append(f"SELECT {number} AS schema_id,\n  {columns}\nFROM {_scan(f'$files_{number}')}")
    key = dataset.duplicate_key or tuple(c for c in dataset.mapped() if not _only_paths(dataset, c))
    keys = ", ".join("ts" if column == "timestamp" else column for column in key)
    return f"SELECT *, hash({keys}) AS row_key FROM (\n" + "\nUNION ALL\n".join(scans) + "\n)", values


def _scan(parameter: str) -> str:
    return f"read_parquet({parameter}, hive_partitioning = false, binary_as_string = true)"


def _selected(dataset: Dataset, footer: Footer) -> Iterator[str]:
    yield f"{_timestamp(dataset, footer)} AS ts"
    for column in COLUMNS[1:]:
        sources = _sources(dataset, footer, column)
        null = "CAST(NULL AS DECIMAL(18, 4))" if column == "revenue" else "CAST(NULL AS VARCHAR)"
        yield f"{'coalesce(' + ', '.join(sources) + ')' if sources else null} AS {column}"


def _sources(dataset: Dataset, footer: Footer, column: str) -> list[str]:
    """SQL for each source of `column` that the file has."""
    kinds = dict(footer.kinds)
    found = []
    for name in getattr(dataset.columns, column) or ():
        if name in kinds:
            found.append(_cast(column, name, kinds[name]))
        elif name.startswith("$") and _sources(dataset, footer, "payload"):
            found.append(_from_payload(dataset, footer, column, name))
    return found


def _cast(column: str, name: str, kind: str) -> str:
    if column == "timestamp":
        return identifier(name)
    if column == "revenue":
        return f"TRY_CAST({identifier(name)} AS DECIMAL(18, 4))"
    text = f"to_json({identifier(name)})" if kind == "nested" else identifier(name)
    return f"CAST({text} AS VARCHAR)"


def _from_payload(dataset: Dataset, footer: Footer, column: str, path: str) -> str:
    """The value at a JSON path of the payload; of purchases only, because parsing JSON is dear."""
    payload = f"coalesce({', '.join(_sources(dataset, footer, 'payload'))})"
    value = f"json_extract_string({payload}, $path_{_paths(dataset).index(path)})"
    wanted = f"json_valid({payload})"
    if column in ("revenue", "transaction_id"):
        event_name = f"coalesce({', '.join(_sources(dataset, footer, 'event_name'))})"
        wanted = f"list_contains($purchase, {event_name}) AND {wanted}"
    if column == "revenue":
        value = f"TRY_CAST({value} AS DECIMAL(18, 4))"
    return f"CASE WHEN {wanted} THEN {value} END"


def _paths(dataset: Dataset) -> list[str]:
    sources = (source for column in COLUMNS for source in getattr(dataset.columns, column) or ())
    return sorted({source for source in sources if source.startswith("$")})


def _only_paths(dataset: Dataset, column: str) -> bool:
    return all(source.startswith("$") for source in getattr(dataset.columns, column))


def _timestamp(dataset: Dataset, footer: Footer) -> str:
    """SQL for the timestamp in UTC; numbers are seconds, milli-, micro- or nanoseconds by their size."""
    kinds = dict(footer.kinds)
    name = next(name for name in dataset.columns.timestamp if name in kinds)
    column = identifier(name)
    of_kind = {
        "timestamp": f"CAST({column} AS TIMESTAMP)",
        "date": f"CAST({column} AS TIMESTAMP)",
        "instant": f"CAST(CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP)",
        "integer": _epoch(column),
        "number": _epoch(column),
        "text": f"coalesce(CAST(TRY_CAST({column} AS TIMESTAMPTZ) AS TIMESTAMP), "
        + _epoch(f"TRY_CAST({column} AS DOUBLE)")
        + ")",
    }
    return of_kind.get(kinds[name], "CAST(NULL AS TIMESTAMP)")


def _epoch(number: str) -> str:
    return (
        f"try(make_timestamp(CAST(CASE WHEN abs({number}) < 1e11 THEN {number} * 1000000 "
        f"WHEN abs({number}) < 1e14 THEN {number} * 1000 "
        f"WHEN abs({number}) < 1e17 THEN {number} ELSE {number} // 1000 END AS BIGINT)))"
    )


def _values(dataset: Dataset, when: Day) -> dict[str, object]:
    domains = "|".join(re.escape(domain) for domain in dataset.site_domains)
    return {
        "start": when.start,
        "end": when.end,
        "shift_at": when.shift_at,
        "offset_before": when.before,
        "offset_after": when.after,
        "purchase": list(dataset.purchase),
        "taxonomy": list(dataset.taxonomy),
        "site_pattern": rf"(.*\.)?({domains})" if domains else None,
        "click_pattern": f"[?&]({'|'.join(CLICK_IDS)})=[^&#]",
        "click_ids": list(CLICK_IDS),
        "networks": list(CLICK_IDS.values()),
    }


def _load_missing(connection: duckdb.DuckDBPyConnection, missing: Sequence[Sequence[str]]) -> None:
    connection.execute('CREATE OR REPLACE TEMP TABLE missing_columns (schema_id INTEGER, "column" VARCHAR)')
    rows = [(number, column) for number, columns in enumerate(missing) for column in columns]
    if rows:
        connection.executemany("INSERT INTO missing_columns VALUES (?, ?)", rows)


def _load_devices(connection: duckdb.DuckDBPyConnection) -> None:
    """The device class of every agent text among the day's purchases."""
    connection.execute("CREATE OR REPLACE TEMP TABLE device_classes (agent VARCHAR, device VARCHAR)")
    agents = connection.execute(
        "SELECT DISTINCT coalesce(device, user_agent) AS agent FROM events WHERE is_purchase AND agent IS NOT NULL"
    ).fetchall()
    if agents:
        rows = [(agent, classify(agent)) for (agent,) in agents]
        connection.executemany("INSERT INTO device_classes VALUES (?, ?)", rows)
