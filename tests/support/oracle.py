"""The state of every check, worked out from the definitions alone: what the rules are held to.

It knows nothing of the rules. Numbers are exact, and limits are the decimals that the configuration writes. In
floating point, `number=float`, only rounding can differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from statistics import median

from tests.support.day_tables import Table
from tests.support.table_numbers import BASELINE, Known, Number, Numbers, combined, mean, minus, ratio

IN_ORDER, FIRING, OFF = 0, 1, 2


def at_least(value: Known, least: Known) -> bool | None:
    """Whether the value reaches what is asked for."""
    return None if value is None or least is None else value >= least


def positive(value: Known) -> bool | None:
    """Whether the value is above 0."""
    return None if value is None else value > 0


def above(value: Known, limit: Known) -> int:
    """The state of a check that compares; a value exactly at the limit is in order."""
    return OFF if value is None or limit is None else int(value > limit)


def drop(today: Known, before: Known) -> Known:
    """How much less it is than before, relative to before."""
    return minus(1, ratio(today, before))


def baseline_share(t: Numbers, part: str, of: str) -> Known:
    """The share on the baseline days together."""
    return ratio(t.total(part), t.total(of))


def increase(t: Numbers, part: str, of: str = "events") -> Known:
    """How much larger the share is than on the baseline days."""
    return minus(ratio(t.comparable(part), t.comparable(of)), baseline_share(t, part, of))


def most_named_events(t: Numbers) -> Known:
    """The baseline of the most frequent name, of those whose baseline is there."""
    means = [t.mean("named_events", event_name=name) for name in t.values("comparable_named_events", "event_name")]
    return max((mean for mean in means if mean is not None), default=None)


def expected_events(t: Numbers) -> Known:
    """The events of a baseline day; where these are few, of any day before, if there are enough of them."""
    least = t.limit("min_baseline_days")
    if least is None or len(t.baseline) >= least:
        return None if least is None else t.mean("events")
    before = t.comparable_days("events", BASELINE)
    return combined(mean, before) if len(before) >= least else None


def can_rise(t: Numbers, what: str) -> bool | None:
    """Whether a share can rise above its baseline by its limit, and by more."""
    share, limit = baseline_share(t, f"{what}_events", "events"), t.limit(f"{what}_increase")
    return None if share is None or limit is None else share + limit < 1


GUARDS: dict[str, Callable[[Numbers], bool | None]] = {
    "baseline_days": lambda t: at_least(len(t.baseline), t.limit("min_baseline_days")),
    "baseline_events": lambda t: at_least(expected_events(t), t.limit("min_baseline_events")),
    "baseline_purchases": lambda t: at_least(t.mean("purchases"), t.limit("min_baseline_purchases")),
    "baseline_identified_purchases": lambda t: at_least(
        t.mean("identified_purchases"), t.limit("min_baseline_purchases")
    ),
    "baseline_sessions": lambda t: at_least(t.mean("sessions"), t.limit("min_baseline_sessions")),
    "baseline_revenue": lambda t: positive(t.mean("revenue")),
    "baseline_converting_sessions": lambda t: positive(baseline_share(t, "converting_sessions", "sessions")),
    "baseline_assisted_purchases": lambda t: positive(baseline_share(t, "assisted_purchases", "identified_purchases")),
    "baseline_named_events": lambda t: at_least(most_named_events(t), t.limit("min_baseline_named_events")),
    "day_events": lambda t: at_least(t.comparable("events"), t.limit("min_day_events")),
    "day_payload_events": lambda t: positive(t.whole("payload_events")),
    "day_purchases": lambda t: at_least(t.whole("purchases"), t.limit("min_day_purchases")),
    "day_contents": lambda t: at_least(t.whole("contents"), t.limit("min_day_purchases")),
    "day_sessions": lambda t: positive(t.comparable("sessions")),
    "day_revenue": lambda t: positive(t.comparable("revenue")),
    "day_identified_purchases": lambda t: positive(t.comparable("identified_purchases")),
    "reach_missing_referrer": lambda t: can_rise(t, "missing_referrer"),
    "reach_missing_utm": lambda t: can_rise(t, "missing_utm"),
}


def is_open(t: Numbers, guard: str) -> bool | None:
    """Whether a guard is open, None where it is not there."""
    return GUARDS[guard](t)


DRIFT = ("baseline_days", "day_events")

Check = Callable[[Numbers], int]
CHECKS: dict[str, Check] = {}


def check(*guards: str) -> Callable[[Check], Check]:
    """Name the check after the function; it is switched off unless all its guards are open."""

    def named(judge: Check) -> Check:
        name = "".join(word.capitalize() for word in judge.__name__.split("_"))
        CHECKS[name] = lambda t: (
            judge(t) if all(is_open(t, guard) for guard in guards) and not by_hand(t, name) else OFF
        )
        return judge

    return named


def by_hand(t: Numbers, name: str) -> bool:
    """Whether the configuration switches the check off."""
    return name in t.values("switched_off_info", "check")


def states(table: Table, now: float, number: Callable[[str], Number] = Fraction) -> dict[str, int]:
    """The state of every check at the time `now`."""
    numbers = Numbers(table, now, number)
    return {name: judge(numbers) for name, judge in CHECKS.items()}


@check()
def query_failing(t: Numbers) -> int:
    """A measure failed."""
    success = t.series("clickstream_exporter_query_success")
    return OFF if not success or any(map(math.isnan, success)) else int(0 in success)


@check()
def unreadable_files(t: Numbers) -> int:
    """A file was set aside."""
    return above(t.gauge("unreadable_files"), 0)


@check()
def no_data(t: Numbers) -> int:
    """There is no last event; never switched off."""
    return int(not t.series("clickstream_last_event_timestamp_seconds"))


@check()
def data_stale(t: Numbers) -> int:
    """The last event is older than so many hours."""
    hours = t.limit("max_data_age_hours")
    age = minus(t.now, t.gauge("last_event_timestamp_seconds"))
    return OFF if hours is None else above(age, hours * 3600)


@check()
def never_found(t: Numbers) -> int:
    """A name or an amount is in none of the events, which are enough to tell."""
    kinds = t.values("configured_events", "what") & t.values("searched_events", "what")
    found = [is_never_found(t, kind) for kind in kinds]
    return OFF if not found or None in found else int(any(found))


def is_never_found(t: Numbers, kind: str) -> bool | None:
    """Whether no event has what is configured; amounts are searched in purchases, names in all events."""
    least = t.limit("min_day_purchases" if kind == "revenue" else "min_searched_events")
    enough, number = at_least(t.gauge("searched_events", what=kind), least), t.gauge("configured_events", what=kind)
    return None if enough is None or number is None else enough and number == 0


@check()
def partial_day(t: Numbers) -> int:
    """The hours missing at the end of the anchor day are more than so many."""
    return above(t.gauge("missing_hours", part="end"), t.limit("partial_day_hours"))


@check()
def hours_missing(t: Numbers) -> int:
    """So many hours are missing at the start of the anchor day, or inside."""
    parts = t.values("missing_hours", "part") - {"end"}
    enough = at_least(combined(max, [t.gauge("missing_hours", part=part) for part in parts]), t.limit("missing_hours"))
    return OFF if enough is None else int(enough)


@check()
def missing_day(t: Numbers) -> int:
    """So many days before the anchor day have no event."""
    events = t.whole_days("events", BASELINE)
    return OFF if not events or None in events else above(events.count(0), t.limit("max_missing_days"))


@check("baseline_days", "day_contents")
def repeated_day(t: Numbers) -> int:
    """Of the purchases or of the contents, far more than usual are those of days before."""
    if has_nan(t, "purchases", "repeated_purchases", "contents", "repeated_contents"):
        return OFF
    rises = [repeated(t, f"repeated_{of}", of) for of in ("purchases", "contents")]
    return above(max((rise for rise in rises if rise is not None), default=None), t.limit("repeated_day_ratio"))


def has_nan(t: Numbers, *names: str) -> bool:
    """Whether a series of these gauges is NaN."""
    return any(math.isnan(value) for name in names for value in t.series(f"clickstream_{name}"))


def repeated(t: Numbers, part: str, of: str) -> Known:
    """How much larger the share of the whole day is than on the median one of the seven days before."""
    shares = [ratio(t.whole(part, lag), t.whole(of, lag)) for lag in BASELINE]
    usual = [share for share in shares if share is not None]
    enough = at_least(t.whole(of), t.limit("min_day_purchases"))
    return minus(ratio(t.whole(part), t.whole(of)), median(usual)) if enough and usual else None


@check("baseline_events")
def event_volume_drop(t: Numbers) -> int:
    """There are fewer events; where few days are baseline days, by more than days differ, and by more than chance."""
    expected, limit = expected_events(t), t.limit("event_drop_ratio")
    fewer = drop(t.comparable("events"), expected)
    if not expected or limit is None or is_open(t, "baseline_days"):
        return above(fewer, limit)
    least = (min(0.9, each) for each in (4.5 * deviation(t), 3 * math.sqrt(EVENTS_AT_ONCE / expected)))
    return above(fewer, max(limit, *(t.number(repr(each)) for each in least)))


EVENTS_AT_ONCE, EVENTS_OF_A_NAME = 8, 2
"""Events that come together, as those of a session do, and how many of them have one name."""


def deviation(t: Numbers) -> float:
    """How far a day before is from their mean, as a rule."""
    days = [day for day in t.comparable_days("events", BASELINE) if day is not None]
    return sum(abs(math.log(min(max(day / mean(days), 0.5), 2.0))) for day in days) / len(days)


@check("baseline_days", "baseline_purchases")
def no_purchases(t: Numbers) -> int:
    """There is no purchase."""
    purchases = t.comparable("purchases")
    return OFF if purchases is None else int(purchases == 0)


@check(*DRIFT, "baseline_purchases", "baseline_revenue")
def revenue_drop(t: Numbers) -> int:
    """There is less revenue."""
    return above(drop(t.comparable("revenue"), t.mean("revenue")), t.limit("revenue_drop_ratio"))


@check()
def duplicate_events(t: Numbers) -> int:
    """Events came twice."""
    return above(ratio(t.whole("duplicate_events"), t.whole("events")), t.limit("duplicate_event_ratio"))


@check("day_purchases")
def duplicate_purchases(t: Numbers) -> int:
    """Purchases came twice."""
    return above(ratio(t.whole("duplicate_purchases"), t.whole("purchases")), t.limit("duplicate_purchase_ratio"))


@check()
def invalid_events(t: Numbers) -> int:
    """Events have names that are not in the taxonomy."""
    return above(ratio(t.whole("invalid_events"), t.whole("events")), t.limit("invalid_event_ratio"))


@check(*DRIFT, "baseline_named_events")
def event_name_vanished(t: Numbers) -> int:
    """A name that the baseline days have is not there any more."""
    if any(map(math.isnan, t.series("clickstream_comparable_named_events"))):
        return OFF
    names = t.values("comparable_named_events", "event_name")
    least = t.limit("min_baseline_named_events")
    expected = [name for name in names if at_least(t.mean("named_events", event_name=name), least)]
    today = [t.comparable("named_events", event_name=name) for name in expected]
    return OFF if None in today else int(0 in today)


@check()
def null_client_ids(t: Numbers) -> int:
    """Events lack a client id: too many, or, where there is a baseline, more than before."""
    share = above(ratio(t.whole("null_client_events"), t.whole("events")), t.limit("null_client_ratio"))
    if not all(is_open(t, guard) for guard in DRIFT):
        return share
    return either(share, above(increase(t, "null_client_events"), t.limit("null_client_increase")))


def either(one: int, other: int) -> int:
    """Firing if one of two is; switched off if one of two is."""
    return OFF if OFF in (one, other) else max(one, other)


@check(*DRIFT)
def segment_drop(t: Numbers) -> int:
    """A device, platform or name has fewer events than its share makes one expect, by the limit and by chance."""
    gauges = {"device_events": "device", "platform_events": "platform", "named_events": "event_name"}
    if has_nan(t, *(f"comparable_{gauge}" for gauge in gauges)):
        return OFF
    found = [
        segment_dropped(t, gauge, {label: value})
        for gauge, label in gauges.items()
        for value in t.values(f"comparable_{gauge}", label)
    ]
    return max((each for each in found if each is not None), default=OFF)


def segment_dropped(t: Numbers, gauge: str, labels: dict[str, str]) -> int | None:
    """Whether one segment dropped; None for one without an expectation, and for a name that vanished."""
    today, before, limit = t.comparable(gauge, **labels), t.total(gauge, **labels), t.limit("segment_drop_ratio")
    share, events = ratio(before, t.total("events")), t.comparable("events")
    if today is None or limit is None or not before or not share or not events:
        return None
    if today == 0 and gauge == "named_events":
        return None
    expected = share * events
    at_once = EVENTS_OF_A_NAME if gauge == "named_events" else EVENTS_AT_ONCE
    noise = 2.5 * math.sqrt(at_once * (1 / expected + 1 / before) + limit * limit / 9)
    fewer = 1 - today / expected
    return int(fewer > limit and fewer > noise)


@check(*DRIFT, "reach_missing_referrer")
def missing_referrer(t: Numbers) -> int:
    """More events lack a referrer."""
    return above(increase(t, "missing_referrer_events"), t.limit("missing_referrer_increase"))


@check(*DRIFT, "reach_missing_utm")
def missing_utm(t: Numbers) -> int:
    """More events lack utm parameters."""
    return above(increase(t, "missing_utm_events"), t.limit("missing_utm_increase"))


@check("day_payload_events")
def json_errors(t: Numbers) -> int:
    """Payloads are no JSON."""
    return above(ratio(t.whole("json_error_events"), t.whole("payload_events")), t.limit("json_error_ratio"))


@check("day_purchases")
def purchases_without_revenue(t: Numbers) -> int:
    """Purchases have no revenue."""
    share = ratio(t.whole("purchases_without_revenue"), t.whole("purchases"))
    return above(share, t.limit("purchase_without_revenue_ratio"))


@check("day_purchases")
def purchases_without_transaction_id(t: Numbers) -> int:
    """Purchases have no transaction id."""
    share = ratio(t.whole("purchases_without_transaction_id"), t.whole("purchases"))
    return above(share, t.limit("purchase_without_transaction_id_ratio"))


@check()
def column_missing(t: Numbers) -> int:
    """Events are in files that lack a column."""
    columns = t.values("missing_column_events", "column")
    most = combined(max, [t.whole("missing_column_events", column=column) for column in columns])
    return above(ratio(most, t.whole("events")), t.limit("missing_column_ratio"))


@check()
def column_changed(t: Numbers) -> int:
    """Events are in files where a column changed."""
    columns = t.values("changed_column_events", "column")
    most = combined(max, [t.gauge("changed_column_events", column=column) for column in columns])
    return above(most, 0)


@check()
def implausible_timestamps(t: Numbers) -> int:
    """Events have no plausible timestamp."""
    share = ratio(t.gauge("implausible_timestamp_events"), t.gauge("anchor_file_events"))
    return above(share, t.limit("implausible_timestamp_ratio"))


@check(*DRIFT, "baseline_sessions", "baseline_purchases", "baseline_converting_sessions", "day_sessions")
def conversion_rate_drop(t: Numbers) -> int:
    """A smaller share of the sessions converts."""
    share = ratio(t.comparable("converting_sessions"), t.comparable("sessions"))
    return above(drop(share, baseline_share(t, "converting_sessions", "sessions")), t.limit("conversion_drop_ratio"))


@check("day_events", "day_sessions")
def direct_share_high(t: Numbers) -> int:
    """Sessions are direct: too many, or, where there is a baseline, more than before."""
    share = above(ratio(t.whole("direct_sessions"), t.whole("sessions")), t.limit("direct_share"))
    if not is_open(t, "baseline_days"):
        return share
    return either(share, above(increase(t, "direct_sessions", "sessions"), t.limit("direct_share_increase")))


@check(*DRIFT, "baseline_purchases", "baseline_revenue", "day_revenue")
def device_revenue_shift(t: Numbers) -> int:
    """A device's share of the revenue moved, by more than the purchases' chance explains."""
    purchases, mean = t.comparable("purchases"), t.mean("purchases")
    if not purchases or not mean:
        return OFF
    chance = 1 / purchases + 1 / (mean * len(t.baseline))
    found = [moved(t, device, chance) for device in t.values("comparable_device_revenue", "device")]
    return OFF if not found or OFF in found else max(found)


def moved(t: Numbers, device: str, chance: Number) -> int:
    """Whether the share of one device moved by more than the limit and by more than so many standard deviations."""
    share = ratio(t.comparable("device_revenue", device=device), t.comparable("device_revenue"))
    base = ratio(t.total("device_revenue", device=device), t.total("device_revenue"))
    limit, deviations = t.limit("device_share_shift"), t.limit("device_share_deviations")
    if share is None or base is None or limit is None or deviations is None:
        return OFF
    noise = float(deviations) * math.sqrt(Fraction(3, 2) * base * (1 - base) * chance)
    shift = share - base if share > base else base - share
    return int(shift > limit and shift > noise)


@check(*DRIFT, "baseline_identified_purchases", "baseline_assisted_purchases", "day_identified_purchases")
def assisted_share_drop(t: Numbers) -> int:
    """A smaller share of the purchases is assisted."""
    share = ratio(t.comparable("assisted_purchases"), t.comparable("identified_purchases"))
    before = baseline_share(t, "assisted_purchases", "identified_purchases")
    return above(drop(share, before), t.limit("assisted_drop_ratio"))


@check(*DRIFT, "day_purchases", "baseline_purchases")
def amount_shift(t: Numbers) -> int:
    """The median amount is so many times that of the median baseline day, or so many times smaller."""
    today, days = t.whole("median_purchase_amount"), t.whole_days("median_purchase_amount", t.baseline)
    times = ratio(today, combined(median, days))
    return OFF if times is None else above(t.nearly(max(times, 1 / times)), t.limit("amount_shift_factor"))


@check(*DRIFT, "baseline_purchases", "baseline_revenue")
def revenue_spike(t: Numbers) -> int:
    """There is far more revenue."""
    return above(minus(ratio(t.comparable("revenue"), t.mean("revenue")), 1), t.limit("revenue_spike_ratio"))


@check()
def early_events(t: Numbers) -> int:
    """Events are of days that are not over."""
    return above(t.gauge("early_events"), 0)


@check()
def waiting_files(t: Numbers) -> int:
    """Files are being written."""
    return above(t.gauge("waiting_files"), 0)


@check()
def replaced_text(t: Numbers) -> int:
    """Text was no UTF-8."""
    return above(t.gauge("replaced_text_events"), 0)


@check()
def switched_off(t: Numbers) -> int:
    """A check is switched off by hand; never switched off itself."""
    return int(bool(t.values("switched_off_info", "check")))


@check()
def limit_out_of_reach(t: Numbers) -> int:
    """A share cannot rise by its limit; never switched off."""
    return int(any(is_open(t, guard) is False for guard in GUARDS if guard.startswith("reach_")))


def closed(t: Numbers, guard: str) -> int:
    """Firing where the guard is closed, switched off where it is not there."""
    found = is_open(t, guard)
    return OFF if found is None else int(not found)


@check()
def small_sample_day(t: Numbers) -> int:
    """The anchor day has too few events."""
    return closed(t, "day_events")


@check()
def baseline_short(t: Numbers) -> int:
    """There are too few baseline days."""
    return closed(t, "baseline_days")


@check()
def low_volume(t: Numbers) -> int:
    """Some other guard is closed, where there is a baseline; never switched off."""
    day = [guard for guard in GUARDS if guard.startswith("day_") and guard != "day_events"]
    volumes = [guard for guard in GUARDS if guard.startswith("baseline_") and guard != "baseline_days"]
    counted = day + volumes if is_open(t, "baseline_days") else day
    return int(any(is_open(t, guard) is False for guard in counted))


@check()
def not_measured(t: Numbers) -> int:
    """A gauge is not measured, though no query failed, or a number is NaN; never switched off."""
    reasons = {dict(pairs)["reason"] for pairs in t.table.gauges.get("clickstream_not_measured", {})}
    return int(bool(reasons - {"query failed"}) or t.table.has_nan)
