"""What depends on which day is the newest, and what it is as of each earlier day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from exporter.config.model import Dataset
from exporter.facts import drift
from exporter.facts.ask import Asker
from exporter.facts.catalogue import Catalogue
from exporter.facts.fingerprints import LOOKBACK
from exporter.facts.model import DayFacts, Files, Known, Measured
from exporter.files.entry import Entry, Measurable, Unreadable


def files(dataset: Dataset, catalogue: Catalogue, anchor: date | None, facts: Sequence[DayFacts]) -> Files:
    """What is found out about the files if `anchor` is the newest day, None without events."""
    of_anchor = catalogue.of_day(anchor)
    newest = [*catalogue.of_no_day(), *of_anchor]
    return Files(
        number=len(catalogue.entries),
        unreadable=tuple(catalogue.unreadable),
        waiting=tuple(catalogue.waiting),
        replaced=sum(each.replaced for each in facts if each.date == anchor),
        anchor_rows=sum(each.footer.rows for each in newest),
        implausible=sum(each.implausible for each in newest),
        early=catalogue.early_events,
        lacking=drift.lacking(dataset, of_anchor, catalogue.readable),
        changed=drift.changes(dataset, of_anchor, catalogue.of_week_before(anchor)),
    )


def as_of(
    history: int, dataset: Dataset, measured: Measured, catalogue: Catalogue, asker: Asker
) -> Iterator[tuple[date, Measured]]:
    """Each day that has events, with what a reading finds that ends with it, of so many days of `history`."""
    for place, newest in enumerate(measured.days):
        if newest.last_event is not None:
            days = measured.days[max(place + 1 - history, 0) : place + 1]
            found = files(dataset, catalogue, newest.date, days)
            start, end = catalogue.day(days[0].date).start - LOOKBACK, catalogue.day(newest.date).end
            unreadable = tuple(each for each in found.unreadable if each.is_read(start, end))
            yield (
                newest.date,
                replace(
                    measured,
                    days=days,
                    files=replace(found, unreadable=unreadable, early=0),
                    queries=asker.judged(days),
                    known=Known(),
                ),
            )


def aside(entry: Entry, why: Unreadable) -> Unreadable:
    """The file that was set aside, with the time range that its footer has."""
    if isinstance(entry, Measurable) and entry.first is not None and entry.last is not None:
        return replace(why, held=(entry.first, entry.last))
    return why
