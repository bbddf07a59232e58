"""Writes the rule file that is shipped: `python -m alerting.mixin`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from alerting.mixin import day_parts, numbers, whole_scrape
from alerting.mixin import messages as say
from alerting.mixin.check import INFO, PIPELINE, Check
from alerting.mixin.checks import CHECKS
from alerting.mixin.expressions import GUARD, STARTED, STATE, Record, is_open, last
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
# All of it is one group, because the rules of a group run one after the other at one timestamp, and the
# certificate at its end vouches for the whole. Things that must stay as they are:
#   - every operator between two vectors names its labels: a mismatch is an empty result and looks healthy;
#   - every number is there for every data set that is judged, NaN where there is none, so that a rule that fails
#     leaves a gap; it is used only where it is one (`> -Inf`), because NaN compares as false, which looks healthy;
#   - alerts look at the last state within 36 hours, so that a restart resolves nothing; no `for`, no `limit`;
#   - the anchor day (lag 0) is never part of its baseline (lags 1 to 7), and no range over the wall clock;
#   - dates, values and snapshots are never labels of an alert that pages: a new label is a new incident.
groups:
- name: clickstream
  rules:
"""

SECTIONS: tuple[tuple[str, Iterable[Record]], ...] = (
    (
        "the snapshot that is judged: one, with every series of its scrape there and none of an older one",
        whole_scrape.SNAPSHOT,
    ),
    ("limits: one a data set, even where two exporters serve it", numbers.LIMITS),
    ("numbers: what the exporter says once, and of the whole anchor day", (*numbers.FRAME, *numbers.WHOLE_DAY)),
    ("numbers: baseline days, and the volumes of the complete hours", (*numbers.BASELINE, *numbers.VOLUMES)),
    ("guards: what drift needs before it may be judged", numbers.DRIFT_GUARDS),
    ("numbers: shares of the anchor day, and against the baseline", numbers.SHARES),
    (
        "numbers: shares of the devices, and how far they move by chance: a few purchases, some of them large\n"
        "  # (1.5 is 1 + the squared variation of the amounts). Without it, 2 of 6 healthy days of a shop with 20\n"
        '  # purchases a day had a "shift".',
        numbers.DEVICES,
    ),
    ("numbers: the wall clock at which the days end, in seconds since midnight, and missing hours", day_parts.DAY_ENDS),
    ("numbers: configured names and amounts that are found on no day", day_parts.NEVER_FOUND),
    ("numbers: what an earlier day has, too", day_parts.REPEATED),
    (
        "numbers: events by device, platform and name, what their usual share makes of them, and chance: they come in\n"
        "  # sessions, about eight at a time, and two of one name; a third of the limit differs from day to day",
        day_parts.SEGMENTS,
    ),
    ("numbers: the median amount of a purchase", day_parts.AMOUNTS),
    ("guards: what else a check may need", numbers.GUARDS),
)

_RECORDS = [rule for _, rules in SECTIONS for rule in rules]
GUARDS = [rule.labels["guard"] for rule in _RECORDS if rule.name == GUARD]
NUMBERS = [rule.name for rule in _RECORDS if rule.name != GUARD]


def _text(text: str) -> str:
    """A YAML scalar of one line."""
    return "'" + text.replace("'", "''") + "'"


def _block(text: str, indent: str) -> str:
    """A YAML scalar, folded where it has several lines."""
    if "\n" not in text:
        return text if not text.startswith(("'", '"', "{")) else _text(text)
    return ">-\n" + "\n".join(f"{indent}{line}" for line in text.splitlines())


