"""`--backfill`: a Prometheus that is given the file answers with the days of the data by their dates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alerting.stack.stack import end, free_address
from tests.support.exposition import SHOP, once, purchase, view, write_config, write_rows
from tests.support.generations import Generation
from tests.support.judging import ask, first

FIRST, DAYS = date(2024, 1, 15), 370


def sold(when: date) -> int:
    """The purchases of the day: the shop has events once a week, and on the last days."""
    number = (when - FIRST).days
    return 1 + number % 5 if number % 7 == 0 or number >= DAYS - 3 else 0


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a year of a shop in Berlin; of each day a view on a phone, and its purchases at 10 each."""
    folder = tmp_path_factory.mktemp("shop")
    for when in (FIRST + timedelta(days=number) for number in range(DAYS)):
        if sold(when):
            viewed = view(str(when), user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
            bought = purchase(str(when), event_data='{"revenue": 10}')
            write_rows(folder / f"{when}.parquet", [viewed, *[bought] * sold(when)])
    return write_config(folder, web=SHOP | {"time_zone": "Europe/Berlin"})


def backfilled(config: Path, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """The ended exporter, which was to write into the folder."""
    command = [sys.executable, "-m", "exporter", f"--config.file={config}", f"--backfill={folder}", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def url(config: Path, generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that has the blocks that promtool made of the file."""
    folder = tmp_path_factory.mktemp("prometheus")
    done = backfilled(config, folder)
    last = FIRST + timedelta(days=DAYS - 1)
    assert (done.stdout, done.returncode) == (f"{folder}/web.om: {DAYS} days from {FIRST} to {last}\n", 0), done.stderr
    make_blocks = [generation.promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h"]
    subprocess.run([*make_blocks, f"{folder}/web.om", f"{folder}/tsdb"], check=True, capture_output=True, timeout=120)
    (folder / "prometheus.yml").write_text("")
    address = free_address()
    kept = [f"--storage.tsdb.path={folder}/tsdb", "--storage.tsdb.retention.time=100y"]
    process = subprocess.Popen(
        [generation.prometheus, f"--config.file={folder}/prometheus.yml", *kept, f"--web.listen-address={address}"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        first(f"http://{address}", process, "vector(1)")
        yield f"http://{address}"
    finally:
        end(process)


def by_day(url: str, name: str) -> Mapping[date, float]:
    """The samples of a series by the day, in Berlin, at whose beginning each lies."""
    assert ask(url, f"count(count_over_time({name}[500d]))", _end()) == [({}, 1.0)]
    found = {}
    for number in range(DAYS):
        when = FIRST + timedelta(days=number)
        begin = datetime(when.year, when.month, when.day, tzinfo=UTC) - timedelta(hours=2 if _is_summer(when) else 1)
        ((_, value),) = ask(url, name, begin.timestamp())
        found[when] = value
    return found


def _is_summer(when: date) -> bool:
    return date(2024, 3, 31) < when <= date(2024, 10, 27)


def _end() -> float:
    last = FIRST + timedelta(days=DAYS)
    return datetime(last.year, last.month, last.day, tzinfo=UTC).timestamp()


def test_a_year_is_read_back_by_the_dates_of_the_data(url: str) -> None:
    """Each day, those without an event too, lies at its midnight in the data set's zone, in summer and winter."""
    expected = {when: float(sold(when)) for number in range(DAYS) if (when := FIRST + timedelta(days=number))}
    assert by_day(url, 'clickstream_daily_purchases{dataset="web"}') == expected


def test_what_has_labels_keeps_them(url: str) -> None:
    """A device is a series of its own."""
    found = ask(url, "sum_over_time(clickstream_daily_device_revenue[500d])", _end())
    assert {labels["device"]: value for labels, value in found}.keys() >= {"desktop", "mobile"}
    assert sum(value for _, value in found) == 10 * sum(sold(FIRST + timedelta(days=number)) for number in range(DAYS))


def test_it_is_what_the_gauges_say(config: Path, url: str) -> None:
    """The newest day and the day before are the lags 0 and 1 of the exposition."""
    exposition = once(config)
    for lag in (0, 1, 30):
        when = exposition.value("clickstream_day_timestamp_seconds", lag=lag)
        for gauge in ("events", "sessions", "revenue"):
            value = exposition.value(f"clickstream_{gauge}", lag=lag)
            assert ask(url, f"clickstream_daily_{gauge}", when) == [
                ({"__name__": f"clickstream_daily_{gauge}", "dataset": "web"}, value)
            ]


def test_until_a_day(config: Path, tmp_path: Path) -> None:
    """With `--as-of` it ends with the newest day until then."""
    done = backfilled(config, tmp_path, "--as-of=2024-02-01")
    assert done.stdout == f"{tmp_path}/web.om: 15 days from 2024-01-15 to 2024-01-29\n"


def test_a_folder_that_cannot_be_written(config: Path, tmp_path: Path) -> None:
    """The error names the path."""
    (tmp_path / "file").touch()
    done = backfilled(config, tmp_path / "file")
    assert (done.stderr, done.returncode) == (f"clickstream-exporter: {tmp_path}/file: File exists\n", 1)
