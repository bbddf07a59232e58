"""The tables of one day that measures query: `events`, `sessions`, `purchases`, `missing_columns` and others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib.resources import files as resources

import duckdb

from exporter.config.model import COLUMNS, Dataset
from exporter.config.values import DIMENSION_COLUMNS
from exporter.days import Day
from exporter.engine.duckdb import amounts, columns, watched
from exporter.engine.duckdb.columns import Shape
from exporter.engine.duckdb.database import literal
from exporter.engine.duckdb.steps import text
from exporter.files import mapping
from exporter.files.entry import Measurable
from exporter.files.file import File
from exporter.measures import segments
from exporter.measures.channels import CHANNELS, PAID_CLICK_IDS, SITES
from exporter.measures.declared import without_comments
from exporter.measures.devices import BOTS, DEVICES, NAMES, NOT_BOTS, PLATFORMS, classify
from exporter.text import LONGEST

CLICK_IDS = {
    "gclid": "google", "gbraid": "google", "wbraid": "google", "dclid": "google",
    "msclkid": "bing", "fbclid": "facebook", "ttclid": "tiktok", "twclid": "twitter",
    "li_fat_id": "linkedin", "epik": "pinterest", "ScCid": "snapchat", "rdt_cid": "reddit", "yclid": "yandex",
}  # fmt: skip
"""Click ids that advertising networks add to the page URL, to the network."""

BLANKS = r"[\s\v\p{Z}\x{200B}\x{FEFF}]*"
"""What may surround a placeholder, or be there in place of one."""

FACTS = (
    "ts", "hour", "client", "row_key", "source", "source_key", "is_direct", "schema_id", "is_purchase", "is_invalid",
    "is_missing_referrer", "is_missing_utm", "has_payload", "is_json_error", "agent", "content_key", "platform",
    "device_class", "is_bot", "origin", "origin_key", *DIMENSION_COLUMNS, "is_foreign_currency", "event_key",
)  # fmt: skip
"""The columns that `relations/events.sql` adds to the canonical ones."""


TABLES = ("counts", "names", "channels", "half_hours", "sessions", "purchases", "contents", "segments")
"""The tables made from the events of a day, by `relations/<name>.sql`."""

LOOKED_BACK_ON = ("channels", "half_hours", "sessions", "purchases", "contents")
"""Those of them that later days look back on, and what these are made of."""

CONTENTS = 4096
"""The maximum number of a day's distinct contents that are compared with those of earlier days."""

FIRST = 2048
"""The number of events that show where lists have a key."""

_READS_EVENTS = re.compile(r"(?is)\A(?!.*\bFROM\b)|\bFROM\b.*\bevents\b")
"""Matches SQL that may read from `events`, and parts of SQL."""

TYPES = {"platform": PLATFORMS, "device_class": DEVICES, "channel": CHANNELS}
"""Enums: they take a byte an event, and grouping by them is as fast as by numbers."""

DERIVED = {
    "is_direct": "origin IS NULL",
    "origin_key": "hash(origin)",
    "is_bot": "coalesce(platform = 'bot' OR device_class = 'bot', false)",
}
"""Columns of `events` that are made of others at less cost than storing them."""

_OF_PURCHASES = {name: f"CASE WHEN is_purchase THEN {name} END AS {name}" for name in DIMENSION_COLUMNS}
"""What is stored of the columns that later days look back on only in purchases."""

VALUES: Mapping[str, object] = SITES | {
    "sample": CONTENTS,
    "personal": segments.PERSONAL,
    "longest": LONGEST + 1,
    "most": segments.MOST + 1,
}
"""The parameters of the relations in TABLES, but for those of the data set."""

IN_DAY = "ts >= make_timestamp($start) AND ts < make_timestamp($end)"


def relation(name: str) -> str:
    """The text of `relations/<name>.sql`."""
    return (resources("exporter.engine.duckdb") / "relations" / f"{name}.sql").read_text("utf-8")


