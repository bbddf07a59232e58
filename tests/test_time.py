"""An event falls on its day and hour, however its time is written and wherever the exporter runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.exposition import SHOP, TEXT, Row, Types, measure, once, run, write_config, write_rows

KOLKATA = ZoneInfo("Asia/Kolkata")
LOS_ANGELES = "America/Los_Angeles"
NAIVE = pa.timestamp("us")
VIEWS = SHOP | {"columns": {"timestamp": "timestamp", "event_name": "event_name", "client_id": "client_id"}}


def types(timestamp: pa.DataType) -> Types:
    """The columns of page views."""
    return {"timestamp": timestamp, "event_name": TEXT, "client_id": TEXT}


def seconds(text: str) -> float:
    """The time in UTC, since the epoch."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def views(times: Iterable[object], client: str | None = "a") -> list[Row]:
    """A page view of the client at each time."""
    return [{"timestamp": time, "event_name": "page_viewed", "client_id": client} for time in times]


def write_views(folder: Path, name: str, times: Iterable[object], of: pa.DataType = NAIVE) -> None:
    """A folder of the name with a page view at each time."""
    write_rows(folder / name / "events.parquet", views(times), types(of))


TIMES = [
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        *("2025-03-08T00:00:00", "2025-03-08T10:30:00", "2025-03-08T11:00:00", "2025-03-08T23:59:59"),
        *("2025-03-09T00:00:00", "2025-03-09T12:00:00", "2025-03-09T12:30:01"),
    )
]

# How the same times may stand in a file.
SPELLINGS: dict[str, tuple[pa.DataType, Callable[[datetime], object]]] = {
    "timestamp_us": (pa.timestamp("us"), lambda time: time.replace(tzinfo=None)),
    "timestamp_ns": (pa.timestamp("ns"), lambda time: time.replace(tzinfo=None)),
    "zoned_utc": (pa.timestamp("us", "UTC"), lambda time: time),
    "zoned_kolkata": (pa.timestamp("ns", "Asia/Kolkata"), lambda time: time),
    "text_z": (TEXT, lambda time: f"{time:%Y-%m-%dT%H:%M:%S}Z"),
    "text_offset": (TEXT, lambda time: time.astimezone(KOLKATA).isoformat()),
    "text_naive": (TEXT, lambda time: f"{time:%Y-%m-%d %H:%M:%S}"),
    "epoch_s": (pa.int64(), lambda time: int(time.timestamp())),
    "epoch_ms": (pa.int64(), lambda time: int(time.timestamp()) * 10**3),
    "epoch_us": (pa.int64(), lambda time: int(time.timestamp()) * 10**6),
    "epoch_ns": (pa.int64(), lambda time: int(time.timestamp()) * 10**9),
    "epoch_s_int32": (pa.int32(), lambda time: int(time.timestamp())),
    "epoch_s_uint32": (pa.uint32(), lambda time: int(time.timestamp())),
    "epoch_ns_uint64": (pa.uint64(), lambda time: int(time.timestamp()) * 10**9),
    "epoch_decimal": (pa.decimal128(18, 3), lambda time: Decimal(int(time.timestamp()))),
    "epoch_float": (pa.float64(), lambda time: time.timestamp()),
}


def test_d4_spellings(tmp_path: Path) -> None:
    """A timestamp with or without zone, ISO text and epoch numbers of any unit tell the same numbers."""
    for name, (of, spell) in SPELLINGS.items():
        write_views(tmp_path, name, [spell(time) for time in TIMES], of)
    out = once(write_config(tmp_path, **{name: VIEWS | {"files": name} for name in SPELLINGS}))
    first = out.days("timestamp_us")
    assert [out.value("clickstream_events", dataset="timestamp_us", lag=lag) for lag in (0, 1)] == [3, 4]
    assert [out.value("clickstream_sessions", dataset="timestamp_us", lag=lag) for lag in (0, 1)] == [3, 3]
    assert {name for name in SPELLINGS if out.days(name) != first} == set()
    last = {out.value("clickstream_last_event_timestamp_seconds", dataset=name) for name in SPELLINGS}
    assert last == {seconds("2025-03-09T12:30:01")}


