"""What goes wrong on a cluster fails the reading with its reason, or costs only time."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from exporter.facts.model import FactsError
from exporter.measures.declared import Measure
from tests.support import spark
from tests.support.exposition import purchase, view, write_rows
from tests.test_spark import SLOW, compared, configured, reading, two_days

if spark.lacking():
    pytest.skip(spark.lacking() or "", allow_module_level=True)

from exporter.engine.spark.engine import SparkEngine
from exporter.engine.spark.session import Session
from exporter.engine.spark.tables import Tables

pytestmark = pytest.mark.xdist_group("spark")

SOON = (
    "spark.connect.session.manager.defaultSessionTimeout=8s",
    "spark.connect.session.manager.maintenanceInterval=1s",
    "spark.connect.execute.manager.detachedTimeout=8s",
    "spark.connect.execute.manager.maintenanceInterval=1s",
)
"""When a server ends what a killed exporter has left: by default its query after 5 minutes, its session after 60."""

PATIENCE = 120.0
"""Seconds for something to happen on a busy machine."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose tasks run in two executors of a standalone cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    with (
        spark.cluster(folder / "cluster") as master,
        spark.server(
            folder / "server", "spark.executor.memory=700m", "spark.driver.host=127.0.0.1", master=master
        ) as url,
    ):
        yield url


@contextmanager
def watched(folder: Path, *settings: str) -> Iterator[tuple[str, str]]:
    """A server, and the address of its page for people, where its jobs can be seen and ended."""
    port = spark.free_port()
    with spark.server(folder, "spark.ui.enabled=true", f"spark.ui.port={port}", *settings) as url:
        yield url, f"http://127.0.0.1:{port}"


def asked(page: str, what: str) -> Any:
    """What Spark's REST API says of its only application."""
    with urlopen(f"{page}/api/v1/applications") as answer:
        application = json.load(answer)[0]["id"]
    with urlopen(f"{page}/api/v1/applications/{application}/{what}") as answer:
        return json.load(answer)


def eventually(happened: Callable[[], object], what: str) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_a_standalone_cluster_finds_the_same_facts(tmp_path: Path, cluster: str) -> None:
    """Of the demo's broken day, which looks back on the day before."""
    found = compared(two_days(tmp_path, cluster))
    assert found.different == ()
    assert found.facts > 500
    assert len(spark.executors()) == 2