def load(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    files: Sequence[Measurable],
    when: Day,
    texts: Sequence[str] | None,
    misencoded: Collection[File] = (),
    *,
    row_limit: int | None = None,
) -> None:
    """Create the temporary tables of one day from `files`, of which some may be `misencoded`.

    At most `row_limit` rows of each shape are read, None for all.
    `events` has only the columns that the SQL in `texts` or the relations name, and, for each watched field, whether
    it has a value. Without `texts`, only what later days look back on is created.
    """
    for name, words in TYPES.items():
        connection.execute(f"CREATE TYPE IF NOT EXISTS {name} AS ENUM ({', '.join(map(repr, words))})")
    shaped = [((columns.shape(dataset, each.footer), each.file in misencoded), each) for each in files]
    shapes = sorted({shape for shape, _ in shaped})
    groups = [[each for of, each in shaped if of == shape] for shape in shapes]
    paths = {f"files_{number}": [literal(each.file.path) for each in group] for number, group in enumerate(groups)}
    folders = columns.folders(dataset, ((each.file, each.footer) for each in files))
    values = {**paths, **folders, **columns.paths(dataset), **parameters(dataset, when)}
    for group in groups:
        values = _places(connection, dataset, group[0]) | values
    made = made_columns(dataset) | ({"schema_id": "0"} if len(shapes) == 1 else {})
    _load_events(connection, dataset, _source(dataset, shapes, row_limit), made, texts, values)
    _load_missing(connection, [mapping.missing(dataset, group[0].footer) for group in groups])
    _load_devices(connection)
    _load_dimensions(connection, dataset)
    settings = {**VALUES, "exclude_bots": dataset.exclude_bots, "taxonomy": list(dataset.taxonomy)}
    if texts is not None:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE watched_fields AS {watched.counts(dataset)}")
    for name in TABLES if texts is not None else LOOKED_BACK_ON:
        _execute(connection, f"CREATE OR REPLACE TEMP TABLE {name} AS {table(dataset, name)}", settings)


def _load_events(
    connection: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    source: str,
    made: Mapping[str, str],
    texts: Sequence[str] | None,
    values: Mapping[str, object],
) -> None:
    """Create the view `events` of the rows of `source`, and the table with those of its columns that are stored."""
    stored, shown = events(dataset, source, made, texts)
    _execute(connection, f"CREATE OR REPLACE TEMP TABLE stored_events AS {stored}", values)
    # DuckDB trusts a footer's statistics and may not check each timestamp; this checks those that the pages had.
    _execute(connection, f"DELETE FROM stored_events WHERE NOT ({IN_DAY})", values)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT {shown} FROM stored_events")


def events(dataset: Dataset, source: str, made: Mapping[str, str], texts: Sequence[str] | None) -> tuple[str, str]:
    """SQL for the day's rows of `source` with the columns that are stored, and for all columns of such rows.

    Those that are `made` are not stored. Without `texts`, there are only those that later days look back on.
    """
    if texts is None and not dataset.exclude_bots:
        made = {**made, "is_bot": "false"}  # no session is left out for being a bot's: that need not be found
    reading = [*map(relation, LOOKED_BACK_ON if texts is None else TABLES), *(texts or ())]
    named = _named([*reading, *(made[name] for name in _named(reading) if name in made)])
    stored = [name for name in named if name not in made]
    if texts is None:
        stored = [_OF_PURCHASES.get(name, name) for name in stored]
    else:
        stored += watched.filled(dataset)
    shown = ["*", *(f"{made[name]} AS {name}" for name in named if name in made)]
    sql = f"WITH source AS ({source})\nSELECT {', '.join(stored)} FROM (\n{relation('events')}) WHERE {IN_DAY}"
    return sql, ", ".join(shown)


def table(dataset: Dataset, name: str) -> str:
    """SQL for one of TABLES."""
    if name == "purchases" and dataset.purchase_rows == "lines":
        return f"WITH lines AS MATERIALIZED (\n{relation('purchases')})\n{relation('orders')}"
    return relation(name)


def _execute(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object]) -> None:
    """Run the SQL with those of the parameters that it has."""
    connection.execute(sql, {name: value for name, value in values.items() if re.search(rf"\${name}\b", sql)})


def is_invalid(dataset: Dataset) -> str:
    """SQL for whether the event's name is not in the taxonomy: its join is made even if nobody asks for it."""
    taxonomy = ", ".join(map(text, dataset.taxonomy))
    return f"event_name IS NULL OR event_name NOT IN (SELECT unnest(CAST([{taxonomy}] AS VARCHAR[])))"


def made_columns(dataset: Dataset) -> dict[str, str]:
    """SQL for the columns of `events` that need not be stored: those that follow from others or have one value."""
    lacking = [name for name in (*COLUMNS[1:], *DIMENSION_COLUMNS) if not dataset.sources(name)]
    types = {"revenue": amounts.TYPE}
    made = {name: f"CAST(NULL AS {types.get(name, 'VARCHAR')})" for name in lacking}
    if "currency" in lacking:
        made["is_foreign_currency"] = "false"
    if "event_id" in lacking:
        made["event_key"] = "CAST(NULL AS UBIGINT)"
    return made | DERIVED | {"is_invalid": is_invalid(dataset)}


def _named(texts: Iterable[str]) -> list[str]:
    """The columns of `events` that a text names, if it reads from any `events`.

    Comments, aliases and columns of other tables do not count.
    """
    others = "|".join(TABLES)
    plain = (re.sub(rf"(?i)\bAS\s+\w+|\b(?:{others})\.\w+", "", without_comments(text)) for text in texts)
    words = {word.lower() for text in plain if _READS_EVENTS.search(text) for word in re.findall(r"\w+", text)}
    canonical = [name for name in COLUMNS if name != "timestamp"]
    return [name for name in (*FACTS, *canonical) if name in words]


