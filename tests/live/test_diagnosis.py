"""The reasons that a real Prometheus gives for a missing verdict, whatever its jobs and targets are called."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerting import rulefile
from alerting.gate import diagnosis, releases
from alerting.gate.scrape import GAUGE_SERIES
from alerting.http.client import Client
from alerting.stack import stack
from tests.support.generations import NEWEST_ALONE, Generation
from tests.support.service import Answer, Service

DAYS = 35

PATIENCE = 90.0
"""Seconds until a busy machine must have come to a reason."""


def exposition(snapshot: int = 5, *, counted: bool = True, value: str = "1", without: str = "\n") -> bytes:
    """What an exporter serves of a data set whose events are counted on 35 days."""
    lines = [
        f'clickstream_exporter_build_info{{version="{releases.own()}"}} 1',
        f'clickstream_snapshot{{dataset="shop"}} {snapshot}',
    ]
    lines += [f'clickstream_events{{dataset="shop",lag="{lag}"}} {value}' for lag in range(DAYS)]
    gauges = {"clickstream_snapshot": 1, "clickstream_events": DAYS}
    if counted:
        lines += [f'{GAUGE_SERIES}{{dataset="shop",gauge="{gauge}"}} {number}' for gauge, number in gauges.items()]
    lines.append(f'clickstream_series{{dataset="shop"}} {len(lines)}')
    return "\n".join([*(line for line in lines if without not in line), ""]).encode()


class Bench:
    """A Prometheus, and what the two targets of its jobs serve."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.served = [exposition(), exposition()]
        self.targets = [Service(self._answer(number)) for number in (0, 1)]
        self.address = stack.free_address()
        self.url = f"http://{self.address}"
        self.process: subprocess.Popen[bytes]

    def _answer(self, number: int) -> Any:
        return lambda *_: Answer(200, self.served[number], "text/plain; version=0.0.4")

    def configure(self, *jobs: str, relabeled: Sequence[Any] = (), own: str = "") -> None:
        """Scrape the first targets as these jobs, with rules of somebody's own beside the shipped ones."""
        stack.write(self.folder, [], ["127.0.0.1:9"], "1s")
        config = yaml.safe_load((self.folder / "prometheus.yml").read_text("utf-8"))
        config["scrape_configs"] = [
            {
                "job_name": job,
                "static_configs": [{"targets": [target.address]}],
                "metric_relabel_configs": list(relabeled),
            }
            for job, target in zip(jobs, self.targets, strict=False)
        ]
        (self.folder / "clickstream.yml").write_text(rulefile.text() + own, "utf-8")
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")

    def reload(self, *jobs: str, relabeled: Sequence[Any] = (), own: str = "") -> None:
        """Take over another configuration."""
        self.configure(*jobs, relabeled=relabeled, own=own)
        self.process.send_signal(signal.SIGHUP)

    def finds(self, *parts: str) -> bool:
        """Whether the one reason has one of these in it soon."""
        return self._awaited(lambda found: len(found) == 1 and any(part in found[0] for part in parts))

    def ends_with(self, part: str, *others: str) -> bool:
        """Whether the first reason has this in it soon, and these are the others."""
        return self._awaited(lambda found: found[1:] == list(others) and part in found[0])

    def _awaited(self, condition: Callable[[list[str]], bool]) -> bool:
        end = time.monotonic() + PATIENCE
        found: list[str] = []
        while time.monotonic() < end:
            found = diagnosis.reasons(Client(), self.url, [], "shop", 5)
            if condition(found):
                return True
            time.sleep(0.5)
        pytest.fail(f"found {found}")

    def is_whole(self) -> bool:
        """Whether nothing is wrong with what was scraped: it is judged, as far as there is something to judge."""
        return self.finds("checks were evaluated", diagnosis.CERTIFIED)


@contextmanager
def made(folder: Path) -> Iterator[Bench]:
    """A bench that runs."""
    bench = Bench(folder)
    bench.configure("web")
    server = stack.prometheus_at(bench.address, folder, "1s", ("--query.lookback-delta=5s",))
    bench.process = stack.start(server, folder)
    try:
        stack.await_answer(server, bench.process, folder)
        yield bench
    finally:
        stack.end(bench.process)
        for target in bench.targets:
            target.stop()


@pytest.fixture
def bench(generation: Generation, tmp_path: Path) -> Iterator[Bench]:
    """A Prometheus of one generation, whose job `web` scrapes an exporter."""
    with generation.chosen(), made(tmp_path) as running:
        yield running


def test_n1_a_job_may_have_any_name(bench: Bench) -> None:
    """A target is known by what it serves, and still known when it cannot be scraped any more."""
    assert bench.is_whole()
    bench.targets[0].stop()
    assert bench.finds(f"Prometheus cannot scrape http://{bench.targets[0].address}/metrics: ")


