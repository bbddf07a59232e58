"""A file that changes while it is read is noticed: the numbers are of the old files or of the new, never of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exporter.days import Day
from exporter.engine.duckdb.load import Loader
from exporter.facts import measure
from exporter.facts.model import FactsError
from exporter.files.entry import Measurable
from tests.support.exposition import Row, age, purchase, view, write_rows
from tests.support.readings import measured

DAYS = ("2025-03-08", "2025-03-09")


def events(day: str, count: int) -> list[Row]:
    """So many page views of a day, and as many purchases."""
    return [each(day, client_id=f"c{number}") for number in range(count) for each in (view, purchase)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file for each of two days."""
    for day in DAYS:
        write_rows(tmp_path / f"{day}.parquet", events(day, 3))
    return tmp_path


def changing(monkeypatch: pytest.MonkeyPatch, when: str, change: Callable[[], None], times: int) -> None:
    """Let `change` happen after the day `when` was loaded, the first `times` times."""
    load, left = Loader.load, iter(range(times))

    def hooked(self: Loader, day: Day, files: Sequence[Measurable], *, measured: bool) -> None:
        load(self, day, files, measured=measured)
        if day.date.isoformat() == when and next(left, None) is not None:
            change()

    monkeypatch.setattr(Loader, "load", hooked)


def grow(path: Path) -> None:
    """Append by writing the file anew where it is, as a writer without care does."""
    content = path.with_name("new")
    write_rows(content, events(path.stem, 5))
    path.write_bytes(content.read_bytes())
    content.unlink()


CHANGES: dict[str, Callable[[Path], object]] = {
    "replaced": lambda path: write_rows(path.with_name("new"), events(path.stem, 4)).replace(path),
    "removed": Path.unlink,
    "grown": grow,
    "another comes": lambda path: write_rows(path.with_name("another.parquet"), events(path.stem, 2)),
}


@pytest.mark.parametrize("first", DAYS, ids=["after the first day", "after the last"])
@pytest.mark.parametrize("how", CHANGES)
def test_d2_a_file_that_changes_during_a_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: str, first: str
) -> None:
    """Whichever day was read before, each day is as one reading of the same files would have it."""
    before = measured(folder)
    changing(monkeypatch, first, lambda: CHANGES[how](folder / f"{DAYS[0]}.parquet"), 1)
    found = measured(folder)
    monkeypatch.undo()
    assert found.days in (before.days, measured(folder).days)
    assert how == "another comes" or found.days != before.days


def test_d2_a_file_that_never_rests(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out and named, stops no other, and is looked at again by the next reading."""
    path = folder / f"{DAYS[1]}.parquet"
    changing(monkeypatch, DAYS[1], lambda: CHANGES["replaced"](path), measure.ATTEMPTS)
    found = measured(folder)
    assert [(each.name, each.reason) for each in found.files.waiting] == [
        (path.name, f"changed {measure.ATTEMPTS} times while it was read")
    ]
    assert found.files.unreadable == ()
    assert [facts.date.isoformat() for facts in found.days] == [DAYS[0]]
    assert not found.known.whole
    monkeypatch.undo()
    assert [facts.date.isoformat() for facts in measured(folder).days] == [*DAYS]


def test_d2_an_old_file_that_never_rests(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is unreadable: nobody is writing a file that was last written an hour ago."""
    path = folder / f"{DAYS[1]}.parquet"

    def replaced() -> None:
        CHANGES["replaced"](path)
        age(path)

    changing(monkeypatch, DAYS[1], replaced, measure.ATTEMPTS)
    found = measured(folder)
    assert found.files.waiting == ()
    assert [(each.name, each.reason) for each in found.files.unreadable] == [
        (path.name, f"changed {measure.ATTEMPTS} times while it was read")
    ]


def test_d2_files_that_change_in_turn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another file changes at each attempt, the refresh fails: what is read is of no one moment."""
    turn = iter(range(100))

    def rewrite() -> None:
        write_rows(folder / f"{next(turn) % 3}.parquet", events(DAYS[1], 2))

    for _ in range(3):
        rewrite()
    changing(monkeypatch, DAYS[1], rewrite, measure.MAX_ATTEMPTS)
    with pytest.raises(FactsError, match=rf"changed while they were read, {measure.MAX_ATTEMPTS} times in a row"):
        measured(folder)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(1000)], ids=["empty", "begun", "without footer"])
def test_d2_a_file_that_is_being_written(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """It is waited for however it grows, and is unreadable once nobody has written to it for a while."""
    before = measured(folder)
    path = folder / "next.parquet"
    path.write_bytes(content)
    changing(monkeypatch, DAYS[1], lambda: path.write_bytes(path.read_bytes() + b"more"), 100)
    found = measured(folder)
    assert [(each.name, each.reason) for each in found.files.waiting] == [(path.name, "no footer yet")]
    assert (found.days, found.files.unreadable, found.files.number) == (before.days, (), before.files.number + 1)
    assert path.name not in {file.name for file in found.known.entries}
    assert not found.known.whole
    monkeypatch.undo()
    age(path)
    left = measured(folder)
    assert left.files.waiting == ()
    assert [each.name for each in left.files.unreadable] == [path.name]


def test_d1_a_young_file_with_a_broken_footer(folder: Path) -> None:
    """What ends like a Parquet file is no file that is being written."""
    path = folder / "broken.parquet"
    path.write_bytes(b"PAR1" + bytes(100) + (50).to_bytes(4, "little") + b"PAR1")
    found = measured(folder)
    assert [each.name for each in found.files.unreadable] == [path.name]
    assert found.files.waiting == ()
