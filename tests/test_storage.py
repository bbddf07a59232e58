"""What is kept from one refresh to the next: it saves work, and never changes a number."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import which

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from exporter import plan
from exporter.facts.storage import Storage, StorageError
from exporter.gauges.view import View
from exporter.refresh import Refresher
from exporter.temporary import LOCK, SPILL
from tests.support.exposition import SHOP, Row, age, once, run, write_config, write_rows
from tests.support.processes import running, wait_for, write
from tests.support.readings import measured

ANCHOR = date(2025, 3, 20)
Series = tuple[str, tuple[tuple[str, str], ...]]
"""A gauge and the labels of one of its samples."""


def rows(day: date, seed: int, visitors: int = 20) -> list[Row]:
    """Events of a day: visits of some of a few clients, from several sources, some of which buy."""
    rng = random.Random(f"{day} {seed}")
    found: list[Row] = []
    for _ in range(visitors):
        client, hour = f"c{rng.randrange(40)}", rng.randrange(24)
        campaign = rng.choice(["", "?utm_source=google", "?utm_source=facebook", "?gclid=x"])
        agent = rng.choice(["Mozilla/5.0 (X11; Linux x86_64)", "Googlebot/2.1", None])
        shared = {"client_id": client, "page_url": f"https://shop.example/{campaign}", "user_agent": agent}
        found.append({**shared, "timestamp": f"{day}T{hour:02}:10:00", "event_name": "page_viewed"})
        if rng.random() < 0.5:
            data = f'{{"revenue": {rng.randrange(1, 99)}, "transaction_id": "{day}-{rng.random()}"}}'
            bought = {"timestamp": f"{day}T{hour:02}:20:00", "event_name": "checkout_completed", "event_data": data}
            found.append(shared | bought)
    return found


def write_day(folder: Path, day: date, seed: int = 0, name: str = "") -> Path:
    """The file of a day."""
    return write_rows(folder / "events" / f"{day}{name}.parquet", rows(day, seed))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The configuration of 20 days of events."""
    for lag in range(20):
        write_day(tmp_path, ANCHOR - timedelta(days=lag))
    return write_config(tmp_path, web=SHOP | {"files": "events", "history_days": 10})


@pytest.fixture
def small_shop(tmp_path: Path) -> Path:
    """The configuration of ten days of events."""
    for lag in range(10):
        write_day(tmp_path, ANCHOR - timedelta(days=lag))
    return write_config(tmp_path, web=SHOP | {"files": "events", "history_days": 8})


def refreshed(refresher: Refresher) -> View:
    """The data set after a refresh that succeeded."""
    state = refresher.refresh()
    assert state.errors == {}
    return state.views["web"]


def fresh(path: Path) -> View:
    """The data set as an exporter that knows nothing finds it."""
    return refreshed(Refresher(plan.load(path)))


def numbers(view: View) -> Mapping[Series, float]:
    """Every sample of the snapshot, its own number included."""
    assert view.snapshot
    return {(sample.gauge, sample.labels): sample.value for sample in view.snapshot.samples}


def test_a_refresh_costs_what_changed(shop: Path) -> None:
    """All days at first, none when nothing changed, one for a new day."""
    refresher = Refresher(plan.load(shop))
    assert refreshed(refresher).refresh.recomputed == 10
    assert refreshed(refresher).refresh.recomputed == 0
    write_day(shop.parent, ANCHOR + timedelta(days=1))
    assert refreshed(refresher).refresh.recomputed == 1


def test_d10_a_late_file_changes_its_day_and_the_purchases_that_look_back_on_it(shop: Path) -> None:
    """One day is read again; of the days after it, assisted purchases alone are others."""
    refresher = Refresher(plan.load(shop))
    before = numbers(refreshed(refresher))
    write_day(shop.parent, ANCHOR - timedelta(days=3), seed=1, name="-late")
    view = refreshed(refresher)
    assert view.refresh.recomputed == 1
    assert numbers(view) == numbers(fresh(shop))
    differ = [(dict(labels).get("lag"), gauge) for gauge, labels in differing(before, numbers(view))]
    changed = {(lag, gauge) for lag, gauge in differ if lag}
    late = {gauge for lag, gauge in changed if lag == "3"}
    assert {"clickstream_events", "clickstream_sessions", "clickstream_revenue"} <= late
    later = {(lag, gauge) for lag, gauge in changed if lag != "3"}
    assert later
    looking_back = {f"clickstream_{name}" for name in ("assisted_purchases", "repeated_purchases", "repeated_contents")}
    assert {gauge.replace("comparable_", "") for _, gauge in later} <= looking_back
    assert "clickstream_assisted_purchases" in {gauge for _, gauge in later}
    assert {lag for lag, _ in later} <= {"0", "1", "2"}


