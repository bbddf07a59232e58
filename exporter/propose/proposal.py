"""All that is proposed for a data set, found by one survey of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from exporter.days import microseconds
from exporter.engine.duckdb import survey_counts
from exporter.engine.duckdb.survey import PART, Profile, Survey
from exporter.propose import clock, columns, data, exports, purchases, remarks, taxonomy, words
from exporter.propose.clock import Choice
from exporter.propose.columns import Guess, Looked
from exporter.propose.data import Data, Name
from exporter.propose.exports import Export
from exporter.propose.purchases import Purchases
from exporter.propose.remarks import Scale
from exporter.propose.taxonomy import Taxonomy
from exporter.temporary import SPILL, Folder

ROWS = 100_000
"""The maximum number of events whose names are counted."""

PROFILED = 20_000
"""The maximum number of events whose other values are looked at."""


@dataclass(frozen=True)
class Proposal:
    """What the files seem to be; `rows` events were looked at, and `named` for the names."""

    data: Data
    export: Export | None
    rows: int
    named: int
    columns: Mapping[str, Guess]
    purchases: Purchases
    taxonomy: Taxonomy
    hosts: Mapping[str, int]
    zone: Choice
    cadence: Choice
    currency: Choice | None
    scale: Scale | None
    lines: Choice | None
    has_times: bool
    remarks: Sequence[str]

    def source(self, name: Name) -> str:
        """How the configuration writes a name: as a path in the payload, if it is there."""
        payload = self.columns.get("payload")
        return name.path if payload and name.of == payload.name.text else name.text


def propose(patterns: Sequence[str]) -> Proposal:
    """The proposal for the files that match the patterns. Raises ProposeError, EngineError, TemporaryError."""
    with Folder(SPILL) as folder, data.look(patterns, folder) as found:
        files = [found.access.local(file) for file in found.files]
        with closing(Survey(files, folder)) as survey:
            return _surveyed(found, survey)


def _surveyed(found: Data, survey: Survey) -> Proposal:
    export = exports.recognised([each.text.split(".")[0] for each in found.names] + [*found.keyed])
    looked, timestamp, event_name = _needed(found, survey, export)
    first = {"timestamp": timestamp, "event_name": event_name}
    further = columns.others(looked, [each.name.text for each in first.values()])
    bought = purchases.find(looked, survey, event_name.name.text)
    ordered = {"revenue": bought.revenue, "transaction_id": bought.transaction_id}
    mapped = first | further | {column: guess for column, guess in ordered.items() if guess}
    mapped |= remarks.further(looked, survey)
    page_url = mapped.get("page_url")
    hosts = _own(survey_counts.hosts(survey, page_url.name.text)) if page_url else {}
    currency = remarks.main_currency(looked, survey)
    scale, lines = remarks.scale(survey, bought), remarks.lines(survey, mapped, bought)
    said = remarks.find(looked, survey, mapped, bought)
    zone = clock.zone(looked.names, survey, timestamp.name)
    has_times = clock.has_time_of_day(survey, timestamp.name)
    counts, ranges = _counted(found, survey, timestamp.name, event_name.name)
    return Proposal(
        found,
        export,
        looked.rows,
        sum(counts.values()),
        mapped,
        bought,
        taxonomy.find(counts, bought.names),
        hosts,
        zone,
        clock.cadence(ranges, zone.value, datetime.now(UTC)),
        currency,
        scale,
        lines,
        has_times,
        said,
    )


def _needed(found: Data, survey: Survey, export: Export | None) -> tuple[Looked, Guess, Guess]:
    """All names and their profiles, the timestamp and the event name. Raises ProposeError if either is missing."""
    plain = _looked(found, survey, found.names, export)
    timestamp = columns.timestamp(plain, _plausible(plain, survey))
    if not timestamp:
        raise data.lacking(found, "column with plausible timestamps")
    event_name = columns.event_name(plain)
    if not event_name:
        raise data.lacking(found, "column that names the events")
    inner = list(_inside(found, survey, plain, event_name.name))
    return (_looked(found, survey, [*found.names, *inner], export) if inner else plain), timestamp, event_name


def _looked(found: Data, survey: Survey, names: Sequence[Name], export: Export | None) -> Looked:
    """A table of the names and their profiles."""
    texts = [each.text for each in names]
    times = [each.text for each in found.names if _may_be_time(each, export)]
    rows = survey.load(found.pieces(texts, PROFILED), texts, times)
    return Looked(names, survey.profiles(texts), rows, export)


def _may_be_time(name: Name, export: Export | None) -> bool:
    known = export is not None and name.text.casefold() in map(str.casefold, export.columns["timestamp"])
    return known or name.kind in ("timestamp", "instant") or words.rank("timestamp", name.text) is not None


def _plausible(looked: Looked, survey: Survey) -> Mapping[str, int]:
    """The number of plausible timestamps of each name that may be one."""
    latest = microseconds(datetime.now(UTC) + timedelta(days=1))
    times = [each.text for each in looked.names if _may_be_time(each, looked.export)]
    return {name: survey.plausible(name, latest) for name in times}


def _inside(found: Data, survey: Survey, plain: Looked, event_name: Name) -> Sequence[Name]:
    """The names within columns that may be a canonical column: keys of maps and lists, and paths in JSON text."""
    within = [Name(key, "JSON") for name in found.keyed for key in _keys(found, survey, name)]
    for name, seen in plain.profiles.items():
        if _is_json(seen):
            within += data.inside(name, survey_counts.texts(survey, name, event_name.text))
    own = {name for names in (plain.export.columns.values() if plain.export else ()) for name in names}
    endings = tuple(name.removeprefix("*") for name in own if name.startswith("*."))
    return [
        each
        for each in within
        if each.text in own
        or each.text.endswith(endings)
        or any(words.rank(of, each.text) is not None for of in words.WORDS)
    ]


def _keys(found: Data, survey: Survey, name: str) -> Sequence[str]:
    keys = survey.keys(found.pieces([name], PROFILED), name)
    return [f"{name}[{key}]" for key in keys if key.strip() and not set(key) & set("[]")]


def _is_json(seen: Profile) -> bool:
    return seen.json > 0 and seen.json >= seen.filled / 2


def _own(hosts: Mapping[str, int]) -> Mapping[str, int]:
    """The hosts of at least one page in a hundred, without those below another one."""
    total = sum(hosts.values())
    frequent = {host: number for host, number in hosts.items() if number * 100 >= total and _is_domain(host)}
    return {
        host: number for host, number in frequent.items() if not any(host.endswith(f".{other}") for other in frequent)
    }


def _is_domain(host: str) -> bool:
    last = host.rpartition(".")[2]
    return "." in host and not last.isdigit() and all(map(_is_label, host.split(".")))


def _is_label(part: str) -> bool:
    return bool(part) and all((each.isalnum() and each.isascii()) or each == "-" for each in part)


def _counted(
    found: Data, survey: Survey, timestamp: Name, event_name: Name
) -> tuple[Mapping[str, int], Sequence[survey_counts.Range]]:
    """The event names of more events, and the range of the times in each file."""
    texts = [event_name.text]
    survey.load(found.pieces([*texts, timestamp.text], ROWS), texts, [timestamp.text])
    return survey_counts.names(survey, event_name.text), survey_counts.ranges(survey, timestamp.text, PART)
