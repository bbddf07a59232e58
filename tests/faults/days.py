"""The days that the lab serves: the cases of the rules' table, moved to the real clock, and what is true of them."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import yaml

from tests.support.day_cases import CASES, TABLE, Case, firing, labelled, served, severity, states

DATASET = "shop"
CLOCKS = ("clickstream_last_event_timestamp_seconds", "clickstream_exporter_last_refresh_timestamp_seconds")
"""The gauges that the rules compare with the clock."""

DAY, LAG = "clickstream_day", '{lag="0"}'

Line = tuple[str, str]
"""Severity and message of an alert in the report."""

SEVERITIES = {"critical": "CRITICAL", "warning": "WARN", "info": "INFO"}


@dataclass(frozen=True)
class Fired:
    """An alert that fires: all its labels, and its message."""

    labels: Mapping[str, str]
    message: str

    @property
    def check(self) -> str:
        """The check that the alert belongs to."""
        return self.labels["check"]


@dataclass(frozen=True)
class Day:
    """What an exporter serves; the alerts that fire for it, and the checks that are off, as the table says.

    A day of the catalogue is of a `kind`; its alerts are those that fire without any fault, and `wrong` is what is
    wrong with them.
    """

    case: str
    snapshot: int
    date: str | None
    series: Mapping[str, float]
    alerts: tuple[Fired, ...]
    switched_off: frozenset[str]
    kind: str = ""
    wrong: str = ""

    @property
    def bad(self) -> bool:
        """Whether the verdict about the day is FAIL."""
        return any(severity == "CRITICAL" for severity, _ in truth(self))


def day(name: str, snapshot: int) -> Day:
    """The case `name` as the data set of the lab, with this snapshot, a minute ago at most."""
    case = CASES[name]
    shift = int(time.time()) // 60 * 60
    series = {**served(case), "clickstream_snapshot": snapshot}
    moved = {each: value + shift if each in CLOCKS else value for each, value in series.items()}
    alerts = tuple(Fired(_labels(case, each), _message(case, text, shift)) for each, text in firing(case).items())
    switched_off = frozenset(check for check, state in states(case).items() if state == 2)
    return Day(name, snapshot, _date(series), moved, alerts, switched_off)


def _labels(case: Case, name: str) -> dict[str, str]:
    tier = TABLE["alerts"][name][1]
    labels = {"alertname": f"Clickstream{name}", "check": name, "dataset": DATASET, "tier": tier}
    return {**labels, "severity": severity(case, name)}


def _date(series: Mapping[str, float]) -> str | None:
    """The anchor day in the reporting time zone."""
    if f"{DAY}_timestamp_seconds{LAG}" not in series:
        return None
    local = series[f"{DAY}_timestamp_seconds{LAG}"] + series[f"{DAY}_utc_offset_seconds{LAG}"]
    return datetime.fromtimestamp(local, UTC).date().isoformat()


def _message(case: Case, summary: str, shift: int) -> str:
    def moved(text: re.Match[str]) -> str:
        return f"{datetime.strptime(text[0], '%Y-%m-%d %H:%M %Z') + timedelta(seconds=shift):%Y-%m-%d %H:%M} UTC"  # noqa: DTZ007

    named = summary.replace(f"data set {case['name']}", f"data set {DATASET}")
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", moved, named)


def exposition(series: Mapping[str, float]) -> str:
    """The series of the data set as text for Prometheus."""
    label = f'dataset="{DATASET}"'
    lines = (f"{labelled(each, label)} {float(value)!r}\n" for each, value in series.items())
    return "".join(lines).replace(" nan\n", " NaN\n")


@cache
def names(*, bad: bool) -> list[str]:
    """The cases whose verdict is FAIL, or those whose verdict is PASS."""
    return [name for name, case in CASES.items() if _is_usable(case) and day(name, 1).bad == bad]


def _is_usable(case: Case) -> bool:
    """Whether the verdict does not hang on a second, nor on an alert outside the certificate."""
    if "RefreshFailing" in firing(case):
        return False
    return case["fires"] or not set(CLOCKS) & set(case.get("gauges", {}))


def choose(rng: random.Random, *, bad: bool, other: str = "", about: Sequence[str] = ()) -> Day:
    """A random day with a new snapshot, not of the case `other`; where there is one, one of these checks fires."""
    found = [each for each in names(bad=bad) if each != other]
    fitting = [each for each in found if set(about) & set(firing(CASES[each]))]
    return day(rng.choice(fitting or found), rng.randrange(1, 2**48))


def truth(of: Day) -> tuple[Line, ...]:
    """What the report must list where nothing is silenced."""
    (lines,) = truths(of, {})
    return lines


def truths(of: Day, silences: Mapping[str, str]) -> list[tuple[Line, ...]]:
    """What the report may list, where `silences` says until when a check's alert is silenced.

    Of several causes Alertmanager names any: an effect is listed where that one is silenced.
    """
    options = [list(dict.fromkeys(_listed(each, of, silences))) for each in of.alerts]
    return [tuple(sorted(filter(None, lines), key=_order)) for lines in product(*options)]


def _listed(alert: Fired, of: Day, silences: Mapping[str, str]) -> Iterator[Line | None]:
    """The lines that an alert may have in the report, None for none."""
    causes = [other for other in of.alerts if other != alert and _inhibits(other, alert)]
    if alert.check in silences:
        yield "INFO", f"Silenced until {silences[alert.check]}: {alert.message}"
        return
    if not causes:
        yield SEVERITIES[alert.labels["severity"]], alert.message
    for cause in causes:
        until = silences.get(cause.check)
        why = f"Inhibited by {cause.check}, which is silenced until {until}"
        yield ("INFO", f"{why}: {alert.message}") if until else None


def _order(line: Line) -> tuple[int, str]:
    return list(SEVERITIES.values()).index(line[0]), line[1]


@cache
def _inhibit_rules() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = yaml.safe_load((files("alerting") / "alertmanager.yml").read_text("utf-8"))[
        "inhibit_rules"
    ]
    return rules


def _inhibits(cause: Fired, effect: Fired) -> bool:
    """Whether a shipped rule lets one alert hide the other."""
    return any(
        _matches(rule["source_matchers"], cause)
        and _matches(rule["target_matchers"], effect)
        and all(cause.labels.get(label) == effect.labels.get(label) for label in rule.get("equal", []))
        for rule in _inhibit_rules()
    )


def _matches(matchers: Sequence[str], fired: Fired) -> bool:
    return all(_match(matcher, fired) for matcher in matchers)


def _match(matcher: str, fired: Fired) -> bool:
    found = re.fullmatch(r'(\w+)\s*(=~|!~|!=|=)\s*"(.*)"', matcher)
    assert found, matcher
    label, operator, value = found.groups()
    pattern = value if "~" in operator else re.escape(value)
    return (re.fullmatch(pattern, fired.labels.get(label, "")) is not None) != operator.startswith("!")
