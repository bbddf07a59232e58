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
    found: tuple[Gap | None, ...] = (tail, hours.head(tail), hours.hole(tail) if not hours.head(tail) else None)
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
    assert gaps(emptied(drawn(random), 16, 24), before) == ([(16, 24)] if lacks != (12, 24) or odd == 0 else [])
    assert gaps(emptied(drawn(random), 1, 8), before) == ([(1, 8)] if lacks != (0, 16) or odd == 0 else [])


def test_an_hour_in_which_the_day_ended_is_not_missing() -> None:
    """A load that broke off at half past five ends then, and not at five."""
    random = Random(4)
    broken_off = emptied(drawn(random), 6, 24)
    broken_off[5] //= 2
    assert gaps(broken_off, [drawn(random) for _ in range(7)]) == [(6, 24)]


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


def test_excluded_days_define_nothing() -> None:
    """A week of nights without events teaches nothing if it is excluded, and what it ended at is not usual."""
    zone, random = ZoneInfo("UTC"), Random(5)
    odd = {ANCHOR - timedelta(days=lag) for lag in range(1, 9)}
    counts = {ANCHOR - timedelta(days=lag): drawn(random) for lag in range(15)}
    counts |= {when: emptied(counts[when], 12, 24) for when in (*odd, ANCHOR)}

    def facts(when: date) -> DayFacts:
        hours = {hour: events for hour, events in enumerate(counts[when]) if events}
        lasts = {hour: day(when, zone).start + hour * 3_600_000_000 for hour in hours}
        return DayFacts(when, lasts, {"clickstream_events": {"": hours}})

    days = {when: facts(when) for when in counts}
    blind = examine(ANCHOR, days, zone, Limits())
    assert [part.hours for part in blind.parts] == [0, 0, 0]
    seeing = examine(ANCHOR, days, zone, Limits(), odd.__contains__)
    assert [part.hours for part in seeing.parts] == [12, 0, 0]
    assert seeing.whole == list(range(9, 15))
    assert set(seeing.ends) == set(range(8))


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
