"""The memory limit that control groups set for this process, in a container or a service."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_FILES = {"cgroup2": "memory.max", "cgroup": "memory.limit_in_bytes"}
"""The file with a group's limit, by the type of the file system: cgroup v2 and v1."""

UNLIMITED = 2**60
"""A limit this large means no limit: cgroup v1 then shows the largest number that it can represent."""


def memory_limit(root: Path = Path("/")) -> int | None:
    """The smallest limit, in bytes, of this process's groups and their parents; None without a limit."""
    return min(_limits(root), default=None)


def _limits(root: Path) -> Iterator[int]:
    for kind, mounted_from, mount, group in _mounts(root):
        # In a cgroup namespace of its own, the group is not below what is mounted: the root of the mount is ours.
        is_below = group.is_relative_to(mounted_from) and ".." not in group.parts
        below = group.relative_to(mounted_from) if is_below else PurePosixPath()
        folder = root / mount.relative_to("/")
        for path in (folder / below, *(folder / above for above in below.parents)):
            with contextlib.suppress(OSError, ValueError):  # the root group has no such file; `max` is no limit
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
    """The options of a file system, which follow its type and source."""
    return text.rpartition(" ")[2].split(",")


def _groups(root: Path) -> Iterator[tuple[str, PurePosixPath]]:
    """The group of this process by controller; cgroup v2 has one for all, under an empty name."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, PurePosixPath(path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:  # not Linux
        return []
