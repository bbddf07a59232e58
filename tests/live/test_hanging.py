"""A disk that hangs, as one of the network may: what waits for it is ended."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.reader import pipes
from tests.support.processes import SNAPSHOT, SUCCESS, Exporter, processor_time, running, wait_for, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")

LATE = {"dataset": "web", "error": "the files were not read within 0:00:05 (resources.refresh_timeout)"}


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Exporter]:
    """An exporter that has its first snapshot, and gives a refresh five seconds."""
    write(tmp_path)
    with running(tmp_path, resources={"refresh_timeout": "5s"}) as exporter:
        yield exporter


def test_d12_a_reading_that_hangs(tmp_path: Path, exporter: Exporter) -> None:
    """It is ended in time, the last snapshot stays and is marked as stale, and the next refresh succeeds."""
    snapshot = exporter.sample(SNAPSHOT)
    write(tmp_path, 9, "slow")
    with ThreadPoolExecutor() as pool:
        caller = pool.submit(exporter.refresh)
        (reader,) = wait_for(lambda: exporter.readers(0.2))
        os.kill(reader, signal.SIGSTOP)
        assert caller.result() == (503, [LATE])
    assert (exporter.sample(SNAPSHOT), exporter.sample(SUCCESS), exporter.ask("/-/ready")[0]) == (snapshot, 0, 200)
    wait_for(lambda: processor_time(reader) < 0)
    write(tmp_path, 9)
    assert (exporter.refresh()[0], exporter.sample(SUCCESS)) == (200, 1)


def test_d12_a_listing_that_hangs(exporter: Exporter) -> None:
    """It is ended in time, too, and scrapes are answered meanwhile."""
    is_replaced_in_time(exporter)


def is_replaced_in_time(exporter: Exporter) -> None:
    """A fork server that hangs fails a refresh in time, and the next one has another server."""
    (server,) = exporter.fork_servers()
    os.kill(server, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        caller = pool.submit(exporter.refresh)
        exporter.scrape(2)
        assert caller.result() == (503, [LATE])
    assert (exporter.refresh()[0], exporter.sample(SUCCESS), exporter.fork_servers() == {server}) == (200, 1, False)


def test_the_fork_server_has_one_thread(exporter: Exporter) -> None:
    """A fork has only the thread that forks, and may wait for ever for a lock of another."""
    (server,) = exporter.fork_servers()
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1


def test_d12_the_end_of_an_exporter_that_waits(tmp_path: Path) -> None:
    """SIGTERM ends an exporter, even where it would wait for a disk for an hour."""
    write(tmp_path)
    with running(tmp_path, resources={"refresh_timeout": "1h"}) as exporter, ThreadPoolExecutor() as pool:
        (server,) = exporter.fork_servers()
        os.kill(server, signal.SIGSTOP)
        caller = pool.submit(exporter.refresh)
        time.sleep(1)
        exporter.process.terminate()
        assert exporter.process.wait(30) == 0
        assert isinstance(caller.exception(), ConnectionError)


def test_d12_a_process_that_does_not_read_what_it_is_asked(tmp_path: Path) -> None:
    """A request that is larger than a pipe ends in time, too, where nobody takes it."""
    write(tmp_path)
    large = (
        f"-- clickstream_large: Never there.\n-- {'x' * 300_000}\nSELECT error('fails') AS hour, 1 AS clickstream_large"
    )
    with running(tmp_path, measure=large, resources={"refresh_timeout": "5s"}) as exporter:
        is_replaced_in_time(exporter)


def test_d12_an_answer_that_stops_halfway() -> None:
    """The end of a pipe that waits decides how long: half a message does not hold it."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as here, os.fdopen(writing, "wb") as there:
        pipes.write(there, pickle.dumps("whole"))
        there.write((1000).to_bytes(8, "big") + b"half")
        there.flush()

        def ready() -> None:
            if not select.select([here], [], [], 0.1)[0]:
                raise TimeoutError

        assert pipes.receive(here.fileno(), ready) == "whole"
        with pytest.raises(TimeoutError):
            pipes.receive(here.fileno(), ready)
        there.close()
        with pytest.raises(EOFError):
            pipes.receive(here.fileno(), ready)
