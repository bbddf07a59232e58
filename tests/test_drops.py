"""What a day should have and what chance explains: the rules compute what the definitions say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

import pytest

from alerting.simulate.served import serving
from exporter.gauges.sample import Sample
from exporter.html.gauges import Gauges
from exporter.html.usual import Usual
from tests.quality.drop_tables import day, tables
from tests.support import generations
from tests.support.day_tables import Table, exposition
from tests.support.drop_days import Day
from tests.support.generations import Generation
from tests.support.judging import ask, first_cycle, prometheus

SIZES, SEEDS = (20, 50, 500), (1, 2)

Numbers = Mapping[str, Callable[[Day], float | None]]


def drops(name: str) -> Numbers:
    """The series of a volume that can drop."""
    series = f"dataset:clickstream_{name}"
    return {
        f"{series}:expected": partial(of_expectation, name, "expected"),
        f"{series}:deviation": partial(of_expectation, name, "deviation"),
        f"{series}:spread": partial(of_expectation, name, "spread"),
        f"{series}:drop_ratio": partial(of_expectation, name, "drop"),
        f"{series}:same_weekday": partial(of_expectation, name, "same_weekday"),
        f"{series}:least_drop_ratio": lambda of: of.least(name),
    }


def falls(name: str, part: str, of: str, limit: str) -> Numbers:
    """The noise of a rate that can fall."""
    return {f"dataset:clickstream_{name}:noise": lambda day: day.rate_noise(part, of, limit)}


def rises(name: str, part: str, of: str, limit: str) -> Numbers:
    """The noise of a share that can rise."""
    return {f"dataset:clickstream_{name}:noise": lambda day: day.share_noise(part, of, limit)}


def of_expectation(name: str, what: str, of: Day) -> float | None:
    """A number of what is expected of a volume."""
    number: float | None = getattr(of.expectation(name), what, None)
    return number


NAMES: Numbers = {
    **drops("revenue"),
    **drops("priced_purchases"),
    **drops("events"),
    "dataset:clickstream_revenue:critical": lambda of: of.revenue_critical,
    "dataset:clickstream_events:critical": lambda of: of.events_critical,
    **falls("conversion", "converting_sessions", "sessions", "conversion_drop_ratio"),
    **falls("assisted", "assisted_purchases", "identified_purchases", "assisted_drop_ratio"),
    **rises("direct_session", "direct_sessions", "sessions", "direct_share_increase"),
    **rises("null_client", "null_client_events", "events", "null_client_increase"),
    **rises("missing_referrer", "missing_referrer_events", "events", "missing_referrer_increase"),
    **rises("missing_utm", "missing_utm_events", "events", "missing_utm_increase"),
    **rises("bot", "bot_events", "events", "bot_share_increase"),
}
"""Recorded series -> what the definitions say; None where they say nothing, so that nothing is compared."""


def expected_or_mean(of: Usual, name: str) -> float | None:
    """What this weekday brings, or the mean of seven days where that is not known."""
    found = of.expected(name)
    return of.mean(name) if found is None else found


PAGE: Mapping[str, Callable[[Usual], float | None]] = {
    "dataset:clickstream_events:expected": lambda of: expected_or_mean(of, "events"),
    "dataset:clickstream_revenue:expected": lambda of: expected_or_mean(of, "revenue"),
    "dataset:clickstream_events:mean": lambda of: of.mean("events"),
    "dataset:clickstream_sessions:baseline": lambda of: of.mean("sessions"),
    "dataset:clickstream_conversion:comparable_ratio": lambda of: of.share("converting_sessions", "sessions"),
    "dataset:clickstream_conversion:baseline_ratio": lambda of: of.mean_share("converting_sessions", "sessions"),
    "dataset:clickstream_direct_session:baseline_ratio": lambda of: of.median_share("direct_sessions", "sessions"),
}
"""Recorded series -> what the page for people shows in its place."""

DEVICE_NOISE = "dataset_device:clickstream_device_revenue:noise"


@cache
def data_sets() -> dict[str, Table]:
    """The tables, by the name of their data set."""
    return {name: table for size in SIZES for seed in SEEDS for name, table in tables(size, seed).items()}


def judged_by(generation: Generation) -> dict[str, Table]:
    """The tables; of the generation that takes twice as long, every fourth one."""
    step = 4 if generation == generations.found() else 1
    return {name: table for place, (name, table) in enumerate(data_sets().items()) if place % step == 0}


@pytest.fixture(scope="module")
def recorded(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], float]:
    """What a real Prometheus recorded of the tables, by series and data set; the device's noise with the device."""
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        serving(exposition(judged_by(generation)).encode()) as target,
        prometheus(generation.prometheus, folder, target) as (url, process),
    ):
        at = first_cycle(url, process)
        found = [pair for name in {*NAMES, *PAGE, DEVICE_NOISE} for pair in ask(url, name, at)]
    return {
        (" ".join([labels["__name__"], *([labels["device"]] if "device" in labels else [])]), labels["dataset"]): value
        for labels, value in found
    }


