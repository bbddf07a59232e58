"""The certificate: what the rules have judged of which snapshot, and when they say nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from alerting import rulefile
from exporter.config.checks import CHECKS as SWITCHABLE
from tests.support import generations
from tests.support.day_cases import CASES, SNAPSHOT, served
from tests.support.generations import NEWEST_ALONE, Generation
from tests.support.promtool import STATE, alert, alerts, certificate, expression, group, promtool, scraped

GUARD = "dataset:clickstream_guard:open"
JUDGED = "dataset:clickstream_snapshot:judged"


def test_certificate_is_withheld(generation: Generation, tmp_path: Path) -> None:
    """Series that are missing or left over are not judged, and what is not judged has no certificate."""
    whole = served({})
    scrapes = {
        "healthy": whole,
        "one-missing": whole | {"clickstream_series": len(whole) + 1},
        "one-left-over": whole | {"clickstream_series": len(whole) - 1},
        "counted-twice": whole | {'clickstream_series{copy="1"}': 1},
        "a-gauge-counted-twice": whole | {'clickstream_gauge_series{copy="1",gauge="clickstream_events"}': 1},
        "no-snapshot-yet": served({"without": ["clickstream_snapshot"]}),
    }
    test = group(
        (scraped(name, (values, 1)) for name, values in scrapes.items()),
        alerts("Certificate", certificate(CASES["healthy"])),
        expression(f'{STATE}{{dataset!="healthy"}}', {}),
    )
    promtool(generation, tmp_path, test)


def test_certificate_names_every_rule() -> None:
    """It counts the rules of numbers by name, each but the guards and the states, which it counts by their series."""
    records = {rule["record"]: rule["expr"] for rule in rulefile.groups()[rulefile.GROUP] if "record" in rule}
    own = {f"dataset:clickstream_{each}:evaluated" for each in ("numbers", "snapshot")} | {JUDGED, GUARD, STATE}
    counted = re.findall(r"timestamp\((\S+)\)", records["dataset:clickstream_numbers:evaluated"])
    assert sorted(counted) == sorted(records.keys() - own)


@NEWEST_ALONE
def test_certificate_needs_every_rule(generation: Generation, tmp_path: Path) -> None:
    """Without one of the rules before it there is no certificate: every fifth is tried, others on each generation."""
    group_ = next(each for each in yaml.safe_load(rulefile.text())["groups"] if each["name"] == rulefile.GROUP)
    records = [rule for rule in group_["rules"] if "record" in rule]
    needed = [*records, group_["rules"][-1]]  # the other alerts cost as much again
    for rule in records[1 if generation == generations.found() else 3 :: 5]:
        short = {**group_, "rules": [each for each in needed if each is not rule]}
        file = tmp_path / "without.yml"
        file.write_text(json.dumps({"groups": [short]}))  # is YAML, too, and written in no time
        promtool(
            generation,
            tmp_path,
            group([scraped("healthy", (served({}), 1))], alerts("Certificate")),
            rule_file=file,
        )


def test_a_number_of_an_older_cycle_is_not_certified(generation: Generation, tmp_path: Path) -> None:
    """If a series of a number stayed from before, there is no certificate, and no alert names the snapshot."""
    case = CASES["yesterday-missing"]
    fires = alert(case, "MissingDay")
    fires["exp_annotations"]["snapshot"] = ""
    old = {"series": f'dataset_lag:clickstream_events:baseline_day{{dataset="{case["name"]}",lag="28"}}', "values": "1"}
    alerted = (alerts("MissingDay", fires, at="1m"), alerts("Certificate", at="1m"))
    test = group([scraped(case["name"], (served(case), 2)), [old]], *alerted)
    promtool(generation, tmp_path, test)


def test_checks_are_switched_off_by_hand(generation: Generation, tmp_path: Path) -> None:
    """Each check that a configuration can switch off is off where it does, and no other one."""
    halves = {"odd": SWITCHABLE[::2], "even": SWITCHABLE[1::2]}
    off = {
        name: {f'clickstream_switched_off_info{{check="{check}",reason="by hand"}}': 1 for check in checks}
        for name, checks in halves.items()
    }
    expected = {f'{STATE}{{check="{each}",dataset="{name}"}}': 2.0 for name, half in halves.items() for each in half}
    test = group(
        (scraped(name, (served({"gauges": off[name]}), 1)) for name in halves),
        expression(f"{STATE} == 2", expected),
        expression(
            f'{STATE}{{check!="HistoryShort"}} == 1',
            {f'{STATE}{{check="SwitchedOff",dataset="{name}"}}': 1.0 for name in halves},
        ),
    )
    promtool(generation, tmp_path, test)


def test_certificate_follows_the_snapshot(generation: Generation, tmp_path: Path) -> None:
    """The next cycle certifies the next snapshot, and the last one no more."""
    before, after = (served({"gauges": {"clickstream_snapshot": snapshot}}) for snapshot in (SNAPSHOT - 1, SNAPSHOT))
    test = group(
        [scraped("healthy", (before, 1), (after, 1))],
        alerts("Certificate", certificate(CASES["healthy"], SNAPSHOT - 1)),
        alerts("Certificate", certificate(CASES["healthy"], SNAPSHOT), at="1m"),
    )
    promtool(generation, tmp_path, test)
