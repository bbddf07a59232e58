"""Other rulers than Prometheus: the report has no verdict, and its reason names them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from shutil import copy
from urllib.error import URLError

import yaml

from alerting.gate.diagnosis import VMALERT
from alerting.gate.judge import Servers, judge
from alerting.gate.verdict import Subject
from alerting.http.alertmanager import CERTIFICATE, listing
from alerting.http.client import Client
from alerting.stack.stack import Stack, await_answer, end, free_address, prometheus_at, running, start
from exporter.demo.write import write_demo
from tests.support import rulers
from tests.support.generations import NEWEST_ALONE, Generation
from tests.support.judging import RULE_FILE, STATE, ask
from tests.support.processes import wait_for


def evaluated(prometheus: str) -> list[object]:
    """The states of the checks that the rules found; none before it answers."""
    with suppress(URLError):
        return [*ask(prometheus, STATE)]
    return []


@NEWEST_ALONE
def test_n1_vmalert_certifies_nothing(generation: Generation, tmp_path: Path) -> None:
    """It evaluates the rules, but no certificate arrives: there is no verdict, and the reason says who evaluates."""
    rulers.unpacked()
    (tmp_path / "stack").mkdir()
    config = write_demo(tmp_path / "demo", date(2025, 3, 9))
    with generation.chosen(), running(tmp_path / "stack", config, ("--as-of", "2025-03-09")) as stack:
        end(stack.processes["prometheus"])
        with rulers.vmalert(tmp_path, stack.exporter, stack.alertmanager, RULE_FILE) as prometheus:
            wait_for(lambda: evaluated(prometheus), 120)
            servers = Servers([stack.alertmanager], stack.exporter, prometheus)
            found = judge(Client(), servers, Subject(), 10, lambda _: None)
            names = {alert.name for alert in listing(Client(), stack.alertmanager, 5).alerts}
    assert (found.exit_code, CERTIFICATE in names) == (2, False)
    assert VMALERT in found.lines[0].message


@NEWEST_ALONE
def test_n1_federation(generation: Generation, tmp_path: Path) -> None:
    """Where the rules are in a Prometheus that gets the gauges from another one, the verdict is the same."""
    (tmp_path / "stack").mkdir()
    config = write_demo(tmp_path / "demo", date(2025, 3, 9))
    with generation.chosen(), running(tmp_path / "stack", config, ("--as-of", "2025-03-09")) as stack:
        local = judge(Client(), Servers([stack.alertmanager], stack.exporter, stack.prometheus), Subject(), 60, ignored)
        gauges = '{__name__=~"clickstream_.+|up"}'
        above = {
            "job_name": "federation",
            "honor_labels": True,
            "metrics_path": "/federate",
            "params": {"match[]": [gauges]},
            "static_configs": [{"targets": [stack.prometheus.removeprefix("http://")]}],
        }
        with federating(tmp_path, above, stack) as prometheus:
            servers = Servers([stack.alertmanager], stack.exporter, prometheus)
            found = judge(Client(), servers, Subject(), 60, ignored)
    assert (local.exit_code, found) == (1, local)


def ignored(_line: str) -> None:
    """Log nothing."""


@contextmanager
def federating(folder: Path, job: dict[str, object], stack: Stack) -> Iterator[str]:
    """The URL of a Prometheus with the rules; the one of the stack evaluates none from then on."""
    own = folder / "stack" / "prometheus.yml"
    config = yaml.safe_load(own.read_text("utf-8"))
    above = folder / "above"
    above.mkdir()
    copy(RULE_FILE, above)
    (above / "prometheus.yml").write_text(yaml.safe_dump(config | {"scrape_configs": [job]}), "utf-8")
    own.write_text(yaml.safe_dump(config | {"rule_files": []}), "utf-8")
    stack.processes["prometheus"].send_signal(signal.SIGHUP)
    server = prometheus_at(address := free_address(), above, "1s")
    process = start(server, above)
    try:
        await_answer(server, process, above)
        yield f"http://{address}"
    finally:
        end(process)
