"""Columns that only the names of the folders have, as Hive and Spark partition: `event_name=purchase/`."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from exporter.config.model import Dataset
from exporter.engine.duckdb import columns
from exporter.facts.model import Measured
from exporter.facts.storage import Storage
from exporter.files import mapping
from exporter.files.footers import read_footer
from exporter.files.listing import find
from tests.support.exposition import SHOP, TEXT, TYPES, once, purchase, view, write_config, write_rows
from tests.support.readings import measured

UNNAMED = {name: of for name, of in TYPES.items() if name != "event_name"}
NULL = "__HIVE_DEFAULT_PARTITION__"


def names(found: Measured) -> dict[str, int]:
    """The event names of the newest day, with how many events each has."""
    return {name: events for name, events, _ in found.days[-1].names}


def mapped(**more: Any) -> dict[str, Any]:
    """The columns of the shop, but for these."""
    return SHOP["columns"] | more


def test_event_names_from_folders(tmp_path: Path) -> None:
    """Folders below a day's are the event names: decoded, NULL where Hive says so, and safe in SQL."""
    odd = "it's 100% a/b=c [x]* é"
    for folder, number in (("page_viewed", 3), ("checkout_completed", 2), (quote(odd, safe=""), 4), (NULL, 1)):
        path = tmp_path / "dt=2025-03-09" / f"event_name={folder}" / "part-0.parquet"
        write_rows(path, [view(event_data='{"revenue": 5}')] * number, UNNAMED)
    found = measured(tmp_path, files="**/*.parquet")
    assert (found.files.unreadable, found.files.lacking) == ((), {})
    assert names(found) == {"page_viewed": 3, "checkout_completed": 2, odd: 4}
    day = found.days[-1].found
    assert day["clickstream_events"] == {"": {10: 10}}
    assert day["clickstream_invalid_events"] == {"": {10: 5}}
    assert day["clickstream_revenue"] == {"": {10: 10}}


def test_a_column_of_the_file_wins_over_the_folder(tmp_path: Path) -> None:
    """Each file by itself: one that has the column is read as ever, also where it is NULL."""
    write_rows(tmp_path / "event_name=checkout_completed" / "1.parquet", [view(), view(event_name=None)])
    write_rows(tmp_path / "event_name=checkout_completed" / "2.parquet", [view()] * 3, UNNAMED)
    found = measured(tmp_path, files="**/*.parquet")
    assert names(found) == {"page_viewed": 1, "checkout_completed": 3}
    assert found.files.changed == {}


@pytest.mark.parametrize(
    "folder", ["EVENT_NAME=page_viewed", "event%5Fname=page_viewed", "event_name=x/event=page_viewed"]
)
def test_names_of_folders(tmp_path: Path, folder: str) -> None:
    """They are found as columns are, in any case and by any name that is configured."""
    write_rows(tmp_path / folder / "1.parquet", [view()] * 3, UNNAMED)
    found = measured(tmp_path, files="**/*.parquet", columns=mapped(event_name=["event", "event_name"]))
    assert names(found) == {"page_viewed": 3}


@pytest.mark.parametrize("files", ["event_name=page_viewed", "event_name=page_viewed/1.parquet", "e*/*.parquet"])
def test_folders_that_the_pattern_names(tmp_path: Path, files: str) -> None:
    """A folder says the same whether the pattern names it or finds it."""
    write_rows(tmp_path / "event_name=page_viewed" / "1.parquet", [view()] * 3, UNNAMED)
    assert names(measured(tmp_path, files=files)) == {"page_viewed": 3}


def test_folders_that_hold_links(tmp_path: Path) -> None:
    """Where the files lie elsewhere, the folders that are listed count."""
    write_rows(tmp_path / "elsewhere" / "1.parquet", [view()] * 3, UNNAMED)
    folder = tmp_path / "events" / "event_name=page_viewed"
    folder.mkdir(parents=True)
    (folder / "1.parquet").symlink_to(tmp_path / "elsewhere" / "1.parquet")
    assert names(measured(tmp_path, files="events")) == {"page_viewed": 3}


def test_all_columns_from_folders(tmp_path: Path) -> None:
    """A day, a client and an amount are read there, too: a date is that day in the reporting zone."""
    types = {"order": TEXT}
    for client, amount in (("a", "12.50"), ("b", "n/a"), (NULL, "7")):
        path = tmp_path / "event_name=checkout_completed" / "dt=2025-03-09" / f"uid={client}" / f"amount={amount}"
        write_rows(path / "1.parquet", [{"order": client}], types)
    places = {"timestamp": "dt", "event_name": "event_name", "client_id": "uid", "revenue": "amount"}
    found = measured(tmp_path, files="**/*.parquet", columns=places, time_zone="Europe/Berlin")
    (day,) = found.days
    assert day.date.isoformat() == "2025-03-09"
    assert day.found["clickstream_events"] == {"": {0: 3}}
    assert day.found["clickstream_revenue"] == {"": {0: Decimal("19.5")}}
    assert day.found["clickstream_purchases_without_revenue"] == {"": {0: 1}}
    assert day.found["clickstream_null_client_events"] == {"": {0: 1}}
    assert (found.files.implausible, found.files.lacking) == (0, {})


def test_d3_folders_without_the_column(tmp_path: Path) -> None:
    """A file that has the event name in neither is set aside, and says what was looked for."""
    write_rows(tmp_path / "event_name=page_viewed" / "1.parquet", [view()], UNNAMED)
    write_rows(tmp_path / "event_name" / "name=page_viewed" / "2.parquet", [view()], UNNAMED)
    out = once(write_config(tmp_path, web=SHOP | {"files": "**/*.parquet"}))
    assert out.value("clickstream_events", lag=0) == 1
    assert "2.parquet set aside: no column for event_name: looked for event_name, found timestamp" in out.warnings


def test_d10_a_file_that_moves_to_another_folder(tmp_path: Path) -> None:
    """A day is measured again when the name of a folder changes, and not otherwise, also after a restart."""
    path = write_rows(tmp_path / "event_name=page_viewed" / "1.parquet", [purchase(client_id="a")] * 2, UNNAMED)
    first = measured(tmp_path, files="**/*.parquet")
    storage = Storage(tmp_path / "storage")
    storage.folder("web")
    storage.save("web", first.known)
    again = measured(tmp_path, storage.load("web"), files="**/*.parquet")
    assert (again.recomputed, names(again)) == (0, {"page_viewed": 2})
    (tmp_path / "event_name=checkout_completed").mkdir()
    path.rename(tmp_path / "event_name=checkout_completed" / "1.parquet")
    moved = measured(tmp_path, storage.load("web"), files="**/*.parquet")
    assert (moved.recomputed, names(moved)) == (1, {"checkout_completed": 2})


def test_many_folders_are_one_scan(tmp_path: Path) -> None:
    """Files that differ in their folder's name alone have one shape, so that a day of hundreds costs no more."""
    for number in range(3):
        write_rows(tmp_path / f"event_name=e{number}" / "1.parquet", [view()], UNNAMED)
    dataset = Dataset.model_validate(SHOP)
    files = find(str(tmp_path))
    footers = [read_footer(file, dataset.columns.timestamp, mapping.names(dataset)) for file in files]
    assert len({columns.shape(dataset, footer) for footer in footers}) == 1
