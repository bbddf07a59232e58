"""How long the gate waits, by what a real Prometheus says of its intervals and flags."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from alerting import rulefile
from alerting.gate import diagnosis, releases
from alerting.gate.judge import Servers, judge
from alerting.gate.pace import MAX_WAIT, Pace, pace, seconds
from alerting.gate.verdict import Subject
from alerting.gate.witness import Prometheus
from alerting.http.client import Client
from alerting.http.shape import ShapeError
from alerting.stack import stack
from tests.support.documents import rows, words
from tests.support.generations import Generation
from tests.support.service import Answer, Service

SHIPPED = Pace(scrape=15, evaluation=15, resend_delay=15, lookback=60)
MINUTES = Pace(scrape=60, evaluation=60, resend_delay=60, lookback=300)
HALF_MINUTES = Pace(scrape=30, evaluation=30, resend_delay=60, lookback=300)


@pytest.mark.parametrize(
    ("of", "repeat", "needed", "wait"),
    [(SHIPPED, 30, 45, 60), (HALF_MINUTES, 90, 120, 150), (MINUTES, 120, 180, 240), (Pace(1, 1, 1, 5), 2, 3, 60)],
    ids=["shipped", "30s", "60s", "1s"],
)
def test_the_wait_is_derived(of: Pace, repeat: float, needed: float, wait: float) -> None:
    """A scrape, the next sending of each alert, and an evaluation to spare; as long as before where that is enough."""
    assert (of.repeat, of.needed, of.wait) == (repeat, needed, wait)
    assert of.too_short(of.wait) is None
    assert of.gap is None


def test_the_table_of_the_readme_is_what_is_derived() -> None:
    """Of each pair of intervals and flag: how often an alert is sent, how long a verdict takes, how long one waits."""
    for intervals, flag, *numbers in rows("alerting/README.md", "On a shared Prometheus"):
        interval = int(intervals.split()[0])
        of = Pace(interval, interval, seconds(words(flag)[0]), 300)
        assert numbers == [f"{number:g} s" for number in (of.repeat, of.needed, of.wait)]


def test_no_server_makes_the_gate_wait_for_hours() -> None:
    """Whatever interval it claims to have."""
    assert Pace(86400, 86400, 60, 300).wait == MAX_WAIT


def test_the_reason_names_the_flag() -> None:
    """A timeout that is too short, and a look-back that is: with the value that is enough."""
    assert MINUTES.too_short(60) == (
        "Prometheus may take 180 s: it scrapes the exporter every 60 s, evaluates the rules every 60 s and, with "
        "--rules.alert.resend-delay=60s, sends an unchanged alert every 120 s; wait with --timeout 240, "
        "or set --rules.alert.resend-delay below 60s"
    )
    assert Pace(60, 60, 15, 300).too_short(60) == (
        "Prometheus may take 120 s: it scrapes the exporter every 60 s, evaluates the rules every 60 s and, with "
        "--rules.alert.resend-delay=15s, sends an unchanged alert every 60 s; wait with --timeout 180"
    )
    assert Pace(60, 60, 60, 60).gap == (
        "Prometheus scrapes the exporter every 60 s and forgets a series after --query.lookback-delta=60s: "
        "set that flag to 240s, four scrapes"
    )


def test_durations() -> None:
    """As Prometheus writes them."""
    assert [seconds(text) for text in ("0s", "15s", "1m", "1m30s", "500ms", "1h")] == [0, 15, 60, 90, 0.5, 3600]
    for text in ("", "1", "-1m", "1 m", "9" * 400 + "s"):
        with pytest.raises(ShapeError):
            seconds(text)


def served(_method: str, path: str, _body: bytes) -> Answer:
    """An exporter that serves no data set, and whose refresh answers nonsense."""
    if path == "/metrics":
        text = f'clickstream_exporter_build_info{{version="{releases.own()}"}} 1\n'
        return Answer(200, text.encode(), "text/plain; version=0.0.4")
    return Answer(200, b"[]")


@contextmanager
def running(folder: Path, resend_delay: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The URL and process of a Prometheus that is configured in `folder`."""
    server = stack.prometheus_at(address := stack.free_address(), folder, resend_delay)
    process = stack.start(server, folder)
    try:
        stack.await_answer(server, process, folder)
        yield f"http://{address}", process
    finally:
        stack.end(process)


