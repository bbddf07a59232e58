"""A simulation as text, JSON, CSV or HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from alerting.formats.outline import plain
from alerting.formats.printed import as_json, day_report
from alerting.gate.verdict import Verdict
from alerting.simulate.calendar import calendar
from alerting.simulate.changes import changes
from alerting.simulate.checks import Check, checks, rows
from alerting.simulate.html import html
from alerting.simulate.judged import Days, notifying, states
from alerting.simulate.pages import Page, budget, pages
from alerting.simulate.result import Result
from alerting.simulate.scores import Score, outside, scores
from alerting.simulate.scores import text as scores_text

FORMATS = ("text", "json", "csv", "html")


def printed(result: Result, form: str, *, colour: bool = False, encoding: str = "utf-8") -> str:
    """The simulation in one of the `FORMATS`; the text in colour if that is requested."""
    if form == "json":
        return as_json(_report(result), encoding)
    if form == "html":
        return html(result)
    return _csv(result) if form == "csv" else _text(result, colour=colour)


def _text(result: Result, *, colour: bool) -> str:
    first, last = min(result.days), max(result.days)
    parts = [f"data set {result.dataset}, {first} to {last}: {budget(result.days)}\n"]
    parts += [calendar(result.days, result.quiet, colour=colour), rows(checks(result.days)), _notices(result.days)]
    if result.tried:
        found = changes(result.days, result.tried)
        lines = [f"With {result.setting}: {budget(result.tried)}", *(f"  {each}" for each in found)]
        parts.append("\n".join([*lines, *([] if found else ["  nothing changes"])]) + "\n")
    if result.incidents is not None:
        for title, days in _variants(result):
            left_out = outside(days, result.incidents)
            parts.append(f"Incidents, {title}\n{scores_text(scores(days, result.incidents), left_out)}")
    return "\n".join(filter(None, parts))


def _notices(days: Days) -> str:
    """The alerts that would have notified somebody, and the days that could not be judged."""
    lines = [
        f"{when} {line.severity:8} {plain(line.message)}"
        for when, verdict in days.items()
        for line in notifying(verdict).values()
    ]
    lines += [f"{when} not judged: {plain('; '.join(each.missing))}" for when, each in days.items() if not each.proven]
    return "".join(f"{line}\n" for line in lines)


def _variants(result: Result) -> Iterator[tuple[str, Days]]:
    yield "as configured", result.days
    if result.tried:
        yield f"with {result.setting}", result.tried


def _report(result: Result) -> dict[str, Any]:
    report = {
        "dataset": result.dataset,
        "from": str(min(result.days)),
        "to": str(max(result.days)),
        "without_events": list(map(str, result.quiet)),
        **_days(result.days),
    }
    if result.tried:
        found = [asdict(each) | {"date": str(each.date)} for each in changes(result.days, result.tried)]
        report["tried"] = {"limits": dict(result.limits), **_days(result.tried), "changes": found}
    if result.incidents is not None:
        report["incidents"] = {
            title: {
                "scores": [_score(each) for each in scores(days, result.incidents)],
                "not_scored": [
                    {"date": str(each.date), "check": each.check} for each in outside(days, result.incidents)
                ],
            }
            for title, days in _variants(result)
        }
    return report


def _days(days: Days) -> dict[str, Any]:
    return {
        "pages": [_page(each) for each in pages(days)],
        "checks": [_check(each) for each in checks(days)],
        "days": [_day(each) for each in days.values()],
    }


def _page(page: Page) -> dict[str, Any]:
    return {"check": page.check, "dates": list(map(str, page.days))}


def _check(check: Check) -> dict[str, Any]:
    return {
        "check": check.name,
        "judged": check.judged,
        "fired": dict(check.fired),
        "inhibited": check.inhibited,
        "longest": check.longest,
        "off": dict(check.off),
    }


def _day(verdict: Verdict) -> dict[str, Any]:
    """What `--as-of` and `--details` print of the day, and the severity of each check that fires."""
    firing = {check: each.severity or each.state for check, each in states(verdict).items() if each.fires}
    return {**day_report(verdict, details=True), "firing": firing}


def _score(score: Score) -> dict[str, Any]:
    return {
        "check": score.check,
        "precision": score.precision,
        "recall": score.recall,
        "found": list(map(str, score.found)),
        "missed": [{"date": str(when), "why": why} for when, why in score.missed],
        "false": list(map(str, score.false)),
    }


def _csv(result: Result) -> str:
    """A row for each day and check."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    more = ["tried_state", "tried_severity"] if result.tried else []
    writer.writerow(["date", "check", "state", "severity", "message", *more])
    for when, verdict in result.days.items():
        tried = states(result.tried[when]) if result.tried else {}
        for check, each in states(verdict).items():
            others = [tried[check].state, tried[check].severity] if tried else []
            writer.writerow([when, check, each.state, each.severity, each.message, *others])
    return output.getvalue()
