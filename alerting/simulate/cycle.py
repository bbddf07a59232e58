"""One scrape of an exposition and one evaluation of the shipped rules, by a Prometheus and an Alertmanager."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

from alerting.gate.proof import UnprovenError, proven
from alerting.gate.verdict import Subject, Verdict, unknown
from alerting.gate.witness import Prometheus
from alerting.http.alertmanager import Listing, listing
from alerting.http.client import Client, FetchError
from alerting.http.shape import ShapeError
from alerting.simulate.served import serving
from alerting.stack import stack
from alerting.stack.stack import StackError
from alerting.stack.watchdog import watchdog

SOON, NEVER = "10s", "10m"
"""Between two scrapes, until the first is over and after it: a cycle during which a scrape ends certifies nothing."""

SAFE = 9.0
"""Seconds since a scrape began in which the next one does not: the change to NEVER would break that off."""

CYCLES, RESEND = "1s", "8s"
"""Between two cycles of the rules, and until an alert is sent again.

For up to five seconds after its configuration was read, Prometheus knows no Alertmanager, and what it sends is lost.
Alertmanager keeps an alert for four times RESEND from the start of a cycle: one that takes longer proves nothing.
"""

POLL = 0.3
"""Seconds between two requests."""

REQUEST = 20.0
"""Seconds for one request: the alerts of a batch are megabytes."""


@dataclass(frozen=True)
class Cycle:
    """A Prometheus that scrapes an exposition at `target` without judging it yet, and its Alertmanager."""

    folder: Path
    target: str
    prometheus: str
    alertmanager: str
    processes: Mapping[str, Popen[bytes]]

    def verdicts(self, subjects: Iterable[Subject], timeout: float) -> dict[Subject, Verdict]:
        """The verdict about each subject once all is scraped, unknown where it is not proven within `timeout` seconds.

        Raises StackError.
        """
        deadline = time.monotonic() + timeout
        self._reload(NEVER, rules=True)
        open_: dict[Subject, str] = dict.fromkeys(subjects, "Alertmanager lists nothing")
        found: dict[Subject, Verdict] = {}
        while open_ and time.monotonic() < deadline:
            time.sleep(POLL)
            with suppress(FetchError):
                listed = listing(Client(), f"http://{self.alertmanager}", REQUEST)
                for subject in list(open_):
                    try:
                        found[subject] = _proven(listed, subject)
                        del open_[subject]
                    except UnprovenError as error:
                        open_[subject] = str(error)
            if open_ and not self._finds("up == 1", otherwise=True):  # the scrape was broken off
                self._reload(SOON, rules=False)
                self.scrape(deadline - time.monotonic())
                self._reload(NEVER, rules=True)
        return found | {each: unknown(each, f"{why} within {timeout:g} s") for each, why in open_.items()}

    def scrape(self, timeout: float) -> None:
        """Scrape once, and nothing from then on. Raises StackError if that lasts more than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self._finds(f"time() - timestamp(up == 1) < {SAFE:g}", otherwise=False):
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise StackError(f"{name}: exited with code {process.returncode}")
            if time.monotonic() > deadline:
                raise StackError("prometheus: nothing was scraped in time")
            time.sleep(POLL)
        self._reload(NEVER, rules=False)

    def write(self, scrapes: str, *, rules: bool) -> None:
        """Write the configuration of the servers."""
        stack.write(self.folder, [self.target], [self.alertmanager], CYCLES, scrapes=scrapes, rules=rules)

    def _finds(self, query: str, *, otherwise: bool) -> bool:
        """Whether the query finds anything; `otherwise` if Prometheus does not answer it."""
        prometheus = Prometheus(Client(), f"http://{self.prometheus}", REQUEST)
        try:
            return bool(prometheus.data(f"query?query={quote(query)}")["result"])
        except (FetchError, KeyError, ShapeError):
            return otherwise

    def _reload(self, scrapes: str, *, rules: bool) -> None:
        self.write(scrapes, rules=rules)
        self.processes["prometheus"].send_signal(signal.SIGHUP)


def _proven(listed: Listing, subject: Subject) -> Verdict:
    """The verdict that is proven. Raises UnprovenError."""
    always = {listed.url: datetime.min.replace(tzinfo=UTC)}  # all that this Alertmanager ever had is of this cycle
    return proven(listed, always, subject).verdict


@contextmanager
def cycle(folder: Path, exposition: bytes) -> Iterator[Cycle]:
    """Start the servers, and stop them at the end. Raises ServerError when a program is missing."""
    with ExitStack() as exits:
        target = exits.enter_context(serving(exposition))
        prometheus, alertmanager = stack.free_address(), stack.free_address()
        processes: dict[str, Popen[bytes]] = {}
        made = Cycle(folder, target, prometheus, alertmanager, processes)
        made.write(SOON, rules=False)
        pipe = exits.enter_context(watchdog())
        for server in (stack.alertmanager_at(alertmanager, folder), stack.prometheus_at(prometheus, folder, RESEND)):
            processes[server.name] = exits.enter_context(stack.of_server(server, folder, pipe))
        yield made
