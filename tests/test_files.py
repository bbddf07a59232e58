"""Which files a pattern matches."""

from __future__ import annotations

import glob
import os
import random
from pathlib import Path
from typing import Any

import pytest

from exporter.files.file import File, FilesError
from exporter.files.listing import is_unchanged
from tests.support.readings import find

NAMES = ("a", "b", "ab", "day=1", "[q]", "x.parquet", "y.parquet")
PARTS = ("*", "**", ".", "a*", "*b", "*.parquet", "?", "[ab]", "a", "day=1", "x.parquet", "[[]q]")


def fill(folder: Path, rng: random.Random, depth: int = 3) -> None:
    """Put files, folders and links into a folder."""
    for name in rng.sample(NAMES, rng.randint(1, 4)):
        path = folder / name
        if depth and rng.random() < 0.6:
            path.mkdir()
            fill(path, rng, depth - 1)
        elif rng.random() < 0.1:
            path.symlink_to(rng.choice([folder / "x.parquet", Path("gone")]))
        else:
            path.touch()


def paths(*patterns: str | Path) -> list[str]:
    """The names of the files that the patterns match."""
    return [file.name for file in find(map(str, patterns))]


@pytest.mark.parametrize("seed", range(20))
def test_patterns(tmp_path: Path, seed: int) -> None:
    """A pattern matches what it matches in a shell with `globstar`."""
    rng = random.Random(seed)
    fill(tmp_path, rng)
    (tmp_path / "z").touch()
    assert paths(tmp_path / "?*") != []
    for _ in range(20):
        parts = [rng.choice(PARTS) for _ in range(rng.randint(0, 3))]
        pattern = os.path.join(tmp_path, *parts, rng.choice(["*", "*.parquet", "**", "[xy]*"]))
        expected = {os.path.realpath(path) for path in glob.glob(pattern, recursive=True) if os.path.isfile(path)}
        try:
            assert {file.path for file in find([pattern]) if file.size >= 0} == expected, pattern
        except FilesError:
            assert not expected, pattern


def test_links(tmp_path: Path) -> None:
    """A link to a folder is followed, one that leads back is not; a file that two links name is there once."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/1.parquet").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/linked").symlink_to(tmp_path / "real")
    (tmp_path / "data/again.parquet").symlink_to(tmp_path / "real/1.parquet")
    (tmp_path / "real/back").symlink_to(tmp_path / "data")
    (tmp_path / "real/itself.parquet").symlink_to("itself.parquet")
    found = find([str(tmp_path / "data")])
    assert [(Path(file.path).name, file.size) for file in found] == [("1.parquet", 0), ("itself.parquet", -1)]


def test_links_without_end(tmp_path: Path) -> None:
    """Folders that lead to one another, or to the root of all, end the walk there."""
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / "data" / one).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / one / "1.parquet").touch()
        for number in range(3):
            (tmp_path / "data" / one / f"link-{number}").symlink_to(tmp_path / "data" / other)
    (tmp_path / "data/a/root").symlink_to("/")
    assert paths(tmp_path / "data") == ["a/1.parquet", "a/link-0/1.parquet"]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
def test_names_of_links(tmp_path: Path, order: tuple[int, ...]) -> None:
    """A file that several links name is called by the first of them, whichever was made first."""
    (tmp_path / "real").touch()
    (tmp_path / "data").mkdir()
    for number in order:
        (tmp_path / "data" / f"{number}.parquet").symlink_to(tmp_path / "real")
    assert paths(tmp_path / "data") == ["1.parquet"]


def test_folder_that_goes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day that is swapped for another while it is listed is not missed."""
    (tmp_path / "day=1").mkdir()
    (tmp_path / "day=1/1.parquet").touch()
    scandir = os.scandir
    swapped = []

    def swap(path: str) -> Any:
        if path.endswith("day=1") and not swapped:
            swapped.append(path)
            os.rename(path, f"{path}.old")
            try:
                return scandir(path)
            finally:
                os.rename(f"{path}.old", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", swap)
    assert paths(tmp_path) == ["day=1/1.parquet"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("*/../*.parquet", r"\.\. after a wildcard"), ("x" * 300, "File name too long")],
)
def test_patterns_that_cannot_be_listed(tmp_path: Path, pattern: str, message: str) -> None:
    """They are an error that names them."""
    with pytest.raises(FilesError, match=message):
        paths(tmp_path / pattern)


def test_folders_without_end(tmp_path: Path) -> None:
    """Folders that are nested deeper than Python's stack are an error, too."""
    nested = [f"{tmp_path}{'/d' * depth}" for depth in range(1, 1100)]
    for folder in nested:
        os.mkdir(folder)
    try:
        with pytest.raises(FilesError, match="nested too deeply"):
            paths(tmp_path)
    finally:
        for folder in reversed(nested):  # pytest could not remove them
            os.rmdir(folder)


def test_unchanged(tmp_path: Path) -> None:
    """A file that grew, was replaced or has gone is another one."""
    path = tmp_path / "1.parquet"
    path.touch()
    (before,) = find([str(path)])
    assert isinstance(before, File)
    assert is_unchanged(before)
    path.write_text("more")
    assert not is_unchanged(before)
    (grown,) = find([str(path)])
    path.replace(tmp_path / "gone")
    assert not is_unchanged(grown)


def test_folder_that_cannot_be_read(tmp_path: Path) -> None:
    """It is an error: to be silent about it would call its files missing."""
    with pytest.raises(FilesError, match=r"none: no such file or folder"):
        paths(tmp_path / "none/*.parquet")
    (tmp_path / "shut").mkdir(mode=0)
    if os.access(tmp_path / "shut", os.R_OK):
        pytest.skip("root reads every folder")
    with pytest.raises(FilesError, match=r"shut: not readable"):
        paths(tmp_path / "**/*.parquet")
