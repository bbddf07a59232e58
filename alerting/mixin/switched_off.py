"""The recording rule of which closed guard switches off which check: the checks that report reasons name them."""

from __future__ import annotations

from collections.abc import Iterator

from alerting.mixin import business, integrity, pipeline
from alerting.mixin.expressions import GUARD, STATE, is_open, number, valid

CLOSED = "dataset_check:clickstream_guard:closed"

_JUDGING = (*pipeline.CHECKS, *integrity.CHECKS, *business.CHECKS)

_NEED_DAYS = ("EventVolumeDrop", "MissingDay", "NoPurchases", "RevenueDrop")
_NEED_HOURS = ("HoursMissing", "PartialDay")
"""Checks without the guard of the baseline days that need them nevertheless: of volumes, and of hours."""


def _off(guard: str, checks: tuple[str, ...], unless: str = "") -> str:
    """The checks of these that are switched off, each with the guard."""
    states = f'{STATE}{{check=~"{"|".join(checks)}"}} == 2{unless}'
    return f'label_replace({states}, "guard", "{guard}", "", "")'


def _terms() -> Iterator[str]:
    """For each guard, the checks that are switched off and have it."""
    for guard in dict.fromkeys(guard for check in _JUDGING for guard in check.guards):
        further = _NEED_DAYS if guard == "baseline_days" else ()
        yield _off(guard, (*(check.name for check in _JUDGING if guard in check.guards), *further))
    measured = ' unless on (dataset) clickstream_not_measured{gauge="clickstream_missing_hours"}'
    yield _off("baseline_days", _NEED_HOURS, measured)


REASONS = (
    number(
        CLOSED,
        "(\n  (\n    "
        + "\n    or on (dataset, check, guard) ".join(_terms())
        + f"\n  )\n  and on (dataset, guard) {GUARD} == 0\n"
        "  unless on (dataset, check) clickstream_switched_off_info\n)",
    ),
)


def off_by(guards: str, further: str = "") -> str:
    """The query for the checks of a data set that guards switch off, which a label matcher selects."""
    return f"count by (check) ({valid(f'{CLOSED}{{{guards},dataset=%q}}')}{further})"


def off_otherwise(not_listed: tuple[str, ...]) -> str:
    """The query for the checks of a data set that are off, though no guard is closed and nobody switched them off."""
    return (
        f'{STATE}{{check!~"{"|".join(not_listed)}",dataset=%q}} == 2 '
        f"unless on (check) {valid(f'{CLOSED}{{dataset=%q}}')} "
        "unless on (check) clickstream_switched_off_info{dataset=%q}"
    )


def low_volume(dataset: str = "") -> str:
    """The guards that are closed because there are too few events; `dataset` is a selector, like `,dataset=%q`."""
    return (
        f'({GUARD}{{guard=~"day_.+",guard!="day_events"{dataset}}} == 0\n'
        f'or {GUARD}{{guard=~"baseline_.+",guard!="baseline_days"{dataset}}} == 0\n'
        f"and on (dataset) {is_open('baseline_days')})"
    )


_IN_WORDS = {
    "_": " ",
    "identified purchases": "purchases with a client id",
    "assisted days": "days with assisted purchases",
    "named events": "events of one name",
    "filled field events": "events with a value in a watched field",
    "field events": "events that should carry a watched field",
    "payload events": "events with a payload",
    "contents": "distinct events",
    "^day (.+)": "$1 on the day",
    "^baseline (.+)": "$1 in the baseline",
}
"""A part of a guard's name, as a regular expression, to what a sentence calls it."""

GUARD_IN_WORDS = "".join(f' | reReplaceAll "{part}" "{words}"' for part, words in _IN_WORDS.items())
"""The pipeline of a template that does so."""
