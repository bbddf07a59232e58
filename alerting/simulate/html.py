"""A simulation as a page for people, in one file: the calendar, the checks, the messages, and scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib.metadata import version

from alerting.formats.outline import plain
from alerting.gate.verdict import Verdict
from alerting.simulate.calendar import LETTERS, NO_EVENTS, UNKNOWN
from alerting.simulate.changes import changes
from alerting.simulate.checks import Check, checks
from alerting.simulate.judged import Days, notifying, worst
from alerting.simulate.pages import budget
from alerting.simulate.result import Result
from alerting.simulate.scores import Score, outside, scores
from exporter.html.document import page
from exporter.html.markup import Markup, joined, listed, tag
from exporter.html.words import long_date, short_date

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MEANINGS = {"CRITICAL": "critical", "WARN": "warning", "INFO": "info", "": "in order"}
NOT_JUDGED, QUIET = "not judged", "no event"


def html(result: Result) -> str:
    """The page, which is ASCII."""
    first, last = min(result.days), max(result.days)
    title = f"Simulation of {result.dataset}"
    body = (
        tag("header", tag("h1", "What the rules would have done")),
        tag("h2", result.dataset),
        tag("p", f"{first} to {last}: ", tag("b", budget(result.days)), class_="day"),
        tag("h3", "Calendar"),
        _calendar(result.days, result.quiet),
        tag("h3", "Checks"),
        _checks(checks(result.days)),
        *_messages(result.days),
        *_tried(result),
        *_incidents(result),
    )
    foot = tag("footer", f"clickstream-exporter {version('clickstream-exporter')}")
    return page(title, tag("main", *body), foot).decode("ascii")


def _calendar(days: Days, quiet: Sequence[date]) -> Markup:
    """A row a week; a day has its number and a letter, and a link to its messages if it has any."""
    every = {*days, *quiet}
    monday, last = min(every) - timedelta(days=min(every).weekday()), max(every)
    rows = []
    while monday <= last:
        week = [monday + timedelta(days=number) for number in range(7)]
        rows.append(
            tag(
                "tr",
                tag("th", f"{short_date(monday)} {monday.year}", scope="row"),
                *(_day(days, quiet, when) for when in week),
            )
        )
        monday += timedelta(days=7)
    head = tag("tr", tag("th", "Week of", scope="col"), *(tag("th", each, scope="col") for each in WEEKDAYS))
    letters = [f"{LETTERS[severity]} {meaning}" for severity, meaning in MEANINGS.items()]
    legend = ", ".join([*letters, f"{NO_EVENTS} {QUIET}", f"{UNKNOWN} {NOT_JUDGED}"])
    return joined(tag("div", _table(head, rows, "calendar"), class_="wide"), tag("p", legend, class_="why"))


def _day(days: Days, quiet: Sequence[date], when: date) -> Markup:
    """The cell of a day, empty if it is outside the simulation."""
    if when not in days:
        return _cell(when, NO_EVENTS, QUIET) if when in quiet else tag("td")
    verdict, severity = days[when], worst(days[when])
    letter, meaning = (LETTERS[severity], MEANINGS[severity]) if verdict.proven else (UNKNOWN, NOT_JUDGED)
    return _cell(when, letter, meaning, is_linked=not verdict.proven or bool(notifying(verdict)))


def _cell(when: date, letter: str, meaning: str, *, is_linked: bool = False) -> Markup:
    shown = joined(tag("b", letter), " ", tag("small", when.day))
    linked = tag("a", shown, href=f"#{when}") if is_linked else shown
    return tag("td", linked, title=meaning, class_=f"{meaning.replace(' ', '-')}-day")


def _checks(found: Sequence[Check]) -> Markup:
    """The checks that were ever anything but in order, and how many were not."""
    speaking = [each for each in found if each.speaks]
    names = ("Check", "Judged", "Critical", "Warning", "Info", "Inhibited", "Longest", "Off", "Why off")
    head = tag("tr", *(tag("th", each, scope="col") for each in names))
    rows = [
        tag("tr", tag("th", each.name, scope="row"), *(tag("td", cell) for cell in _counts(each))) for each in speaking
    ]
    others = f"The other {len(found) - len(speaking)} checks judged every day and never fired."
    return joined(tag("div", _table(head, rows, "checks"), class_="wide"), tag("p", others))


def _counts(check: Check) -> Iterator[object]:
    yield check.judged
    yield from (check.fired[severity] for severity in ("CRITICAL", "WARN", "INFO"))
    yield from (check.inhibited, check.longest, check.off.total())
    yield ", ".join(f"{name} {days}" for name, days in check.off.most_common())


def _messages(days: Days) -> Iterator[Markup]:
    """What would have notified somebody, and the days that could not be judged, newest first."""
    parts = [_messages_of(when, days[when]) for when in sorted(days, reverse=True)]
    if any(parts):
        yield tag("h3", "Messages")
        yield from parts


def _messages_of(when: date, verdict: Verdict) -> Markup:
    if not verdict.proven:
        items = [tag("li", tag("b", "Not judged"), " ", plain("; ".join(verdict.missing)), class_="warn")]
    else:
        items = [
            tag("li", tag("b", line.severity), " ", plain(line.message), class_=line.severity.lower())
            for line in notifying(verdict).values()
        ]
    return (
        joined(tag("h4", long_date(when), id=when.isoformat()), tag("ul", *items, class_="alerts"))
        if items
        else Markup()
    )


def _tried(result: Result) -> Iterator[Markup]:
    """What other limits change."""
    if result.tried:
        found = [str(each) for each in changes(result.days, result.tried)]
        yield tag("h3", f"With {result.setting}")
        yield tag("p", budget(result.tried))
        yield listed(found or ["nothing changes"])


def _incidents(result: Result) -> Iterator[Markup]:
    """How well the checks match what really happened."""
    variants = {"as configured": result.days} | ({f"with {result.setting}": result.tried} if result.tried else {})
    for title, days in variants.items() if result.incidents is not None else ():
        left_out = [f"{each.date} {each.check}" for each in outside(days, result.incidents or ())]
        yield tag("h3", f"Incidents, {title}")
        yield _scores(scores(days, result.incidents or ()))
        yield listed([f"not scored, because the day was not judged: {each}" for each in left_out])


def _scores(found: Sequence[Score]) -> Markup:
    names = ("Check", "Found", "Missed", "False", "Precision", "Recall")
    head = tag("tr", *(tag("th", each, scope="col") for each in names))
    rows = [
        tag(
            "tr",
            tag("th", each.check, scope="row"),
            *(tag("td", len(days)) for days in (each.found, each.missed, each.false)),
            *(tag("td", "" if share is None else f"{share:.0%}") for share in (each.precision, each.recall)),
        )
        for each in found
    ]
    missed = [f"missed {when} {each.check}: {why}" for each in found for when, why in each.missed]
    false = [f"false {when} {each.check}" for each in found for when in each.false]
    return joined(tag("div", _table(head, rows, "checks"), class_="wide"), listed([*missed, *false]))


def _table(head: Markup, rows: Sequence[Markup], kind: str) -> Markup:
    return tag("table", tag("thead", head), tag("tbody", *rows), class_=kind)