def _mapping(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def _record(rule: Record) -> Iterator[str]:
    yield f"  - record: {rule.name}"
    if rule.labels:
        yield f"    labels: {_mapping(rule.labels)}"
    yield f"    expr: {_block(rule.expr, ' ' * 6)}"


def _state(check: Check) -> Record:
    """The state of a check: one series a data set that is judged, whatever is missing."""
    lines = [*check.fires.splitlines(), *(f"and on (dataset) {is_open(guard)}" for guard in check.guards)]
    if check.name in SWITCHABLE:
        lines = ["(", *(f"  {line}" for line in lines), ")"]
        lines.append(f'unless on (dataset) clickstream_switched_off_info{{check="{check.name}"}}')
    inner = "\n".join(f"  {line}" for line in (*lines, f"or on (dataset) {STARTED} * 0 + 2"))
    return Record(STATE, f"(\n{inner}\n)\nand on (dataset) {STARTED}", {"check": check.name})


def _alert(
    name: str, expr: str, labels: Mapping[str, str], annotations: Mapping[str, str], wait: str = ""
) -> Iterator[str]:
    yield f"  - alert: {name}"
    yield f"    expr: {_block(expr, ' ' * 6)}"
    if wait:
        yield f"    for: {wait}"
    yield f"    labels: {_mapping(labels)}"
    yield "    annotations:"
    for key, text in annotations.items():
        yield f"      {key}: {_text(text)}"


def _alerts(check: Check) -> Iterator[str]:
    """The alert of a check: its last state. One that may be an info is two alerts of one name."""
    fires = last(f'{STATE}{{check="{check.name}"}}') + " == 1"
    annotations = {
        "summary": check.summary,
        "description": check.description,
        "day": say.DAY,
        "runbook_url": say.runbook(check.name),
        "dashboard_url": say.DASHBOARD,
        "snapshot": say.SNAPSHOT,
    }
    kinds = {check.severity: fires}
    if check.unless:
        normal = f"{last(check.unless)} == 1"
        kinds = {
            check.severity: f"{fires}\nunless on (dataset) {normal}",
            INFO: f"{fires}\nand on (dataset) {normal}",
        }
    for severity, expr in kinds.items():
        yield from _alert(f"Clickstream{check.name}", expr, {"severity": severity, "tier": check.tier}, annotations)


EVALUATED = "dataset:clickstream_snapshot:evaluated"


def _certificate() -> Iterator[str]:
    evaluated = EVALUATED
    scrape = "dataset:clickstream_scrape:timestamp_seconds"
    checks = len(CHECKS)
    names = "\nor ".join(
        f'label_replace(max by (dataset) (timestamp({name}) == time()), "rule", "{number}", "", "")'
        for number, name in enumerate(NUMBERS, 1)
    )
    yield "  # ---- how many rules of numbers were evaluated at this very time; one that failed left its old ones"
    yield from _record(Record("dataset:clickstream_numbers:evaluated", f"count by (dataset) (\n{names}\n)"))
    yield ""
    yield "  # ---- the certificate: this snapshot was judged, from one whole scrape, at this very time, by all checks"
    yield from _record(
        Record(
            evaluated,
            f"({STARTED} == on (dataset) max by (dataset) (clickstream_snapshot))\n"
            f"and on (dataset) {scrape} == on (dataset) max by (dataset) (timestamp(clickstream_snapshot))\n"
            f"and on (dataset) timestamp({STARTED}) == time()\n"
            f"and on (dataset) dataset:clickstream_numbers:evaluated == {len(NUMBERS)}\n"
            f"and on (dataset) count by (dataset) (timestamp({GUARD}) == time()) == {len(GUARDS)}\n"
            f"and on (dataset) count by (dataset) (timestamp({STATE}) == time()) == {checks}\n"
            "unless on (dataset) dataset:clickstream_series:not_a_number > 0",
        )
    )
    count = say.ask(f"count({STATE}{{dataset=%q}} == 1)")
    yield from _alert(
        "ClickstreamCertificate",
        f"{evaluated} and on (dataset) timestamp({evaluated}) == time()",
        {
            "severity": "none",
            "snapshot": _text('{{ printf "%.0f" $value }}'),
            "checks": f'"{checks}"',
            "firing": _text(f"{{{{ with {count} }}}}{{{{ . | first | value }}}}{{{{ else }}}}0{{{{ end }}}}"),
            "date": _text(say.CERTIFIED_DAY),
        },
        {
            "firing": say.names(f"{STATE}{{dataset=%q}} == 1", "check", between=" "),
            "switched_off": say.names(f"{STATE}{{dataset=%q}} == 2", "check", between=" "),
        },
    )


_SERVED = "last_over_time(clickstream_exporter_build_info[36h])"
"""The targets that have been exporters, whatever their job is called."""

PLUMBING = """
# What is down cannot certify itself: these stand outside the certificate.
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


def _plumbing() -> Iterator[str]:
    labels = {"severity": "critical", "tier": PIPELINE}
    yield PLUMBING
    yield from _alert(
        "ClickstreamRefreshFailing",
        "last_over_time(dataset:clickstream_refresh:failing[36h]) == 1",
        labels,
        {
            "summary": "Refresh failing: the numbers of data set {{ $labels.dataset }} are no longer renewed",
            "description": "The last refresh failed, or the last that succeeded is more than three intervals ago; "
            "the exporter's log has the reason. What is served is the last snapshot.",
            "runbook_url": say.runbook("RefreshFailing"),
            "dashboard_url": say.EXPORTER_DASHBOARD,
        },
    )
    yield "  # Ten minutes: a restart is no incident, and a shorter `for` would resolve and page again after one."
    yield from _alert(
        "ClickstreamExporterDown",
        f"up == 0 and on (job, instance) {_SERVED}\nor absent(up and on (job, instance) {_SERVED})",
        labels,
        {
            "summary": 'Exporter down: no metrics from {{ or $labels.instance "any instance" }}',
            "description": "Prometheus has not been able to scrape the exporter for ten minutes: nothing is judged.",
            "runbook_url": say.runbook("ExporterDown"),
            "dashboard_url": say.EXPORTER_DASHBOARD,
        },
        wait="10m",
    )


def _not_judged() -> Iterator[str]:
    """The alert that a data set is served and nothing of it is judged: the pager would be silent whatever happens."""
    served = "max by (dataset) (clickstream_exporter_refresh_success or clickstream_snapshot or clickstream_series)"
    yield "  # Ten minutes: after a restart, and when a scrape falls between two rules, there is none either."
    yield from _alert(
        "ClickstreamNotJudged",
        f"{served}\nunless on (dataset) {EVALUATED}",
        {"severity": "critical", "tier": PIPELINE},
        {
            "summary": "Not judged: no check of data set {{ $labels.dataset }} is evaluated, so no alert can fire",
            "description": f"For ten minutes the rules have certified nothing. {say.WHY_NOT_JUDGED}",
            "runbook_url": say.runbook("NotJudged"),
            "dashboard_url": say.EXPORTER_DASHBOARD,
        },
        wait="10m",
    )


def render() -> str:
    """The text of the rule file."""
    lines = []
    for title, rules in SECTIONS:
        lines += [f"  # ---- {title}", *(line for rule in rules for line in _record(rule)), ""]
    lines += ["  # ---- states: one series a check and data set, whatever is missing"]
    lines += [line for check in CHECKS for line in _record(_state(check))]
    lines += ["", "  # ---- alerts"]
    lines += [line for check in CHECKS for line in _alerts(check)]
    lines += ["", *_certificate(), *_plumbing(), *_not_judged()]
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), "utf-8")
