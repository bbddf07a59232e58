"""Delta Lake and Iceberg tables: the rows that count by now, on a local disk and in a bucket."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, Field, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import StaticTable
from pyiceberg.types import StringType

from exporter.config.object_store import ObjectStore
from exporter.facts.model import Measured
from exporter.files import iceberg
from exporter.files.file import FilesError
from exporter.files.objects import Objects
from tests.support import buckets
from tests.support.buckets import NAME, Answer, Bucket
from tests.support.deletion_vectors import delete_rows
from tests.support.exposition import SHOP, TEXT, TYPES, Row, column, once, purchase, run, view, write_config, write_rows
from tests.support.readings import measured

OF_FILES = ("clickstream_anchor_file_events", "clickstream_files", "clickstream_snapshot")


def rows(day: str, count: int = 20) -> list[Row]:
    """So many clients that view a page and buy on a day."""
    return [each(day, client_id=f"c{number}") for number in range(count) for each in (view, purchase)]


def arrow(listed: Sequence[Row]) -> pa.Table:
    """The rows as Arrow."""
    return pa.table({name: column([row.get(name) for row in listed], of) for name, of in TYPES.items()})


def delta(folder: Path, *days: str, **options: Any) -> Path:
    """A Delta table with these days, a version each."""
    for day in days:
        write_deltalake(folder, arrow(rows(day)), mode="append", **options)
    return folder


def found(folder: Path, **settings: Any) -> str:
    """The exposition of the data set, but for what depends on how the events are spread over files."""
    text = once(write_config(folder, web=SHOP | settings)).text
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(OF_FILES))


def plain(folder: Path, *listed: Sequence[Row], **settings: Any) -> str:
    """The exposition of the same rows as plain files."""
    for number, each in enumerate(listed):
        write_rows(folder / "plain" / f"{number}.parquet", each)
    return found(folder, files="plain/*.parquet", **settings)


def test_the_rows_of_a_delta_table(tmp_path: Path) -> None:
    """As plain files with the same rows."""
    delta(tmp_path / "table", "2025-03-08", "2025-03-09")
    assert found(tmp_path, files="table", table="delta") == plain(tmp_path, rows("2025-03-08"), rows("2025-03-09"))


def test_j2_a_compaction_changes_no_number(tmp_path: Path) -> None:
    """Though it writes files anew, and leaves the old ones where they are."""
    table = delta(tmp_path / "table", "2025-03-08", "2025-03-09")
    before = found(tmp_path, files="table", table="delta")
    DeltaTable(table).optimize.compact()
    assert len(list(table.glob("*.parquet"))) == 3
    assert found(tmp_path, files="table", table="delta") == before


def test_j2_what_was_deleted_does_not_count(tmp_path: Path) -> None:
    """A delete that writes the file anew."""
    table = delta(tmp_path / "table", "2025-03-08", "2025-03-09")
    DeltaTable(table).delete("client_id = 'c7'")
    left = [[row for row in rows(day) if row["client_id"] != "c7"] for day in ("2025-03-08", "2025-03-09")]
    assert found(tmp_path, files="table", table="delta") == plain(tmp_path, *left)


def test_j2_a_merge(tmp_path: Path) -> None:
    """Rows that were changed count once, as they are now."""
    table = delta(tmp_path / "table", "2025-03-08", "2025-03-09")
    late = [*rows("2025-03-09", 1), view("2025-03-09", client_id="new")]
    same = "t.client_id = s.client_id AND t.event_name = s.event_name AND t.timestamp = s.timestamp"
    merge = DeltaTable(table).merge(arrow(late), same, source_alias="s", target_alias="t")
    merge.when_matched_update_all().when_not_matched_insert_all().execute()
    expected = plain(tmp_path, rows("2025-03-08"), [*rows("2025-03-09"), late[-1]])
    assert found(tmp_path, files="table", table="delta") == expected


@pytest.mark.parametrize("deleted", [[0], [1, 3, 39], list(range(30))])
def test_j2_deletion_vectors(tmp_path: Path, deleted: list[int]) -> None:
    """Rows that are only marked as deleted do not count, nor does their time."""
    table = delta(tmp_path / "table", "2025-03-09")
    delete_rows(table, deleted)
    left = [row for number, row in enumerate(rows("2025-03-09")) if number not in deleted]
    assert found(tmp_path, files="table", table="delta") == plain(tmp_path, left)


@pytest.mark.parametrize("place", ["./table", "plain/../table", "link"])
def test_j2_deletion_vectors_however_the_table_is_named(tmp_path: Path, place: str) -> None:
    """The log names files by the table's real path, and the configuration may not."""
    delete_rows(delta(tmp_path / "table", "2025-03-09"), [1, 3, 39])
    (tmp_path / "link").symlink_to(tmp_path / "table")
    left = [row for number, row in enumerate(rows("2025-03-09")) if number not in (1, 3, 39)]
    expected = plain(tmp_path, left)
    assert found(tmp_path, files=place, table="delta") == expected


