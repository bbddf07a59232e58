"""Writes the shipped rules, and the fragment for an Alertmanager that exists: `python -m alerting.mixin`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from alerting.mixin import (
    baselines,
    contributors,
    day_parts,
    drops,
    fragment,
    guards,
    lost,
    numbers,
    shares,
    spikes,
    switched_off,
    watched,
    whole_scrape,
)
from alerting.mixin.certificate import certificate, judged
from alerting.mixin.check import INFO, Check
from alerting.mixin.checks import CHECKS
from alerting.mixin.emit import alert, record
from alerting.mixin.expressions import INFORMATIONAL, STARTED, STATE, Record, is_open, last
from alerting.mixin.messages import DASHBOARD, DAY, OWNER, ROUTING, SNAPSHOT, runbook
from alerting.mixin.plumbing import plumbing
from exporter.config.checks import CHECKS as SWITCHABLE

PATH = Path(__file__).parents[1] / "rules" / "clickstream.yml"

HEADER = """\
# What the gauges of clickstream-exporter mean for today's data: numbers, states, alerts, a certificate.
# Written by `make rules` from alerting/mixin/: change it there.
#
#   numbers   dataset:clickstream_<x>:day                                  volumes of the whole anchor day
#             dataset:clickstream_<x>:anchor | baseline                    volumes over the complete hours
#             dataset:clickstream_<x>:ratio                                shares of the anchor day, 0 to 1
#             dataset:clickstream_<x>:comparable_ratio | baseline_ratio    shares over the complete hours
#             dataset:clickstream_<x>:expected                             what this weekday brings
#             dataset:clickstream_<x>:increase | drop_ratio | rise_ratio   how far they are apart
#             dataset:clickstream_<x>:noise | least_drop_ratio             how far apart they must be
#   guards    dataset:clickstream_guard:open{guard}                        1 open, 0 closed
#   states    dataset:clickstream_check:state{check}                       0 in order, 1 firing, 2 switched off
#   alerts    state == 1, nothing more
#
# All rules are in one group, because the rules of a group run in sequence at one timestamp, and the certificate at
# the end vouches for all of them. What must stay as it is:
#   - every operator between two vectors names its labels: a mismatch gives an empty result, which looks healthy;
#   - every number has a sample for every data set that is judged, NaN where it cannot be measured, so that a rule that
#     fails leaves a gap; `> -Inf` drops NaN before each use, because NaN compares as false, which looks healthy;
#   - alerts use the last state within 36 hours, so that a restart resolves nothing; no `for`, no `limit`;
#   - the anchor day (lag 0) is never part of its baseline (lags 1 to 7, or 28), and no range depends on the clock;
#   - dates, values and snapshots are annotations, never labels of an alert that pages: a new label is a new incident.
groups:
- name: clickstream
  rules:
"""

SECTIONS: tuple[tuple[str, Iterable[Record]], ...] = (
    (
        "the snapshot that is judged: only one, with all series of its scrape and none of an older one",
        whole_scrape.SNAPSHOT,
    ),
    ("limits: one for each data set, even where two exporters serve it", numbers.LIMITS),
    (
        "numbers: of the data set, and of the whole anchor day",
        (*numbers.FRAME, *numbers.WHOLE_DAY),
    ),
    ("numbers: baseline days, and the volumes of the complete hours", (*baselines.BASELINE, *baselines.VOLUMES)),
    ("guards: the minimum that a comparison with the baseline needs", guards.DRIFT_GUARDS),
    (
        "numbers: shares of the anchor day, their distance from the baseline, and how far they vary by chance\n"
        "  # and from day to day",
        shares.SHARES,
    ),
    (
        "numbers: shares of the devices, and how far they vary by chance: purchases are few, and some are large,\n"
        "  # which the 4 allows for. Without this, 2 of 6 healthy days of a shop with 20 purchases a day had a shift",
        shares.DEVICES,
    ),
    (
        "numbers: what this weekday brings, how far off a day usually is, and what chance explains",
        drops.DROPS,
    ),
    ("numbers: volumes of which nearly all is lost for days", lost.VOLUMES),
    ("numbers: spikes of the revenue", spikes.SPIKES),
    ("numbers: the wall clock at which the days end, in seconds since midnight, and missing hours", day_parts.DAY_ENDS),
    ("numbers: configured names and amounts that no day has", day_parts.NEVER_FOUND),
    ("numbers: what the anchor day has in common with earlier days", day_parts.REPEATED),
    (
        "numbers: events by device, platform and name, what their usual share predicts, and how far they vary by\n"
        "  # chance: events come in sessions of about eight, two of them with the same name, and shares differ from\n"
        "  # day to day by about a third of the limit",
        day_parts.SEGMENTS,
    ),
    (
        "numbers: the share of events that carry each watched field, and how far it varies by chance and from day to\n"
        "  # day: events come two at a time",
        watched.FIELDS,
    ),
    ("numbers: the median amount of a purchase", day_parts.AMOUNTS),
    ("guards: the minimums of single checks", guards.GUARDS),
)

_RECORDS = [rule for _, rules in SECTIONS for rule in rules]


def _state(check: Check) -> Record:
    """The state of a check: one series for each data set that is judged, whatever is missing."""
    lines = [*check.fires.splitlines(), *(f"and on (dataset) {is_open(guard)}" for guard in check.guards)]
    if check.name in SWITCHABLE:
        lines = ["(", *(f"  {line}" for line in lines), ")"]
        lines.append(f'unless on (dataset) clickstream_switched_off_info{{check="{check.name}"}}')
    inner = "\n".join(f"  {line}" for line in (*lines, f"or on (dataset) {STARTED} * 0 + 2"))
    return Record(STATE, f"(\n{inner}\n)\nand on (dataset) {STARTED}", {"check": check.name})


def _informational() -> Record:
    """Which checks, if they fire, only inform: 1 or 0."""
    each = [
        f'label_replace({check.info_where}, "check", "{check.name}", "", "")' for check in CHECKS if check.info_where
    ]
    found = "\nor on (dataset, check) ".join(["max by (dataset, check) (clickstream_known_check_info)", *each])
    some = "|".join(check.name for check in CHECKS if check.may_be_info)
    return Record(
        INFORMATIONAL,
        f"(\n{found}\n) * 0 + 1\nand on (dataset, check) {STATE}\n"
        f'or on (dataset, check) {STATE}{{check=~"{some}"}} * 0',
    )


def _alerts(check: Check) -> Iterator[str]:
    """The alert of a check: its last state. A check that may be an info has two alerts of one name."""
    fires = last(f'{STATE}{{check="{check.name}"}}') + " == 1"
    further = {
        "day": DAY,
        "owner": OWNER,
        "runbook_url": runbook(check.name),
        "dashboard_url": DASHBOARD,
        "snapshot": SNAPSHOT,
    }
    kinds = {check.severity: (fires, check.annotations())}
    if check.may_be_info:
        informs = last(f'{INFORMATIONAL}{{check="{check.name}"}}') + " == 1"
        kinds = {
            check.severity: (f"{fires}\nunless on (dataset) {informs}", check.annotations()),
            INFO: (f"{fires}\nand on (dataset) {informs}", check.annotations(as_info=True)),
        }
    for severity, (expr, sentences) in kinds.items():
        labels = {"severity": severity, "tier": check.tier} | ROUTING
        yield from alert(f"Clickstream{check.name}", expr, labels, sentences | further)


_AFTER_STATES = (_informational(), *contributors.CONTRIBUTORS, *switched_off.REASONS)


def render() -> str:
    """The text of the rule file."""
    lines = []
    for title, rules in SECTIONS:
        lines += [f"  # ---- {title}", *(line for rule in rules for line in record(rule)), ""]
    lines += ["  # ---- states: one series for each check and data set, whatever is missing"]
    lines += [line for check in CHECKS for line in record(_state(check))]
    lines += [
        "",
        "  # ---- which checks only inform, what explains a drop, and which guards switch off which checks",
    ]
    lines += [line for rule in _AFTER_STATES for line in record(rule)]
    lines += ["", *judged([*_RECORDS, *_AFTER_STATES])]
    lines += ["", "  # ---- alerts"]
    lines += [line for check in CHECKS for line in _alerts(check)]
    lines += ["", *certificate(), *plumbing()]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), "utf-8")
    fragment.write()