def awaited(condition: Callable[[], object]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 120  # the first scrape is up to an interval away
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def slow_down(folder: Path, exporter: str) -> None:
    """Take over intervals of a shared server, beside a job and rules of others that are slower still."""
    config = yaml.safe_load((folder / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "10m", "evaluation_interval": "60s"}
    others = {"job_name": "others", "static_configs": [{"targets": ["127.0.0.1:9"]}]}
    own = {"job_name": "web", "scrape_interval": "30s", "static_configs": [{"targets": [exporter]}]}
    config |= {"scrape_configs": [others, own], "rule_files": ["clickstream.yml", "others.yml"]}
    rule = {"record": "one", "expr": "1"}
    (folder / "others.yml").write_text(yaml.safe_dump({"groups": [{"name": "o", "interval": "1h", "rules": [rule]}]}))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")


def test_v2_a_shared_prometheus_is_given_the_time_that_it_needs(generation: Generation, tmp_path: Path) -> None:
    """Its intervals and flags decide, those of other jobs and rules do not; without the rules nothing is known."""
    exporter = Service(served)
    stack.write(tmp_path, [exporter.address], ["127.0.0.1:9"], "1s")
    config = (tmp_path / "prometheus.yml").read_text("utf-8").replace("job_name: clickstream", "job_name: web")
    (tmp_path / "prometheus.yml").write_text(config.replace("clickstream.yml", "none.yml"), "utf-8")
    with generation.chosen(), running(tmp_path, "1m") as (url, process):
        data = Prometheus(Client(), url).data
        awaited(lambda: data("query?query=clickstream_exporter_build_info")["result"])
        assert pace(data) is None
        slow_down(tmp_path, exporter.address)
        process.send_signal(signal.SIGHUP)
        expected = Pace(scrape=30, evaluation=60, resend_delay=60, lookback=300)
        awaited(lambda: pace(data) == expected)
        late = ["Prometheus has no snapshot of data set shop", expected.too_short(60)]
        awaited(lambda: diagnosis.reasons(Client(), url, [], "shop", 5, waited=60) == late)
        assert diagnosis.reasons(Client(), url, [], "shop", 5, waited=210) == late[:1]
        logged: list[str] = []
        servers = Servers(["http://127.0.0.1:9"], exporter.url, url)
        assert judge(Client(), servers, Subject(), None, logged.append).exit_code == 2
        assert logged[0] == f"waiting up to 210 s, because of the intervals and flags of {url}"
        logged.clear()
        judge(Client(), servers, Subject(), 5, logged.append)
        assert logged == [f"refreshing {exporter.url}"]
    exporter.stop()


def test_an_unchanged_alert_is_sent_when_the_resend_delay_is_over(generation: Generation, tmp_path: Path) -> None:
    """Not at the evaluation that is exactly as much later, but at the next."""
    ends: set[datetime] = set()

    def receive(_method: str, _path: str, body: bytes) -> Answer:
        ends.update(datetime.fromisoformat(each["endsAt"]) for each in json.loads(body))
        return Answer(200, b"{}")

    alertmanager = Service(receive)
    stack.write(tmp_path, [], [alertmanager.address], "1s")
    rule = {"alert": "Always", "expr": "vector(1)"}
    group = {"groups": [{"name": rulefile.GROUP, "rules": [rule]}]}
    (tmp_path / "clickstream.yml").write_text(yaml.safe_dump(group), "utf-8")
    with generation.chosen(), running(tmp_path, "1s") as (url, _):
        known = pace(Prometheus(Client(), url).data)
        awaited(lambda: len(ends) >= 3)
    alertmanager.stop()
    assert known
    found = sorted(ends)
    assert min(after - before for before, after in pairwise(found)) == timedelta(seconds=known.repeat)
