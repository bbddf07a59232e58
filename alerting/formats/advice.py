"""The next steps after a verdict that could not be proven."""

from __future__ import annotations

from alerting.gate.verdict import Verdict

_RULES = "Load the rule file of this release, alerting/rules/clickstream.yml, into Prometheus."
_TARGET = "Have Prometheus scrape the exporter, as alerting/prometheus.yml does."

_OTHER = (
    "Name the Prometheus that sends to Alertmanager with --prometheus.url; if it is this one, find the other sender."
)

ADVICE = {
    "no Alertmanager answered": "Start Alertmanager, or give its address with --alertmanager.url.",
    "the exporter did not refresh": "Start the exporter, or give its address with --exporter.url.",
    "the refresh of data set": "Fix what the exporter reports, see alerting/runbooks/RefreshFailing.md.",
    "requested": "Load the day that was requested, or request the newest one.",
    "Prometheus does not answer": "Start Prometheus, or give its address with --prometheus.url.",
    "Prometheus has no rule group": _RULES,
    "rules of the group": _RULES,
    "the loaded rules have": _RULES,
    "Prometheus cannot scrape": _TARGET,
    "Prometheus has no target": _TARGET,
    "different snapshots of": "Have all exporters of a data set read the same files with the same configuration.",
    "a relabeling may": "Have metric_relabel_configs keep every series of the exporter unchanged.",
    "Prometheus sends to no Alertmanager": "Configure Alertmanager in Prometheus, as alerting/prometheus.yml does.",
    "the clock of Prometheus": "Synchronize the clocks: an alert that has ended by Alertmanager's clock is dropped.",
    "Prometheus may take": "Allow the time that the reason names, or leave out --timeout.",
    "query_offset: 0s": "Change the rule file as the reason says, and reload Prometheus.",
    "forgets a series after": "Start Prometheus with the flag that the reason names.",
    "contradicts Alertmanager": _OTHER,
    "has no certificate of": _OTHER,
    "another sender posts to Alertmanager": "Find out who else posts to Alertmanager: amtool alert query.",
}
"""Part of a reason that the gate gives -> what to do about it."""

OTHERWISE = "Allow more time with --timeout; if that is not enough, see alerting/runbooks/RefreshFailing.md."
LAST = "Then run the same command again. Until it prints PASS, do not trust the data."


def advice(verdict: Verdict) -> list[str]:
    """The next steps for an unknown verdict, in the order of its reasons."""
    steps = [step for missing in verdict.missing for phrase, step in ADVICE.items() if phrase in missing]
    return [*(dict.fromkeys(steps) or [OTHERWISE]), LAST]