def judged(tables: Mapping[str, Table]) -> Iterator[tuple[str, Day]]:
    """The data sets that have a baseline, and the days that they are."""
    for name, table in tables.items():
        of = day(table)
        if len(of.baseline) >= of.limits["min_baseline_days"]:
            yield name, of


def is_same(found: float | None, expected: float) -> bool:
    """Whether the rules found the number, up to rounding."""
    return found is not None and math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


def is_tight(of: Day, name: str) -> bool:
    """Whether rounding, or a guard of another check, can decide if a drop is critical."""
    volume = "events" if "events" in name else "revenue"
    found, least = of.expectation(volume), of.least(volume)
    priced = of.expectation("priced_purchases")
    few = priced is None or (priced.expected or 0) < of.limits["min_baseline_purchases"]
    if found is None or found.drop is None or least is None:
        return True
    at = [least, of.limits["revenue_drop_ratio"], of.limits["event_drop_ratio"]]
    return (volume == "revenue" and few) or any(math.isclose(found.drop, each, abs_tol=1e-9) for each in at)


def test_the_rules_record_what_the_definitions_say(
    generation: Generation, recorded: Mapping[tuple[str, str], float]
) -> None:
    """Each number, with one to five weeks of history, holes, thin, closed and excluded days."""
    compared, wrong, by_name = 0, [], Counter[str]()
    for dataset, of in judged(judged_by(generation)):
        for name, number in NAMES.items():
            expected = number(of)
            if expected is None or (name.endswith(":critical") and is_tight(of, name)):
                continue
            compared += 1
            if not is_same(recorded.get((name, dataset)), expected):
                by_name[name] += 1
                wrong.append(f"{dataset} {name}: {recorded.get((name, dataset))} != {expected}")
    print(f"{compared} numbers")
    assert not wrong, f"{len(wrong)} of {compared}: {dict(by_name)}\n" + "\n".join(wrong[:40])
    assert compared * len(data_sets()) >= 2000 * len(judged_by(generation))


def test_the_page_shows_what_the_rules_record(
    generation: Generation, recorded: Mapping[tuple[str, str], float]
) -> None:
    """Of every day, also of those that have no baseline: the page has no definitions of its own."""
    compared, wrong = 0, []
    for dataset, table in judged_by(generation).items():
        usual = Usual(Gauges(Sample(name, *each) for name, series in table.gauges.items() for each in series.items()))
        for name, number in PAGE.items():
            found, expected = number(usual), recorded[name, dataset]
            compared += found is not None
            if not (math.isnan(expected) if found is None else is_same(expected, found)):
                wrong.append(f"{dataset} {name}: {expected} != {found}")
    assert not wrong, f"{len(wrong)} of {compared}\n" + "\n".join(wrong[:40])
    assert compared * len(data_sets()) >= 500 * len(judged_by(generation))


def test_the_rules_record_the_noise_of_each_device(
    generation: Generation, recorded: Mapping[tuple[str, str], float]
) -> None:
    """By how much chance moves a device's share of the revenue."""
    expected = {
        (f"{DEVICE_NOISE} {device}", dataset): noise
        for dataset, of in judged(judged_by(generation))
        for device in ("mobile", "desktop", "tablet")
        if (noise := of.device_noise(device)) is not None
    }
    wrong = {each: noise for each, noise in expected.items() if not is_same(recorded.get(each), noise)}
    assert expected
    assert not wrong


def test_the_tables_reach_every_case() -> None:
    """Of each case that a rule can get wrong there are some."""
    days = [of for _, of in judged(data_sets())]
    found = [each for of in days if (each := of.expectation("revenue"))]
    assert sum(bool(of.revenue_critical) for of in days) >= 10
    assert sum(of.revenue_critical is False for of in days) >= 10
    assert sum(bool(of.events_critical) for of in days) >= 5
    assert sum(each.deviation == 0 for each in found) >= 10
    assert sum(each.deviation > 0 for each in found) >= 10
    assert sum(each.spread is not None and 4.5 * each.spread > 0.4 for each in found) >= 10
    assert sum(each.same_weekday is None for each in found) >= 10
    assert sum(each.expected == 0 for each in found) >= 3
    assert sum(bool(of.excluded) for of in days) >= 10
    assert sum(len(of.baseline) < 7 for of in days) >= 10
