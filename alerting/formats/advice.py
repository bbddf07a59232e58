"""What to do about a verdict that could not be proven."""

from __future__ import annotations

from alerting.gate.verdict import Verdict

_RULES = "Let Prometheus load the rule file of this release, alerting/rules/clickstream.yml."
_TARGET = "Let Prometheus scrape the exporter, as alerting/prometheus.yml does."

_OTHER = "Name the Prometheus that sends to Alertmanager: --prometheus.url; if it is this one, look who else sends."

ADVICE = {
    "no Alertmanager answered": "Start Alertmanager, or name the one that runs: --alertmanager.url.",
    "the exporter did not refresh": "Start the exporter, or name the one that runs: --exporter.url.",
    "the refresh of data set": "Mend what the exporter names; alerting/runbooks/RefreshFailing.md helps.",
    "asked for": "Load what was asked for, or ask for what is there.",
    "Prometheus does not answer": "Start Prometheus, or name the one that runs: --prometheus.url.",
    "Prometheus has no rule group": _RULES,
    "rules of the group": _RULES,
    "the rules that are loaded have": _RULES,
    "Prometheus cannot scrape": _TARGET,
    "Prometheus has no target": _TARGET,
    "different snapshots of": "Let all exporters of a data set read the same files with the same configuration.",
    "a relabeling may": "Let metric_relabel_configs keep every series of the exporter as it is.",
    "Prometheus sends to no Alertmanager": "Name Alertmanager in Prometheus' configuration, as alerting/prometheus.yml "
    "does.",
    "the clock of Prometheus": "Set the clocks: an alert that ended by another clock is dropped.",
    "contradicts Alertmanager": _OTHER,
    "has no certificate of": _OTHER,
    "someone else posts to Alertmanager": "Look who posts to Alertmanager besides Prometheus: amtool alert query.",
}
"""What the gate says is missing, in part -> what to do about it."""

OTHERWISE = "Give it more time with --timeout; alerting/runbooks/RefreshFailing.md helps where that is not enough."
LAST = "Then run the same command again. Until it says PASS, nothing is known of the data."


def advice(verdict: Verdict) -> list[str]:
    """The next steps for an unknown verdict, in the order of what is missing."""
    said = [step for missing in verdict.missing for phrase, step in ADVICE.items() if phrase in missing]
    return [*(dict.fromkeys(said) or [OTHERWISE]), LAST]