def test_dates(tmp_path: Path) -> None:
    """A date without a time is that day."""
    dates = [date(2025, 3, 7), date(2025, 3, 9), date(2025, 3, 9)]
    out = measure(tmp_path, views(dates), types(pa.date32()), columns=VIEWS["columns"])
    assert [out.value("clickstream_events", lag=lag) for lag in range(3)] == [2, 0, 1]
    assert out.value("clickstream_day_timestamp_seconds", lag=0) == seconds("2025-03-09")


def test_d4_a_date_that_is_no_timestamp(tmp_path: Path) -> None:
    """The least date of the type, millions of years ago, is implausible, and the others are read."""
    path = tmp_path / "dates.parquet"
    days = pa.array([(date(2025, 3, 9) - date(1970, 1, 1)).days, -(2**31)], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"timestamp": days, "event_name": ["page_viewed"] * 2}), path)
    out = once(write_config(tmp_path, web=VIEWS | {"columns": {"timestamp": "timestamp", "event_name": "event_name"}}))
    assert out.value("clickstream_events", lag=0) == 1
    assert out.value("clickstream_implausible_timestamp_events") == 1


def test_dates_in_a_zone(tmp_path: Path) -> None:
    """A date without a time is that day in every reporting time zone."""
    dates = [date(2025, 3, 7), date(2025, 3, 9), date(2025, 3, 9)]
    out = measure(tmp_path, views(dates), types(pa.date32()), columns=VIEWS["columns"], time_zone=LOS_ANGELES)
    assert [out.value("clickstream_events", lag=lag) for lag in range(3)] == [2, 0, 1]
    assert out.value("clickstream_day_timestamp_seconds", lag=0) == seconds("2025-03-09T08:00")


@pytest.mark.parametrize("hour", [2, 20], ids=["stray-on-the-anchor-day", "stray-on-a-later-day"])
def test_d4_implausible_times(tmp_path: Path, hour: int) -> None:
    """What is no time, or lies before 2000 or more than a day ahead, is counted, moves no anchor and is in no day."""
    now = datetime.now(UTC).replace(tzinfo=None)
    anchor = now + timedelta(hours=20)
    stray = now + timedelta(hours=30)
    ahead = (hour - anchor.hour + 12) % 24 - 12
    zone = f"Etc/GMT{-ahead:+d}"  # where the anchor event lies in that hour
    infinite = pa.array([2**63 - 1, -(2**63) + 1], pa.int64()).cast(NAIVE)
    times = ["2000-01-01", "1999-12-31T23:59:59.999999", "1970-01-01", "9999-12-31", stray.isoformat(), None]
    column = pa.concat_arrays([pa.array(times, TEXT).cast(NAIVE), pa.array([anchor], NAIVE), infinite])
    write_views(tmp_path, "numbers", column.cast(pa.int64()).to_pylist(), NAIVE)
    texts = [anchor.isoformat(), stray.isoformat(), "", "soon", "2025-02-30", "infinity", "0", "1970-01-01", None]
    write_views(tmp_path, "text", texts, TEXT)
    epochs = [anchor.replace(tzinfo=UTC).timestamp(), 0.0, -1e9, float("nan"), float("inf"), 1e300, None]
    write_views(tmp_path, "epochs", epochs, pa.float64())
    names = {"numbers": 5 + 2, "text": 8, "epochs": 6}
    out = once(write_config(tmp_path, **{name: VIEWS | {"files": name, "time_zone": zone} for name in names}))
    for name, count in names.items():
        last = out.value("clickstream_last_event_timestamp_seconds", dataset=name)
        assert abs(last - anchor.replace(tzinfo=UTC).timestamp()) < 1e-5, name
        assert out.value("clickstream_events", dataset=name, lag=0) == 1, name
        assert out.value("clickstream_implausible_timestamp_events", dataset=name) == count, name


def test_v14_machine_zone(tmp_path: Path) -> None:
    """The machine's time zone changes no byte."""
    names = ["timestamp_us", "text_naive"]
    for name in names:
        of, spell = SPELLINGS[name]
        write_views(tmp_path, name, [spell(time) for time in TIMES], of)
    config = write_config(tmp_path, **{name: VIEWS | {"files": name} for name in names})
    texts = [once(config, TZ=zone).text for zone in ("UTC", "Asia/Kolkata", "America/St_Johns")]
    assert texts[1] == texts[0]
    assert texts[2] == texts[0]