def _source(dataset: Dataset, shapes: Sequence[tuple[Shape, bool]], row_limit: int | None) -> str:
    """SQL for the canonical columns of all files: a scan for each shape, and one for its misencoded files."""
    limit = f" LIMIT {row_limit}" if row_limit else ""
    scans = (
        f"SELECT {number} AS schema_id,\n  "
        + ",\n  ".join(shape.sql)
        + f"\nFROM (FROM {columns.scan(f'$files_{number}', replacing=replacing, named=shape.has_folders)}{limit})"
        for number, (shape, replacing) in enumerate(shapes)
    )
    return keyed(dataset, scans)


def keyed(dataset: Dataset, scans: Iterable[str]) -> str:
    """SQL for the rows of all scans, with the hashes of `columns.keys`."""
    sql = "\nUNION ALL\n".join(scans)
    for name, key in columns.keys(dataset).items():
        sql = f"SELECT *, {key} AS {name} FROM (\n{sql}\n)"
    return sql


def parameters(dataset: Dataset, when: Day) -> dict[str, object]:
    """The parameters of `relations/events.sql`."""
    placeholders = "|".join(re.escape(each.strip()) for each in dataset.placeholders)
    domains = "|".join(re.escape(domain) for domain in dataset.site_domains)
    return {
        "start": when.start,
        "end": when.end,
        "shift_at": when.shift_at,
        "offset_before": when.before,
        "offset_after": when.after,
        "purchase": list(dataset.purchase),
        "taxonomy": list(dataset.taxonomy),
        "placeholder": rf"(?i)\A{BLANKS}(?:{placeholders})?{BLANKS}\z",
        "own_currency": rf"(?i)\A{BLANKS}(?:{dataset.currency or ''}|{placeholders})?{BLANKS}\z",
        "site_pattern": rf"(?:^|\.)(?:{domains})$" if domains else None,
        "own_pattern": rf"^https://(?:www\.)?(?:{domains})/" if domains else None,
        "click_pattern": f"[?&]({'|'.join(CLICK_IDS)})=[^&#]",
        "click_ids": list(CLICK_IDS),
        "networks": list(CLICK_IDS.values()),
        "paid": list(PAID_CLICK_IDS),
        "device_names": list(NAMES),
        "device_classes": list(NAMES.values()),
        "bots": BOTS,
        "not_bots": NOT_BOTS,
        **watched.parameters(dataset),
    }


def _places(connection: duckdb.DuckDBPyConnection, dataset: Dataset, of: Measurable) -> dict[str, int]:
    """The parameters of `columns.positions`: where most lists of the file have the keys."""
    positions = columns.positions(dataset, of.footer)
    if not positions:
        return {}
    modes = ", ".join(f"coalesce(mode(nullif({sql}, 0)), 1)" for sql in positions.values())
    sample = f"FROM {columns.scan('$files', replacing=True)} LIMIT {FIRST}"
    found = connection.execute(f"SELECT {modes} FROM ({sample})", {"files": [literal(of.file.path)]}).fetchall()
    return dict(zip(positions, found[0], strict=True))


def _load_missing(connection: duckdb.DuckDBPyConnection, missing: Sequence[Sequence[str]]) -> None:
    connection.execute('CREATE OR REPLACE TEMP TABLE missing_columns (schema_id INTEGER, "column" VARCHAR)')
    rows = [(number, column) for number, names in enumerate(missing) for column in names]
    if rows:
        connection.executemany("INSERT INTO missing_columns VALUES (?, ?)", rows)


def _load_dimensions(connection: duckdb.DuckDBPyConnection, dataset: Dataset) -> None:
    """Create the table with the columns of the dimensions that the data set can have, and their names."""
    connection.execute('CREATE OR REPLACE TEMP TABLE dimensions ("column" VARCHAR, dimension VARCHAR)')
    rows = list(segments.columns(dataset).items())
    if rows:
        connection.executemany("INSERT INTO dimensions VALUES (?, ?)", rows)


def _load_devices(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table with the device class of every agent among the day's purchases."""
    connection.execute("CREATE OR REPLACE TEMP TABLE device_classes (agent VARCHAR, device VARCHAR)")
    agents = connection.execute("SELECT DISTINCT agent FROM events WHERE agent IS NOT NULL").fetchall()
    if agents:
        rows = [(agent, classify(agent)) for (agent,) in agents]
        connection.executemany("INSERT INTO device_classes VALUES (?, ?)", rows)
