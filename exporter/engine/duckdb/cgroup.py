"""The memory that control groups leave to this process, as containers and services have it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FILES = {"cgroup2": "memory.max", "cgroup": "memory.limit_in_bytes"}
"""The file with the limit of a group, by the type of the file system."""

UNLIMITED = 2**60
"""What the first version calls no limit is the largest number that it can hold."""


def memory_limit(root: Path = Path("/")) -> int | None:
    """The smallest limit, in bytes, of the groups that this process is in and of those above; None without one."""
    return min(_limits(root), default=None)


def _limits(root: Path) -> Iterator[int]:
    for kind, mounted_from, mount, group in _mounts(root):
        # A group of another namespace is not below what is mounted: the topmost group there is ours.
        is_below = group.is_relative_to(mounted_from) and ".." not in group.parts
        below = group.relative_to(mounted_from) if is_below else PurePosixPath()
        folder = root / mount.relative_to("/")
        for path in (folder / below, *(folder / above for above in below.parents)):
            with contextlib.suppress(OSError, ValueError):  # no file in the topmost group, or the text max in it
                limit = int((path / _FILES[kind]).read_text())
                if limit < UNLIMITED:
                    yield limit


def _mounts(root: Path) -> Iterator[tuple[str, PurePosixPath, PurePosixPath, PurePosixPath]]:
    """Type, mounted group and mount point of each hierarchy that limits memory, and the group of this process in it."""
    groups = dict(_groups(root))
    for line in _lines(root / "proc/self/mountinfo"):
        of_mount, _, of_system = line.partition(" - ")
        kind, _, options = of_system.partition(" ")
        fields = of_mount.split(" ")
        controller = {"cgroup2": "", "cgroup": "memory"}.get(kind)
        if controller is None or controller not in groups or (controller and "memory" not in _options(options)):
            continue
        yield kind, PurePosixPath(fields[3]), PurePosixPath(fields[4]), groups[controller]


def _options(text: str) -> list[str]:
    """The options of a file system, behind its source."""
    return text.rpartition(" ")[2].split(",")


def _groups(root: Path) -> Iterator[tuple[str, PurePosixPath]]:
    """The group of this process by controller; the second version has one for all, under an empty name."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, PurePosixPath(path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:  # no Linux
        return []
