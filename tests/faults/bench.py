"""A bench: real Prometheus and two real Alertmanagers around stand-ins, each of which can be broken and mended."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from days import DATASET, Day
from standins import Exporter, Front, Notifications, delete, get, post

from alerting import rulefile
from alerting.gate.judge import Servers
from alerting.stack.stack import Server, alertmanager_at, await_answer, end, free_address, prometheus_at, start, write

INTERVAL = "1s"
LOOKBACK = "--query.lookback-delta=5s"
"""In proportion to the interval as five minutes are to one minute."""


class Daemon:
    """A server that can be ended, killed, frozen and started again, with the same address and storage."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server, self._folder = server, folder
        self.url = server.ready.removesuffix("/-/ready")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it unless it runs; it may take a while until it answers."""
        if self._process is None:
            self._process = start(self._server, self._folder)

    def ready(self) -> None:
        """Wait until it answers. Raises StackError."""
        if self._process:
            await_answer(self._server, self._process, self._folder)

    def end(self) -> None:
        """SIGTERM, and wait until it is gone."""
        if self._process:
            self.send(signal.SIGCONT)
            end(self._process)
            self._process = None

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process:
            self._process.send_signal(number)


class Bench:
    """The servers of one bench, whose files go into `folder`."""

    def __init__(self, folder: Path, resend: str) -> None:
        self.exporter = Exporter()
        first, second, prometheus = (free_address() for _ in range(3))
        self.notifications = Notifications(f"http://{first}", f"http://{second}")
        exporters = [self.exporter.service.address, self.exporter.twin.address]
        self.folder = folder
        (folder / "second").mkdir()
        for each in (folder, folder / "second"):
            write(each, exporters, [self.notifications.service.address], INTERVAL)
        self.alertmanager = Daemon(alertmanager_at(first, folder), folder)
        self.second = Daemon(alertmanager_at(second, folder / "second"), folder / "second")
        self.prometheus = Daemon(prometheus_at(prometheus, folder, resend, [LOOKBACK]), folder)
        self.front = Front(self.prometheus.url)
        self._silences: list[str] = []
        self._forged: list[tuple[str, Mapping[str, str]]] = []

    def servers(self, alertmanagers: Sequence[str], prometheus: str) -> Servers:
        """What the gate is given."""
        return Servers(alertmanagers, self.exporter.service.url, prometheus)

    def set_rules(self, text: str) -> None:
        """Let Prometheus read this rule file."""
        (self.folder / "clickstream.yml").write_text(text, "utf-8")
        self.prometheus.send(signal.SIGHUP)

    def listed(self) -> list[dict[str, Any]]:
        """The alerts of the data set that the first Alertmanager lists. Raises OSError."""
        alerts = get(f"{self.alertmanager.url}/api/v2/alerts")
        return [alert for alert in alerts if alert["labels"].get("dataset") == DATASET]

    def forge(
        self, labels: Mapping[str, str], annotations: Mapping[str, str], seconds: float, url: str | None = None
    ) -> None:
        """Post an alert that ends in so many seconds, or ended before, to the first Alertmanager. Raises OSError."""
        alertmanager = url or self.alertmanager.url
        ends = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        post(f"{alertmanager}/api/v2/alerts", [{"labels": labels, "annotations": annotations, "endsAt": ends}])
        if seconds > 0:
            self._forged.append((alertmanager, labels))

    def silence(self, labels: Mapping[str, str], until: datetime) -> None:
        """Let the first Alertmanager be silent about the alerts with these labels. Raises OSError."""
        silence = {
            "matchers": [{"name": name, "value": value, "isRegex": False} for name, value in labels.items()],
            "startsAt": datetime.now(UTC).isoformat(),
            "endsAt": until.isoformat(),
            "createdBy": "lab",
            "comment": "lab",
        }
        self._silences.append(post(f"{self.alertmanager.url}/api/v2/silences", silence)["silenceID"])

    def start(self) -> None:
        """Let every real server run, and wait until all answer. Raises StackError."""
        for daemon in self.daemons:
            daemon.send(signal.SIGCONT)
            daemon.start()
        for daemon in self.daemons:
            daemon.ready()

    def heal(self) -> None:
        """Undo whatever was done to the bench. Raises OSError and StackError."""
        self.exporter.reset()
        self.notifications.reset()
        self.front.late = timedelta()
        self.start()
        if (self.folder / "clickstream.yml").read_text("utf-8") != rulefile.text():
            self.set_rules(rulefile.text())
        self._end_what_was_posted()

    def _end_what_was_posted(self) -> None:
        for url, labels in self._forged:
            self.forge(labels, {}, -1, url)
        for silence in self._silences:
            delete(f"{self.alertmanager.url}/api/v2/silence/{silence}")
        self._forged.clear()
        self._silences.clear()

    @property
    def daemons(self) -> tuple[Daemon, ...]:
        """The real servers."""
        return self.alertmanager, self.second, self.prometheus

    def close(self) -> None:
        """End everything."""
        for daemon in self.daemons:
            daemon.end()
        for service in (self.exporter.service, self.exporter.twin, self.notifications.service, self.front.service):
            service.stop()


@contextmanager
def running(
    folder: Path, day: Day, resend: str = INTERVAL, prepare: Callable[[Path], None] | None = None
) -> Iterator[Bench]:
    """A bench on this day, for as long as the `with` lasts.

    Prometheus sends an alert again after `resend`, and Alertmanager believes it for four times as long. `prepare`
    may change the files of the servers before they start.
    """
    folder.mkdir(parents=True)
    bench = Bench(folder, resend)
    try:
        bench.exporter.day = day
        if prepare:
            prepare(folder)
        bench.start()
        yield bench
    finally:
        bench.close()