def test_reporting_zone(tmp_path: Path) -> None:
    """The day begins at midnight of the reporting time zone, whatever zone a timestamp was written in."""
    times = ["2025-03-08T18:29:59.999999", "2025-03-08T18:30:00", "2025-03-09T18:29:59.999999"]
    write_views(tmp_path, "naive", times)
    write_views(tmp_path, "zoned", [f"{time}Z" for time in times], pa.timestamp("us", "America/New_York"))
    write_views(tmp_path, "text", [f"{time}+00:00" for time in times], TEXT)
    names = ["naive", "zoned", "text"]
    shops = {name: VIEWS | {"files": name, "time_zone": "Asia/Kolkata"} for name in names}
    out = once(write_config(tmp_path, **shops))
    for name in names:
        assert [out.value("clickstream_events", dataset=name, lag=lag) for lag in (0, 1)] == [2, 1], name
        assert out.value("clickstream_day_timestamp_seconds", dataset=name, lag=0) == seconds("2025-03-08T18:30"), name
        assert out.value("clickstream_complete_hours", dataset=name) == 24, name


def hourly(first: str, hours: int) -> list[str]:
    """A time in each of so many hours, half past."""
    start = datetime.fromisoformat(first)
    return [(start + timedelta(hours=hour, minutes=30)).isoformat() for hour in range(hours)]


def test_d4_short_and_long_days(tmp_path: Path) -> None:
    """A day of 23 or 25 hours is one day; its hours are those of the wall clock, the missing one empty."""
    short = [*hourly("2025-03-08T08:00", 24), *hourly("2025-03-09T08:00", 23), *hourly("2025-03-10T07:00", 10)]
    long = [*hourly("2024-11-02T07:00", 24), *hourly("2024-11-03T07:00", 25), *hourly("2024-11-04T08:00", 10)]
    for name, times in (("short", short), ("long", long)):
        write_views(tmp_path, name, times)
        write_views(tmp_path, f"{name}_anchor", times[: -10 - 14])
    names = ["short", "long", "short_anchor", "long_anchor"]
    out = once(write_config(tmp_path, **{name: VIEWS | {"files": name, "time_zone": LOS_ANGELES} for name in names}))

    def days(name: str, gauge: str) -> list[float | None]:
        return [out.get(f"clickstream_{gauge}", dataset=name, lag=lag) for lag in range(3)]

    # The day after, of which nine hours are over: the change lies within them the day before.
    assert days("short", "events") == [10, 23, 24]
    assert days("short", "comparable_events") == [9, 8, 9]
    assert days("long", "events") == [10, 25, 24]
    assert days("long", "comparable_events") == [9, 10, 9]
    # The day itself: hours 0, 1, 3 to 9, and hours 0, 1, 1, 2 to 9.
    assert days("short_anchor", "events") == [9, 24, None]
    assert out.value("clickstream_complete_hours", dataset="short_anchor") == 9
    assert days("short_anchor", "comparable_events") == [8, 9, None]
    assert days("long_anchor", "events") == [11, 24, None]
    assert out.value("clickstream_complete_hours", dataset="long_anchor") == 9
    assert days("long_anchor", "comparable_events") == [10, 9, None]


