"""Which hours of a day are missing, beside those of the days before it."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from exporter.config.checks import Limits
from exporter.days import day
from exporter.facts.model import DayFacts
from exporter.gauges.anatomy import examine
from exporter.gauges.hours import Gap, Hours

PROFILE = (
    93,
    67,
    50,
    43,
    47,
    67,
    100,
    133,
    153,
    173,
    187,
    193,
    193,
    183,
    177,
    177,
    180,
    190,
    207,
    220,
    213,
    187,
    153,
    113,
)
"""Events of a shop of 3,500 a day, by hour."""

UTC = ZoneInfo("UTC")
ANCHOR = date(2025, 3, 30)
"""The day on which the clocks of Berlin skip an hour."""


def drawn(random: Random, lump: int = 4, scale: float = 1.0) -> list[int]:
    """A healthy day, whose events come `lump` at a time."""
    level = random.gauss(1, 0.1) * scale
    return [lump * sum(random.random() < 0.5 for _ in range(round(2 * each * level / lump))) for each in PROFILE]


def emptied(counts: list[int], start: int, end: int) -> list[int]:
    """The day without the events of some hours."""
    return [0 if start <= hour < end else events for hour, events in enumerate(counts)]


def gaps(today: list[int], before: list[list[int]]) -> list[tuple[int, int]]:
    """The missing hours at the end, at the start and inside the day."""
    hours = Hours(today, before)
    tail = hours.tail()
    head = hours.head(tail)
    found: tuple[Gap | None, ...] = (tail, head, hours.hole(head, tail))
    return [(gap.start, gap.end) for gap in found if gap]


@pytest.mark.parametrize("missing", [(18, 24), (22, 24), (0, 7), (10, 12), (14, 16)])
@pytest.mark.parametrize("history", [3, 7, 28])
def test_j1_missing_hours_are_found(missing: tuple[int, int], history: int) -> None:
    """Two whole hours by day, seven from midnight, and the end of a day that broke off."""
    random = Random(f"{missing} {history}")
    before = [drawn(random) for _ in range(history)]
    assert gaps(emptied(drawn(random), *missing), before) == [missing]


@pytest.mark.parametrize("running", [1, 2, 3])
def test_j1_the_same_hours_missing_for_days(running: int) -> None:
    """A partial load does not teach that half a day is normal."""
    random = Random(running)
    before = [drawn(random) for _ in range(8)]
    before[:running] = [emptied(each, 18, 24) for each in before[:running]]
    assert gaps(emptied(drawn(random), 18, 24), before) == [(18, 24)]


def test_j1_strays_complete_nothing() -> None:
    """A few events of the last hour leave the hours before it missing."""
    random = Random(1)
    broken_off = emptied(drawn(random), 18, 24)
    broken_off[23] = 3
    assert gaps(broken_off, [drawn(random) for _ in range(7)]) == [(18, 24)]


@pytest.mark.parametrize("odd", [0, 3, 11])
@pytest.mark.parametrize("lacks", [(0, 16), (12, 24), (8, 14)])
def test_j1_an_odd_earlier_day_excuses_nothing(odd: int, lacks: tuple[int, int]) -> None:
    """The first day of the data that begins at 16:00, or a day of which half was lost: days do not differ by that."""
    random = Random(f"{odd} {lacks}")
    before = [drawn(random) for _ in range(12)]
    before[odd] = emptied(before[odd], *lacks)
    assert gaps(emptied(drawn(random), 16, 24), before) == [(16, 24)]
    assert gaps(emptied(drawn(random), 1, 8), before) == [(1, 8)]


def test_an_hour_in_which_the_day_ended_is_not_missing() -> None:
    """A load that broke off at half past five ends then, and not at five."""
    random = Random(4)
    broken_off = emptied(drawn(random), 6, 24)
    broken_off[5] //= 2
    assert gaps(broken_off, [drawn(random) for _ in range(7)]) == [(6, 24)]


@pytest.mark.parametrize("lacks", [(16, 24), (14, 24)])
def test_what_another_day_lacked_alike_is_not_missing(lacks: tuple[int, int]) -> None:
    """A shop that closes early now and then: one day of two weeks ended at the same time, or two hours before."""
    random = Random(f"{lacks}")
    before = [drawn(random) for _ in range(14)]
    before[6] = emptied(before[6], *lacks)
    assert gaps(emptied(drawn(random), 16, 24), before) == []


@pytest.mark.parametrize(("days", "found"), [(2, [(16, 20)]), (3, [])])
def test_a_habit_is_not_missing(days: int, found: list[tuple[int, int]]) -> None:
    """Three days of two weeks that end at noon make an evening without events usual, and two do not."""
    random = Random(days)
    before = [drawn(random) for _ in range(14)]
    for lag in range(4, 4 + days):
        before[lag] = emptied(before[lag], 12, 24)
    assert gaps(emptied(drawn(random), 16, 20), before) == found


def test_j6_a_quiet_day_of_a_shop_without_nights() -> None:
    """It is low as a whole, which is no matter of hours; a day that breaks off at noon lacks some."""
    open_hours = [200 if 8 <= hour < 18 else 0 for hour in range(24)]
    weekend = [each * 6 // 100 for each in open_hours]
    before = [weekend if lag % 7 in (0, 6) else open_hours for lag in range(1, 29)]
    assert gaps(weekend, before) == []
    assert gaps(emptied(open_hours, 12, 24), before) == [(12, 24)]


def test_a_late_start_is_one_gap() -> None:
    """The hours before a day begins are not inside it, too."""
    random = Random(6)
    assert gaps(emptied(drawn(random), 0, 9), [drawn(random) for _ in range(28)]) == [(0, 9)]


def test_hours_that_are_often_empty_are_not_missing() -> None:
    """What an earlier day lacked, too, and not only the days right before, is no news."""
    random = Random(2)
    before = [drawn(random) for _ in range(14)]
    before[6] = emptied(before[6], 2, 5)
    assert gaps(emptied(drawn(random), 2, 5), before) == []


@pytest.mark.parametrize(("lump", "scale"), [(1, 0.03), (8, 0.1), (4, 1.0), (40, 1.0)])
def test_j6_healthy_days_have_no_gap(lump: int, scale: float) -> None:
    """Whether events come one by one or in bursts, in a small shop or in one of 3,500 events a day."""
    random = Random(lump)
    days = [drawn(random, lump, scale) for _ in range(150)]
    assert [number for number in range(8, 150) if gaps(days[number], days[number - 8 : number])] == []


def test_hours_that_are_always_empty_are_not_missing() -> None:
    """A shop that is closed at night lacks nothing then."""
    random = Random(3)
    days = [emptied(drawn(random), 0, 7) for _ in range(8)]
    assert gaps(days[0], days[1:]) == []


def of_days(counts: dict[date, list[int]], zone: ZoneInfo = UTC) -> dict[date, DayFacts]:
    """The facts of days with these events by hour, each at the start of its hour."""
    hours = {when: {hour: events for hour, events in enumerate(each) if events} for when, each in counts.items()}
    starts = {when: day(when, zone).start for when in counts}
    lasts = {when: {hour: starts[when] + hour * 3_600_000_000 for hour in hours[when]} for when in counts}
    return {when: DayFacts(when, lasts[when], {"clickstream_events": {"": hours[when]}}) for when in counts}


def test_excluded_days_define_nothing() -> None:
    """A week of nights without events teaches nothing if it is excluded, and what it ended at is not usual."""
    zone, random = UTC, Random(5)
    odd = {ANCHOR - timedelta(days=lag) for lag in range(1, 9)}
    counts = {ANCHOR - timedelta(days=lag): drawn(random) for lag in range(15)}
    counts |= {when: emptied(counts[when], 12, 24) for when in (*odd, ANCHOR)}
    days = of_days(counts)
    blind = examine(ANCHOR, days, zone, Limits())
    assert [part.hours for part in blind.parts] == [0, 0, 0]
    seeing = examine(ANCHOR, days, zone, Limits(), odd.__contains__)
    assert [part.hours for part in seeing.parts] == [12, 0, 0]
    assert seeing.whole == list(range(9, 15))
    assert set(seeing.ends) == set(range(8))


@pytest.mark.parametrize("broken", [1, 5, 13])
@pytest.mark.parametrize(("lacks", "hours"), [((14, 24), [10, 0, 0]), ((0, 9), [0, 9, 0]), ((10, 14), [0, 0, 4])])
def test_j5_hours_that_are_missing_for_two_weeks(broken: int, lacks: tuple[int, int], hours: list[int]) -> None:
    """A load that breaks off at the same hour each day is partial on each of them, and not only until most do."""
    random = Random(f"{broken} {lacks}")
    counts = {ANCHOR - timedelta(days=lag): drawn(random) for lag in range(29)}
    counts |= {when: emptied(counts[when], *lacks) for when in sorted(counts)[-1 - broken :]}
    found = examine(ANCHOR, of_days(counts), UTC, Limits())
    assert [part.hours for part in found.parts] == hours


def test_an_hour_that_the_clock_skips_is_not_missing() -> None:
    """Where summer time begins, no event can be of the skipped hour."""
    zone = ZoneInfo("Europe/Berlin")

    def facts(when: date) -> DayFacts:
        counts = {hour: 100 * events for hour, events in enumerate(PROFILE) if when != ANCHOR or hour != 2}
        lasts = {hour: day(when, zone).start + hour * 3_600_000_000 for hour in counts}
        return DayFacts(when, lasts, {"clickstream_events": {"": counts}})

    days = {when: facts(when) for when in (ANCHOR - timedelta(days=lag) for lag in range(10))}
    found = examine(ANCHOR, days, zone, Limits())
    assert [(part.name, part.hours) for part in found.parts] == [("end", 0.0), ("start", 0.0), ("inside", 0.0)]


SANTIAGO, SKIPPED = ZoneInfo("America/Santiago"), date(2024, 9, 8)
"""A zone in which summer time begins at midnight, and the day of which the first hour is skipped."""


def test_a_midnight_that_the_clock_skips_is_not_missing() -> None:
    """Such a day begins at one o'clock."""
    counts = {SKIPPED - timedelta(days=lag): [1000] * 24 for lag in range(10)}
    counts[SKIPPED] = emptied(counts[SKIPPED], 0, 1)
    found = examine(SKIPPED, of_days(counts, SANTIAGO), SANTIAGO, Limits())
    assert [part.hours for part in found.parts] == [0, 0, 0]


