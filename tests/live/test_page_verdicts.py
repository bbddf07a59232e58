"""The verdict on the exporter's page: that of clickstream-report about what is served, or none."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from alerting.stack.stack import alertmanager_at, await_answer, free_address, of_server, prometheus_at
from alerting.stack.stack import write as write_servers
from alerting.stack.watchdog import watchdog
from exporter import cli
from exporter.demo.write import write_demo
from exporter.gauges.snapshot import Snapshot
from exporter.html.judgement import UNKNOWN
from exporter.web.verdicts import FAILED, PENDING, Verdicts
from tests.support.generations import Generation
from tests.support.pages import text_of
from tests.support.processes import Exporter, children, configure, running, wait_for, write

DEAD = "http://127.0.0.1:9"
ABOUT = Snapshot("shop", date(2025, 3, 9), 7, ())


@pytest.fixture(scope="module")
def judged(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """An exporter on the demo's broken day that knows its Prometheus and its Alertmanager."""
    folder = tmp_path_factory.mktemp("servers")
    write_demo(folder, date(2025, 3, 9))
    with generation.chosen(), ExitStack() as stack:
        prometheus, alertmanager = free_address(), free_address()
        urls = [f"--alertmanager.url=http://{alertmanager}", f"--prometheus.url=http://{prometheus}"]
        exporter = Exporter(folder, ["--as-of=2025-03-09", *urls])
        stack.callback(exporter.process.wait)
        stack.callback(exporter.process.terminate)
        write_servers(folder, [f"127.0.0.1:{exporter.port}"], [alertmanager], "1s")
        pipe = stack.enter_context(watchdog())
        for each in (alertmanager_at(alertmanager, folder), prometheus_at(prometheus, folder, "1s")):
            await_answer(each, stack.enter_context(of_server(each, folder, pipe)), folder)
        wait_for(lambda: 'lag="28"' in exporter.ask("/metrics")[1], 120)
        yield exporter


def test_the_page_has_the_verdict_about_what_it_shows(judged: Exporter) -> None:
    """At first it is being fetched, and the browser asks again; then it is there, with what fires and what is off."""
    _, headers, page = judged.answer("/")
    assert PENDING in text_of(page) or "FAIL" in text_of(page)
    assert (headers["Refresh"] == "5") == (PENDING in text_of(page))
    wait_for(lambda: "FAIL" in text_of(judged.ask("/")[1]), 180)
    _, headers, page = judged.answer("/")
    shown = text_of(page)
    assert "FAIL judged, and something critical fires: do not trust these numbers; 48 of 49 checks judged" in shown
    assert "CRITICAL Revenue drop detected: 10890 EUR vs baseline 33139 EUR" in shown
    assert "DataStale: --as-of sets the newest day, so its age has no meaning" in shown
    assert headers["Refresh"] is None


def test_without_alertmanager_nothing_is_judged(tmp_path: Path) -> None:
    """The page says so, and nobody is asked."""
    write(tmp_path)
    with running(tmp_path) as exporter:
        shown = text_of(exporter.ask("/")[1])
        assert "Not judged here" in shown
        assert not {"PASS", "FAIL", "UNKNOWN"} & set(shown.split())


def found(options: Verdicts, seconds: float = 120) -> object:
    """What is known in the end of a snapshot."""

    async def ask() -> object:
        deadline = time.monotonic() + seconds
        while not (known := options.about([ABOUT])):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        await options.close()
        return known["shop"].judgement

    return asyncio.run(ask())


def test_v1_without_an_answer_the_verdict_is_unknown() -> None:
    """With the reason, and never a PASS."""
    judgement = found(Verdicts([DEAD], DEAD, None, {}))
    assert judgement is not None
    assert judgement.word == UNKNOWN  # type: ignore[attr-defined]
    assert "no Alertmanager answered" in judgement.alerts[0].message  # type: ignore[attr-defined]


def test_s4_a_report_that_cannot_run_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the reason, and the page only says that there is one."""
    assert found(Verdicts([DEAD], None, tmp_path / "none.yml", {})) is None
    assert re.search(r"shop: clickstream-report ended with 64: .*none\.yml: No such file or directory", caplog.text)
    assert "none.yml" not in FAILED


def test_a_verdict_about_another_snapshot_is_none() -> None:
    """What was found about the last snapshot says nothing about this one."""
    verdicts = Verdicts([DEAD], None, Path("none.yml"), {})

    async def ask() -> bool:
        while not verdicts.about([ABOUT]):
            await asyncio.sleep(0.1)
        newer = Snapshot("shop", ABOUT.date, 8, ())
        is_known = bool(verdicts.about([newer]))
        await verdicts.close()
        return is_known

    assert not asyncio.run(ask())


def test_v5_an_old_verdict_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """After hours, the same data may have become stale: the first who looks again must wait."""
    asked = Verdicts([DEAD], None, Path("none.yml"), {})

    async def ask() -> bool:
        while not asked.about([ABOUT]):
            await asyncio.sleep(0.1)
        monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 3600)
        is_known = bool(asked.about([ABOUT]))
        await asked.close()
        return is_known

    assert not asyncio.run(ask())


@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")
def test_p2_a_report_ends_with_the_exporter(tmp_path: Path) -> None:
    """While a report runs, the exporter stops at once and takes it with it."""
    write(tmp_path)
    configure(tmp_path, "web")
    exporter = Exporter(tmp_path, [f"--alertmanager.url={DEAD}", f"--prometheus.url={DEAD}"])
    wait_for(lambda: exporter.ask("/-/ready")[0] == 200)
    before = children(exporter.process.pid)
    exporter.ask("/")
    (report,) = wait_for(lambda: children(exporter.process.pid) - before)
    exporter.process.terminate()
    assert exporter.process.wait(30) == 0
    wait_for(lambda: not Path(f"/proc/{report}/cmdline").exists())


@pytest.mark.parametrize(
    "option", ["--prometheus.url=http://a:1", "--http.config.file=a.yml", "--severity=page=critical"]
)
def test_options_that_need_alertmanager(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused without it: nobody would be asked."""
    with pytest.raises(SystemExit, match="64"):
        cli.main(["--config.file=none.yml", option])
    assert "--prometheus.url, --http.config.file and --severity need --alertmanager.url" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["alertmanager:9093", "ftp://a:1", "http://user:secret@a:1"])
def test_s4_a_url_that_is_none(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused, without the password that it may have."""
    with pytest.raises(SystemExit, match="64"):
        cli.main(["--config.file=none.yml", f"--alertmanager.url={url}"])
    assert "secret" not in capsys.readouterr().err
