"""A folder of a table format holds files that no longer count: it is refused, not read as plain files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.files.file import FilesError
from tests.support.exposition import SHOP, run, view, write_config, write_rows
from tests.support.readings import find

LOGS = {
    "Delta Lake": "_delta_log/00000000000000000000.json",
    "Iceberg": "metadata/v2.metadata.json",
    "Hudi": ".hoodie/hoodie.properties",
}


REMEDIES = {
    "Delta Lake": "write table: delta beside files",
    "Iceberg": "write table: iceberg beside files",
    "Hudi": "export it to plain Parquet files",
}


def write_table(folder: Path, log: str, *files: str) -> Path:
    """A table of the format that has this file in its log; the files are its data."""
    for name in (log, *files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("pattern", ["events", "events/*.parquet", "*/*.parquet", "**/*.parquet", "events/data/d=1/*"])
@pytest.mark.parametrize("name", LOGS)
def test_j2_table_of_a_format(tmp_path: Path, name: str, pattern: str) -> None:
    """The folder of the table, its format and what to do are named, wherever the pattern's fixed folder lies."""
    write_table(tmp_path / "events", LOGS[name], "1.parquet", "data/d=1/1.parquet")
    message = rf"^{re.escape(str(tmp_path))}/events: an? {name} table, .*; {REMEDIES[name]}"
    with pytest.raises(FilesError, match=message):
        find([str(tmp_path / pattern)])


@pytest.mark.parametrize("name", LOGS)
def test_files_of_a_table_that_are_named(tmp_path: Path, name: str) -> None:
    """Who names the files of the current version one by one has them read."""
    folder = write_table(tmp_path / "events", LOGS[name], "1.parquet", "2.parquet")
    assert [file.name for file in find([str(folder / "2.parquet")])] == ["2.parquet"]


def test_table_beside_the_files(tmp_path: Path) -> None:
    """A table that no file of the data set lies in, and a folder that is only called like a log, change nothing."""
    write_table(tmp_path / "other", LOGS["Delta Lake"], "part.parquet")
    (tmp_path / "events" / "metadata").mkdir(parents=True)
    (tmp_path / "events" / "metadata" / "schema.json").touch()
    (tmp_path / "events" / "_delta_log").touch()
    (tmp_path / "events" / "1.parquet").touch()
    assert [file.name for file in find([str(tmp_path / "*" / "[0-9].parquet")])] == ["events/1.parquet"]


def test_j2_table_fails_the_refresh(tmp_path: Path) -> None:
    """Nothing is measured from such a folder; another data set is."""
    write_table(tmp_path / "events", LOGS["Delta Lake"])
    for name in ("events/old.parquet", "events/new.parquet", "good/1.parquet"):
        write_rows(tmp_path / name, [view()])
    shops = {"table": SHOP | {"files": "events"}, "plain": SHOP | {"files": "good"}}
    done = run(write_config(tmp_path, **shops))
    assert done.returncode == 1
    assert f"table: refresh failed: {tmp_path}/events: a Delta Lake table" in done.stderr
    assert 'clickstream_events{dataset="table"' not in done.stdout
    assert 'clickstream_events{dataset="plain",lag="0"} 1.0' in done.stdout