def test_d10_data_that_grow_at_the_old_end(tmp_path: Path) -> None:
    """Assisted purchases are there for the days whose seven days before are there by then, as if they always were."""
    for lag in range(9):
        write_day(tmp_path, ANCHOR - timedelta(days=lag))
    path = write_config(tmp_path, web=SHOP | {"files": "events", "history_days": 10})
    refresher = Refresher(plan.load(path))
    assert assisted_lags(refreshed(refresher)) == {"0", "1"}
    write_day(tmp_path, ANCHOR - timedelta(days=10))
    view = refreshed(refresher)
    assert assisted_lags(view) == {"0", "1", "2", "3"}
    assert numbers(view) == numbers(fresh(path))


def assisted_lags(view: View) -> set[str]:
    """The lags that have assisted purchases."""
    return {dict(labels)["lag"] for gauge, labels in numbers(view) if gauge == "clickstream_assisted_purchases"}


def test_what_judges_the_days_does_not_measure_them_again(shop: Path, tmp_path: Path) -> None:
    """Known days, a baseline's first day, a rule for drops and checks that are off: no fact depends on them."""
    refresher = Refresher(plan.load(shop))
    before = refreshed(refresher)
    known = {"known_days": [{"dates": "2025-03-18", "reason": "sale"}], "baseline_since": "2025-03-14"}
    keys = SHOP | known | {"drop_rule": "plain", "switched_off": {"JsonErrors": "x"}}
    refresher.change(plan.load(write_config(tmp_path, web=keys | {"files": "events", "history_days": 10})))
    after = refreshed(refresher)
    assert after.refresh.recomputed == 0
    changed = {gauge for gauge, _ in differing(numbers(before), numbers(after))}
    own = {"snapshot", "excluded_day", "excluded_day_info", "plain_drops", "switched_off_info"}
    assert changed == {f"clickstream_{name}" for name in own}


def differing(before: Mapping[Series, float], after: Mapping[Series, float]) -> list[Series]:
    """The series whose values are not the same."""
    return [series for series in {*before, *after} if before.get(series) != after.get(series)]


def test_a_restart_costs_nothing(small_shop: Path, tmp_path: Path) -> None:
    """What an exporter has measured, the next one on the same storage need not."""
    storage = tmp_path / "storage"
    first = once(small_shop, "--storage.path", str(storage))
    refresher = Refresher(plan.load(small_shop), storage=Storage(storage))
    view = refreshed(refresher)
    assert view.refresh.recomputed == 0
    assert view.snapshot
    assert first.value("clickstream_snapshot") == view.snapshot.number


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_to_the_files_the_numbers_are_those_of_a_fresh_start(
    shop: Path, tmp_path: Path, seed: int
) -> None:
    """D10: files that come late, are replaced, grow, vanish or come back, and a storage that is kept or lost."""
    rng = random.Random(seed)
    storage = Storage(tmp_path / "storage")
    refresher = Refresher(plan.load(shop), storage=storage)
    refreshed(refresher)
    for step in range(6):
        for _ in range(rng.randrange(1, 4)):
            day = ANCHOR - timedelta(days=rng.randrange(-2, 19))
            match rng.randrange(4):
                case 0:
                    write_day(shop.parent, day, seed=step, name=f"-{step}")
                case 1:
                    write_day(shop.parent, day, seed=step + 100)
                case 2:
                    (shop.parent / "events" / f"{day}.parquet").unlink(missing_ok=True)
                case 3:
                    refresher = Refresher(plan.load(shop), storage=storage)
        assert numbers(refreshed(refresher)) == numbers(fresh(shop)), step


