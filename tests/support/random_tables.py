"""Random tables of days, as the exporter would serve them, and some in which something is missing or NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from random import Random

from hypothesis import strategies as st

from exporter.config.checks import CHECKS, Limits
from exporter.config.model import COLUMNS, Columns, Dataset
from exporter.gauges.snapshot import COMPARABLE_LAGS
from exporter.measures import declared
from tests.support.day_tables import Labels, Table
from tests.support.random_counts import Counts, Scene, all_counts

Gauges = dict[str, dict[Labels, float]]

LABEL = {
    "named_events": "event_name",
    "device_revenue": "device",
    "device_events": "device",
    "platform_events": "platform",
    "missing_column_events": "column",
    "field_events": "field",
    "filled_field_events": "field",
}
"""Gauge to the label that it has besides its lag."""

ROUND_LIMITS: dict[str, tuple[float, ...]] = {
    "max_data_age_hours": (1, 30.5, 36, 60),
    "partial_day_hours": (0.5, 1, 2.25),
    "missing_hours": (1, 2, 4),
    "max_missing_days": (0, 1, 2),
    "amount_shift_factor": (1.5, 2, 4),
    "revenue_spike_warning_ratio": (0.5, 4),
    "revenue_spike_ratio": (0.25, 1, 2),
    "device_share_deviations": (0, 1, 2.5),
    "min_baseline_days": (1, 2, 3, 7),
    "min_day_events": (1, 64, 100),
    "min_searched_events": (64, 1000, 4096),
    "min_baseline_events": (20, 60, 1024),
}
"""Limits with which no arithmetic is rounded; other counts are 8, 10 or 20 then, and ratios eighths."""

SALE = ("reason", "a sale")
"""Why a day is in no baseline."""

BARE = (
    "unreadable_files",
    "waiting_files",
    "early_events",
    "replaced_text_events",
    "missing_hours",
    "configured_events",
    "anchor_file_events",
    "changed_column_events",
    "limit",
    "exporter_query_success",
    "last_event_timestamp_seconds",
    "searched_events",
)
"""Gauges without lag that checks look at."""

NEEDED = {
    "client_id": ("client_id",),
    "payload": ("payload",),
    "revenue": ("revenue",),
    "device": ("device", "user_agent"),
    "user_agent": ("user_agent",),
    "referrer": ("referrer",),
    "utm": ("utm_source", "utm_medium", "utm_campaign", "page_url"),
    "transaction_id": ("transaction_id",),
    "currency": ("currency",),
    "event_id": ("event_id",),
    "purchase": (),
    "taxonomy": (),
}
"""What a configuration can lack, and the columns that it then does not map."""


def tables(now: float) -> st.SearchStrategy[tuple[int, Table]]:
    """Any table that an exporter may serve at `now`, and some that none does, each with its seed."""
    return st.integers(0, 2**32 - 1).map(lambda seed: (seed, random_table(Random(seed), now)))


def random_table(random: Random, now: float) -> Table:
    """A table of up to eight days; `now` decides how old they are."""
    even, calm = random.random() < 0.5, random.random() < 0.6
    scene = Scene(
        random, any_limits(random, even), random.choice((1, 1, 1, 2, 4)), even, calm, random.choice((0, 0, 0, 0.1))
    )
    counts = all_counts(scene, random.choice((7,) * 12 + (8, 14, 15, 21, 22, 28, 28, 28) + (0, 1, 2, 3, 4, 6)))
    gauges = frame(scene, counts["events"].whole[0], now)
    if random.random() < 0.96:
        gauges |= calendar(scene, counts["events"].whole, now) | by_lag(counts) | columns(counts)
        gauges |= (
            segments(counts) | amounts(scene, counts) | anatomy(scene, counts["events"].whole) | searched(scene, counts)
        )
    unwatched(gauges)
    lacks = random.sample(sorted(NEEDED), random.choice((0,) * 8 + (1, 2)))
    fails = random.choice(declared.load()).name if random.random() < 0.08 else ""
    measured(gauges, unmet(frozenset(lacks)), fails)
    return disturbed(random, gauges)


def any_limits(random: Random, even: bool) -> dict[str, float]:
    """Limits that a configuration may have: defaults, others, or, for even days, such that nothing is rounded."""
    limits: dict[str, float] = Limits().model_dump()
    defaults = not even and random.random() < 0.5
    for limit, default in limits.items():
        others = ROUND_LIMITS.get(limit, (8, 10, 20) if isinstance(default, int) else (0.125, 0.25, 0.5))
        if not defaults:
            limits[limit] = random.choice(others if even else (default, *others))
    return limits


def by_lag(counts: dict[str, Counts]) -> Gauges:
    """The series of the numbers."""
    made: Gauges = {}
    for name, each in counts.items():
        gauge, _, value = name.partition(" ")
        further = ((LABEL[gauge], value),) if value else ()
        for prefix, numbers in (("clickstream_", each.whole), ("clickstream_comparable_", each.comparable)):
            if prefix + gauge not in UNTWINNED:
                series = made.setdefault(prefix + gauge, {})
                lags = numbers if prefix == "clickstream_" else numbers[:COMPARABLE_LAGS]
                series.update({(("lag", str(lag)), *further): number for lag, number in enumerate(lags)})
    return made


UNTWINNED = {"clickstream_comparable_contents", "clickstream_comparable_repeated_contents"}
"""What a gauge that is no sum of hours does not have."""


def segments(counts: dict[str, Counts]) -> Gauges:
    """The series by segment, which no rule reads: all of each number is mobile."""
    further = (("dimension", "device"), ("segment", "mobile"))
    return {
        f"clickstream_comparable_segment_{name}": {
            (("lag", str(lag)), *further): number for lag, number in enumerate(counts[name].comparable)
        }
        for name in ("events", "purchases", "revenue")
    }


def amounts(scene: Scene, counts: dict[str, Counts]) -> Gauges:
    """The median amount of the days that have revenue."""
    days = [lag for lag, revenue in enumerate(counts["revenue"].whole) if revenue]
    usual, factor = scene.random.choice((20, 32, 100)), scene.limits["amount_shift_factor"]
    before = {lag: usual if scene.even else usual + scene.random.randint(-3, 3) for lag in days if lag}
    today = {0: max(1, scene.near(usual, (usual * factor, usual / factor), usual * 8))} if 0 in days else {}
    found: dict[Labels, float] = {(("lag", str(lag)),): each for lag, each in (today | before).items()}
    return {"clickstream_median_purchase_amount": found} if found else {}


def anatomy(scene: Scene, events: Sequence[int]) -> Gauges:
    """Where the days end, and the hours that are missing, where enough days tell what is usual."""
    lags = [lag for lag, number in enumerate(events) if number]
    if len(lags) <= scene.limits["min_baseline_days"] or scene.random.random() < 0.05:
        return {}
    ends: dict[Labels, float] = {(("lag", str(lag)),): scene.random.randint(80_000, 86_399) for lag in lags}
    least = {"end": scene.limits["partial_day_hours"], "start": scene.limits["missing_hours"]}
    hours = {part: scene.near(0, [least.get(part, least["start"])], 24) for part in ("end", "inside", "start")}
    missing: dict[Labels, float] = {(("part", part),): number for part, number in hours.items()}
    return {"clickstream_day_end_clock_seconds": ends, "clickstream_missing_hours": missing}


def searched(scene: Scene, counts: dict[str, Counts]) -> Gauges:
    """In how many events of all days the configured names and amounts are found."""
    events, purchases = (sum(counts[name].whole) for name in ("events", "purchases"))
    paid = purchases - sum(
        sum(counts[name].whole) for name in ("purchases_without_revenue", "foreign_currency_purchases")
    )
    names = sum(sum(each.whole) for name, each in counts.items() if name.startswith("named_events"))
    of = {"purchase": (purchases, events), "taxonomy": (names, events), "revenue": (paid, purchases)}
    chance = scene.random.random
    found = {what: 0 if chance() < 0.03 else number for what, (number, _) in of.items()}
    limits = {"revenue": scene.limits["min_day_purchases"]}
    least = {what: int(limits.get(what, scene.limits["min_searched_events"])) for what in of}
    among = {what: least[what] + scene.random.choice((-1, 0)) if chance() < 0.2 else of[what][1] for what in of}
    return {
        "clickstream_configured_events": {(("configured", "x"), ("what", what)): found[what] for what in of},
        "clickstream_searched_events": {(("what", what),): among[what] for what in of},
    }


def columns(counts: dict[str, Counts]) -> Gauges:
    """The columns that a file of the anchor day lacks, with its name."""
    missing = [name.split()[1] for name, each in counts.items() if "missing_column" in name and each.whole[0]]
    named: dict[Labels, float] = {(("column", column), ("file", "a.parquet")): 1 for column in missing}
    return {"clickstream_missing_column_info": named} if named else {}


def frame(scene: Scene, events: int, now: float) -> Gauges:
    """The series without lag, but for those of the measures and of the last event."""
    random, limits = scene.random, scene.limits
    files = random.choice((events, events, events + 100))
    numbers = {
        "snapshot": random.randrange(1, 2**48),
        "intraday": random.randrange(2),
        "plain_drops": random.choice((0, 0, 0, 1)),
        "files": 9,
        "watched_fields": random.choice((0, 2, 2, 2)),
        "waiting_files": random.choice((0,) * 12 + (1,)),
        "early_events": random.choice((0,) * 12 + (1, 7)),
        "replaced_text_events": random.choice((0,) * 12 + (3,)),
        "unreadable_files": random.choice((0,) * 8 + (1, 3)),
        "anchor_file_events": files,
        "implausible_timestamp_events": scene.near(0, [limits["implausible_timestamp_ratio"] * files], files),
        "exporter_refresh_success": 1,
        "exporter_last_refresh_timestamp_seconds": int(now),
        "exporter_refresh_duration_seconds": 0.5,
        "exporter_refresh_interval_seconds": 300,
        "exporter_days_recomputed": 8,
    }
    made: Gauges = {f"clickstream_{name}": {(): number} for name, number in numbers.items()}
    if numbers["unreadable_files"]:
        made["clickstream_unreadable_file_info"] = {(("file", "a.parquet"), ("reason", "no footer")): 1}
    made["clickstream_changed_column_events"] = {
        (("column", column),): random.choice((0,) * 12 + (1, events)) for column in ("client_id", "revenue")
    }
    made["clickstream_frequent_events"] = {(("event_name", "page_viewed"), ("in_taxonomy", "true")): events}
    if random.random() < 0.1:
        named = random.sample(CHECKS, random.choice((1, 4, 12)))
        made["clickstream_switched_off_info"] = {(("check", check), ("reason", "by hand")): 1 for check in named}
    made["clickstream_links_info"] = {(("runbooks", ""), ("grafana", "")): 1}
    by_hand = random.random() < 0.1
    names = [limit for limit in limits if not (by_hand and limit == "max_data_age_hours")]
    made["clickstream_limit"] = {(("limit", limit),): limits[limit] for limit in names}
    return made


def calendar(scene: Scene, events: Sequence[int], now: float) -> Gauges:
    """When the days begin, and when their last events are."""
    clocks = {lag: scene.random.randint(80_000, 86_399) for lag, number in enumerate(events) if number}
    earliest = min((clocks[lag] for lag in scene.baseline), default=86_399)
    clocks[0] = scene.near(86_000, [earliest - scene.limits["partial_day_hours"] * 3600], 86_399)
    start = int(now) // 86_400 * 86_400 - 86_400 * scene.random.randrange(4)
    lags = {lag: (("lag", str(lag)),) for lag in range(len(events))}
    excluded = {lag for lag in lags if scene.random.random() < scene.excluded}
    return {
        "clickstream_day_timestamp_seconds": {lags[lag]: start - 86_400 * lag for lag in lags},
        "clickstream_day_utc_offset_seconds": dict.fromkeys(lags.values(), 0),
        "clickstream_day_last_event_clock_seconds": {lags[lag]: clock for lag, clock in clocks.items()},
        "clickstream_last_event_timestamp_seconds": {(): start + clocks[0]},
        "clickstream_complete_hours": {(): 24 if clocks[0] >= 82_800 else clocks[0] // 3600},
        "clickstream_excluded_day": {lags[lag]: int(lag in excluded) for lag in lags},
        **({"clickstream_excluded_day_info": {(*lags[lag], SALE): 1 for lag in excluded}} if excluded else {}),
    }


@cache
def unmet(lacks: frozenset[str]) -> dict[str, str]:
    """Measure to the reason why a configuration that lacks this cannot answer it."""
    gone = {column for lack in lacks for column in NEEDED[lack]}
    dataset = Dataset(
        files=("*.parquet",),
        columns=Columns(**{column: (column,) for column in COLUMNS if column not in gone}),
        purchase=() if "purchase" in lacks else ("checkout_completed",),
        taxonomy=() if "taxonomy" in lacks else ("page_viewed",),
    )
    reasons = {measure.name: measure.unmet(dataset) for measure in declared.load()}
    return {name: reason for name, reason in reasons.items() if reason}


def measured(gauges: Gauges, reasons: dict[str, str], fails: str) -> None:
    """Leave out what is not measured, and say why; the measure `fails` is one that could be."""
    success = {each.name: each.name != fails for each in declared.load() if each.name not in reasons}
    gauges["clickstream_exporter_query_success"] = {(("query", name),): int(good) for name, good in success.items()}
    gauges["clickstream_exporter_query_duration_seconds"] = {(("query", name),): 0.25 for name in success}
    missing: dict[Labels, float] = {}
    for measure in declared.load():
        reason = reasons.get(measure.name) or ("query failed" if measure.name == fails else None)
        for gauge in measure.gauges if reason else ():
            missing[(("gauge", gauge), ("reason", str(reason)))] = 1
            gauges.pop(gauge, None)
            gauges.pop(gauge.replace("clickstream_", "clickstream_comparable_", 1), None)
    unsearched(gauges)
    if "clickstream_events" in gauges and "clickstream_missing_hours" not in gauges and not short(gauges):
        missing[(("gauge", "clickstream_missing_hours"), ("reason", "timestamps without a time of day"))] = 1
    if missing:
        gauges["clickstream_not_measured"] = missing


def unwatched(gauges: Gauges) -> None:
    """Leave out the series of fields where none is watched."""
    if not gauges["clickstream_watched_fields"][()]:
        for gauge in [gauge for gauge in gauges if gauge.endswith("field_events")]:
            del gauges[gauge]


def unsearched(gauges: Gauges) -> None:
    """Leave out what is not searched, as what it rests on is not measured."""
    rests = {"purchase": "purchases", "taxonomy": "named_events", "revenue": "purchases_without_revenue"}
    gone = {what for what, name in rests.items() if f"clickstream_{name}" not in gauges}
    gone |= {"purchase", "taxonomy"} if "clickstream_events" not in gauges else set()
    gone |= {"revenue"} if "clickstream_purchases" not in gauges else set()
    for gauge in ("clickstream_configured_events", "clickstream_searched_events"):
        left = {labels: number for labels, number in gauges.pop(gauge, {}).items() if dict(labels)["what"] not in gone}
        gauges |= {gauge: left} if left else {}


def short(gauges: Gauges) -> bool:
    """Whether too few days before have events to tell what hours are usual."""
    least = gauges["clickstream_limit"][(("limit", "min_baseline_days"),)]
    return sum(number > 0 for number in gauges["clickstream_events"].values()) <= least


def disturbed(random: Random, gauges: Gauges) -> Table:
    """The table as it is, or with a series that is NaN, or without a limit, a gauge or one day's number of a gauge."""
    bare = sorted(gauges.keys() & {f"clickstream_{name}" for name in BARE})
    days = sorted(gauge for gauge in gauges if gauge.startswith("clickstream_comparable_"))
    choices = {
        "NaN": [*sorted(gauges.keys() - {"clickstream_snapshot", "clickstream_excluded_day_info"}), *bare, *bare],
        "limit": ["clickstream_limit"],
        "gauge": bare,
        "day": days or bare,
    }
    what = random.choice(("nothing",) * 24 + ("NaN",) * 4 + ("gauge",) * 6 + ("limit", "limit", "day"))
    if what == "nothing":
        return Table(gauges)
    gauge = random.choice(choices[what])
    one = random.choice(sorted(gauges[gauge]))
    if what == "limit" and random.random() < 0.25:
        one = (("limit", "min_baseline_days"),)
    if what == "NaN":
        return Table(gauges | {gauge: gauges[gauge] | {one: math.nan}})
    rest = {} if what == "gauge" else {labels: each for labels, each in gauges[gauge].items() if labels[:1] != one[:1]}
    others = {name: series for name, series in gauges.items() if name != gauge}
    return Table(others | ({gauge: rest} if rest else {}), servable=False)
