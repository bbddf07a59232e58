"""The configuration is read again without a restart: taken over whole, or refused."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter import plan
from exporter.arguments import Address
from exporter.plan import Plan
from exporter.refresh import Refresher
from exporter.web.listener import Request, Response
from exporter.web.service import Service
from exporter.web.web_config import Web
from tests.support.processes import PROGRAM, SNAPSHOT, SUCCESS, Exporter, configure, running, wait_for, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")

RELOADED = "clickstream_exporter_config_last_reload_successful"
WHEN = "clickstream_exporter_config_last_reload_success_timestamp_seconds"
MORE = "-- clickstream_more: One an hour.\nSELECT hour, 1 AS clickstream_more FROM events GROUP BY hour"


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Exporter]:
    """An exporter of two data sets that has the first snapshot of one."""
    write(tmp_path)
    with running(tmp_path, "web", "shop") as exporter:
        assert exporter.refresh()[0] == 200
        yield exporter


def served(exporter: Exporter) -> set[str]:
    """The data sets that have a snapshot."""
    lines = exporter.ask("/metrics")[1].splitlines()
    return {line.split('"')[1] for line in lines if line.startswith("clickstream_snapshot{")}


@pytest.mark.parametrize("how", ["signal", "request"])
def test_p5_reload(tmp_path: Path, exporter: Exporter, how: str) -> None:
    """Data sets come and go, measures, resources and the interval change, with the refresh that begins at once."""
    assert (served(exporter), exporter.sample(RELOADED)) == ({"web", "shop"}, 1)
    snapshot, when = exporter.sample(SNAPSHOT), exporter.sample(WHEN)
    configure(tmp_path, "web", "app", measure=MORE, refresh_interval="30m", resources={"threads": 1})
    if how == "signal":
        exporter.process.send_signal(signal.SIGHUP)
    else:
        assert exporter.ask("/-/reload", "POST") == (200, "reloaded: the next refresh uses it\n")
    wait_for(lambda: served(exporter) == {"web", "app"})
    assert exporter.sample('clickstream_more{dataset="web",lag="0"}') == 17
    assert exporter.sample('clickstream_exporter_refresh_interval_seconds{dataset="app"}') == 1800
    assert "clickstream_slow" not in exporter.ask("/metrics")[1]
    assert exporter.sample(SNAPSHOT) != snapshot
    assert (exporter.sample(RELOADED), exporter.sample(WHEN) > when) == (1, True)


def test_p5_one_data_set_alone(tmp_path: Path) -> None:
    """With --dataset no other is measured, also after a reload; one without that data set is refused."""
    write(tmp_path)
    with running(tmp_path, "web", "shop", options=("--dataset", "web")) as exporter:
        (outcome,) = exporter.refresh()[1]
        assert (outcome["dataset"], served(exporter)) == ("web", {"web"})
        configure(tmp_path, "app", "web", measure=MORE)
        assert exporter.ask("/-/reload", "POST")[0] == 200
        wait_for(lambda: "clickstream_more{" in exporter.ask("/metrics")[1])
        assert served(exporter) == {"web"}
        configure(tmp_path, "app", "shop")
        status, said = exporter.ask("/-/reload", "POST")
        assert (status, said) == (500, f"{tmp_path}/config.yml: unknown data set 'web': expected one of app, shop\n")
        assert served(exporter) == {"web"}


def test_p5_a_data_set_that_there_is_not(tmp_path: Path) -> None:
    """Exit code 64, and those that there are."""
    configure(tmp_path, "web", "shop")
    command = [PROGRAM, "--config.file", tmp_path / "config.yml", "--dataset", "wbe", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == f"{tmp_path}/config.yml: unknown data set 'wbe': expected one of web, shop\n"


BROKEN = {
    "no YAML": ("datasets: [", "config.yml:"),
    "an unknown key": ("datasets: {web: {files: data, fils: data}}", "datasets.web.fils: unknown key"),
    "a measure that is gone": ("datasets: {web: {files: data, measures: [gone.sql]}}", "gone.sql: No such file"),
    "an invalid number": ("datasets: {web: {files: data, purchase: 0b_}}", "datasets.web.purchase: invalid number"),
    "nothing": (None, "config.yml: No such file"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_p5_a_configuration_that_is_refused(tmp_path: Path, exporter: Exporter, text: str | None, said: str) -> None:
    """The old one stays, whole; the answer and the log say why, and the gauge that it was so."""
    snapshot, path = exporter.sample(SNAPSHOT), tmp_path / "config.yml"
    good, when = path.read_text(), exporter.sample(WHEN)
    path.write_text(text) if text else path.unlink()
    code, body = exporter.ask("/-/reload", "POST")
    assert (code, said in body) == (500, True), body
    assert said in (tmp_path / "log").read_text()
    assert (exporter.refresh()[0], exporter.sample(SNAPSHOT), served(exporter)) == (200, snapshot, {"web", "shop"})
    assert (exporter.sample(RELOADED), exporter.sample(WHEN)) == (0, when)
    path.write_text(good)
    assert (exporter.ask("/-/reload", "POST")[0], exporter.sample(RELOADED)) == (200, 1)


def test_p5_reload_during_a_refresh(tmp_path: Path, exporter: Exporter) -> None:
    """The refresh that runs ends with the old configuration, the next one has the new."""
    write(tmp_path, 9, "slow")
    with ThreadPoolExecutor() as pool:
        caller = pool.submit(exporter.refresh)
        (reader,) = wait_for(lambda: exporter.readers(0.2))
        configure(tmp_path, "app", measure=MORE)
        assert exporter.ask("/-/reload", "POST")[0] == 200
        assert served(exporter) == {"web", "shop"}
        os.kill(reader, signal.SIGKILL)
        os.kill(wait_for(lambda: exporter.readers(0.2) - {reader}).pop(), signal.SIGKILL)
        assert [outcome["dataset"] for outcome in caller.result()[1]] == ["web", "shop"]
        wait_for(lambda: served(exporter) == {"app"})


def test_p5_reload_without_data(tmp_path: Path, exporter: Exporter) -> None:
    """Where the new configuration cannot be measured, the last snapshot stays as it was, and is marked as stale."""
    slow = 'clickstream_slow{dataset="web",lag="0"}'
    snapshot, value = exporter.sample(SNAPSHOT), exporter.sample(slow)
    configure(tmp_path, "web", measure=MORE)
    (tmp_path / "data").rename(tmp_path / "away")
    assert (exporter.ask("/-/reload", "POST")[0], exporter.refresh()[0]) == (200, 503)
    assert (exporter.sample(SNAPSHOT), exporter.sample(slow), exporter.sample(SUCCESS)) == (snapshot, value, 0)
    (tmp_path / "away").rename(tmp_path / "data")
    assert (exporter.refresh()[0], exporter.sample('clickstream_more{dataset="web",lag="0"}')) == (200, 17)


def test_p5_a_reload_that_raises_anything(tmp_path: Path) -> None:
    """Whatever reading the configuration raises: it is refused, and the answer and the gauge say so."""
    write(tmp_path)
    configure(tmp_path, "web", measure=MORE)
    read = plan.load(tmp_path / "config.yml")

    def load() -> tuple[Plan, Web]:
        raise RuntimeError("of no kind that is known")

    async def reloaded() -> tuple[Response, Response]:
        stop = asyncio.Event()
        server = Service(Refresher(read), Web(), load)
        running = asyncio.create_task(server.run([Address("127.0.0.1", 0)], stop))
        await server.refresh()
        answers = [
            await server.pages.answer(Request(*each, {})) for each in (("POST", "/-/reload"), ("GET", "/metrics"))
        ]
        stop.set()
        await running
        return answers[0], answers[1]

    refused, metrics = asyncio.run(reloaded())
    assert (refused.status, refused.body) == (500, b"RuntimeError: of no kind that is known\n")
    assert f"\n{RELOADED} 0.0\n" in metrics.body.decode()
    assert b'clickstream_more{dataset="web",lag="0"} 17.0' in metrics.body
