"""The certificate: an alert that always fires, and names the snapshot that all rules have judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

from alerting.mixin.checks import CHECKS
from alerting.mixin.emit import alert, record
from alerting.mixin.expressions import GUARD, STARTED, STATE, Record
from alerting.mixin.messages import CERTIFIED_DAY, label_values, query

JUDGED = "dataset:clickstream_snapshot:judged"
EVALUATED = "dataset:clickstream_snapshot:evaluated"
_NUMBERS_EVALUATED = "dataset:clickstream_numbers:evaluated"
_SCRAPE = "dataset:clickstream_scrape:timestamp_seconds"


def judged(records: Sequence[Record]) -> Iterator[str]:
    """The lines before the alerts: the snapshot if these rules of numbers and guards, and all states, are of now."""
    numbers = [rule.name for rule in records if rule.name != GUARD]
    guards = [rule for rule in records if rule.name == GUARD]
    names = "\n+ on (dataset) ".join(f"min by (dataset) (timestamp({name}) == bool time())" for name in numbers)
    yield "  # ---- how many rules of numbers were evaluated right now: one that failed left its old samples"
    yield from record(Record(_NUMBERS_EVALUATED, names))
    yield ""
    yield "  # ---- the snapshot that all numbers, guards and states are of: an alert names no other"
    yield from record(
        Record(
            JUDGED,
            f"{STARTED}\n"
            f"and on (dataset) timestamp({STARTED}) == time()\n"
            f"and on (dataset) {_NUMBERS_EVALUATED} == {len(numbers)}\n"
            f"and on (dataset) count by (dataset) (timestamp({GUARD}) == time()) == {len(guards)}\n"
            f"and on (dataset) count by (dataset) (timestamp({STATE}) == time()) == {len(CHECKS)}",
        )
    )


def certificate() -> Iterator[str]:
    """The lines of the certificate, which vouches for all numbers, guards and checks."""
    yield "  # ---- the certificate: this snapshot was judged, from one complete scrape, right now, by all checks"
    yield from record(
        Record(
            EVALUATED,
            f"({JUDGED} == on (dataset) max by (dataset) (clickstream_snapshot))\n"
            f"and on (dataset) {JUDGED} == on (dataset) min by (dataset) (clickstream_snapshot)\n"
            f"and on (dataset) timestamp({JUDGED}) == time()\n"
            f"and on (dataset) {_SCRAPE} == on (dataset) max by (dataset) (timestamp(clickstream_snapshot))\n"
            "unless on (dataset) dataset:clickstream_gauges:not_a_number > 0",
        )
    )
    yield from _alert()


def _alert() -> Iterator[str]:
    count = query(f"count({STATE}{{dataset=%q}} == 1)")
    yield from alert(
        "ClickstreamCertificate",
        f"{EVALUATED} and on (dataset) timestamp({EVALUATED}) == time()",
        {
            "severity": "none",
            "snapshot": '{{ printf "%.0f" $value }}',
            "checks": str(len(CHECKS)),
            "release": version("clickstream-exporter"),
            "firing": f"{{{{ with {count} }}}}{{{{ . | first | value }}}}{{{{ else }}}}0{{{{ end }}}}",
            "date": CERTIFIED_DAY,
        },
        {
            "firing": label_values(f"{STATE}{{dataset=%q}} == 1", "check", between=" "),
            "switched_off": label_values(f"{STATE}{{dataset=%q}} == 2", "check", between=" "),
        },
    )