def damage(path: Path, how: str) -> None:
    """Spoil the file."""
    content = bytearray(path.read_bytes())
    match how:
        case "flipped":
            for position in range(40, len(content), 97):
                content[position] ^= 4
        case "cut":
            del content[len(content) // 2 :]
        case "foreign":
            content[:] = b"another program's file\n"
        case "empty":
            content.clear()
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["flipped", "cut", "foreign", "empty"])
def test_d11_a_damaged_storage_is_thrown_away(small_shop: Path, tmp_path: Path, how: str) -> None:
    """Its name is in the log, and the numbers are right, also after a late file that needs what was kept."""
    storage = tmp_path / "storage"
    whole = once(small_shop, "--storage.path", str(storage))
    kept = list((storage / "web").iterdir())
    assert {path.suffix for path in kept} == {".json", ".digest"}
    for path in kept:
        damage(path, how)
    again = once(small_shop, "--storage.path", str(storage))
    assert again.text == whole.text
    assert f"{storage / 'web' / 'clickstream-exporter.json'}: discarded" in again.warnings
    digests = list((storage / "web").glob("*.digest"))
    assert digests
    for path in digests:
        damage(path, how)
    write_day(small_shop.parent, ANCHOR - timedelta(days=2), name="-late")
    assert once(small_shop, "--storage.path", str(storage)).text == once(small_shop).text


def test_a_storage_beside_the_data_touches_no_file_but_its_own(tmp_path: Path) -> None:
    """Whoever names the folder of the data itself loses nothing, and nothing is counted twice."""
    data = tmp_path / "data"
    for lag in range(10):
        day = ANCHOR - timedelta(days=lag)
        write_rows(data / "web" / f"{day}.parquet", rows(day, 0))
    (data / "web" / "notes.tmp").write_text("mine")
    (data / "web" / "spill-over").mkdir()
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    shop = write_config(tmp_path, web=SHOP | {"files": "data"})
    expected = once(shop).text
    for _ in range(2):
        assert once(shop, "--storage.path", str(data)).text == expected
        assert {path: path.read_bytes() for path in before} == before
        assert (data / "web" / "spill-over").is_dir()


def test_d11_a_storage_that_cannot_be_written_is_done_without(small_shop: Path, tmp_path: Path) -> None:
    """The numbers are right, and the log says that nothing is kept."""
    storage = tmp_path / "storage"
    storage.mkdir()
    (storage / "web").write_text("a file where a folder is wanted")
    out = once(small_shop, "--storage.path", str(storage))
    assert out.text == once(small_shop).text
    assert f"{storage / 'web'}: nothing is kept" in out.warnings


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[list[str]]:
    """A command that runs another one where `tmp_path/storage` is a file system that cannot be written."""
    (tmp_path / "storage").mkdir()
    mounted = f"mount -t tmpfs -o ro tmpfs {tmp_path / 'storage'}"
    command = ["unshare", "--mount", "--map-root-user", "sh", "-ec", f'{mounted}; exec "$@"', "sh"]
    if not which("unshare") or subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    yield command
    assert list((tmp_path / "storage").iterdir()) == []


def test_d11_a_storage_that_is_read_only_is_done_without(
    small_shop: Path, tmp_path: Path, read_only: list[str]
) -> None:
    """The numbers are right, and a warning says that nothing is kept."""
    command = [sys.executable, "-m", "exporter", "--config.file", str(small_shop), "--once", "--storage.path"]
    done = subprocess.run(
        [*read_only, *command, str(tmp_path / "storage")], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, once(small_shop).text)
    assert f"{tmp_path / 'storage'}: nothing is kept: Read-only file system" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="no folder can be made in /proc")
def test_d11_a_storage_that_cannot_be_made_is_done_without(small_shop: Path) -> None:
    """As where its parent is read-only or full: a warning, and the numbers."""
    out = once(small_shop, "--storage.path", "/proc/clickstream/storage")
    assert out.text == once(small_shop).text
    assert "--storage.path: /proc/clickstream/storage: nothing is kept: No such file or directory" in out.warnings


