"""What a refresh costs, in multiples of what DuckDB needs to decode the mapped columns of one day (LIMIT).

python tests/bench/cost.py [--events N] [--json FILE] [--big] [--spark N …]

Machines differ and are noisy: the ratios are of CPU time, measured in one run, interleaved, the median of five.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from buckets import CPU_BAR, FETCH_BAR, UNCHANGED_BAR, bucket_figures  # noqa: E402
from events import write_day  # noqa: E402
from hourly import hourly_day  # noqa: E402
from nested import nested_day  # noqa: E402
from on_spark import DAY_BAR, EVENTS, spark_costs  # noqa: E402
from scraping import scrapes  # noqa: E402
from simulation import YEAR_BAR, year  # noqa: E402
from work import (  # noqa: E402
    DAYS,
    LAST,
    RUNS,
    Cost,
    cold_window,
    in_process,
    late_file,
    limit,
    new_day,
    per_metric_sql,
    unchanged,
    unchanged_files,
    write_config,
)

WORK = (limit, cold_window, new_day, late_file, unchanged, per_metric_sql)

THREADS = (1, 2, 4)
MEMORY = ("512MB", "1GB", "8GB")
"""What must not change a number."""

COUNT = 50_000_000
"""Events of a big day."""

ROW = "{name:18}{cost.cpu:9.3f}{cost.wall:9.3f}{cost.peak:9.0f}{ratio:9.1f}"
PER_METRIC = "one query per metric costs {ratio:.1f} times what a new day does"
UNCHANGED = "nothing changed, {count:6} files: {ms:.1f} ms"
SCRAPES = (
    "{scrapes} scrapes during {refreshes} refreshes: p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms, most {most_ms:.1f} ms; "
    "memory of the exporter up to the tenth {early_mb:.0f} MB, of the last ten {late_mb:.0f} MB"
)
NESTED = "a nested day of GA4 costs {ratio:.2f} times the same day in flat columns; the bar is {bar}"
HOURLY = "a day in 24 files costs {ratio:.2f} times the same day in one; the bar is {bar}"
BUCKET = (
    "a day in a bucket costs {cpu:.2f} times the CPU of the local disk (the bar is {cpu_bar}), and takes {fetch_s:.1f} "
    "s longer with 50 ms a request (the bar is {fetch_bar}); nothing changed, 10,000 objects: {unchanged_ms:.0f} ms "
    "(the bar is {unchanged_bar})"
)
YEAR = "a year of the demo, simulated: {wall:.0f} s (the bar is {bar}), {cpu:.0f} s of CPU, {peak_mb:.0f} MB"
SPARK = (
    "a day of {events:,} events on Spark in local[2]: {warm_wall:.0f} s, {warm_cpu:.0f} s of CPU; the first day of a "
    "server {cold_wall:.0f} s, {cold_cpu:.0f} s of CPU; {queries} queries, {jobs} jobs, of which read the files {scans}"
)
SPARK_BAR = "the bar for {events:,} events is {bar} s; what reads the files:"
BIG = "50 million events in 1 GB: {ratio:.2f} times the CPU per event, {peak_mb:.0f} MB, same numbers: {same_numbers}"

Figures = dict[str, dict[str, float]]


def costs(folder: Path, count: int) -> dict[str, Cost]:
    """The median cost of each kind of work on days of so many events."""
    (folder / "events").mkdir()
    for lag in range(DAYS):
        write_day(folder / "events" / f"{LAST - timedelta(days=lag)}.parquet", LAST - timedelta(days=lag), count)
    write_config(folder)
    found: dict[str, list[Cost]] = {work.__name__: [] for work in WORK}
    for _ in range(RUNS):
        for work in WORK:
            found[work.__name__].append(in_process(work, folder))
    return {name: sorted(each, key=lambda cost: cost.cpu)[RUNS // 2] for name, each in found.items()}


def table(found: dict[str, Cost]) -> Figures:
    """Print the costs, and return them."""
    figures: Figures = {}
    print(f"{'':18}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'x LIMIT':>9}")
    for name, cost in found.items():
        ratio = cost.cpu / found["limit"].cpu / (8 if name == "cold_window" else 1)
        figures[name] = {"ratio": ratio, "cpu": cost.cpu, "wall": cost.wall, "peak_mb": cost.peak}
        print(ROW.format(name=name, cost=cost, ratio=ratio))
    figures["per_metric_sql"]["ratio"] = found["per_metric_sql"].cpu / found["new_day"].cpu
    print(PER_METRIC.format(**figures["per_metric_sql"]))
    return figures


def nothing_changed(folder: Path) -> Figures:
    """Print and return what a refresh of many files costs when nothing happened to them."""
    figures = {}
    for count in (1_000, 10_000):
        figures[f"unchanged_{count}"] = {"ms": unchanged_files(folder, count)}
        print(UNCHANGED.format(count=count, **figures[f"unchanged_{count}"]))
    return figures


def same_bytes(folder: Path) -> bool:
    """Whether any number of threads and any memory give the same exposition."""
    few = folder / "few"
    (few / "events").mkdir(parents=True)
    for lag in range(3):
        (few / "events" / f"{lag}.parquet").symlink_to(folder / "events" / f"{LAST - timedelta(days=lag)}.parquet")
    texts = set()
    for resources in (*({"threads": threads} for threads in THREADS), *({"memory_limit": size} for size in MEMORY)):
        write_config(few, **resources)
        texts.add(exposition(few))
    return len(texts) == 1


def exposition(folder: Path) -> bytes:
    """What the exporter prints of the data below `folder`."""
    command = [sys.executable, "-m", "exporter", "--config.file", str(folder / "config.yml"), "--once"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def big(folder: Path) -> dict[str, float]:
    """A big day within 1 GB: CPU time per event against a day of a million, the peak, and whether numbers differ."""
    found, texts = {}, {}
    for count, size in ((1_000_000, "1GB"), (COUNT, "1GB"), (COUNT, "16GB")):
        one = folder / f"big-{count}"
        if not one.exists():
            (one / "events").mkdir(parents=True)
            write_day(one / "events" / "day.parquet", LAST, count)
        write_config(one, memory_limit=size)
        found[count, size] = in_process(cold_window, one)
        texts[count, size] = exposition(one)
    small, large = found[1_000_000, "1GB"], found[COUNT, "1GB"]
    return {
        "ratio": large.cpu / COUNT / (small.cpu / 1_000_000),
        "peak_mb": large.peak,
        "same_numbers": texts[COUNT, "1GB"] == texts[COUNT, "16GB"],
    }


def on_spark(counts: Sequence[int]) -> None:
    """Print what days cost on Spark, and how it plans the last of them."""
    with tempfile.TemporaryDirectory() as temporary:
        for count in counts:
            figures, plan = spark_costs(Path(temporary), count)
            print(SPARK.format(**figures))
        print(SPARK_BAR.format(events=EVENTS, bar=DAY_BAR), plan, sep="\n")


def main() -> None:
    """Print the table, and write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="events a day (%(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument("--big", action="store_true", help="a day of 50 million events within 1 GB, too")
    parser.add_argument("--spark", type=int, nargs="*", metavar="N", help="instead, days of N events on Spark")
    options = parser.parse_args()
    if options.spark is not None:
        on_spark(options.spark or [EVENTS])
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        figures = table(costs(folder, options.events)) | nothing_changed(folder)
        figures["unchanged"]["ms"] = figures["unchanged_1000"]["ms"]
        figures["nested_day"] = nested_day(folder, options.events)
        print(NESTED.format(**figures["nested_day"]))
        figures["hourly_day"] = hourly_day(folder, options.events)
        print(HOURLY.format(**figures["hourly_day"]))
        figures["bucket"] = bucket_figures(folder)
        bars = {"cpu_bar": CPU_BAR, "fetch_bar": FETCH_BAR, "unchanged_bar": UNCHANGED_BAR}
        print(BUCKET.format(**figures["bucket"], **bars))
        figures["year"] = year(folder)
        print(YEAR.format(**figures["year"], bar=YEAR_BAR))
        figures["scrapes"] = scrapes(folder, 60)
        print(SCRAPES.format(**figures["scrapes"]))
        figures["same_bytes"] = {"yes": same_bytes(folder)}
        print(f"the same bytes with {THREADS} threads and {MEMORY}: {bool(figures['same_bytes']['yes'])}")
        if options.big:
            figures["big"] = big(folder)
            print(BIG.format(**figures["big"]))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
