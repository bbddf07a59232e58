"""Other rulers than Prometheus: the report has no verdict, and its reason names them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.error import URLError

from alerting.gate.diagnosis import VMALERT
from alerting.gate.judge import Servers, judge
from alerting.gate.verdict import Subject
from alerting.http.alertmanager import CERTIFICATE, listing
from alerting.http.client import Client
from alerting.stack.stack import end, running
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