def test_d11_a_storage_that_is_no_folder_is_refused(shop: Path) -> None:
    """That is a mistake, which no refresh mends."""
    done = run(shop, "--storage.path", str(shop))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"clickstream-exporter: --storage.path: {shop}: File exists\n"


@pytest.mark.skipif(not which("prlimit"), reason="no command that limits files")
def test_d11_no_temporary_folder(small_shop: Path, tmp_path: Path) -> None:
    """Where no file can be written anywhere, every run says what to set; a storage that can be locked will do."""
    storage = tmp_path / "storage"

    def unable(*options: str) -> subprocess.CompletedProcess[str]:
        command = ["prlimit", "--fsize=0", sys.executable, "-m", "exporter", "--config.file", str(small_shop), *options]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60)

    cause = r"clickstream-exporter: cannot create a temporary folder: No usable .*: set the variable TMPDIR to a .*"
    serving = "--web.listen-address=127.0.0.1:0"
    for option, remedy in {"--once": ", or give --storage.path", serving: ", or give .*", "--check-config": ""}.items():
        done = unable(option)
        assert (done.returncode, done.stdout) == (1, "")
        assert re.fullmatch(f"{cause}{remedy}\n", done.stderr), done.stderr
    done = unable("--once", f"--storage.path={storage}")
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (0, once(small_shop).text, False)


@pytest.mark.parametrize("option", ["--once", "--check-config"])
def test_d11_a_full_disk_behind_stdout(small_shop: Path, option: str) -> None:
    """One line says so, and the exit code is 1."""
    command = [sys.executable, "-m", "exporter", "--config.file", str(small_shop), option]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, "clickstream-exporter: stdout: No space left on device\n")


