"""How much memory DuckDB takes in a container, and who says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import duckdb
import pytest

from exporter.config.model import Resources
from exporter.engine.duckdb import cgroup, database

GB = 2**30
TWO = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
ONE = "32 31 0:29 {} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
CPU = "33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu"
HYBRID = "34 31 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"
NONE = "9223372036854771712\n"

Case = tuple[str, str, Mapping[str, str], int | None]
"""Groups, mounts, files of limits, and the limit."""

CASES: dict[str, Case] = {
    "a container of the second version": ("0::/", TWO, {"memory.max": f"{GB}\n"}, GB),
    "a container without a limit": ("0::/", TWO, {"memory.max": "max\n"}, None),
    "a service, in a slice with less": (
        "0::/system.slice/exporter.service",
        TWO,
        {"system.slice/memory.max": f"{GB}", "system.slice/exporter.service/memory.max": f"{2 * GB}"},
        GB,
    ),
    "a service that has least": (
        "0::/system.slice/exporter.service",
        TWO,
        {"system.slice/memory.max": "max", "system.slice/exporter.service/memory.max": f"{GB}"},
        GB,
    ),
    "the first version": (
        "5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/",
        f"{CPU}\n{ONE.format('/')}\n{HYBRID}",
        {"memory/memory.limit_in_bytes": NONE, "memory/a/memory.limit_in_bytes": f"{GB}"},
        GB,
    ),
    "a container of the first version": (
        "4:memory:/docker/abc",
        ONE.format("/docker/abc"),
        {"memory/memory.limit_in_bytes": f"{GB}"},
        GB,
    ),
    "a container of another namespace": (
        "4:memory:/../../pods/abc",
        ONE.format("/"),
        {"memory/memory.limit_in_bytes": f"{GB}"},
        GB,
    ),
    "the first version without a limit": (
        "4:memory:/",
        ONE.format("/"),
        {"memory/memory.limit_in_bytes": NONE},
        None,
    ),
    "no groups": ("", "", {}, None),
}


@pytest.mark.parametrize(("groups", "mounts", "limits", "limit"), CASES.values(), ids=CASES)
def test_limit(tmp_path: Path, groups: str, mounts: str, limits: Mapping[str, str], limit: int | None) -> None:
    """The smallest of the process's own group and of those above counts, in both versions and in containers."""
    files = {"proc/self/cgroup": groups, "proc/self/mountinfo": f"23 1 8:1 / / rw - ext4 /dev/sda1 rw\n{mounts}"}
    for name, text in {**files, **{f"sys/fs/cgroup/{name}": text for name, text in limits.items()}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cgroup.memory_limit(tmp_path) == limit


def test_no_linux(tmp_path: Path) -> None:
    """Where there is nothing to be read, there is no limit."""
    assert cgroup.memory_limit(tmp_path) is None


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group with 700 MB, in one of the same limit, both of this machine."""
    mine = next((each for each in Path("/proc/self/cgroup").read_text().splitlines() if ":memory:" in each), "0::/")
    first = ":memory:" in mine
    above = Path("/sys/fs/cgroup/memory" if first else "/sys/fs/cgroup") / mine.rpartition(":")[2][1:]
    made = above / f"clickstream-{os.getpid()}"
    try:
        (made / "nested").mkdir(parents=True)
        (made / ("memory.limit_in_bytes" if first else "memory.max")).write_text(f"{700 * 2**20}")
    except OSError:
        for each in (made / "nested", made):
            with suppress(OSError):
                each.rmdir()
        pytest.skip("no control group can be made here")
    yield made / "nested"
    (made / "nested").rmdir()
    made.rmdir()


CONNECT = """
import os, pathlib, sys
pathlib.Path(sys.argv[1], "cgroup.procs").write_text(str(os.getpid()))
from exporter.engine.duckdb import database
from exporter.config.model import Resources
connection = database.connect([], 0, pathlib.Path(sys.argv[2]), Resources())
print(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])
"""


def test_p4_half_of_the_container(tmp_path: Path, group: Path) -> None:
    """In a group that has a limit, DuckDB takes half of it."""
    command = [sys.executable, "-c", CONNECT, str(group), str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "350.0 MiB\n"


def test_a_memory_limit_that_is_configured_counts(tmp_path: Path) -> None:
    """The group's limit matters only where there is none."""
    with closing(database.connect([], 0, tmp_path, Resources(memory_limit="123MB"))) as connection:
        assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [("117.3 MiB",)]


@pytest.mark.parametrize(
    ("size", "configured", "used"), [(0, None, 1), (database.SMALL, None, 1), (0, 3, 3), (database.SMALL + 1, 3, 3)]
)
def test_few_data_are_read_by_one_thread(tmp_path: Path, size: int, configured: int | None, used: int) -> None:
    """The number that is configured counts; without one, further threads take part only where there is much to do."""
    with closing(database.connect([], size, tmp_path, Resources(threads=configured))) as connection:
        assert connection.execute("SELECT current_setting('threads')").fetchall() == [(used,)]


def test_many_data_are_read_by_all_cores(tmp_path: Path) -> None:
    """As many threads as DuckDB itself would take."""
    with closing(duckdb.connect()) as plain, closing(database.connect([], 2**30, tmp_path, Resources())) as connection:
        query = "SELECT current_setting('threads')"
        assert connection.execute(query).fetchall() == plain.execute(query).fetchall()
