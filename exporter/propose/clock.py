"""The time zone of the calendar days, and whether the newest day comes whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exporter.days import HOURS_24, date_of, microseconds
from exporter.engine.duckdb import survey_counts
from exporter.engine.duckdb.survey import Survey
from exporter.engine.duckdb.survey_counts import Range
from exporter.propose import words
from exporter.propose.data import Name
from exporter.text import clean

HOUR = HOURS_24 // 24

WITHIN = 3 * HOUR
"""The maximum width of the offsets that dates allow, for them to say which it is."""

PART = 12 * HOUR
"""A file whose events span less is a part of a day."""


@dataclass(frozen=True)
class Choice:
    """A value of the configuration, and the evidence."""

    value: str
    evidence: str


def zone(names: Sequence[Name], survey: Survey, timestamp: Name) -> Choice:
    """The zone of the timestamp's own type, or that of a column of dates; otherwise UTC, with what else was seen."""
    if timestamp.zone and not _is_utc(timestamp.zone):
        if _exists(timestamp.zone):
            return Choice(timestamp.zone, f"the type of {timestamp.text} names it")
        return Choice("UTC", f"the type of {timestamp.text} names {clean(timestamp.zone)}, an unknown zone")
    for each in names:
        if each != timestamp and _is_date(each) and (found := _by_dates(survey, timestamp, each)):
            return found
    hint = next(filter(None, (_hint(survey, each) for each in names if _is_zone(each))), "")
    return Choice("UTC", f"nothing in the data says otherwise{hint}")


def _is_utc(name: str) -> bool:
    return name.upper() in ("UTC", "Z", "+00:00", "ETC/UTC", "GMT")


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


def _is_date(name: Name) -> bool:
    last = words.plain(name.text).rpartition(".")[2]
    return bool(re.fullmatch(r"(?:event|local)?_?(?:date|day|dt)", last))


def _is_zone(name: Name) -> bool:
    last = words.plain(name.text).rpartition(".")[2]
    return bool(re.search(r"time_?zone$|_tz$|^tz$", last)) and name.kind in ("text", "JSON")


def _by_dates(survey: Survey, timestamp: Name, dates: Name) -> Choice | None:
    """UTC if the dates are those of UTC; the offset at which they begin and end, if it is evident."""
    found = survey_counts.ranges(survey, timestamp.text, survey_counts.dated(dates.text))
    if len(found) < 3:
        return None
    least = max(_midnight(each.of) - each.first for each in found)
    most = min(_midnight(each.of) + HOURS_24 - each.last for each in found)
    if least <= 0 < most:
        return Choice("UTC", f"the dates in {dates.text} are those of UTC")
    hours = -(-least // HOUR)
    if least < most <= least + WITHIN and -14 <= hours <= 12 and hours * HOUR < most:
        what = (
            f"the dates in {dates.text} begin at midnight of UTC{hours:+d}; write the zone's name if it has summer time"
        )
        return Choice(f"Etc/GMT{-hours:+d}", what)
    return None


def _midnight(of: str) -> int:
    return microseconds(datetime.combine(date.fromisoformat(of), time(), UTC))


def _hint(survey: Survey, name: Name) -> str:
    value, number, total = survey_counts.most_frequent(survey, name.text)
    if not _exists(value) or not re.fullmatch(r"[A-Za-z_]+(?:/[A-Za-z_+-]+[0-9]*)*", value):
        return ""
    return f"; but {number} of {total} visitors' {clean(name.text)} are {value}, so that may be the shop's"


def cadence(files: Sequence[Range], zone_name: str, now: datetime) -> Choice:
    """Intraday if the newest day is not over, or if the files are parts of days; otherwise daily."""
    zone_info = ZoneInfo(zone_name)
    newest = date_of(max(each.last for each in files), zone_info)
    if newest >= now.astimezone(zone_info).date():
        return Choice("intraday", f"the newest day, {newest}, is not over and has events")
    days = [{date_of(each.first, zone_info), date_of(each.last, zone_info)} for each in files]
    short = [each for each, of in zip(files, days, strict=True) if each.last - each.first < PART and len(of) == 1]
    if len(files) >= 6 and len(short) > 0.8 * len(files):
        return Choice("intraday", f"{len(short)} of {len(files)} files hold less than half a day")
    return Choice("daily", f"the newest day, {newest}, is over, and no file is a part of a day")


def has_time_of_day(survey: Survey, timestamp: Name) -> bool:
    """Whether any timestamp is not midnight: without, there are no sessions."""
    return survey_counts.with_time_of_day(survey, timestamp.text) > 0
