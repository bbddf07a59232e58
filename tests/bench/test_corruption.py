"""What becomes of damaged files."""

from __future__ import annotations

from pathlib import Path

from corruption import corrupted, is_wrong


def test_d1_corrupted_copies(tmp_path: Path) -> None:
    """A damaged file is set aside by name, or harmless; only where a writer left no checksums it may be believed."""
    counted = corrupted(tmp_path, copies=60, seed=1)
    assert [each for each in counted if is_wrong(each[0], each[2])] == []
    aside = sum(times for (_, _, found), times in counted.items() if found == "set aside by name")
    assert aside > 30
