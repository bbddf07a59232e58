"""Which name is which canonical column: by the export's own names, else by the words that fit, if the values do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.engine.duckdb.survey import Profile
from exporter.propose import words
from exporter.propose.data import Name
from exporter.propose.exports import Export

_KINDS = {
    "instant": "a timestamp with a zone",
    "timestamp": "a timestamp without a zone, taken as UTC",
    "integer": "a number since the epoch",
    "number": "a number since the epoch",
    "date": "a date",
}
"""What the kinds of timestamps are called, if not by their own name."""

PLAUSIBLE = 0.5
"""The minimum share of events whose timestamp must be plausible."""


FREQUENT = 0.005
"""The minimum share of events that have a key, unless only purchases have it."""


@dataclass(frozen=True)
class Guess:
    """The name that a canonical column seems to have, and the evidence."""

    name: Name
    evidence: str


@dataclass(frozen=True)
class Looked:
    """What was seen of the files: their names, a profile of each, the rows, and the export that they are."""

    names: Sequence[Name]
    profiles: Mapping[str, Profile]
    rows: int
    export: Export | None

    def candidates(self, column: str) -> Iterator[Name]:
        """The names that may be the column, the best first: those of the export, then those that a word fits."""
        by_text = {each.text.casefold(): each for each in self.names}
        own = self.export.columns.get(column, ()) if self.export else ()
        listed = [each for name in own if (each := by_text.get(name.casefold()) or self._inside(name))]
        ranked = [(rank, each) for each in self.names if (rank := words.rank(column, each.text)) is not None]
        yield from listed
        yield from (each for _, each in sorted(ranked, key=lambda pair: pair[0]) if each not in listed)

    def _inside(self, name: str) -> Name | None:
        """The name within any column of JSON for `*.key`."""
        below = name.removeprefix("*")
        fitting = (each for each in self.names if each.of and each.text == each.of + below)
        return next(fitting, None) if name.startswith("*.") else None

    def first(self, column: str, fits: Callable[[Profile], bool]) -> Name | None:
        """The best name of the column whose values fit.

        A key must be frequent: `--check-config` refuses one that the newest events lack.
        """
        for each in self.candidates(column):
            seen = self.profiles.get(each.text)
            if seen and fits(seen) and (each.kind != "JSON" or seen.filled >= FREQUENT * self.rows):
                return each
        return None


def timestamp(looked: Looked, plausible: Mapping[str, int]) -> Guess | None:
    """The time of the event: never, if there is another, the time at which it was sent, received or loaded."""
    own = [each for each in looked.names if plausible.get(each.text, 0) >= PLAUSIBLE * looked.rows]
    listed = [each for each in looked.candidates("timestamp") if each in own]
    times = [each for each in own if each.kind in ("timestamp", "instant") and each not in listed]
    ordered = [*listed, *times]
    if looked.export is None:
        ordered.sort(key=lambda each: bool(words.LATER.search(words.plain(each.text))))
    if not ordered:
        return None
    first, *others = ordered
    share = _share(plausible[first.text], looked.rows, "events have a plausible time")
    evidence = f"{_KINDS.get(first.kind, first.kind)}; {share}"
    if not others:
        return Guess(first, evidence)
    why = "when it was sent, received or loaded" if _is_later(first) else "the time of the event"
    return Guess(first, f"{evidence}; {why}, not {', '.join(each.text for each in others[:5])}")


def _is_later(name: Name) -> bool:
    return bool(words.LATER.search(words.plain(name.text)))


def event_name(looked: Looked) -> Guess | None:
    """What happened: text with few distinct values."""

    def fits(seen: Profile) -> bool:
        few = seen.distinct <= max(50, seen.filled // 4)
        text = looked.export is not None or seen.numbers < seen.filled / 2
        return seen.filled >= looked.rows / 2 and few and text and seen.urls < seen.filled / 2 and not seen.json

    name = looked.first("event_name", fits)
    if not name:
        return None
    seen = looked.profiles[name.text]
    return Guess(name, f"{_share(seen.filled, looked.rows, 'events')}, about {seen.distinct} names")


def others(looked: Looked, taken: Sequence[str]) -> dict[str, Guess]:
    """All canonical columns but the time, the name and what only purchases have."""
    found: dict[str, Guess] = {}
    for column, (fits, what) in _FITTING.items():
        if name := looked.first(column, fits) or _by_values(
            looked, column, [*taken, *(g.name.text for g in found.values())]
        ):
            seen = looked.profiles[name.text]
            number = getattr(seen, what) if what else seen.filled
            found[column] = Guess(name, _evidence(column, number, seen, looked.rows))
    return found


def _by_values(looked: Looked, column: str, taken: Sequence[str]) -> Name | None:
    """The column that is evident by its values alone, whatever its name: URLs, user agents."""
    part = {"page_url": "urls", "user_agent": "agents", "payload": "json"}.get(column)
    if not part:
        return None
    for each in looked.names:
        seen = looked.profiles.get(each.text)
        is_free = each.text not in taken and not any(
            word in words.plain(each.text) for word in ("refer", "image", "img")
        )
        least = 1 if column == "payload" else looked.rows / 2
        if seen and is_free and getattr(seen, part) >= 0.9 * max(least, seen.filled):
            return each
    return None


def _evidence(column: str, number: int, seen: Profile, rows: int) -> str:
    return {
        "client_id": f"{_share(number, rows, 'events')}, about {seen.distinct} distinct",
        "page_url": f"{_share(number, rows, 'events have a URL')}",
        "user_agent": f"{_share(number, rows, 'events have a user agent')}",
        "device": f"{_share(number, rows, 'events have a class of device')}",
        "payload": f"{_share(number, rows, 'events have JSON')}",
    }.get(column, _share(seen.filled, rows, "events"))


def _share(number: int, rows: int, what: str) -> str:
    return f"{number} of {rows} {what}"


_FITTING: Mapping[str, tuple[Callable[[Profile], bool], str]] = {
    "client_id": (lambda seen: seen.distinct > 1, ""),
    "page_url": (lambda seen: seen.urls > 0 and seen.urls >= seen.filled / 2, "urls"),
    "referrer": (lambda seen: seen.urls > 0, ""),
    "user_agent": (lambda seen: seen.agents > 0 and seen.agents >= seen.filled / 2, "agents"),
    "device": (lambda seen: seen.devices > 0 and seen.devices >= 0.7 * seen.filled, "devices"),
    "payload": (lambda seen: seen.json > 0 and seen.json >= seen.filled / 2, "json"),
    "utm_source": (lambda seen: seen.filled > 0, ""),
    "utm_medium": (lambda seen: seen.filled > 0, ""),
    "utm_campaign": (lambda seen: seen.filled > 0, ""),
}
"""For each column, whether a profile fits, and which of its numbers is the evidence."""
