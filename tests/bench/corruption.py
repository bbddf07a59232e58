"""What becomes of damaged files: 1,000 corrupted copies of a small one, each measured by the exporter.

python tests/bench/corruption.py [--copies N] [--seed N]

A copy has flipped bits, a block of zeros or of other bytes, or a cut end. It is measured beside a sound file of the
day before. What must never happen: that a refresh fails or hangs, or that numbers are wrong in silence although the
writer left checksums. Without them, a flipped bit may be another amount, and nothing can tell.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import duckdb  # noqa: E402
import pyarrow  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from events import write_day  # noqa: E402
from work import LAST, write_config  # noqa: E402

from exporter import plan  # noqa: E402
from exporter.refresh import Refresher, State  # noqa: E402

EVENTS = 2_000

SLOW = 10.0
"""Seconds after which a refresh counts as hanging."""


def flip(data: bytearray, rng: random.Random) -> bytearray:
    """Flip one to eight bits."""
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def flip_in_footer(data: bytearray, rng: random.Random) -> bytearray:
    """Flip a bit of the footer, which says where everything is."""
    length = int.from_bytes(data[-8:-4], "little")
    data[len(data) - 8 - rng.randrange(length)] ^= 1 << rng.randrange(8)
    return data


def cut(data: bytearray, rng: random.Random) -> bytearray:
    """Cut the end off."""
    return data[: rng.randrange(len(data))]


def blank(data: bytearray, rng: random.Random) -> bytearray:
    """Zero a block, as a lost sector does."""
    start = rng.randrange(len(data))
    end = min(len(data), start + 512)
    data[start:end] = bytes(end - start)
    return data


def scramble(data: bytearray, rng: random.Random) -> bytearray:
    """Overwrite a block with other bytes."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randint(1, 64))
    data[start:end] = rng.randbytes(end - start)
    return data


def lose(data: bytearray, rng: random.Random) -> bytearray:
    """Lose some bytes in the middle."""
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 64)]
    return data


DAMAGES: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    flip, flip_in_footer, cut, blank, scramble, lose,
)  # fmt: skip


def sound_files(folder: Path) -> dict[str, bytes]:
    """One day of events as different writers leave it."""
    plain = write_day(folder / "duckdb.parquet", LAST, EVENTS)
    table = pq.read_table(plain)
    pq.write_table(table, folder / "snappy.parquet", compression="snappy")
    pq.write_table(table, folder / "checksums.parquet", compression="zstd", write_page_checksum=True)
    pq.write_table(table, folder / "plain.parquet", compression="none", use_dictionary=False)
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


def outcome(before: State, after: State, seconds: float, path: Path) -> str:
    """What came of a damaged file, in a few words."""
    if after.errors:
        return f"refresh failed: {after.errors['shop'][:60]}"
    if seconds > SLOW:
        return "hung"
    text, others = (
        {line for line in state.exposition.decode().splitlines() if not line.startswith("clickstream_exporter_")}
        for state in (after, before)
    )
    said = text - others
    if any(f'file="{path.name}"' in line for line in said if "unreadable_file_info" in line):
        return "set aside by name"
    if not said:
        return "same numbers"
    return "told as a column" if any("_column_info{" in line for line in said) else SILENT


SILENT = "other numbers, in silence"


def corrupted(folder: Path, copies: int, seed: int) -> Counter[tuple[str, str, str]]:
    """How often what came of which damage to which writer's file; everything is written below `folder`."""
    rng = random.Random(seed)
    (folder / "sound").mkdir()
    (folder / "events").mkdir()
    sound = sound_files(folder / "sound")
    write_day(folder / "events" / "before.parquet", LAST - timedelta(days=1), EVENTS)
    path = folder / "events" / "day.parquet"
    refresher = Refresher(plan.load(write_config(folder)))
    counted: Counter[tuple[str, str, str]] = Counter()
    for number in range(copies):
        writer, damage = sorted(sound)[number % len(sound)], rng.choice(DAMAGES)
        path.write_bytes(sound[writer])
        before = refresher.refresh()
        path.write_bytes(damage(bytearray(sound[writer]), rng))
        os.utime(path, (time.time() - 3600,) * 2)  # or it would be taken for one that is being written
        started = time.monotonic()
        found = outcome(before, refresher.refresh(), time.monotonic() - started, path)
        counted[writer, damage.__name__, found] += 1
    refresher.stop()
    return counted


def is_wrong(writer: str, found: str) -> bool:
    """Whether this must not come of a damaged file."""
    return found == "hung" or found.startswith("refresh failed") or (found == SILENT and writer == "checksums")


def main() -> int:
    """Print how often what came of which damage; returns 1 where something came that must not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=1000, help="corrupted copies (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (%(default)s)")
    options = parser.parse_args()
    logging.disable()
    with tempfile.TemporaryDirectory() as temporary:
        counted = corrupted(Path(temporary), options.copies, options.seed)
    print(f"DuckDB {duckdb.__version__}, PyArrow {pyarrow.__version__}")
    for (writer, damage, found), times in sorted(counted.items()):
        print(f"{writer:12}{damage:16}{times:6}  {found}")
    return int(any(is_wrong(writer, found) for writer, _, found in counted))


if __name__ == "__main__":
    sys.exit(main())
