"""A file that changes while it is read is noticed: the numbers are of the old files or of the new, never of both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exposition import SHOP, Row, purchase, view, write_config, write_rows

from exporter import plan, reading
from exporter.days import Day
from exporter.facts import FactsError, Known, Measured
from exporter.loading import Loader

DAYS = ("2025-03-08", "2025-03-09")


def events(day: str, count: int) -> list[Row]:
    """So many page views of a day, and as many purchases."""
    return [each(day, client_id=f"c{number}") for number in range(count) for each in (view, purchase)]


def measured(folder: Path) -> Measured:
    """What a reading of the files in `folder` finds."""
    read = plan.load(write_config(folder, web=SHOP))
    (folder / "kept").mkdir(exist_ok=True)
    return reading.measure(
        "web",
        read.config.datasets["web"],
        read.measures["web"],
        Known(),
        None,
        datetime.now(UTC),
        most=None,
        resources=read.config.resources,
        kept=folder / "kept",
        spill=folder,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file for each of two days."""
    for day in DAYS:
        write_rows(tmp_path / f"{day}.parquet", events(day, 3))
    return tmp_path


def changing(monkeypatch: pytest.MonkeyPatch, when: str, change: Callable[[], None], times: int) -> None:
    """Let `change` happen after the day `when` was loaded, the first `times` times."""
    load, left = Loader.load, iter(range(times))

    def hooked(self: Loader, day: Day) -> bool:
        found = load(self, day)
        if day.date.isoformat() == when and next(left, None) is not None:
            change()
        return found

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
    """The refresh fails and names the file."""
    path = folder / f"{DAYS[1]}.parquet"
    changing(monkeypatch, DAYS[1], lambda: CHANGES["replaced"](path), reading.ATTEMPTS)
    with pytest.raises(FactsError, match=rf"{path.name} changed while it was read, {reading.ATTEMPTS} times in a row"):
        measured(folder)
