"""A day in 24 files, against the same day in one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from events import write_day
from work import LAST, against, write_config

BAR = 1.1
"""What the day in 24 files may cost, as a multiple of the day in one."""

HOUR = "COPY (FROM read_parquet('{day}') WHERE timestamp >= '{start}' AND timestamp < '{end}') TO '{path}' (CODEC zstd)"


def hourly_day(folder: Path, count: int) -> dict[str, float]:
    """The CPU seconds of the first start on a day of so many events, in one file and in 24, and their ratio."""
    one, hourly = folder / "one-file", folder / "hourly"
    for each in (one, hourly):
        (each / "events").mkdir(parents=True)
        write_config(each)
    whole = write_day(one / "events" / "day.parquet", LAST, count)
    with duckdb.connect() as connection:
        for number in range(24):
            start = datetime.combine(LAST, datetime.min.time()) + timedelta(hours=number)
            path = hourly / "events" / f"{number:02}.parquet"
            connection.execute(HOUR.format(day=whole, start=start, end=start + timedelta(hours=1), path=path))
    first, second = against(one, hourly)
    return {"one_cpu": first, "hourly_cpu": second, "ratio": second / first, "bar": BAR}