def test_sessions_over_a_clock_change(tmp_path: Path) -> None:
    """A session's gaps are real time, where the wall clock jumps ahead or back."""
    ahead = ["2025-03-09T09:50", "2025-03-09T10:10"]  # 01:50 and 03:10 in Los Angeles, 20 minutes later
    back = ["2024-11-03T08:30", "2024-11-03T09:20"]  # 01:30, and 50 minutes later 01:20
    for name, times in (("ahead", ahead), ("back", back)):
        write_views(tmp_path, name, times)
    shops = {name: VIEWS | {"files": name, "time_zone": LOS_ANGELES} for name in ("ahead", "back")}
    out = once(write_config(tmp_path, **shops))
    assert out.value("clickstream_sessions", dataset="ahead", lag=0) == 1
    assert out.value("clickstream_sessions", dataset="back", lag=0) == 2


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first minute of the day in the zone, in UTC, found by walking over minutes."""
    minute = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    while minute.astimezone(zone).date() < day:
        minute += timedelta(minutes=1)
    return minute


def day_of(zone: str, year: int, strange: Callable[[datetime], bool]) -> date:
    """The first day of the year whose midnight in the zone is strange."""
    midnights = (datetime(year, 1, 2, tzinfo=ZoneInfo(zone)) + timedelta(days=day) for day in range(363))
    return next(midnight.date() for midnight in midnights if strange(midnight))


def is_missing(midnight: datetime) -> bool:
    """Whether the wall clock never shows this time."""
    return midnight.astimezone(UTC).astimezone(midnight.tzinfo).hour != 0


def is_doubled(midnight: datetime) -> bool:
    """Whether the wall clock shows this time twice."""
    return not is_missing(midnight) and midnight.utcoffset() != midnight.replace(fold=1).utcoffset()


def test_strange_midnights(tmp_path: Path) -> None:
    """A day whose midnight does not exist begins at its first moment, and one with two midnights at the first."""
    zones = {"America/Santiago": is_missing, "Africa/Cairo": is_missing, "America/Havana": is_doubled}
    starts = {}
    shops = {}
    for zone, strange in zones.items():
        name = zone.split("/")[1].lower()
        starts[name] = start_of_day(day_of(zone, 2024, strange), ZoneInfo(zone))
        before, hour = starts[name] - timedelta(microseconds=1), timedelta(hours=1)
        times = [before, starts[name], starts[name] + hour, starts[name] + 9 * hour]
        write_views(tmp_path, name, [time.replace(tzinfo=None) for time in times])
        shops[name] = VIEWS | {"files": name, "time_zone": zone}
    out = once(write_config(tmp_path, **shops))
    for name, start in starts.items():
        assert out.value("clickstream_day_timestamp_seconds", dataset=name, lag=0) == start.timestamp(), name
        assert [out.get("clickstream_events", dataset=name, lag=lag) for lag in range(3)] == [3, 1, None], name


def test_as_of(tmp_path: Path) -> None:
    """As of an earlier day, every day gauge is what it was before the later files came; the data's age has no limit."""
    days = [date(2025, 2, 26) + timedelta(days=day) for day in range(12)]
    for number, day in enumerate(days):
        rows = [
            {
                "timestamp": f"{day} {hour:02}:{number:02}:00",
                "event_name": "checkout_completed" if hour % 8 == 0 else "page_viewed",
                "client_id": f"c{(hour + number) % 5}",
                "page_url": f"https://shop.example/?utm_source=s{(hour + number) % 3}" if hour % 2 else None,
                "event_data": f'{{"revenue": {number + hour + 1}, "transaction_id": {hour % 16}}}',
            }
            for hour in range(24 if number != 7 else 15)
        ]
        for folder in ["all", "early"] if number <= 7 else ["all"]:
            write_rows(tmp_path / folder / f"{day}.parquet", rows)
    config = write_config(tmp_path, web=SHOP | {"files": "all"})
    then = once(write_config(tmp_path, web=SHOP | {"files": "early"}))
    write_config(tmp_path, web=SHOP | {"files": "all"})
    later = once(config, "--as-of", str(days[7]))
    assert later.value("clickstream_complete_hours") == 14
    assert later.value("clickstream_assisted_purchases", lag=0) > 0
    assert later.days() == then.days()
    assert then.value("clickstream_limit", limit="max_data_age_hours") == 36
    assert later.get("clickstream_limit", limit="max_data_age_hours") is None
    assert later.value("clickstream_limit", limit="revenue_drop_ratio") == 0.4


def test_as_of_is_a_date(tmp_path: Path) -> None:
    """A day that does not exist is refused."""
    write_views(tmp_path, "events", ["2025-03-09"])
    done = run(write_config(tmp_path, web=VIEWS | {"files": "events"}), "--as-of", "2025-02-30")
    assert (done.returncode, done.stdout) == (64, "")
    assert "2025-02-30" in done.stderr


def test_as_of_before_the_first_day(tmp_path: Path) -> None:
    """There is no day to judge, and the log says so instead of blaming the timestamps."""
    write_views(tmp_path, "events", ["2025-03-09"])
    out = once(write_config(tmp_path, web=VIEWS | {"files": "events"}), "--as-of", "2025-03-08")
    assert out.days() == {}
    assert "no event on or before 2025-03-08 in 1 files" in out.warnings
