"""Events of a day that by the clock is not over: when their day is the newest, and when they are early."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.facts.model import Measured
from tests.support.exposition import view, write_rows
from tests.support.readings import measured


def running_day(folder: Path, events: int) -> date:
    """Write three days of 100 events, and some of a day after them that is not over, whenever the test runs."""
    soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=12)
    for back in range(1, 4):
        day = (soon - timedelta(days=back)).date().isoformat()
        rows = [view(day, timestamp=f"{day} {number % 24:02}:{number // 24:02}") for number in range(100)]
        write_rows(folder / f"{day}.parquet", rows)
    write_rows(folder / "running.parquet", [view(timestamp=soon.isoformat(" ", "minutes"))] * events)
    return soon.date()


def newest(found: Measured) -> date:
    """The anchor day of a reading."""
    return found.days[-1].date


@pytest.mark.parametrize("events", [1, 4])
def test_a_few_events_do_not_make_their_day_the_newest(tmp_path: Path, events: int) -> None:
    """They are counted, and in no day's way."""
    running = running_day(tmp_path, events)
    found = measured(tmp_path)
    assert (newest(found), found.files.early) == (running - timedelta(days=1), events)
    assert found.days[-1].found["clickstream_events"][""].keys() == set(range(24))


def test_a_day_that_has_begun_is_the_newest(tmp_path: Path) -> None:
    """From a twentieth of the events of a usual day on."""
    running = running_day(tmp_path, 5)
    found = measured(tmp_path)
    assert (newest(found), found.files.early) == (running, 0)


def test_an_old_stray_does_not_hide_what_is_usual(tmp_path: Path) -> None:
    """A device without a clock makes a file of a day seem to last for years."""
    running = running_day(tmp_path, 4)
    for path in tmp_path.glob("20*.parquet"):
        rows = pq.read_table(path)
        write_rows(tmp_path / "stray.parquet", [view("2001-05-05")])
        pq.write_table(pa.concat_tables([rows, pq.read_table(tmp_path / "stray.parquet")]), path)
    (tmp_path / "stray.parquet").unlink()
    found = measured(tmp_path)
    assert (newest(found), found.files.early) == (running - timedelta(days=1), 4)


def test_the_first_day_needs_no_mass(tmp_path: Path) -> None:
    """Without days before it nothing is usual."""
    soon = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=12)
    write_rows(tmp_path / "running.parquet", [view(timestamp=soon.isoformat(" ", "minutes"))])
    found = measured(tmp_path)
    assert (newest(found), found.files.early) == (soon.date(), 0)


def test_d1_a_damaged_file_of_a_running_day(tmp_path: Path) -> None:
    """It is set aside, and the days before it are measured."""
    running = running_day(tmp_path, 50)
    path = tmp_path / "running.parquet"
    table = pq.read_table(tmp_path / f"{running - timedelta(days=1)}.parquet")
    pq.write_table(pa.concat_tables([table, pq.read_table(path)]), path)  # only its pages tell how much is of which day
    chunk = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(data)
    found = measured(tmp_path)
    assert [each.name for each in found.files.unreadable] == ["running.parquet"]
    assert newest(found) == running - timedelta(days=1)


def test_days_of_no_baseline_do_not_say_what_is_usual(tmp_path: Path) -> None:
    """After a lasting drop in traffic, a running day needs no share of what it was before."""
    today = running_day(tmp_path, 4)
    since = today - timedelta(days=1)
    yesterday = [view(str(since), timestamp=f"{since} {hour:02}:00") for hour in range(8)]
    write_rows(tmp_path / f"{since}.parquet", yesterday)
    assert newest(measured(tmp_path)) == since
    assert newest(measured(tmp_path, baseline_since=str(since))) == today
