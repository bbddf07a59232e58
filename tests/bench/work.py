"""What the exporter has to do, and what that costs: CPU and wall time in seconds, peak memory in MB."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import yaml
from events import write_day

from exporter import plan
from exporter.config import model
from exporter.config.model import Resources
from exporter.days import day
from exporter.engine.duckdb.engine import DuckDB
from exporter.facts.catalogue import Catalogue
from exporter.facts.storage import Storage
from exporter.files.access import Access
from exporter.measures import declared
from exporter.refresh import Refresher

LAST = date(2025, 3, 31)
DAYS = 15
"""Eight that are served, and seven that they look back on."""

COLUMNS = ("timestamp", "event_name", "client_id", "page_url", "referrer", "user_agent", "event_data", "country")
DIMENSIONS = {"country": "country"}
RUNS = 5


@dataclass(frozen=True)
class Cost:
    """CPU and wall time in seconds, and the peak memory in MB, of a process and those that it started."""

    cpu: float
    wall: float
    peak: float


def write_config(folder: Path, pattern: str = "events/*.parquet", **resources: object) -> Path:
    """The configuration of the events."""
    names = {name: name for name in COLUMNS if name not in ("event_data", *DIMENSIONS)}
    shop = {
        "files": pattern,
        "history_days": 8,
        "columns": names | {"payload": "event_data", "revenue": "$.revenue", "transaction_id": "$.transaction_id"},
        "dimensions": DIMENSIONS,
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
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    children = [
        int(pid)
        for task in tasks
        for line in _lines(process, f"task/{task.parent.name}/children")
        for pid in line.split()
    ]
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


def in_process(work: Callable[[Path], Cost], folder: Path) -> Cost:
    """What the work costs in a process of its own; the peak is that of the largest process."""
    with ProcessPoolExecutor(1) as pool:
        cost = pool.submit(work, folder).result()
        return replace(cost, peak=pool.submit(used).result()[1])


@contextmanager
def refreshing(folder: Path, storage: Storage | None = None) -> Iterator[Callable[[], None]]:
    """What refreshes the data below `folder`, and fails if that does."""
    refresher = Refresher(plan.load(folder / "config.yml"), storage=storage)

    def refresh() -> None:
        state = refresher.refresh()
        if state.errors:
            raise RuntimeError(str(state.errors))

    try:
        yield refresh
    finally:
        refresher.stop()


def limit(folder: Path) -> Cost:
    """DuckDB decodes the mapped columns of the newest day."""
    columns = ", ".join(f'bit_xor(hash("{column}"))' for column in COLUMNS)
    path = str(folder / "events" / f"{LAST}.parquet")
    with closing(duckdb.connect()) as connection:
        return measured(lambda: connection.execute(f"SELECT {columns} FROM read_parquet(?)", [path]).fetchall())


def cold_window(folder: Path) -> Cost:
    """The first start on eight days and their lookback."""
    with refreshing(folder) as refresh:
        return measured(refresh)


def against(one: Path, other: Path) -> tuple[float, float]:
    """The CPU seconds of the first start on each of two data sets: the medians of runs that take turns."""
    costs: dict[Path, list[float]] = {one: [], other: []}
    for _ in range(RUNS):
        for each, found in costs.items():
            found.append(in_process(cold_window, each).cpu)
    return statistics.median(costs[one]), statistics.median(costs[other])


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
        with refreshing(folder, storage) as refresh:
            refresh()
            happens(events_)
            return measured(refresh)
    finally:
        (events_ / "late.parquet").unlink(missing_ok=True)
        if (events_ / "waiting").exists():
            (events_ / "waiting").rename(newest)


def per_metric_sql(folder: Path) -> Cost:
    """The newest day's numbers with a scan for each measure, as an exporter of single queries makes them."""
    dataset = model.load(folder / "config.yml").datasets["shop"]
    access = Access.of(dataset, Resources(), folder)
    found = [file for file in access.find() if file.name == f"{LAST}.parquet"]

    def work() -> None:
        for each in (measure for measure in declared.load() if not measure.unmet(dataset)):
            with closing(DuckDB(dataset, [each], access, found, folder, folder, Resources())) as engine:
                catalogue = Catalogue(engine, access, dataset, found, {}, None, datetime.now(UTC))
                engine.load(day(LAST, ZoneInfo("UTC")), catalogue.readable)
                engine.run(each)

    return measured(work)


def unchanged_files(folder: Path, count: int) -> float:
    """Milliseconds of a refresh when nothing happened to so many files."""
    many = folder / f"many-{count}"
    (many / "events").mkdir(parents=True)
    one = write_day(many / "one.parquet", LAST, 200)
    for number in range(count):
        shutil.copyfile(one, many / "events" / f"{number:05}.parquet")
    write_config(many)
    with refreshing(many) as refresh:
        refresh()
        refresh()  # its listing of the files is handed over whole
        # The clock of another process ticks every ten milliseconds, so one refresh alone cannot be measured.
        costs = [measured(lambda: [refresh() for _ in range(20)]).cpu / 20 for _ in range(RUNS)]
        return statistics.median(costs) * 1000