@pytest.mark.parametrize("stray", [0, 1, 20])
def test_j7_dates_have_no_time_of_day(stray: int) -> None:
    """Though one event of a day has one, and though the clock skipped a midnight a week ago."""
    counts = {SKIPPED + timedelta(days=7 - lag): [500] + 23 * [0] for lag in range(29)}
    counts[SKIPPED] = [0, 500] + 22 * [0]
    counts[SKIPPED + timedelta(days=7 - stray)][15] = 1
    found = examine(max(counts), of_days(counts, SANTIAGO), SANTIAGO, Limits())
    assert (found.has_times, found.complete) == (False, 24)


@pytest.mark.parametrize(("is_whole", "complete"), [(True, 24), (False, 0)])
def test_j7_a_burst_right_after_midnight(is_whole: bool, complete: int) -> None:
    """Where events come in bursts at any hour, an early last event does not say that a day is not whole."""
    random = Random(8)
    counts = {ANCHOR - timedelta(days=lag): [0] * 24 for lag in range(29)}
    for each in counts.values():
        for hour in random.sample(range(24), 4):
            each[hour] = 100
    counts[ANCHOR] = [3] + 23 * [0]
    found = examine(ANCHOR, of_days(counts), UTC, Limits(), is_whole=is_whole)
    assert found.complete == complete
