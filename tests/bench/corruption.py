"""What becomes of damaged files: 1,000 corrupted copies of a small one, each measured by the exporter.

python tests/bench/corruption.py [--copies N] [--seed N]

A copy has flipped bits, a block of zeros or of other bytes, or a cut end. It is measured beside a sound file of the
day before. What must never happen: that the exporter ends, hangs, or that it cannot name the file. Numbers that are
wrong in silence are counted by whether the writer left checksums.
"""

from __future__ import annotations

import argparse
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
import pyarrow.parquet as pq  # noqa: E402
from bench import LAST, write_config  # noqa: E402
from events import write_day  # noqa: E402

from exporter import config  # noqa: E402
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
    """What came of a damaged file, in a word or two."""
    view = after.views["shop"]
    text = after.exposition.decode()
    if after.errors:
        return f"refresh failed: {after.errors['shop'][:60]}"
    if seconds > SLOW:
        return "hung"
    if f'clickstream_unreadable_file_info{{dataset="shop",file="{path.name}"' in text:
        return "set aside by name"
    assert view.snapshot is not None
    assert before.views["shop"].snapshot is not None
    same = view.snapshot.number == before.views["shop"].snapshot.number
    return "same numbers" if same else "other numbers, in silence"


def main() -> int:
    """Print how often what came of which damage; returns 1 where something must not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=1000, help="corrupted copies (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (%(default)s)")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "sound").mkdir()
        (folder / "events").mkdir()
        sound = sound_files(folder / "sound")
        write_day(folder / "events" / "before.parquet", LAST - timedelta(days=1), EVENTS)
        path = folder / "events" / "day.parquet"
        refresher = Refresher(config.load(write_config(folder)))
        counted: Counter[tuple[str, str, str]] = Counter()
        for number in range(options.copies):
            writer, damage = sorted(sound)[number % len(sound)], rng.choice(DAMAGES)
            path.write_bytes(sound[writer])
            before = refresher.refresh()
            path.write_bytes(damage(bytearray(sound[writer]), rng))
            started = time.monotonic()
            after = refresher.refresh()
            found = outcome(before, after, time.monotonic() - started, path)
            counted[writer, damage.__name__, found] += 1
            if found.startswith(("refresh failed", "other")):
                (Path("/tmp/badfiles") / f"{writer}-{damage.__name__}-{number}.parquet").write_bytes(path.read_bytes())
        refresher.stop()
    print(f"DuckDB {duckdb.__version__}")
    for (writer, damage_name, found), times in sorted(counted.items()):
        print(f"{writer:12}{damage_name:16}{times:6}  {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
