"""Writes the rule file that is shipped: `python -m alerting.mixin`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from alerting.mixin import baselines, day_parts, guards, numbers, shares, whole_scrape
from alerting.mixin.certificate import certificate
from alerting.mixin.check import INFO, Check
from alerting.mixin.checks import CHECKS
from alerting.mixin.emit import alert, record
from alerting.mixin.expressions import STARTED, STATE, Record, is_open, last
from alerting.mixin.messages import DASHBOARD, DAY, SNAPSHOT, runbook
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
#             dataset:clickstream_<x>:increase | drop_ratio | rise_ratio   how far they are apart
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
#   - the anchor day (lag 0) is never part of its baseline (lags 1 to 7), and no range depends on the clock;
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
    ("numbers: shares of the anchor day, and their distance from the baseline", shares.SHARES),
    (
        "numbers: shares of the devices, and how far they vary by chance: purchases are few, and some are large\n"
        "  # (1.5 is 1 + the squared coefficient of variation of the amounts). Without this allowance, 2 of 6 healthy\n"
        "  # days of a shop with 20 purchases a day had a shift",
        shares.DEVICES,
    ),
    ("numbers: the wall clock at which the days end, in seconds since midnight, and missing hours", day_parts.DAY_ENDS),
    ("numbers: configured names and amounts that no day has", day_parts.NEVER_FOUND),
    ("numbers: what the anchor day has in common with earlier days", day_parts.REPEATED),
    (
        "numbers: events by device, platform and name, what their usual share predicts, and how far they vary by\n"
        "  # chance: events come in sessions of about eight, two of them with the same name, and shares differ from\n"
        "  # day to day by about a third of the limit",
        day_parts.SEGMENTS,
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


def _alerts(check: Check) -> Iterator[str]:
    """The alert of a check: its last state. A check that may be an info has two alerts of one name."""
    fires = last(f'{STATE}{{check="{check.name}"}}') + " == 1"
    annotations = {
        **check.annotations(),
        "day": DAY,
        "runbook_url": runbook(check.name),
        "dashboard_url": DASHBOARD,
        "snapshot": SNAPSHOT,
    }
    kinds = {check.severity: fires}
    if check.unless:
        normal = f"{last(check.unless)} == 1"
        kinds = {
            check.severity: f"{fires}\nunless on (dataset) {normal}",
            INFO: f"{fires}\nand on (dataset) {normal}",
        }
    for severity, expr in kinds.items():
        yield from alert(f"Clickstream{check.name}", expr, {"severity": severity, "tier": check.tier}, annotations)


def render() -> str:
    """The text of the rule file."""
    lines = []
    for title, rules in SECTIONS:
        lines += [f"  # ---- {title}", *(line for rule in rules for line in record(rule)), ""]
    lines += ["  # ---- states: one series for each check and data set, whatever is missing"]
    lines += [line for check in CHECKS for line in record(_state(check))]
    lines += ["", "  # ---- alerts"]
    lines += [line for check in CHECKS for line in _alerts(check)]
    lines += ["", *certificate(_RECORDS), *plumbing()]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), "utf-8")