@pytest.mark.skipif(not which("prlimit"), reason="no command that limits files")
def test_d11_no_space_to_spill(tmp_path: Path) -> None:
    """A disk that takes no more of what does not fit into memory fails the refresh, and no file is blamed."""
    rng = random.Random(1)
    urls = pa.array([rng.randbytes(150).hex() for _ in range(200_000)])
    times = pa.array([datetime(2025, 3, 9, 12, tzinfo=UTC)] * len(urls))
    (tmp_path / "events").mkdir()
    events = pa.table({"timestamp": times, "event_name": urls, "page_url": urls})
    pq.write_table(events, tmp_path / "events/1.parquet", row_group_size=5000, use_dictionary=False)
    config = write_config(tmp_path, web={"files": "events"})
    config.write_text(config.read_text() + "resources: {memory_limit: 60MB, threads: 1}\n")
    command = ["prlimit", "--fsize=100000", sys.executable, "-m", "exporter", "--config.file", str(config), "--once"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    cause = r"web: refresh failed: 2025-03-09: no space for temporary files: File too large: free some space, or .*"
    assert re.search(cause, done.stderr), done.stderr
    assert "set aside" not in done.stderr


def test_p1_what_killed_exporters_left_is_removed(tmp_path: Path) -> None:
    """The next start removes their temporary folders, with what they spilled, and nobody else's."""
    write(tmp_path, event_name="slow")
    with running(tmp_path, ready=False) as exporter:
        temporary = tmp_path / "tmp"
        (temporary / "clickstream-storage-mine").mkdir()
        (temporary / "clickstream-storage-link").symlink_to(tmp_path)
        mine = {"clickstream-storage-mine", "clickstream-storage-link"}
        (living,) = {path.name for path in temporary.iterdir()} - mine
        assert list((temporary / living).glob(f"web/{SPILL}*"))
        idle = write_config(tmp_path / "tmp" / "clickstream-storage-mine", web={"files": str(tmp_path / "data")})
        run(idle, TMPDIR=str(temporary))
        assert {path.name for path in temporary.iterdir()} == {living, *mine}
        exporter.process.kill()
        exporter.process.wait()
        (temporary / f"{SPILL}dead").mkdir()
        (temporary / f"{SPILL}dead" / LOCK).touch()
        wait_for(lambda: run(idle, TMPDIR=str(temporary)) and {path.name for path in temporary.iterdir()} == mine)


def test_p6_a_second_exporter_on_the_storage_says_so(small_shop: Path, tmp_path: Path) -> None:
    """It ends with exit code 1 and names the folder; when the first has ended, the next may use it."""
    path = tmp_path / "storage"
    first = Storage(path)
    with pytest.raises(StorageError, match="in use by another exporter"):
        Storage(path)
    done = run(small_shop, "--storage.path", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"clickstream-exporter: --storage.path: {path}: in use by another exporter\n"
    del first
    assert run(small_shop, "--storage.path", str(path)).returncode == 0


def test_p1_killed_at_any_moment(small_shop: Path, tmp_path: Path) -> None:
    """After each of 20 kills the storage is usable: the next start serves the right numbers."""
    expected = once(small_shop).text
    storage = tmp_path / "storage"
    options = ["--config.file", str(small_shop), "--once", "--storage.path", str(storage)]
    command = [sys.executable, "-m", "exporter", *options]
    rng = random.Random(1)
    for _ in range(20):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(rng.uniform(0.2, 1.2))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert once(small_shop, "--storage.path", str(storage)).text == expected
    assert [path.name for path in (storage / "web").iterdir() if path.suffix not in (".digest", ".json")] == []


def test_other_columns(shop: Path, tmp_path: Path) -> None:
    """What was kept of the files is not believed where the configuration reads their times from another column."""
    storage = tmp_path / "kept"
    for path in (tmp_path / "events").iterdir():
        table = pq.read_table(path)
        later = pc.add(table["timestamp"].cast(pa.timestamp("us")), pa.scalar(timedelta(days=30)))
        pq.write_table(table.append_column("loaded", later), path)
    run(shop, f"--storage.path={storage}")
    other = SHOP | {"files": "events", "history_days": 10, "columns": SHOP["columns"] | {"timestamp": "loaded"}}
    expected = once(write_config(tmp_path, web=other))
    assert run(write_config(tmp_path, web=other), f"--storage.path={storage}").stdout == expected.text


def test_unreadable_file_is_tried_again_when_it_changes(shop: Path, tmp_path: Path) -> None:
    """A damaged file costs nothing as long as it stays as it is, and counts as soon as it is mended."""
    refresher = Refresher(plan.load(shop))
    good = (tmp_path / "events" / f"{ANCHOR}.parquet").read_bytes()
    (tmp_path / "events" / f"{ANCHOR}.parquet").write_bytes(good[:-20])
    age(tmp_path / "events" / f"{ANCHOR}.parquet")
    damaged = refreshed(refresher)
    assert damaged.snapshot is not None
    again = refreshed(refresher)
    assert again.snapshot is damaged.snapshot, "it was not even looked at"
    (tmp_path / "events" / f"{ANCHOR}.parquet").write_bytes(good)
    mended = refreshed(refresher)
    assert mended.snapshot is not None
    assert (damaged.snapshot.date, mended.snapshot.date) == (ANCHOR - timedelta(days=1), ANCHOR)


@pytest.mark.parametrize("exclude_bots", [False, True])
def test_a_day_that_is_only_looked_back_on_gives_what_a_measured_one_does(shop: Path, exclude_bots: bool) -> None:
    """Of a short history and of a long one, the same days have the same facts, and the same is kept of those before."""
    facts, kept = {}, {}
    settings = {"files": "events", "exclude_bots": exclude_bots, "dimensions": {"page": "page_url"}}
    for history in (8, 15):
        found = measured(shop.parent, history_days=history, **settings)
        facts[history] = {each.date: each.found for each in found.days}
        kept[history] = {path.name: kept_rows(path) for path in (shop.parent / "kept").glob("*.digest")}
        shutil.rmtree(shop.parent / "kept")
    assert len(facts[8]) == 8
    assert facts[8].items() <= facts[15].items()
    assert len(kept[8]) == 15 * 3
    assert all(rows for rows in kept[8].values())
    assert kept[8].items() <= kept[15].items()


def kept_rows(path: Path) -> list[str]:
    """The rows of a file that is kept of a day, in an order of their own."""
    return sorted(map(repr, pq.read_table(path).to_pylist()))
