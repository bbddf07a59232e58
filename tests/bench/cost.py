"""What a refresh costs, in multiples of what DuckDB needs to decode the mapped columns of one day (LIMIT).

python tests/bench/cost.py [--events N] [--json FILE] [--big]

Machines differ and are noisy: the ratios are of CPU time, measured in one run, interleaved, the median of five.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import duckdb  # noqa: E402
import yaml  # noqa: E402
from events import write_day  # noqa: E402

from exporter import config, database, events, files, measures  # noqa: E402
from exporter.catalogue import Catalogue  # noqa: E402
from exporter.config import Config, Resources  # noqa: E402
from exporter.days import day  # noqa: E402
from exporter.refresh import Refresher  # noqa: E402
from exporter.storage import Storage  # noqa: E402

LAST = date(2025, 3, 31)
DAYS = 15
"""Eight that are served, and seven that they look back on."""

COLUMNS = ("timestamp", "event_name", "client_id", "page_url", "referrer", "user_agent", "event_data")
RUNS = 5


@dataclass(frozen=True)
class Cost:
    """CPU and wall time in seconds, and the peak memory in MB, of a process and those that it started."""

    cpu: float
    wall: float
    peak: float


def write_config(folder: Path, pattern: str = "events/*.parquet", **resources: object) -> Path:
    """The configuration of the events."""
    names = {name: name for name in COLUMNS if name != "event_data"}
    shop = {
        "files": pattern,
        "history_days": 8,
        "columns": names | {"payload": "event_data", "revenue": "$.revenue", "transaction_id": "$.transaction_id"},
        "purchase": "checkout_completed",
        "taxonomy": ["page_viewed", "product_added_to_cart", "checkout_started", "checkout_completed"],
        "site_domains": ["shop.example"],
    }
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump({"resources": resources, "datasets": {"shop": shop}}))
    return path


def used() -> tuple[float, float]:
    """CPU seconds and peak memory in MB of this process and of those that it started, also those that still run."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    running = _descendants(os.getpid())
    peaks = [int(line.split()[1]) for pid in running for line in _lines(pid, "status") if line.startswith("VmHWM")]
    return cpu + sum(map(_cpu, running)), max(own.ru_maxrss, ended.ru_maxrss, *peaks) / 1024


def _descendants(process: int) -> list[int]:
    children = [int(pid) for line in _lines(process, f"task/{process}/children") for pid in line.split()]
    return [*children, *(each for child in children for each in _descendants(child))]


def _cpu(process: int) -> float:
    """The CPU seconds of a process and of its children that have ended."""
    fields = "".join(_lines(process, "stat")).rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _lines(process: int, name: str) -> list[str]:
    try:
        return Path(f"/proc/{process}/{name}").read_text().splitlines()
    except OSError:
        return []


def measured(work: Callable[[], object]) -> Cost:
    """What the work costs."""
    before, began = used()[0], time.perf_counter()
    work()
    after, peak = used()
    return Cost(after - before, time.perf_counter() - began, peak)


def refreshed(refresher: Refresher) -> None:
    """Refresh, and fail if that does."""
    state = refresher.refresh()
    if state.errors:
        raise RuntimeError(str(state.errors))


def limit(folder: Path) -> Cost:
    """DuckDB decodes the mapped columns of the newest day."""
    columns = ", ".join(f'bit_xor(hash("{column}"))' for column in COLUMNS)
    path = str(folder / "events" / f"{LAST}.parquet")
    with closing(duckdb.connect()) as connection:
        return measured(lambda: connection.execute(f"SELECT {columns} FROM read_parquet(?)", [path]).fetchall())


def cold_window(folder: Path) -> Cost:
    """The first start on eight days and their lookback."""
    return measured(lambda: refreshed(Refresher(_config(folder))))


def new_day(folder: Path) -> Cost:
    """One more day arrives."""
    return _after(folder, lambda events_: shutil.move(events_ / "waiting", events_ / f"{LAST}.parquet"), wait=True)


def late_file(folder: Path) -> Cost:
    """A small file arrives for a day five days ago."""
    late = LAST - timedelta(days=5)
    return _after(folder, lambda events_: write_day(events_ / "late.parquet", late, 10_000))


def unchanged(folder: Path) -> Cost:
    """Nothing happened."""
    return _after(folder, lambda _events: None)


def _after(folder: Path, happens: Callable[[Path], object], *, wait: bool = False) -> Cost:
    """What a refresh costs after something happened to the files; it is undone again."""
    events_, newest = folder / "events", folder / "events" / f"{LAST}.parquet"
    if wait:
        newest.rename(events_ / "waiting")
    storage = Storage(Path(tempfile.mkdtemp(dir=folder)))
    try:
        refresher = Refresher(_config(folder), storage=storage)
        refreshed(refresher)
        happens(events_)
        return measured(lambda: refreshed(refresher))
    finally:
        (events_ / "late.parquet").unlink(missing_ok=True)
        if (events_ / "waiting").exists():
            (events_ / "waiting").rename(newest)


