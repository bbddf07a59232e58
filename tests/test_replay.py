"""A replay: each day over facts that are measured once has the snapshot of a reading that ends with it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from exporter import plan, replay
from exporter.config.checks import Limits
from exporter.facts.storage import Storage
from exporter.replay import Replay
from tests.support.exposition import SHOP, TYPES, once, purchase, view, write_config, write_rows

FIRST, LAST = date(2025, 2, 25), date(2025, 3, 9)
QUIET, OLD_NAMES, DAMAGED = "2025-03-02", "2025-03-05", "2025-03-08"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirteen days: one has no event, one lacks a column, and one has an event whose page is damaged."""
    folder = tmp_path_factory.mktemp("shop")
    for number in range((LAST - FIRST).days + 1):
        day = str(FIRST + timedelta(days=number))
        rows = [purchase(day, event_data=f'{{"revenue": {number + 1}}}'), view(day), view(day, timestamp=None)]
        types = {name: of for name, of in TYPES.items() if day != OLD_NAMES or name != "referrer"}
        if day != QUIET:
            write_rows(folder / f"{day}.parquet", rows, types)
    path = folder / f"{DAMAGED}.parquet"
    pq.write_table(pq.read_table(path), path, compression="none", write_page_checksum=True, use_dictionary=False)
    chunk = pq.read_metadata(path).row_group(0).column(list(TYPES).index("event_data"))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"revenue", 0, chunk.data_page_offset + chunk.total_compressed_size)] ^= 1
    path.write_bytes(data)
    return write_config(folder, web=SHOP | {"history_days": 8})


def measured(config: Path, first: date | None = None, last: date | None = None, kept: Path | None = None) -> Replay:
    """The replay of the days from `first` until `last`."""
    return replay.measure(plan.load(config), "web", first, last, Storage(kept))


@pytest.fixture(scope="module")
def whole(config: Path) -> Replay:
    """The replay of every day."""
    return measured(config)


def numbers(of: Replay) -> dict[str, int]:
    """The number of the snapshot of each day."""
    taken = [of.view(when).snapshot for when in of.days]
    return {str(each.date): each.number for each in taken if each}


@pytest.mark.parametrize("when", ["2025-02-26", OLD_NAMES, str(LAST)])
def test_the_snapshot_is_that_of_a_reading_as_of_the_day(config: Path, whole: Replay, when: str) -> None:
    """Whatever is known of later days, of columns, and of files that only a longer reading reads."""
    assert numbers(whole)[when] == once(config, "--as-of", when).value("clickstream_snapshot")


def test_which_days_are_replayed(config: Path, whole: Replay) -> None:
    """All with a day before them, or those of the range; days without events are quiet."""
    every = [FIRST + timedelta(days=number) for number in range(1, (LAST - FIRST).days + 1)]
    quiet = [date.fromisoformat(QUIET), date.fromisoformat(DAMAGED)]
    assert [*whole.days] == [each for each in every if each not in quiet]
    assert [*whole.quiet] == quiet
    some = measured(config, FIRST, date(2025, 3, 3))
    assert [*some.days] == [each for each in (FIRST, *every) if each <= date(2025, 3, 3) and each not in quiet]
    assert numbers(some).items() - numbers(whole).items() == {("2025-02-25", numbers(some)["2025-02-25"])}


def test_other_limits_change_the_snapshot_and_no_fact(whole: Replay) -> None:
    """What is measured does not depend on them."""
    configured, tried = whole.view(LAST).snapshot, whole.view(LAST, Limits(revenue_drop_ratio=0.5)).snapshot
    assert configured
    assert tried
    assert {each.gauge for each in {*configured.samples} ^ {*tried.samples}} == {
        "clickstream_limit",
        "clickstream_snapshot",
    }


def test_what_is_kept_serves_any_range(config: Path, whole: Replay, tmp_path: Path) -> None:
    """A replay of a few days does not forget the others, and the same facts give the same snapshots."""
    for first, last, new in ((None, None, True), (FIRST, FIRST, False), (None, None, False)):
        of = measured(config, first, last, tmp_path / "kept")
        assert bool(next(iter(of.days.values())).recomputed) == new
    assert numbers(of) == numbers(whole)