def before_the_first_measure(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once the newest day is loaded."""
    measured, pending = SparkEngine.run, [happens]

    def run_later(engine: SparkEngine, measure: Measure) -> object:
        while pending:
            pending.pop()()
        return measured(engine, measure)

    monkeypatch.setattr(SparkEngine, "run", run_later)


def test_lost_executors_fail_the_reading(tmp_path: Path, cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the day was kept on them; the next reading finds it."""
    write_rows(tmp_path / "events.parquet", [view(client_id=f"visitor {number}") for number in range(50)])
    config = configured(tmp_path, cluster)

    def kill() -> None:
        lost = spark.executors()
        assert lost
        for process in lost:
            os.kill(process, signal.SIGKILL)
        eventually(lambda: not set(lost) & set(spark.executors()), "the executors live on")

    before_the_first_measure(monkeypatch, kill)
    with pytest.raises(FactsError, match=r"^an executor was lost, and with it the day that it kept$"):
        reading(config, tmp_path)
    assert reading(config, tmp_path).days[-1].found["clickstream_events"] == {"": {10: 50}}


def test_a_lost_executor_is_replaced_while_a_day_is_loaded(
    tmp_path: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark tries its tasks again, so the numbers are right."""
    write_rows(tmp_path / "events.parquet", [view(client_id=f"visitor {number}") for number in range(50)])
    loaded, pending = Tables.load_events, [True]

    def load_events(tables: Tables, *given: Any) -> int:
        if pending.pop() if pending else False:
            os.kill(spark.executors()[0], signal.SIGKILL)
        return loaded(tables, *given)

    monkeypatch.setattr(Tables, "load_events", load_events)
    found = reading(configured(tmp_path, cluster), tmp_path)
    assert found.days[-1].found["clickstream_events"] == {"": {10: 50}}
    assert not found.files.unreadable


def test_an_expired_session_fails_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one measure after the other."""
    write_rows(tmp_path / "events.parquet", [view(), purchase()])
    with spark.server(tmp_path / "spark", *SOON) as url:
        before_the_first_measure(monkeypatch, lambda: time.sleep(20))
        with pytest.raises(FactsError, match="the session ended: Spark was restarted, or the session expired"):
            reading(configured(tmp_path, url), tmp_path)


def running(page: str) -> list[int]:
    """The jobs of a server that have run for more than five seconds."""
    jobs = asked(page, "jobs?status=running")
    return [job["jobId"] for job in jobs if seconds_since(job["submissionTime"]) > 5]


def seconds_since(text: str) -> float:
    """Seconds since a time of Spark's REST API."""
    return time.time() - datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fGMT").replace(tzinfo=UTC).timestamp()


def slow(folder: Path, url: str) -> Path:
    """A configuration with a measure that would run for hours."""
    (folder / "slow.sql").write_text(SLOW)
    write_rows(folder / "events.parquet", [view(client_id=f"{number}") for number in range(3000)])
    return configured(folder, url, measures=["slow.sql"])


def test_a_killed_query_fails_by_name(tmp_path: Path) -> None:
    """Someone ends it on Spark's page while it runs: the measure says so, under its own name."""
    with ThreadPoolExecutor() as pool, watched(tmp_path / "spark") as (url, page):
        config = slow(tmp_path, url)
        found = pool.submit(reading, config, tmp_path)
        eventually(lambda: running(page) or found.done(), "the measure does not run")
        with urlopen(f"{page}/jobs/") as answer:
            form = re.search(r'csrfToken" value="(\w+)', answer.read().decode())
        for job in running(page):
            sent = {"id": job, "csrfToken": form[1] if form else ""}
            urlopen(f"{page}/jobs/job/kill/", urlencode(sent).encode()).close()
        error = found.result().queries["slow"].error
        assert error
        assert re.match(r"slow\.sql: .*cancel", error), error


def test_a_query_of_a_killed_exporter_ends(tmp_path: Path) -> None:
    """When the server notices that nobody waits for it any more."""
    with watched(tmp_path / "spark", *SOON) as (url, page):
        command = [sys.executable, "-m", "exporter", "--config.file", str(slow(tmp_path, url)), "--once"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as exporter:
            eventually(lambda: running(page), "the measure does not run")
            exporter.kill()
        eventually(lambda: not asked(page, "jobs?status=running"), "its query runs on")


def test_a_server_that_expects_a_token_refuses_access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says where the token belongs."""
    monkeypatch.delenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", raising=False)
    write_rows(tmp_path / "events.parquet", [view()])
    with (
        spark.server(tmp_path / "spark", "spark.connect.authenticate.token=the-secret") as url,
        pytest.raises(
            FactsError, match=r"^sc://127\.0\.0\.1:\d+ refused access: set SPARK_CONNECT_AUTHENTICATE_TOKEN$"
        ),
    ):
        reading(configured(tmp_path, url), tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start Spark as another user")
def test_files_that_spark_may_not_read_fail_the_reading() -> None:
    """Though the exporter may."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o777)
        for name in ("a", "b"):
            write_rows(folder / f"{name}.parquet", [view()]).chmod(0o600)
        with spark.server(folder / "spark", user="nobody") as url, pytest.raises(FactsError, match="Permission denied"):
            reading(configured(folder, url), folder)


def test_a_database_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    """The day is measured, and the problem is logged."""
    write_rows(tmp_path / "events.parquet", [view(), purchase()])
    with spark.server(tmp_path / "spark") as url:
        session = Session(url, timedelta(minutes=1))
        with closing(session), session.limited():
            session.sql(f"CREATE DATABASE kept LOCATION '{tmp_path / 'kept'}'").collect()
        shutil.rmtree(tmp_path / "kept", ignore_errors=True)
        (tmp_path / "kept").touch()
        found = reading(configured(tmp_path, url, engine={"spark": url, "database": "kept"}), tmp_path)
    assert found.days[-1].found["clickstream_events"] == {"": {10: 2}}
    assert found.problem
    assert found.problem.startswith("engine.database kept: nothing is kept: ")


def test_a_server_that_is_up_again_is_used(tmp_path: Path) -> None:
    """By the same process, whose last reading failed because the server did not answer."""
    write_rows(tmp_path / "events.parquet", [view(), purchase()])
    port = spark.free_port()
    config = configured(tmp_path, f"sc://127.0.0.1:{port}")
    with pytest.raises(FactsError, match="does not answer"):
        reading(config, tmp_path)
    with spark.server(tmp_path / "spark", port=port):
        assert reading(config, tmp_path).days[-1].found["clickstream_events"] == {"": {10: 2}}