def per_metric_sql(folder: Path) -> Cost:
    """The newest day's numbers with a scan for each measure, as an exporter of single queries makes them."""
    dataset = _config(folder).datasets["shop"]
    found = [file for file in files.find(dataset.files) if file.name == f"{LAST}.parquet"]

    def work() -> None:
        for each in measures.load():
            with closing(database.connect([found[0].path], folder, Resources())) as connection:
                catalogue = Catalogue(connection, dataset, found, {}, None, datetime.now(UTC))
                connection.execute(
                    "CREATE TEMP TABLE earlier_sessions "
                    "(day DATE, client UBIGINT, started TIMESTAMP, source_key UBIGINT)"
                )
                events.load(connection, dataset, catalogue.readable, day(LAST, ZoneInfo("UTC")), [each.sql])
                measures.run(connection, each)

    return measured(work)


def unchanged_files(folder: Path, count: int) -> float:
    """Milliseconds of a refresh when nothing happened to so many files."""
    many = folder / f"many-{count}"
    (many / "events").mkdir(parents=True)
    one = write_day(many / "one.parquet", LAST, 200)
    for number in range(count):
        shutil.copyfile(one, many / "events" / f"{number:05}.parquet")
    refresher = Refresher(config.load(write_config(many)))
    refreshed(refresher)
    return statistics.median(measured(lambda: refreshed(refresher)).cpu for _ in range(RUNS)) * 1000


def big(folder: Path, count: int) -> dict[str, float]:
    """A day of `count` events under a memory limit of 1 GB: time per event against a million, and the peak."""
    costs = {}
    for number in (1_000_000, count):
        one = folder / f"big-{number}"
        (one / "events").mkdir(parents=True)
        write_day(one / "events" / "day.parquet", LAST, number)
        path = write_config(one, memory_limit="1GB")
        with ProcessPoolExecutor(1) as pool:
            costs[number] = pool.submit(_first_refresh, path).result()
    per_event = {number: cost.cpu / number for number, cost in costs.items()}
    return {"ratio": per_event[count] / per_event[1_000_000], "peak_mb": costs[count].peak}


def _first_refresh(path: Path) -> Cost:
    return measured(lambda: refreshed(Refresher(config.load(path))))


def _config(folder: Path) -> Config:
    return config.load(folder / "config.yml")


WORK = (limit, cold_window, new_day, late_file, unchanged, per_metric_sql)


def run(folder: Path, count: int) -> dict[str, Cost]:
    """The median cost of each kind of work on days of so many events."""
    (folder / "events").mkdir()
    for lag in range(DAYS):
        write_day(folder / "events" / f"{LAST - timedelta(days=lag)}.parquet", LAST - timedelta(days=lag), count)
    write_config(folder)
    costs: dict[str, list[Cost]] = {work.__name__: [] for work in WORK}
    for _ in range(RUNS):
        for work in WORK:
            with ProcessPoolExecutor(1) as pool:
                costs[work.__name__].append(pool.submit(work, folder).result())
    return {name: sorted(found, key=lambda cost: cost.cpu)[RUNS // 2] for name, found in costs.items()}


def main() -> None:
    """Print the table, and write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="events a day (%(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument("--big", action="store_true", help="a day of 50 million events within 1 GB, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        costs = run(folder, options.events)
        floor = costs["limit"].cpu
        figures: dict[str, dict[str, float]] = {}
        print(f"{'':18}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'x LIMIT':>9}")
        for name, cost in costs.items():
            ratio = cost.cpu / floor / (8 if name == "cold_window" else 1)
            figures[name] = {"ratio": ratio, "cpu": cost.cpu, "wall": cost.wall, "peak_mb": cost.peak}
            print(f"{name:18}{cost.cpu:9.3f}{cost.wall:9.3f}{cost.peak:9.0f}{ratio:9.1f}")
        figures["per_metric_sql"]["ratio"] = costs["per_metric_sql"].cpu / costs["new_day"].cpu
        print(f"one query per metric costs {figures['per_metric_sql']['ratio']:.1f} times what a new day does")
        for count in (1_000, 10_000):
            figures[f"unchanged_{count}"] = {"ms": unchanged_files(folder, count)}
            print(f"nothing changed, {count:6} files: {figures[f'unchanged_{count}']['ms']:.1f} ms")
        figures["unchanged"]["ms"] = figures["unchanged_1000"]["ms"]
        if options.big:
            figures["big"] = big(folder, 50_000_000)
            print(
                "50 million events in 1 GB: {ratio:.2f} times the CPU per event, {peak_mb:.0f} MB".format(
                    **figures["big"]
                )
            )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
