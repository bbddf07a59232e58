"""The BigQuery export of Google Analytics 4, as it is: the numbers are those of the same events in flat columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter import cli
from exporter.config.model import Dataset
from exporter.facts.model import Measured
from exporter.measures import declared
from tests.support import ga4
from tests.support.exposition import SHOP, write_config
from tests.support.readings import measured

DAYS = ("2025-03-07", "2025-03-08", "2025-03-09")
ROWS = {day: ga4.rows(day, 250) for day in DAYS}

SHARED: dict[str, Any] = {
    "purchase": "purchase",
    "taxonomy": [*ga4.NAMES, "purchase"],
    "site_domains": ["shop.example"],
}
NESTED: dict[str, Any] = SHARED | {
    "files": "nested",
    "columns": ga4.NESTED,
    "dimensions": {"country": "geo.country", "host": "device.web_info.hostname"},
}
FLAT: dict[str, Any] = SHARED | {
    "files": "flat",
    "columns": {name: name for name in ga4.NESTED},
    "dimensions": {"country": "country", "host": "hostname"},
}


def by_pyarrow(table: pa.Table, path: Path) -> None:
    """Lists with elements named `element`."""
    pq.write_table(table, path, compression="zstd")


def by_old_pyarrow(table: pa.Table, path: Path) -> None:
    """Lists with elements named `item`, in small row groups and pages with checksums."""
    options = {"use_compliant_nested_type": False, "write_page_checksum": True, "data_page_version": "2.0"}
    pq.write_table(table, path, row_group_size=300, **options)


def by_duckdb(table: pa.Table, path: Path) -> None:
    """DuckDB's own writer."""
    with duckdb.connect() as connection:
        connection.register("made", table)
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "pyarrow": by_pyarrow,
    "old pyarrow": by_old_pyarrow,
    "DuckDB": by_duckdb,
}


def write(folder: Path, day: str, table: pa.Table, writer: str = "pyarrow") -> None:
    """A day's file, in a folder named by its date as a partitioned load has it."""
    path = folder / f"event_date={day.replace('-', '')}" / "events.parquet"
    path.parent.mkdir(parents=True)
    WRITERS[writer](table, path)


def found(reading: Measured) -> list[dict[str, Any]]:
    """The numbers of each day, of files that all could be read."""
    assert (reading.files.unreadable, reading.files.changed, reading.files.implausible) == ((), {}, 0)
    return [day.found for day in reading.days]


def flat(folder: Path, **settings: Any) -> list[dict[str, Any]]:
    """The numbers of the flat rows."""
    for day in DAYS:
        write(folder / "flat", day, ga4.flat(ROWS[day]))
    return found(measured(folder, **FLAT | settings))


@pytest.mark.parametrize("writer", WRITERS)
def test_the_export_as_it_is(tmp_path: Path, writer: str) -> None:
    """Every number of every day is that of the flat rows."""
    expected = flat(tmp_path)
    for day in DAYS:
        write(tmp_path / "nested", day, ga4.nested(ROWS[day]), writer)
    reading = measured(tmp_path, **NESTED)
    assert found(reading) == expected
    assert reading.files.lacking == {}
    assert len(expected) == len(DAYS)
    for day, numbers in zip(DAYS, expected, strict=True):
        assert sum(numbers["clickstream_events"][""].values()) == len(ROWS[day])
        assert sum(numbers["clickstream_purchases"][""].values()) == 25
        assert sum(numbers["clickstream_duplicate_purchases"][""].values()) == 12
        assert sum(numbers["clickstream_null_client_events"][""].values()) > 0


def test_what_the_export_cannot_tell() -> None:
    """The payload, the user agent and ids of events are not in it, and the currency is not mapped."""
    dataset = Dataset.model_validate(NESTED)
    off = {each.name for each in declared.load() if each.unmet(dataset)}
    assert off == {"payload_events", "platform_events", "conflicting_events", "foreign_currency_purchases"}


@pytest.mark.parametrize("writer", ["pyarrow", "DuckDB"])
def test_a_key_that_is_absent_in_a_file(tmp_path: Path, writer: str) -> None:
    """It is NULL there, and so is a column that older exports lack; the other days have what they have."""
    absent = [
        row | {"referrer": None, "utm_source": None, "utm_medium": None, "utm_campaign": None} for row in ROWS[DAYS[1]]
    ]
    for day in DAYS:
        rows = absent if day == DAYS[1] else ROWS[day]
        table = ga4.nested(rows)
        older = table.drop_columns(["collected_traffic_source"]) if day == DAYS[1] else table
        write(tmp_path / "nested", day, older, writer)
        write(tmp_path / "flat", day, ga4.flat(rows))
    reading = measured(tmp_path, **NESTED)
    numbers, expected = found(reading), found(measured(tmp_path, **FLAT))
    missing = [day.pop("clickstream_missing_column_events") for day in numbers]
    assert [sum(hours.values()) for hours in missing[1].values()].count(len(absent)) == 3
    assert [
        {name: of for name, of in day.items() if name != "clickstream_missing_column_events"} for day in expected
    ] == numbers