def test_n1_a_target_that_is_gone_is_named(bench: Bench) -> None:
    """Another job has replaced it, which does not scrape an exporter: both are named."""
    assert bench.is_whole()
    bench.served[0] = b"up_to_date 1\n"
    (bench.folder / "prometheus.yml").write_text(
        (bench.folder / "prometheus.yml").read_text("utf-8").replace("job_name: web", "job_name: other"), "utf-8"
    )
    bench.process.send_signal(signal.SIGHUP)
    said = "Prometheus has no target that serves clickstream_exporter_build_info, it had job web, instance "
    assert bench.finds(said + bench.targets[0].address)


def test_n1_several_targets_may_serve_the_same(bench: Bench) -> None:
    """Two exporters with one snapshot are one truth; with two snapshots, both are named with their target."""
    bench.reload("web", "kubernetes-pods")
    assert bench.is_whole()
    bench.served[1] = exposition(6)
    first, second = (target.address for target in bench.targets)
    assert bench.finds(
        "different snapshots of data set shop: "
        f"6 from job kubernetes-pods, instance {second}; 5 from job web, instance {first}"
    )


def test_n1_a_lag_that_is_dropped_is_named(bench: Bench) -> None:
    """The gauge that is short is named with its target; somebody else's recording rule is ignored."""
    own = "- name: own\n  rules:\n  - {record: clickstream_events:total, expr: clickstream_events}\n"
    dropped = {"source_labels": ["lag"], "regex": "9", "action": "drop"}
    bench.reload("web", own=own)
    assert bench.is_whole()
    bench.reload("web", own=own, relabeled=[dropped])
    assert bench.finds(
        f"Prometheus has 34 of 35 series of clickstream_events from job web, instance {bench.targets[0].address}: "
        "a relabeling may drop them"
    )


def test_an_exporter_of_another_release_hides_no_reason(bench: Bench) -> None:
    """What is wrong comes first, and then that the exporter is the older part."""
    own = releases.own().encode()
    bench.served[0] = (
        exposition().replace(b'version="' + own, b'version="0.0.9').replace(b'lag="9"} 1', b'lag="9"} NaN')
    )
    assert bench.ends_with("NaN", releases.compared("the exporter", "0.0.9"))


def test_n1_series_that_are_doubled_or_no_number_are_named(bench: Bench) -> None:
    """A recording rule that writes a gauge of ours adds to it; NaN is named."""
    rule = {"record": "clickstream_events", "labels": {"more": "1"}, "expr": 'clickstream_events{more=""}'}
    own = yaml.safe_dump([{"name": "own", "rules": [rule]}])
    bench.reload("web", own=own)
    assert bench.finds("Prometheus has 70 series of clickstream_events from job web, instance ")
    bench.served[0] = exposition(value="NaN")
    assert bench.finds("clickstream_events is NaN")


def test_n1_a_count_that_is_missing_or_doubled_is_named(bench: Bench) -> None:
    """The counts say what a whole scrape is: each is there once, and they agree."""
    bench.served[0] = exposition(without="clickstream_series{")
    assert bench.finds("Prometheus has 0 of 1 series of clickstream_series from job web, instance ")
    bench.served[0] = exposition(without='{dataset="shop",gauge="clickstream_events"}')
    assert bench.finds("clickstream_gauge_series counts 3 of 39 series from job web, instance ")
    bench.served[0] = exposition() + b'clickstream_series{dataset="shop",copy="1"} 1\n'
    assert bench.finds("Prometheus has 2 series of clickstream_series from job web, instance ")


def test_n1_an_exporter_that_counts_no_gauges_is_counted_as_a_whole(bench: Bench) -> None:
    """As those before it: all series together."""
    bench.served[0] = exposition(counted=False)
    assert bench.is_whole()
    bench.reload("web", relabeled=[{"source_labels": ["lag"], "regex": "9", "action": "drop"}])
    assert bench.finds("Prometheus has 36 of 37 series that the exporter served")


@NEWEST_ALONE
def test_n1_rules_that_are_evaluated_in_the_past_are_named(bench: Bench) -> None:
    """With such an offset for all rules of a server, no message finds its snapshot; the group may undo it."""
    stack.end(bench.process)
    config = (bench.folder / "prometheus.yml").read_text("utf-8")
    (bench.folder / "prometheus.yml").write_text(config.replace("global:", "global:\n  rule_query_offset: 3s"), "utf-8")
    server = stack.prometheus_at(bench.address, bench.folder, "1s")
    bench.process = stack.start(server, bench.folder)
    stack.await_answer(server, bench.process, bench.folder)
    assert bench.finds("because of its rule_query_offset: add query_offset: 0s to the group clickstream")
    present = rulefile.text().replace("- name: clickstream\n", "- name: clickstream\n  query_offset: 0s\n")
    (bench.folder / "clickstream.yml").write_text(present, "utf-8")
    bench.process.send_signal(signal.SIGHUP)
    assert bench.is_whole()
