"""The services run: their commands, configurations, volumes, users and health checks, with the real servers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest
from pod import Pod, UnavailableError, pod
from shipped import SERVICES, default, instructions

from alerting.stack.stack import end
from tests.support import generations

pytestmark = pytest.mark.xdist_group("tests/compose/test_services.py")  # so that the servers are started once


def command(service: str) -> list[str]:
    """What the container of a service runs."""
    given = [default(each) for each in SERVICES[service].get("command", [])]
    if service == "exporter":
        return [*json.loads(instructions("ENTRYPOINT")[0]), *given]
    return [*SERVICES[service].get("entrypoint", [service]), *given]


def await_health(running: Pod, service: str) -> None:
    """Wait until the service's own health check succeeds."""
    deadline = time.monotonic() + 90
    while (done := running.run(service, SERVICES[service]["healthcheck"]["test"][1:])).returncode:
        assert time.monotonic() < deadline, (service, done.stderr)
        time.sleep(0.2)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    """The demo has ended, and exporter, Alertmanager and Prometheus are healthy, in the order of the stack."""
    try:
        servers = generations.newest()
        programs = {name: getattr(servers, name) for name in ("prometheus", "promtool", "alertmanager", "amtool")}
        with ExitStack() as open_until_the_end:
            running = open_until_the_end.enter_context(pod(tmp_path_factory.mktemp("pod"), programs))
            demo = running.run("demo", command("demo"))
            assert demo.returncode == 0, demo.stderr
            for service in ("exporter", "alertmanager", "prometheus"):
                log = open_until_the_end.enter_context((running.folder / f"{service}.log").open("w"))
                open_until_the_end.callback(end, running.start(service, command(service), stdout=log, stderr=log))
                await_health(running, service)
            yield running
    except (UnavailableError, generations.SkippedError) as reason:
        pytest.skip(str(reason))


def test_the_demo_ends_yesterday(stack: Pod) -> None:
    """Thirty days, so that no check finds them stale."""
    days = sorted(path.stem.removeprefix("events_") for path in (stack.folder / "demo").glob("*.parquet"))
    age = datetime.now(UTC).date() - date.fromisoformat(days[-1])
    assert len(days) == 30
    assert timedelta(days=1) <= age <= timedelta(days=2)  # midnight may have passed since


def test_the_demo_leaves_ones_own_data_alone(stack: Pod) -> None:
    """With a configuration of one's own, it ends without having written."""
    before = {path: path.stat().st_mtime_ns for path in (stack.folder / "demo").iterdir()}
    done = stack.run("demo", ["env", "CLICKSTREAM_CONFIG=./mine.yml", *command("demo")])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in (stack.folder / "demo").iterdir()} == before


def test_the_report_judges_the_demo(stack: Pod) -> None:
    """The verdict comes through all three servers, at the addresses that they have in the stack."""
    done = stack.run("report", command("report"))
    assert done.returncode == 1, done.stderr
    verdict = json.loads(done.stdout)
    assert [alert["severity"] for alert in verdict["alerts"]] == ["CRITICAL", "WARN", "WARN", "WARN"]
    assert verdict["alerts"][0]["message"].startswith("Revenue drop detected")


def test_the_page_has_the_verdict(stack: Pod) -> None:
    """The exporter is told where the other servers are, and its page shows the verdict of the report."""
    ask = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:9847/').read().decode())"
    deadline = time.monotonic() + 180
    while "do not trust these numbers" not in (page := stack.run("exporter", ["python", "-c", ask]).stdout):
        assert time.monotonic() < deadline, page
        time.sleep(1)


def test_without_secrets_alertmanager_sends_nothing(stack: Pod) -> None:
    """Its configuration is the shipped one, and every secret in it can be read."""
    shown = stack.run("alertmanager", ["amtool", "--alertmanager.url=http://alertmanager:9093", "config", "show"])
    assert shown.returncode == 0, shown.stderr
    assert SERVICES["alertmanager"]["secrets"]
    for secret in SERVICES["alertmanager"]["secrets"]:
        assert secret["target"] in shown.stdout
        read = stack.run("alertmanager", ["cat", secret["target"]])
        assert (read.returncode, read.stdout) == (0, "")


def test_the_exporter_keeps_what_it_measured(stack: Pod) -> None:
    """The volume of the storage can be written to by its user, and nothing else can."""
    assert list((stack.folder / "exporter").rglob("*")) != []
    for place in ("/", "/clickstream", "/clickstream/events", "/tmp"):
        assert stack.run("exporter", ["touch", f"{place}/file"]).returncode != 0
