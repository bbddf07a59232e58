"""The samples about a data set as a whole, as opposed to the numbers of its days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from exporter.config.model import Dataset
from exporter.facts.model import DayFacts, Measured
from exporter.gauges.sample import Sample
from exporter.text import clean

COMMON = 5
"""The minimum number of events for which a name outside the taxonomy is shown: a rarer one may identify a person."""


def frame(dataset: Dataset, measured: Measured, anchor: date | None, *, by_hand: bool) -> Iterator[Sample]:
    """The samples about the data set as a whole; `anchor` is its newest day, None without events."""
    yield from _files(measured)
    yield from _columns(dataset, measured)
    yield from _configured(dataset, by_hand=by_hand)
    yield from _found(dataset, measured)
    if anchor:
        yield from _names(next(each for each in measured.days if each.date == anchor))


def _files(measured: Measured) -> Iterator[Sample]:
    yield Sample("clickstream_files", (), measured.files.number)
    yield Sample("clickstream_unreadable_files", (), len(measured.files.unreadable))
    for first in measured.files.unreadable[:1]:
        labels = (("file", clean(first.name)), ("reason", clean(first.reason)))
        yield Sample("clickstream_unreadable_file_info", labels, 1)
    yield Sample("clickstream_anchor_file_events", (), measured.files.anchor_rows)
    yield Sample("clickstream_implausible_timestamp_events", (), measured.files.implausible)
    yield Sample("clickstream_early_events", (), measured.files.early)
    yield Sample("clickstream_replaced_text_events", (), measured.files.replaced)
    yield Sample("clickstream_waiting_files", (), len(measured.files.waiting))
    for each in measured.files.waiting[:1]:
        labels = (("file", clean(each.name)), ("reason", clean(each.reason)))
        yield Sample("clickstream_waiting_file_info", labels, 1)


def _columns(dataset: Dataset, measured: Measured) -> Iterator[Sample]:
    """Which columns the newest files lack, and which changed."""
    for column, file in measured.files.lacking.items():
        yield Sample("clickstream_missing_column_info", (("column", column), ("file", clean(file))), 1)
    yield from _changed(dataset, measured)


def _configured(dataset: Dataset, *, by_hand: bool) -> Iterator[Sample]:
    """The configuration, as far as the rules need it."""
    for check, reason in dataset.switched_off.items():
        yield Sample("clickstream_switched_off_info", (("check", check), ("reason", clean(reason))), 1)
    owner = {"currency": dataset.currency or "", "owner": clean(dataset.owner or "")}
    labels = owner | {name: clean(value) for name, value in dataset.labels.items()}
    yield Sample("clickstream_dataset_info", tuple(sorted(labels.items())), 1)
    yield Sample("clickstream_intraday", (), dataset.cadence == "intraday")
    yield Sample("clickstream_watched_fields", (), len(dataset.watched_fields))
    yield Sample("clickstream_plain_drops", (), dataset.drop_rule == "plain")
    for limit, value in dataset.limits.model_dump().items():
        if not (by_hand and limit == "max_data_age_hours"):
            yield Sample("clickstream_limit", (("limit", limit),), value)


def _changed(dataset: Dataset, measured: Measured) -> Iterator[Sample]:
    """In how many events each column changed, and how."""
    for column in dataset.mapped():
        change = measured.files.changed.get(column)
        yield Sample("clickstream_changed_column_events", (("column", column),), change.events if change else 0)
        if change:
            labels = (("change", clean(change.what)), ("column", column), ("file", clean(change.file)))
            yield Sample("clickstream_changed_column_info", labels, 1)


def _found(dataset: Dataset, measured: Measured) -> Iterator[Sample]:
    """How many events of all days have a configured name, and how many purchases an amount."""

    def total(gauge: str) -> float | None:
        found = [facts.found[gauge] for facts in measured.days if gauge in facts.found]
        return float(sum(sum(hours.values()) for values in found for hours in values.values())) if found else None

    events, purchases = total("clickstream_events"), total("clickstream_purchases")
    without, foreign = total("clickstream_purchases_without_revenue"), total("clickstream_foreign_currency_purchases")
    found = {
        "purchase": (purchases, events),
        "taxonomy": (total("clickstream_named_events"), events),
        "revenue": (None if purchases is None or without is None else purchases - without - (foreign or 0), purchases),
    }
    for what, (number, of) in found.items():
        if number is not None and of is not None:
            labels = (("configured", clean(", ".join(getattr(dataset, what, None) or dataset.sources("revenue")))),)
            yield Sample("clickstream_configured_events", (*labels, ("what", what)), number)
            yield Sample("clickstream_searched_events", (("what", what),), of)


def _names(facts: DayFacts) -> Iterator[Sample]:
    """The most frequent event names of the day, without those that may identify a person."""
    shown: dict[tuple[str, bool], int] = {}
    for name, events, known in facts.names:
        if known or (events >= COMMON and "@" not in name and "://" not in name):
            shown[clean(name), known] = shown.get((clean(name), known), 0) + events
    for (name, known), events in shown.items():
        labels = (("event_name", name), ("in_taxonomy", str(known).lower()))
        yield Sample("clickstream_frequent_events", labels, events)