def test_values_of_one_key_in_several_types(tmp_path: Path) -> None:
    """An amount may be an integer, a double or text, and a session id a number or text: each event has one of them."""
    values = {0: int, 1: float, 2: str}
    amounts = [row["revenue"] for row in ROWS[DAYS[2]] if row["revenue"]]
    changed = iter(range(len(amounts)))
    rows = []
    for row in ROWS[DAYS[2]]:
        number = next(changed) if row["revenue"] else 0
        rows.append(row | {"revenue": row["revenue"] and values[number % 3](row["revenue"])})
    events = [ga4.event(row) for row in rows]
    for number, each in enumerate(events):
        each["ecommerce"] = each["ecommerce"] and {"transaction_id": each["ecommerce"]["transaction_id"]}
        each["items"] = []
        if number % 2:
            each["event_params"][0]["value"] = {"string_value": str(each["event_params"][0]["value"]["int_value"])}
    write(tmp_path / "nested", DAYS[2], pa.Table.from_pylist(events, ga4.SCHEMA))
    as_numbers = [row | {"revenue": row["revenue"] and float(row["revenue"])} for row in rows]
    write(tmp_path / "flat", DAYS[2], ga4.flat(as_numbers))
    by_key = {"revenue": "event_params[value]", "client_id": "event_params[ga_session_id]"}
    numbers = found(measured(tmp_path, **NESTED | {"columns": ga4.NESTED | by_key}))
    expected = found(measured(tmp_path, **FLAT | {"columns": FLAT["columns"] | {"client_id": "session"}}))
    assert numbers == expected
    assert sum(numbers[0]["clickstream_sessions"][""].values()) > 100


def spoil(path: Path, unless: Callable[[str], bool]) -> list[str]:
    """Overwrite the data of each leaf of the file's schema unless it is one of these; the names of those spoilt."""
    groups = pq.ParquetFile(path).metadata
    chunks = [groups.row_group(i).column(j) for i in range(groups.num_row_groups) for j in range(groups.num_columns)]
    with path.open("r+b") as file:
        for chunk in (each for each in chunks if not unless(each.path_in_schema)):
            file.seek(min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset))))
            file.write(b"\xff" * chunk.total_compressed_size)
    return [each.path_in_schema for each in chunks if not unless(each.path_in_schema)]


def test_fields_that_nobody_maps_are_not_read(tmp_path: Path) -> None:
    """Their data may be broken: of structs only the mapped fields are decoded, and of lists only the mapped ones."""
    expected = flat(tmp_path)
    mapped = {*ga4.NESTED.values(), *NESTED["dimensions"].values()}
    for day in DAYS:
        write(tmp_path / "nested", day, ga4.nested(ROWS[day]))
        path = tmp_path / "nested" / f"event_date={day.replace('-', '')}" / "events.parquet"
        spoilt = spoil(path, lambda leaf: leaf in mapped or leaf.startswith("event_params."))
    assert {"device.web_info.browser", "items.list.element.price", "geo.city", "event_previous_timestamp"} <= set(
        spoilt
    )
    assert found(measured(tmp_path, **NESTED)) == expected
    assert spoil(path, lambda leaf: leaf != "device.category") == ["device.category"]
    aside = measured(tmp_path, **NESTED).files.unreadable
    assert [each.name for each in aside] == ["event_date=20250309/events.parquet"]


def test_the_export_in_check_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The configuration fits, and the table says what each column became."""
    for day in DAYS:
        write(tmp_path / "nested", day, ga4.nested(ROWS[day]))
    path = write_config(tmp_path, web=SHOP | NESTED)
    assert cli.main(["--config.file", str(path), "--check-config"]) == 0
    table = [re.split(r"  +", line.strip()) for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    rows = {row[0]: row[1:] for row in table}
    assert rows["timestamp"] == ["event_timestamp", "same", "int64", "epoch time", "0.0%", "3 of 3"]
    assert rows["page_url"][:2] == ["event_params[page_location]", "same"]
    assert rows["page_url"][3:] == ["text", "0.0%", "3 of 3"]
    assert rows["revenue"] == ["ecommerce.purchase_revenue", "same", "double", "amount", "0.0%", "3 of 3"]
