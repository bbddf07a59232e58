"""What else the data show, said as comments: ids of events, minor units, currencies, lines of orders, copies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

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
"""Purchases for each order id above which they seem to be lines of orders."""


def find(looked: Looked, survey: Survey, mapped: Mapping[str, Guess], bought: Purchases) -> list[str]:
    """The remarks, each a sentence."""
    return [
        *_notes(looked),
        *_event_id(looked, survey),
        *_no_numbers(looked, bought),
        *_minor_units(bought),
        *_currencies(looked, survey),
        *_lines(survey, mapped["event_name"].name, bought),
        *_copies(looked, survey, mapped),
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


def _event_id(looked: Looked, survey: Survey) -> Iterator[str]:
    if found := event_id(looked):
        copies = survey_counts.copies(survey, [found.text])
        yield f"{clean(found.text)} seems to be the id of an event: {copies} of {looked.rows} events are copies by it."


def _no_numbers(looked: Looked, bought: Purchases) -> Iterator[str]:
    """The amounts that are none, if there is no other."""
    for name in looked.candidates("revenue") if not bought.revenue else ():
        seen = looked.profiles.get(name.text)
        if seen and seen.filled and not seen.positive:
            yield f"{clean(name.text)} has no number above zero, perhaps for a decimal comma: it is not mapped."


def minor_units(bought: Purchases) -> str | None:
    """The word that says that the amounts are in minor units, such as cents."""
    found = bought.revenue and words.MINOR.search(words.plain(bought.revenue.name.text).replace(".", "_"))
    return found[1] if found else None


def _minor_units(bought: Purchases) -> Iterator[str]:
    if unit := minor_units(bought):
        yield f"Amounts seem to be in {unit}, by the name: revenue is served in the same unit."


def only_currency(looked: Looked, survey: Survey) -> Choice | None:
    """The code of the currency that all events with a currency have."""
    found = currency(looked, survey)
    if not found or found[1] < found[2]:
        return None
    return Choice(found[0], f"all {found[2]} events with a currency have it")


def currency(looked: Looked, survey: Survey) -> tuple[str, int, int] | None:
    """The most frequent code, its events, and all events with one."""
    for name in looked.candidates("currency"):
        if name.text in looked.profiles and looked.profiles[name.text].filled:
            code, number, total = survey_counts.most_frequent(survey, name.text)
            if re.fullmatch(r"[A-Z]{3}", code):
                return code, number, total
    return None


def _currencies(looked: Looked, survey: Survey) -> Iterator[str]:
    found = currency(looked, survey)
    if found and found[1] < found[2]:
        code, number, total = found
        yield f"{number} of {total} events with a currency have {code}; amounts of several are added up as they are."


def lines(survey: Survey, event_name: Name, bought: Purchases) -> tuple[int, int] | None:
    """Purchases with an order id, and the ids, if so many repeat one that they seem to be lines of orders."""
    if not bought.transaction_id:
        return None
    rows, ids = survey_counts.repeated(survey, event_name.text, bought.names, bought.transaction_id.name.text)
    return (rows, ids) if rows > LINES * ids else None


def _lines(survey: Survey, event_name: Name, bought: Purchases) -> Iterator[str]:
    if found := lines(survey, event_name, bought):
        yield f"{found[0]} purchases have {found[1]} order ids: they may be lines of orders, or sent twice."


def _copies(looked: Looked, survey: Survey, mapped: Mapping[str, Guess]) -> Iterator[str]:
    copies = survey_counts.copies(survey, [guess.name.text for guess in mapped.values()])
    found = f"{copies} of {looked.rows} events are extra copies by all mapped columns"
    if copies > Limits().duplicate_event_ratio * looked.rows:
        yield f"{found}, so DuplicateEvents may fire: map a column that tells apart what is no copy."
    else:
        yield f"{found}, so duplicate_key is not needed."
