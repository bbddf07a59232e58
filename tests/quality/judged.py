"""What the shipped rules find in simulated days: a real Prometheus for every batch."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alerting.simulate.served import serving
from exporter.gauges.snapshot import Snapshot
from tests.quality.served import exposition
from tests.support.judging import CERTIFICATE, STATE, ask, first_cycle, prometheus

FIRING = 'ALERTS{alertname!="ClickstreamCertificate",alertstate="firing"}'


@dataclass(frozen=True)
class Verdict:
    """What the rules found in a data set: the state of each check, and the severity of each alert that fires."""

    states: Mapping[str, int]
    alerts: Mapping[str, str]

    def has(self, check: str, *severities: str) -> bool:
        """Whether the alert of the check fires with one of the severities."""
        return self.alerts.get(check) in severities


def judge(batch: Sequence[Snapshot], program: Path) -> list[Verdict]:
    """What the rules find in each of the snapshots, all of which must be certified."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(exposition(batch)) as target,
        prometheus(program, Path(folder), target) as (url, process),
    ):
        at = first_cycle(url, process)
        states, alerts, certificates = (
            ask(url, f"{which} and timestamp({which}) == {at!r}", at) for which in (STATE, FIRING, CERTIFICATE)
        )
    certified = {labels["dataset"]: labels["snapshot"] for labels, _ in certificates}
    assert certified == {each.dataset: str(each.number) for each in batch}
    by_state: dict[str, dict[str, int]] = {each.dataset: {} for each in batch}
    by_alert: dict[str, dict[str, str]] = {each.dataset: {} for each in batch}
    for labels, value in states:
        by_state[labels["dataset"]][labels["check"]] = int(value)
    for labels, _ in alerts:
        by_alert[labels["dataset"]][labels["alertname"].removeprefix("Clickstream")] = labels["severity"]
    return [Verdict(by_state[each.dataset], by_alert[each.dataset]) for each in batch]
