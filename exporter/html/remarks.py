"""What the numbers leave out: what was set aside, the checks that are off, and the days that are in no comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from exporter.config.checks import GAUGES, NOT_ASKED
from exporter.html.gauges import Gauges
from exporter.html.words import number, short_date, some


def set_aside(gauges: Gauges) -> list[str]:
    """What is in no number, or in one with a reservation."""
    return list(_set_aside(gauges))


def _set_aside(gauges: Gauges) -> Iterator[str]:
    for count, info, what in (
        ("clickstream_unreadable_files", "clickstream_unreadable_file_info", "could not be read"),
        ("clickstream_waiting_files", "clickstream_waiting_file_info", "still being written"),
    ):
        if files := gauges.count(count):
            first = next((f": {each['file']}: {each['reason']}" for each in gauges.labels(info)), "")
            yield f"{some(files, 'file')} of {number(gauges.count('clickstream_files'))} {what}{first}"
    if early := gauges.count("clickstream_early_events"):
        yield f"{some(early, 'event')} of a day that is not over: they count on no day yet"
    if implausible := gauges.count("clickstream_implausible_timestamp_events"):
        yield f"{some(implausible, 'event')} without a plausible time: they count on no day"
    if replaced := gauges.count("clickstream_replaced_text_events"):
        yield f"{some(replaced, 'event')} with text that is not UTF-8: they count, with ? in its place"
    for each in gauges.labels("clickstream_missing_column_info"):
        yield f"the column {each['column']} is missing in {each['file']}"
    for each in gauges.labels("clickstream_changed_column_info"):
        yield f"the column {each['column']} changed in {each['file']}: {each['change']}"


def checks_off(gauges: Gauges) -> list[str]:
    """Which checks judge nothing, or only remark, as far as the configuration and the measures say so; with why."""
    return [f"{', '.join(checks)}: {why}" for why, checks in _by_reason(gauges).items()]


def _by_reason(gauges: Gauges) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    switched_off = {each["check"]: each["reason"] for each in gauges.labels("clickstream_switched_off_info")}
    for check, why in switched_off.items():
        found.setdefault(f"switched off, {why}", []).append(check)
    reasons = {each["gauge"]: each["reason"] for each in gauges.labels("clickstream_not_measured")}
    for check, needed in GAUGES.items():
        whys = [reasons.get(gauge) for gauge in needed]
        if check not in switched_off and all(whys) and whys[0] != NOT_ASKED.get(check):
            found.setdefault(str(whys[0]), []).append(check)
    for each in gauges.labels("clickstream_known_check_info"):
        found.setdefault(f"a remark only, {each['reason']}", []).append(each["check"])
    return found


def not_compared(gauges: Gauges, newest: date) -> list[str]:
    """The days of the last four weeks that are in no baseline, by reason."""
    found: dict[str, list[str]] = {}
    for each in sorted(gauges.labels("clickstream_excluded_day_info"), key=lambda each: -int(each["lag"])):
        if int(each["lag"]) <= 28:
            found.setdefault(each["reason"], []).append(short_date(newest - timedelta(days=int(each["lag"]))))
    return [f"{_days(dates)}: {reason}" for reason, dates in found.items()]


def _days(dates: list[str]) -> str:
    return ", ".join(dates) if len(dates) <= 3 else f"{some(len(dates), 'day')} from {dates[0]} to {dates[-1]}"
