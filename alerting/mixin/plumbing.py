"""The alerts outside the certificate: what is down cannot certify itself."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin.certificate import EVALUATED
from alerting.mixin.check import PIPELINE
from alerting.mixin.emit import alert
from alerting.mixin.messages import EXPORTER_DASHBOARD, WHY_NOT_JUDGED, runbook

_SERVED = "last_over_time(clickstream_exporter_build_info[36h])"
"""The targets that have been exporters, whatever their job is called."""

_LABELS = {"severity": "critical", "tier": PIPELINE}

_GROUP = """
# Outside the certificate: what is down cannot certify itself.
- name: clickstream_exporter
  rules:
  - record: dataset:clickstream_refresh:failing
    expr: >-
      (1 - min by (dataset) (clickstream_exporter_refresh_success)
        + on (dataset)
        (
          time() - max by (dataset) (clickstream_exporter_last_refresh_timestamp_seconds)
            > bool on (dataset) (3 * max by (dataset) (clickstream_exporter_refresh_interval_seconds))
          or on (dataset) min by (dataset) (clickstream_exporter_refresh_success) * 0
        )
      ) > bool 0"""


def plumbing() -> Iterator[str]:
    """The lines of the second group."""
    yield _GROUP
    yield from _alert(
        "RefreshFailing",
        "last_over_time(dataset:clickstream_refresh:failing[36h]) == 1",
        "Refresh failing: the numbers of data set {{ $labels.dataset }} are no longer renewed",
        "The last refresh failed, or the last successful one is more than three intervals ago; the exporter's log has "
        "the reason. The last snapshot is still served.",
    )
    yield "  # Ten minutes: a restart is no incident, and a shorter `for` would resolve and page again after one."
    yield from _alert(
        "ExporterDown",
        f"up == 0 and on (job, instance) {_SERVED}\nor absent(up and on (job, instance) {_SERVED})",
        'Exporter down: no metrics from {{ or $labels.instance "any instance" }}',
        "Prometheus has not been able to scrape the exporter for ten minutes, so nothing is judged.",
        wait="10m",
    )
    yield "  # A data set that is served but not judged could not page. Ten minutes, because there is no certificate"
    yield "  # right after a restart either, nor when a scrape comes between two rules."
    served = "max by (dataset) (clickstream_exporter_refresh_success or clickstream_snapshot or clickstream_series)"
    yield from _alert(
        "NotJudged",
        f"{served}\nunless on (dataset) {EVALUATED}",
        "Not judged: no check of data set {{ $labels.dataset }} is evaluated, so no alert can fire",
        f"The rules have certified nothing for ten minutes. {WHY_NOT_JUDGED}",
        wait="10m",
    )


def _alert(name: str, expr: str, summary: str, description: str, wait: str = "") -> Iterator[str]:
    links = {"runbook_url": runbook(name, of_any=True), "dashboard_url": EXPORTER_DASHBOARD}
    yield from alert(
        f"Clickstream{name}", expr, _LABELS, {"summary": summary, "description": description, **links}, wait
    )
