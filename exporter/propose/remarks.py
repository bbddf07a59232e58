"""What else the data show: ids of events, minor units, currencies, lines of orders, copies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporter.config.checks import Limits
from exporter.engine.duckdb import survey_counts
from exporter.engine.duckdb.survey import Survey
from exporter.propose import words
from exporter.propose.clock import Choice
from exporter.propose.columns import Guess, Looked
from exporter.propose.data import Name
from exporter.propose.purchases import Purchases
from exporter.text import clean

LINES = 1.05
"""Purchases that differ, for each order id, above which they seem to be lines of orders."""


@dataclass(frozen=True)
class Scale:
    """The number that each amount is multiplied by, and the evidence."""

    value: float
    evidence: str


def find(looked: Looked, survey: Survey, mapped: Mapping[str, Guess], bought: Purchases) -> list[str]:
    """The remarks, each a sentence."""
    return [
        *_notes(looked),
        *_no_numbers(looked, bought),
        *(() if "event_id" in mapped else _copies(looked, survey, mapped)),
    ]


def _notes(looked: Looked) -> Iterator[str]:
    if looked.export:
        yield from looked.export.notes


def event_id(looked: Looked) -> Name | None:
    """The name that is an id of events: of the export, else by the words."""
    own = looked.export.event_id.split("|") if looked.export else []
    named = [each for name in own for each in looked.names if each.text.casefold() == name.casefold()]
    ranked = [each for each in looked.candidates("event_id") if each.text in looked.profiles]
    full = (each for each in (*named, *ranked) if looked.profiles[each.text].filled >= 0.9 * looked.rows)
    return next((each for each in full if looked.profiles[each.text].distinct > looked.rows / 2), None)


def _no_numbers(looked: Looked, bought: Purchases) -> Iterator[str]:
    """The amounts that are none, if there is no other."""
    for name in looked.candidates("revenue") if not bought.revenue else ():
        seen = looked.profiles.get(name.text)
        if seen and seen.filled and not seen.positive:
            yield f"{clean(name.text)} has no number above zero, perhaps for a decimal comma: it is not mapped."


def further(looked: Looked, survey: Survey) -> dict[str, Guess]:
    """The columns for the id of an event and for the currency, if there are any."""
    found: dict[str, Guess] = {}
    if code := currency(looked, survey):
        found["currency"] = Guess(code[0], f"{code[3]} events have one")
    if name := event_id(looked):
        copies = survey_counts.copies(survey, [name.text])
        found["event_id"] = Guess(name, f"{copies} of {looked.rows} events are copies by it")
    return found


def scale(survey: Survey, bought: Purchases) -> Scale | None:
    """The size of the unit that the name of the amounts says, if they are whole numbers."""
    found = bought.revenue and words.MINOR.search(words.plain(bought.revenue.name.text).replace(".", "_"))
    if not found or not bought.revenue or survey_counts.fractions(survey, bought.revenue.name.text):
        return None
    return Scale(1e-6 if found[1].startswith("micro") else 0.01, f"whole numbers, in {found[1]} by the name")


def main_currency(looked: Looked, survey: Survey) -> Choice | None:
    """The most frequent code of a currency."""
    if not (found := currency(looked, survey)):
        return None
    _, code, number, total = found
    return Choice(code, f"{number} of {total} events with a currency have it")


def currency(looked: Looked, survey: Survey) -> tuple[Name, str, int, int] | None:
    """The name of the currency's column, the most frequent code, its events, and all events with one."""
    for name in looked.candidates("currency"):
        if name.text in looked.profiles and looked.profiles[name.text].filled:
            code, number, total = survey_counts.most_frequent(survey, name.text)
            if re.fullmatch(r"[A-Za-z]{3}", code):
                return name, code.upper(), number, total
    return None


def lines(survey: Survey, mapped: Mapping[str, Guess], bought: Purchases) -> Choice | None:
    """That purchases are lines of orders: many share an order's id, and differ in their amount or payload."""
    if not bought.transaction_id:
        return None
    event_name, order = mapped["event_name"].name.text, bought.transaction_id.name.text
    rows, ids = survey_counts.repeated(survey, event_name, bought.names, order)
    by = [mapped[column].name.text for column in ("revenue", "payload") if column in mapped]
    if survey_counts.unlike(survey, event_name, bought.names, order, by) <= LINES * ids:
        return None
    return Choice("lines", f"{rows} purchases have {ids} order ids, and those with the same id differ")


def _copies(looked: Looked, survey: Survey, mapped: Mapping[str, Guess]) -> Iterator[str]:
    copies = survey_counts.copies(survey, [guess.name.text for guess in mapped.values()])
    found = f"{copies} of {looked.rows} events are extra copies by all mapped columns"
    if copies > Limits().duplicate_event_ratio * looked.rows:
        yield f"{found}, so DuplicateEvents may fire: map a column that tells apart what is no copy."
    else:
        yield f"{found}, so duplicate_key is not needed."