def test_a_damaged_file_with_deleted_rows_is_set_aside(tmp_path: Path) -> None:
    """Its checksums are verified before it is copied without these rows."""
    table = delta(tmp_path / "table", "2025-03-09")
    (path,) = table.glob("*.parquet")
    pq.write_table(pq.read_table(path), path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = path.read_bytes()
    log = table / "_delta_log" / "00000000000000000000.json"
    log.write_text(re.sub(r'"size":\d+', f'"size":{len(content)}', log.read_text()))
    path.write_bytes(content.replace(b"c13", b"c73", 1))
    delete_rows(table, [39])
    out = once(write_config(tmp_path, web=SHOP | {"files": "table", "table": "delta"}))
    assert out.value("clickstream_unreadable_files") == 1
    assert "CRC checksum verification failed" in out.warnings


def test_a_path_with_an_escape_is_refused(tmp_path: Path) -> None:
    """What reads the log would look elsewhere."""
    delta(tmp_path / "table", "2025-03-09").rename(tmp_path / "ta%20ble")
    done = run(write_config(tmp_path, web=SHOP | {"files": "ta%20ble", "table": "delta"}))
    assert (done.returncode, "a Delta Lake table is not found below a name with %20" in done.stderr) == (1, True)


def test_j2_a_deletion_vector_can_end_a_day(tmp_path: Path) -> None:
    """If all events of the newest day are marked as deleted, another day is the newest."""
    write_deltalake(tmp_path / "table", arrow([*rows("2025-03-08"), view("2025-03-09")]))
    delete_rows(tmp_path / "table", [40])
    assert found(tmp_path, files="table", table="delta") == plain(tmp_path, rows("2025-03-08"))


def test_partitions_are_columns(tmp_path: Path) -> None:
    """The values are in the log, not in the files; they may be NULL, or need an escape in a path."""
    listed = [view(event_name=name) for name in ("page_viewed", "a b/c=d%", None)]
    write_deltalake(tmp_path / "table", arrow(listed), partition_by=["event_name"])
    settings = {"taxonomy": ["page_viewed", "a b/c=d%"]}
    assert found(tmp_path, files="table", table="delta", **settings) == plain(tmp_path, listed, **settings)


def test_a_column_is_added(tmp_path: Path) -> None:
    """Older files lack it: it is NULL there."""
    old = arrow(rows("2025-03-08")).drop_columns(["user_agent"])
    write_deltalake(tmp_path / "table", old)
    DeltaTable(tmp_path / "table").alter.add_columns([Field("user_agent", "string")])
    write_deltalake(tmp_path / "table", arrow(rows("2025-03-09")), mode="append")
    expected = plain(tmp_path, rows("2025-03-09"))
    pq.write_table(old, tmp_path / "plain" / "old.parquet")
    assert found(tmp_path, files="table", table="delta") == found(tmp_path, files="plain/*.parquet") != expected


def test_only_days_with_new_files_are_measured_again(tmp_path: Path) -> None:
    """Which version the table has does not matter."""
    table = delta(tmp_path / "table", "2025-03-07", "2025-03-08")
    first = reading(tmp_path)
    delta(table, "2025-03-09")
    assert (first.recomputed, reading(tmp_path, first).recomputed) == (2, 1)


def reading(folder: Path, before: Measured | None = None) -> Measured:
    """What a reading of the Delta table finds."""
    return measured(folder, before.known if before else None, files="table", table="delta")


REFUSED = {
    "a pattern": ({"files": "t*", "table": "delta"}, "files: with table: delta, expected one folder or URL"),
    "plain files": (
        {"files": "table"},
        "a Delta Lake table, whose folder also holds files that no longer count; write table",
    ),
    "no table": ({"files": "plain", "table": "delta"}, "plain: "),
    "no Iceberg": ({"files": "plain", "table": "iceberg"}, "metadata: No such file or directory"),
}


@pytest.mark.parametrize(("settings", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read(tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    """The error says why, and what to write instead."""
    delta(tmp_path / "table", "2025-03-09")
    write_rows(tmp_path / "plain" / "a.parquet", rows("2025-03-09"))
    done = run(write_config(tmp_path, web=SHOP | settings))
    assert done.returncode != 0
    assert reason in done.stderr, done.stderr


def test_column_mapping_is_refused(tmp_path: Path) -> None:
    """The names in the files are not those of the table."""
    configuration = {"delta.columnMapping.mode": "name", "delta.minReaderVersion": "2", "delta.minWriterVersion": "5"}
    table = delta(tmp_path / "table", "2025-03-09")
    log = table / "_delta_log" / "00000000000000000000.json"
    log.write_text(log.read_text().replace('"configuration":{}', f'"configuration":{configuration}'.replace("'", '"')))
    done = run(write_config(tmp_path, web=SHOP | {"files": "table", "table": "delta"}))
    assert (done.returncode, "column mapping is not supported" in done.stderr) == (1, True), done.stderr


@pytest.fixture
def catalog(tmp_path: Path) -> SqlCatalog:
    """A catalogue of Iceberg tables in a local folder."""
    (tmp_path / "catalog").mkdir()
    uri = f"sqlite:///{tmp_path / 'catalog' / 'db'}"
    made = SqlCatalog("made", uri=uri, warehouse=(tmp_path / "warehouse").as_uri())
    made.create_namespace("web")
    return made


ICEBERG = {"files": "warehouse/web/events", "table": "iceberg"}


def test_the_rows_of_an_iceberg_table(tmp_path: Path, catalog: SqlCatalog) -> None:
    """As plain files with the same rows, also after rows were deleted; a catalogue's metadata file does, too."""
    table = catalog.create_table("web.events", schema=arrow([]).schema)
    for day in ("2025-03-08", "2025-03-09"):
        table.append(arrow(rows(day)))
    table.delete("client_id = 'c7'")
    left = [[row for row in rows(day) if row["client_id"] != "c7"] for day in ("2025-03-08", "2025-03-09")]
    expected = plain(tmp_path, *left)
    assert found(tmp_path, **ICEBERG) == expected
    named = table.refresh().metadata_location.removeprefix("file://")
    assert found(tmp_path, files=named, table="iceberg") == expected


def test_a_column_of_an_iceberg_table_is_renamed(tmp_path: Path, catalog: SqlCatalog) -> None:
    """Older files have it under another name; one that was dropped, and added again, is NULL in them."""
    old = arrow(rows("2025-03-08")).rename_columns(["clientId" if name == "client_id" else name for name in TYPES])
    table = catalog.create_table("web.events", schema=old.schema)
    table.append(old)
    with table.update_schema() as update:
        update.rename_column("clientId", "client_id")
        update.delete_column("page_url")
    with table.update_schema() as update:
        update.add_column("page_url", StringType())
    table.append(arrow(rows("2025-03-09")).select([field.name for field in table.schema().fields]))
    expected = plain(tmp_path, rows("2025-03-08"), rows("2025-03-09"))
    lacking = arrow(rows("2025-03-08")).drop_columns(["page_url"])
    pq.write_table(lacking, tmp_path / "plain" / "0.parquet")
    assert found(tmp_path, **ICEBERG) == found(tmp_path, files="plain/*.parquet") != expected


def test_a_renamed_column_is_read_again(tmp_path: Path, catalog: SqlCatalog) -> None:
    """What was kept of the files counts no longer where a mapped column has another name; others may."""
    table = catalog.create_table("web.events", schema=arrow([]).append_column("other", pa.array([], TEXT)).schema)
    for day in ("2025-03-08", "2025-03-09"):
        table.append(arrow(rows(day)).append_column("other", pa.array(["x"] * 40, TEXT)))
    first = measured(tmp_path, **ICEBERG)
    with table.update_schema() as update:
        update.rename_column("other", "another")
    same = measured(tmp_path, first.known, **ICEBERG)
    with table.update_schema() as update:
        update.rename_column("client_id", "visitor")
    again, fresh = measured(tmp_path, same.known, **ICEBERG), measured(tmp_path, **ICEBERG)
    assert (same.recomputed, again.recomputed) == (0, 2)
    assert [day.found for day in again.days] == [day.found for day in fresh.days] != [day.found for day in first.days]


@pytest.mark.parametrize(("mapped", "aside"), [("order.net", 1), ("client_id", 0)])
def test_a_field_within_a_column_is_renamed(tmp_path: Path, catalog: SqlCatalog, mapped: str, aside: int) -> None:
    """Files that have it under the other name are set aside, by its name; it does not matter where it is not read."""
    bought = arrow([purchase("2025-03-09", client_id="5")])
    order = pa.array([{"net": 10.0, "gross": 12.0}], pa.struct([("net", pa.float64()), ("gross", pa.float64())]))
    table = catalog.create_table("web.events", schema=bought.append_column("order", order).schema)
    table.append(bought.append_column("order", order))
    for old, new in (("net", "was"), ("gross", "net")):
        with table.update_schema() as update:
            update.rename_column(("order", old), new)
    columns = SHOP["columns"] | {"revenue": mapped}
    out = once(write_config(tmp_path, web=SHOP | ICEBERG | {"columns": columns}))
    assert out.value("clickstream_unreadable_files") == aside
    assert ("the field order.net was renamed to order.was since" in out.warnings) == bool(aside)


def test_damaged_metadata_name_the_table(tmp_path: Path, catalog: SqlCatalog) -> None:
    """What a cut file raises says nothing of where it lies."""
    table = catalog.create_table("web.events", schema=arrow([]).schema)
    table.append(arrow(rows("2025-03-09")))
    for path in (tmp_path / "warehouse/web/events/metadata").glob("*.avro"):
        path.write_bytes(path.read_bytes()[:3])
    done = run(write_config(tmp_path, web=SHOP | ICEBERG))
    assert f"refresh failed: {tmp_path}/warehouse/web/events: its metadata cannot be read: EOFError" in done.stderr


def test_the_newest_files_of_an_iceberg_table_are_looked_at(tmp_path: Path, catalog: SqlCatalog) -> None:
    """Their names are random, and the table does not say when they were written."""
    table = catalog.create_table("web.events", schema=arrow([]).schema)
    days = [f"2025-02-{day:02}" for day in range(1, 11)]
    for day in reversed(days):
        table.append(arrow(rows(day)))
    done = run(write_config(tmp_path, web=SHOP | ICEBERG), "--check-config")
    assert "looked at 120 events of 2025-02-08 to 2025-02-10, in 3 files" in done.stdout


def test_files_of_deleted_rows_are_refused(
    tmp_path: Path, catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Merging them is not supported: the error says so, and what to do."""
    table = catalog.create_table("web.events", schema=arrow([]).schema)
    table.append(arrow(rows("2025-03-09")))
    task = next(iter(StaticTable.from_metadata(table.metadata_location).scan().plan_files()))
    task.delete_files.add(task.file)
    monkeypatch.setattr("pyiceberg.table.DataScan.plan_files", lambda _self: [task])
    with pytest.raises(FilesError, match="files of deleted rows are not supported: compact the table"):
        iceberg.files(str(tmp_path / "warehouse/web/events"), ObjectStore(), Objects(ObjectStore(), timedelta(9)), None)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, and credentials for it in the environment."""
    for name, value in buckets.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with buckets.bucket() as made:
        yield made


def test_a_delta_table_in_a_bucket(tmp_path: Path, bucket: Bucket) -> None:
    """With partitions whose values need an escape, and with rows that are marked as deleted."""
    listed = [row | {"page_url": "a b/c=d%"} for row in rows("2025-03-09")]
    write_deltalake(tmp_path / "table", arrow(listed), partition_by=["page_url"])
    table = tmp_path / "table"
    delete_rows(table, [1, 3, 39])
    bucket.put_all(table, "table/")
    store = {"endpoint": bucket.proxy.url}
    remote = found(tmp_path, files=f"s3://{NAME}/table", table="delta", object_store=store)
    assert remote == found(tmp_path, files="table", table="delta")


def test_d12_a_file_of_a_table_that_is_gone_from_the_bucket(tmp_path: Path, bucket: Bucket) -> None:
    """It is unreadable, and not waited for: a file of a table does not change."""
    bucket.put_all(delta(tmp_path / "table", "2025-03-08", "2025-03-09"), "table/")
    gone = max((tmp_path / "table").glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    bucket.remove(f"table/{gone.name}")
    store = {"endpoint": bucket.proxy.url}
    settings = {"files": f"s3://{NAME}/table", "table": "delta", "object_store": store}
    out = once(write_config(tmp_path, web=SHOP | settings))
    assert (out.value("clickstream_unreadable_files"), out.value("clickstream_waiting_files")) == (1, 0)
    assert f"{gone.name} set aside: not found" in out.warnings


def test_d12_a_table_that_may_not_be_read(tmp_path: Path, bucket: Bucket) -> None:
    """The reason is that of the store."""
    bucket.put_all(delta(tmp_path / "table", "2025-03-09"), "table/")
    bucket.proxy.answer = lambda _: Answer(400, "ExpiredToken")
    settings = {"files": f"s3://{NAME}/table", "table": "delta", "object_store": {"endpoint": bucket.proxy.url}}
    done = run(write_config(tmp_path, web=SHOP | settings))
    assert (
        f"refresh failed: s3://{NAME}/table: not permitted: no valid credentials (HTTP 400 ExpiredToken)" in done.stderr
    )


def test_an_iceberg_table_in_a_bucket(tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a renamed column; the store may be named in the environment."""
    (tmp_path / "catalog").mkdir()
    properties = {"s3.endpoint": bucket.proxy.server, "s3.access-key-id": "w", "s3.secret-access-key": "w"}
    uri = f"sqlite:///{tmp_path / 'catalog' / 'db'}"
    made = SqlCatalog("made", uri=uri, warehouse=f"s3://{NAME}/warehouse", **properties, **{"s3.region": "us-east-1"})
    made.create_namespace("web")
    old = arrow(rows("2025-03-08")).rename_columns(["clientId" if name == "client_id" else name for name in TYPES])
    table = made.create_table("web.events", schema=old.schema)
    table.append(old)
    with table.update_schema() as update:
        update.rename_column("clientId", "client_id")
    table.append(arrow(rows("2025-03-09")))
    store = {"endpoint": bucket.proxy.url}
    remote = found(tmp_path, files=f"s3://{NAME}/warehouse/web/events", table="iceberg", object_store=store)
    assert remote == plain(tmp_path, rows("2025-03-08"), rows("2025-03-09"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.proxy.url)
    assert found(tmp_path, files=f"s3://{NAME}/warehouse/web/events", table="iceberg") == remote


@pytest.mark.parametrize("place", ["table", "table/", "table/*.parquet"])
def test_init_proposes_the_table(tmp_path: Path, place: str) -> None:
    """A proposal for the folder of a table reads it as one, and works without an edit."""
    delta(tmp_path / "table", "2025-03-08", "2025-03-09")
    DeltaTable(tmp_path / "table").optimize.compact()
    command = [sys.executable, "-m", "exporter.init", place]
    proposed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "    table: delta\n" in proposed
    (tmp_path / "config.yml").write_text(proposed)
    done = run(tmp_path / "config.yml", "--check-config")
    assert (done.returncode, "looked at 80 events" in done.stdout) == (0, True), done.stdout + done.stderr
