"""Which event names are expected, and which are so rare or odd that a person should decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from exporter.text import clean, is_personal

ENOUGH = 1000
"""Events above which a name can be rare."""

SHOWN_FROM = 5
"""A name with fewer events is not shown if there are enough: it may be about one person."""

RARE = 5000
"""A name with fewer than one in so many events is rare."""

MOST = 200
"""The maximum number of names that are proposed."""

OTHERS = 20
"""The maximum number of rare or odd names that are shown."""

BLANK = ("undefined", "null", "none", "(not set)", "nan", "test", "unknown")
"""Names that stand for a missing one, or for a test."""

_ID = re.compile(r"[0-9]{6}|[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{16}")


@dataclass(frozen=True)
class Taxonomy:
    """The expected names with their counts, rare and odd ones that may be shown, and how many names are not shown."""

    names: Mapping[str, int]
    others: Mapping[str, int]
    hidden: int


def find(counts: Mapping[str, int], purchases: Collection[str]) -> Taxonomy:
    """The taxonomy of the names, which are ordered by their counts; purchases are always in it."""
    total = sum(counts.values())
    least = SHOWN_FROM if total >= ENOUGH else 1
    may_show = {name: number for name, number in counts.items() if is_shown(name) and number >= least}
    common = {name: number for name, number in may_show.items() if number * RARE >= total and not is_odd(name)}
    names = dict([*common.items()][:MOST]) | {name: counts[name] for name in purchases if name in counts}
    others = {name: number for name, number in may_show.items() if name not in names}
    shown = dict([*others.items()][:OTHERS])
    return Taxonomy(names, shown, len(counts) - len(names) - len(shown))


def is_shown(name: str) -> bool:
    """Whether a name looks like neither an address nor a URL, and has no long number or id in it."""
    return not is_personal(name) and not _ID.search(name.lower())


def is_odd(name: str) -> bool:
    """Whether a name is blank, stands for none, has characters that cannot be seen, or is very long."""
    return clean(name) != name or name.strip().casefold() in ("", *BLANK)
