"""Servers that end, hang, are slow or speak to nobody."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

from faults import fault
from trial import Trial

NOTIFICATIONS = "otification"
"""What a reason must name when notifications do not arrive."""


@fault("V14")
def none(_trial: Trial) -> None:
    """Nothing."""


@fault("V1")
def alertmanager_restarted(trial: Trial) -> None:
    """It ends and starts again after a second at most."""
    trial.bench.alertmanager.end()
    time.sleep(trial.rng.uniform(0, 1))
    trial.bench.alertmanager.start()


@fault("V1")
def alertmanager_killed(trial: Trial) -> None:
    """It is killed and starts again after a second at most."""
    trial.bench.alertmanager.kill()
    time.sleep(trial.rng.uniform(0, 1))
    trial.bench.alertmanager.start()


@fault("V1", "no Alertmanager answered .*connection refused")
def alertmanager_gone(trial: Trial) -> None:
    """It ends for good."""
    trial.bench.alertmanager.end()


@fault("V1", "no Alertmanager answered .*timed out")
def alertmanager_frozen(trial: Trial) -> None:
    """It hangs."""
    trial.bench.alertmanager.send(signal.SIGSTOP)


@fault("V2", seconds=25.0)
def prometheus_restarted(trial: Trial) -> None:
    """It ends and starts again; it then needs five seconds to find its targets."""
    trial.bench.prometheus.end()
    trial.bench.prometheus.start()


@fault("V2", seconds=25.0)
def prometheus_killed(trial: Trial) -> None:
    """It is killed and starts again; it then needs five seconds to find its targets."""
    trial.bench.prometheus.kill()
    trial.bench.prometheus.start()


@fault("V2", "Prometheus does not answer.*connection refused")
def prometheus_gone(trial: Trial) -> None:
    """It is killed for good."""
    trial.bench.prometheus.kill()


@fault("V2", "Prometheus does not answer.*timed out")
def prometheus_frozen(trial: Trial) -> None:
    """It hangs."""
    trial.bench.prometheus.send(signal.SIGSTOP)


@fault("V3")
def exporter_gone_briefly(trial: Trial) -> None:
    """It refuses connections for a second or two."""
    trial.bench.exporter.service.stop()
    time.sleep(trial.rng.uniform(1, 2))
    trial.bench.exporter.service.start()


@fault("V3", "cannot scrape http://.*/metrics")
def exporter_gone(trial: Trial) -> None:
    """It refuses connections for good once it has answered the refresh."""
    _await_refresh(trial)
    trial.bench.exporter.service.stop()


@fault("V3", "cannot scrape http://.*/metrics.* deadline exceeded")
def exporter_hangs(trial: Trial) -> None:
    """Scrapes time out once it has answered the refresh."""
    _await_refresh(trial)
    trial.bench.exporter.delay = lambda: 3.0


def _await_refresh(trial: Trial) -> None:
    while trial.bench.exporter.told != trial.after.snapshot and not trial.over.wait(0.01):
        pass


@fault("V6")
def slow_scrape(trial: Trial) -> None:
    """Every scrape takes 0.3 to 0.9 seconds, so that some end while the rules run."""
    rng = random.Random(trial.rng.random())
    trial.bench.exporter.delay = lambda: rng.uniform(0.3, 0.9)


@fault("V3", "has snapshot {before}", hides=True)
def stale_exporter(trial: Trial) -> None:
    """It answers the refresh with the new snapshot and serves the old one."""
    trial.bench.exporter.shown = trial.before


@fault("V4")
def notifications_dropped_once(trial: Trial) -> None:
    """The next notification is lost."""
    left = iter([True])
    _lose(trial, lambda: next(left, False))


@fault("V4", NOTIFICATIONS)
def notifications_dropped_often(trial: Trial) -> None:
    """Half of the notifications are lost."""
    rng = random.Random(trial.rng.random())
    _lose(trial, lambda: rng.random() < 0.5)


@fault("V4", NOTIFICATIONS)
def notifications_dropped_all(trial: Trial) -> None:
    """All notifications are lost."""
    _lose(trial, lambda: True)


def _lose(trial: Trial, lose: Callable[[], bool]) -> None:
    """Lose notifications, with an error or with a lie."""
    notifications = trial.bench.notifications
    notifications.lost_status = trial.rng.choice([200, 500])
    trial.note = f"(answer {notifications.lost_status})"
    notifications.lose = lose


@fault("V9", second=True)
def second_alertmanager_down(trial: Trial) -> None:
    """The second Alertmanager is killed."""
    trial.bench.second.kill()


@fault("V9", seconds=25.0, second=True)
def second_alertmanager_frozen(trial: Trial) -> None:
    """The second Alertmanager hangs: Prometheus waits ten seconds for it before the next alerts go to the first."""
    trial.bench.second.send(signal.SIGSTOP)
