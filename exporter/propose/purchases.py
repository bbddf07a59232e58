"""Which events are purchases: those whose name says so, and that carry an amount and an order's id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.engine.duckdb import survey_counts
from exporter.engine.duckdb.survey import Survey
from exporter.propose import words
from exporter.propose.columns import Guess, Looked
from exporter.propose.data import Name

CARRIED = 0.5
"""The minimum share of a name's events that must have an amount, or an id."""

Counts = Mapping[str, Mapping[str, int]]
"""For each event name, its events (""), and those that have an amount or an id, by the source."""


@dataclass(frozen=True)
class Purchases:
    """The names of purchases, and where they have their amount and their order; `why` is the evidence.

    `copies` are names that tell of the same orders again: to count them too would count each order twice.
    """

    names: Sequence[str] = ()
    why: str = ""
    revenue: Guess | None = None
    transaction_id: Guess | None = None
    copies: Sequence[str] = ()


def find(looked: Looked, survey: Survey, event_name: str) -> Purchases:
    """The purchases among the events of the survey."""
    amounts = list(_fitting(looked, "revenue"))
    ids = list(_fitting(looked, "transaction_id"))
    counts = survey_counts.by_name(survey, event_name, [each.text for each in amounts], [each.text for each in ids])
    for revenue, order in _pairs(amounts, ids):
        carried = [each.text for each in (revenue, order) if each]
        for is_named in (_is_purchase, _may_be_purchase) if len(carried) == 2 else (_is_purchase,):
            names = [name for name in _carrying(counts, carried) if is_named(looked, name)]
            if names and (is_named is _is_purchase or _are_few(counts, names)):
                kept, copies = _without_copies(survey, event_name, names, order)
                return _found(counts, kept, copies, revenue, order)
    return Purchases()


def _fitting(looked: Looked, column: str) -> Iterator[Name]:
    """The names that may be the column and have values that can be."""
    for each in looked.candidates(column):
        seen = looked.profiles.get(each.text)
        if seen and (seen.positive if column == "revenue" else seen.filled):
            yield each


def _pairs(amounts: Sequence[Name], ids: Sequence[Name]) -> Iterator[tuple[Name | None, Name | None]]:
    """An amount and an id, else an amount alone, else an id alone, else neither; the best first."""
    yield from ((amount, order) for amount in amounts for order in ids if amount != order)
    yield from ((amount, None) for amount in amounts)
    yield from ((None, order) for order in ids)
    yield None, None


def _carrying(counts: Counts, sources: Sequence[str]) -> list[str]:
    """The names most of whose events have a value of each source, the most frequent first."""
    names = (name for name, of in counts.items() if all(of[source] >= CARRIED * of[""] for source in sources))
    return sorted(names, key=lambda name: (-counts[name][""], name))


def _are_few(counts: Counts, names: Sequence[str]) -> bool:
    """Whether the names have at most half of all events: where each event has an amount, it tells of no purchase."""
    return sum(counts[name][""] for name in names) * 2 <= sum(of[""] for of in counts.values())


def _is_purchase(looked: Looked, name: str) -> bool:
    """Whether the name says that it is a purchase."""
    if looked.export and name in looked.export.purchases:
        return True
    return bool(words.PURCHASE.search(words.plain(name))) and _may_be_purchase(looked, name)


def _may_be_purchase(_looked: Looked, name: str) -> bool:
    return not words.NO_PURCHASE.search(words.plain(name))


def _without_copies(
    survey: Survey, event_name: str, names: Sequence[str], order: Name | None
) -> tuple[list[str], list[str]]:
    """The names, and those of them whose orders an earlier one has, too."""
    kept, copies = list(names[:1]), list[str]()
    for name in names[1:]:
        if order and _overlap(survey, event_name, kept[0], name, order.text):
            copies.append(name)
        else:
            kept.append(name)
    return kept, copies


def _overlap(survey: Survey, event_name: str, one: str, other: str, order: str) -> bool:
    """Whether most orders of `other` are orders of `one`."""

    def orders(*names: str) -> int:
        return survey_counts.repeated(survey, event_name, names, order)[1]

    return orders(one) + orders(other) - orders(one, other) > orders(other) / 2


def _found(
    counts: Counts, names: Sequence[str], copies: Sequence[str], revenue: Name | None, order: Name | None
) -> Purchases:
    events = sum(counts[name][""] for name in names)

    def guess(name: Name | None, what: str) -> Guess | None:
        if not name:
            return None
        return Guess(name, f"{sum(counts[each][name.text] for each in names)} of {events} purchases have {what}")

    carried = [what for name, what in ((revenue, "an amount"), (order, "an order id")) if name]
    why = f"{events} events, which carry {' and '.join(carried)}" if carried else f"{events} events, by the name alone"
    return Purchases(names, why, guess(revenue, "an amount above zero"), guess(order, "an id"), copies)
