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
from tests.support.expectation import (
    EVENTS_AT_ONCE,
    EVENTS_OF_A_NAME,
    Volume,
    chance_of,
    drop,
    events_of,
    is_lost,
    least,
    priced_of,
    revenue_of,
    segment_expected,
    segment_share,
    thin_deviation,
    usual_day,
    usual_share,
)
from tests.support.guards import (
    FIRING,
    GUARDS,
    IN_ORDER,
    OFF,
    above,
    assisted_noise,
    at_least,
    both,
    client_events,
    conversion_noise,
    device_noise,
    device_share,
    direct_noise,
    enough_fields,
    few,
    field_noise,
    field_usual,
    is_open,
    named_baseline,
    rises,
    same_days_share,
    session_noise,
    usual_sessions,
)
from tests.support.table_numbers import BASELINE, Known, Number, Numbers, combined, minus, ratio

DRIFT = ("baseline_days", "day_events")

Check = Callable[[Numbers], int]
CHECKS: dict[str, Check] = {}


NOT_ASKED = {
    "EventIdConflicts": ("conflicting_events", "no column event_id"),
    "ForeignCurrency": ("foreign_currency_purchases", "no column currency"),
    "DuplicatePurchases": ("duplicate_purchases", "purchase_rows is lines"),
}
"""Checks that are in order, whatever their guards, where a gauge is not measured for a reason."""


def check(*guards: str) -> Callable[[Check], Check]:
    """Name the check after the function; it is switched off unless all its guards are open."""

    def named(judge: Check) -> Check:
        name = "".join(word.capitalize() for word in judge.__name__.split("_"))

        def state(t: Numbers) -> int:
            if by_hand(t, name):
                return OFF
            if name in NOT_ASKED and is_absent(t, *NOT_ASKED[name]):
                return IN_ORDER
            return judge(t) if all(is_open(t, guard) for guard in guards) else OFF

        CHECKS[name] = state
        return judge

    return named


def is_absent(t: Numbers, name: str, reason: str) -> bool:
    """Whether a gauge is not measured, for this reason."""
    labels = (("gauge", f"clickstream_{name}"), ("reason", reason))
    return labels in t.table.gauges.get("clickstream_not_measured", {})


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
    names = ("purchases", "repeated_purchases", "contents", "repeated_contents")
    if any(
        math.isnan(each)
        for name in names
        for lag in range(29)
        for each in t.series(f"clickstream_{name}", lag=str(lag))
    ):
        return OFF
    rises = [repeated(t, "repeated_purchases", "purchases"), repeated(t, "repeated_contents", "contents")]
    if rises[1] is not None and are_indistinct(t):
        rises[1] = t.number("0")
    return above(max((rise for rise in rises if rise is not None), default=None), t.limit("repeated_day_ratio"))


def are_indistinct(t: Numbers) -> bool:
    """Whether far fewer sessions than usual are among as many events: visitors have one client id, or none."""
    every = (ratio(t.whole("sessions", lag), t.whole("events", lag)) for lag in t.history)
    usual = combined(median, [share for share in every if share is not None])
    today, limit = ratio(t.whole("sessions"), t.whole("events")), t.limit("session_drop_ratio")
    return None not in (usual, today, limit) and today < usual * (1 - limit)


def has_nan(t: Numbers, *names: str) -> bool:
    """Whether a series of these gauges is NaN."""
    return any(math.isnan(value) for name in names for value in t.series(f"clickstream_{name}"))


def repeated(t: Numbers, part: str, of: str) -> Known:
    """How much larger the share of the whole day is than on the median baseline day of four weeks."""
    shares = [ratio(t.whole(part, lag), t.whole(of, lag)) for lag in t.history]
    usual = [share for share in shares if share is not None]
    enough = at_least(t.whole(of), t.limit("min_day_purchases"))
    return minus(ratio(t.whole(part), t.whole(of)), median(usual)) if enough and usual else None


@check("baseline_events")
def event_volume_drop(t: Numbers) -> int:
    """There are fewer events than on seven days, or than this weekday brings, by more than is usual, or chance."""
    if is_lost(t, "events"):
        return FIRING
    events, limit = events_of(t), t.limit("event_drop_ratio")
    low = above(drop(events.today, events.mean), limit)
    if low == OFF or limit is None:
        return OFF
    plain = t.gauge("plain_drops") == 1
    return int(low == FIRING or (not plain and events_dropped(t, events, limit)))


def events_dropped(t: Numbers, events: Volume, limit: Number) -> bool:
    """Whether the evidence makes the drop critical."""
    deviation = None if is_open(t, "baseline_days") else thin_deviation(t)
    needed = least(events, limit, chance_of(3 * math.sqrt(EVENTS_AT_ONCE), events.expected), deviation)
    fell = events.fell
    return fell is not None and fell > limit and under_weekday(t, events) and fell > t.number(repr(needed))


def under_weekday(t: Numbers, volume: Volume) -> bool:
    """Whether it is low for its weekday."""
    same = volume.same_weekday
    return same is None or volume.today is None or volume.today < t.number("0.75") * same


@check("baseline_purchases")
def no_purchases(t: Numbers) -> int:
    """There is no purchase."""
    purchases = t.comparable("purchases")
    return OFF if purchases is None or not is_known(t, "purchases") else int(purchases == 0)


def is_known(t: Numbers, name: str) -> bool:
    """Whether there are enough baseline days, or the volume is lost."""
    return bool(is_open(t, "baseline_days")) or is_lost(t, name)


@check("day_events", "baseline_purchases", "baseline_revenue")
def revenue_drop(t: Numbers) -> int:
    """There is less revenue than on seven days, or than this weekday brings, with evidence."""
    if is_lost(t, "revenue"):
        return FIRING
    if not is_known(t, "revenue"):
        return OFF
    revenue, limit = revenue_of(t), t.limit("revenue_drop_ratio")
    low = above(drop(revenue.today, revenue.mean), limit)
    if low == OFF or limit is None or revenue.fell is None:
        return OFF
    plain = t.gauge("plain_drops") == 1
    return int(low == FIRING or (not plain and revenue_dropped(t, revenue, limit)))


def revenue_dropped(t: Numbers, revenue: Volume, limit: Number) -> bool:
    """Whether the evidence makes the drop critical."""
    if not (revenue.fell is not None and revenue.fell > limit and under_weekday(t, revenue)):
        return False
    priced = priced_of(t)
    by_amount = revenue.fell > t.number(repr(least(revenue, limit, chance_of(6, priced.expected))))
    by_number = priced.fell is not None and priced.fell > t.number(
        repr(least(priced, limit, chance_of(3, priced.expected)))
    )
    return by_amount or by_number or conversion_evidence(t) or unpriced(t) == FIRING


def conversion_evidence(t: Numbers) -> bool:
    """Whether the conversion rate dropped, and is as far below the median of four weeks."""
    shares = (ratio(t.whole("converting_sessions", lag), t.whole("sessions", lag)) for lag in t.history)
    usual = combined(median, [share for share in shares if share is not None])
    today, limit = (
        ratio(t.comparable("converting_sessions"), t.comparable("sessions")),
        t.limit("conversion_drop_ratio"),
    )
    if conversion_dropped(t) != FIRING or usual is None or today is None or limit is None:
        return False
    return bool(today < usual * (1 - limit))


def unpriced(t: Numbers) -> int:
    """Whether too many purchases of the complete hours have no amount."""
    numbers = (t.comparable(name) for name in ("purchases_without_revenue", "purchases"))
    return few(*numbers, t.limit("purchase_without_revenue_ratio"))


@check("reach_duplicate_event")
def duplicate_events(t: Numbers) -> int:
    """Events came twice."""
    return few(t.whole("duplicate_events"), t.whole("events"), t.limit("duplicate_event_ratio"))


@check("reach_event_id_conflict")
def event_id_conflicts(t: Numbers) -> int:
    """Events have the id of another one, and another content."""
    return few(t.whole("conflicting_events"), t.whole("events"), t.limit("event_id_conflict_ratio"))


@check("day_purchases", "reach_duplicate_purchase")
def duplicate_purchases(t: Numbers) -> int:
    """Purchases came twice."""
    return few(t.whole("duplicate_purchases"), t.whole("purchases"), t.limit("duplicate_purchase_ratio"))


@check("reach_invalid_event")
def invalid_events(t: Numbers) -> int:
    """Events have names that are not in the taxonomy."""
    return few(t.whole("invalid_events"), t.whole("events"), t.limit("invalid_event_ratio"))


@check(*DRIFT, "baseline_named_events")
def event_name_vanished(t: Numbers) -> int:
    """A name that the baseline days have is not there any more."""
    if any(map(math.isnan, t.series("clickstream_comparable_named_events"))):
        return OFF
    names = t.values("comparable_named_events", "event_name")
    least = t.limit("min_baseline_named_events")
    expected = [name for name in names if at_least(named_baseline(t, name), least)]
    today = [t.comparable("named_events", event_name=name) for name in expected]
    return OFF if None in today else int(0 in today)


@check()
def null_client_ids(t: Numbers) -> int:
    """Events lack a client id: too many, or, where there is a baseline, more than before."""
    share = above(ratio(t.whole("null_client_events"), t.whole("events")), t.limit("null_client_ratio"))
    if not all(is_open(t, guard) for guard in DRIFT):
        return share
    return either(share, rises(t, "null_client_events", "null_client_increase"))


def either(one: int, other: int) -> int:
    """Firing if one of two is; switched off if one of two is."""
    return OFF if OFF in (one, other) else max(one, other)


@check(*DRIFT, "baseline_sessions", "day_sessions", "reach_session_drop")
def sessions_drop(t: Numbers) -> int:
    """There are fewer sessions than usual, and fewer than as many events with a client id usually make."""
    today, usual, limit = t.comparable("sessions"), usual_day(t, "sessions"), t.limit("session_drop_ratio")
    fell = both(drop(ratio(today, client_events(t)), usual_sessions(t)), limit, session_noise(t))
    if fell == OFF or today is None or usual is None or limit is None:
        return OFF
    return int(fell == FIRING and today < usual * (1 - limit))


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
    today, limit, expected = (
        t.comparable(gauge, **labels),
        t.limit("segment_drop_ratio"),
        segment_expected(t, gauge, labels),
    )
    share, counted = segment_share(t, gauge, labels), combined(sum, [t.whole("events", lag) for lag in t.history])
    if today is None or limit is None or not expected or not share or not counted:
        return None
    if today == 0 and gauge == "named_events":
        return None
    at_once = EVENTS_OF_A_NAME if gauge == "named_events" else EVENTS_AT_ONCE
    noise = 2.5 * math.sqrt(at_once * (1 / expected + 1 / (share * counted)) + limit * limit / 9)
    fewer = 1 - today / expected
    return int(fewer > limit and fewer > noise)


@check(*DRIFT, "reach_missing_referrer")
def missing_referrer(t: Numbers) -> int:
    """More events lack a referrer."""
    return rises(t, "missing_referrer_events", "missing_referrer_increase")


@check(*DRIFT, "reach_missing_utm")
def missing_utm(t: Numbers) -> int:
    """More events lack utm parameters."""
    return rises(t, "missing_utm_events", "missing_utm_increase")


@check(*DRIFT, "reach_bot_share")
def bot_share_high(t: Numbers) -> int:
    """More events are of bots."""
    return rises(t, "bot_events", "bot_share_increase")


@check("day_payload_events", "reach_json_error")
def json_errors(t: Numbers) -> int:
    """Payloads are no JSON."""
    return few(t.whole("json_error_events"), t.whole("payload_events"), t.limit("json_error_ratio"))


@check("day_purchases", "reach_purchase_without_revenue")
def purchases_without_revenue(t: Numbers) -> int:
    """Purchases have no revenue."""
    numbers = (t.whole(name) for name in ("purchases_without_revenue", "purchases"))
    return few(*numbers, t.limit("purchase_without_revenue_ratio"))


@check("day_purchases", "reach_purchase_without_transaction_id")
def purchases_without_transaction_id(t: Numbers) -> int:
    """Purchases have no transaction id."""
    numbers = (t.whole(name) for name in ("purchases_without_transaction_id", "purchases"))
    return few(*numbers, t.limit("purchase_without_transaction_id_ratio"))


@check("day_purchases", "reach_foreign_currency")
def foreign_currency(t: Numbers) -> int:
    """Purchases are in another currency."""
    return few(t.whole("foreign_currency_purchases"), t.whole("purchases"), t.limit("foreign_currency_ratio"))


@check()
def field_missing(t: Numbers) -> int:
    """A smaller share of the events that should carry a watched field does; in order where none is watched."""
    if t.gauge("watched_fields") == 0:
        return IN_ORDER
    guards = (*DRIFT, "baseline_filled_field_events", "day_field_events", "reach_field_drop")
    if not all(is_open(t, guard) for guard in guards) or has_nan(
        t, "comparable_field_events", "comparable_filled_field_events"
    ):
        return OFF
    judged = [each for each in enough_fields(t) if t.comparable("filled_field_events", field=each) is not None]
    return int(any(field_dropped(t, each) for each in judged)) if judged else OFF


def field_dropped(t: Numbers, field: str) -> bool:
    """Whether the share of one field fell by more than its limit and chance; one without a baseline did not."""
    events, filled = (t.comparable(name, field=field) for name in ("field_events", "filled_field_events"))
    fell = drop(ratio(filled, events), field_usual(t, field))
    return both(fell, t.limit("field_drop_ratio"), field_noise(t, field)) == FIRING


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


@check(
    *DRIFT,
    "baseline_sessions",
    "baseline_purchases",
    "baseline_converting_sessions",
    "day_sessions",
    "reach_conversion_drop",
)
def conversion_rate_drop(t: Numbers) -> int:
    """A smaller share of the sessions converts."""
    return conversion_dropped(t)


def conversion_dropped(t: Numbers) -> int:
    """Whether the conversion rate fell by more than its limit and chance."""
    share = ratio(t.comparable("converting_sessions"), t.comparable("sessions"))
    fell = drop(share, same_days_share(t, "converting_sessions", "sessions"))
    return both(fell, t.limit("conversion_drop_ratio"), conversion_noise(t))


@check("day_events", "day_sessions")
def direct_share_high(t: Numbers) -> int:
    """Sessions are direct: too many, or, where there is a baseline, more than before."""
    share = above(ratio(t.whole("direct_sessions"), t.whole("sessions")), t.limit("direct_share"))
    if not is_open(t, "baseline_days"):
        return share
    return either(share, rises(t, "direct_sessions", "direct_share_increase", "sessions"))


@check(*DRIFT, "baseline_sessions", "baseline_direct_sessions", "day_sessions", "reach_direct_share_drop")
def direct_share_drop(t: Numbers) -> int:
    """A smaller share of the sessions is direct."""
    share = ratio(t.comparable("direct_sessions"), t.comparable("sessions"))
    fell = drop(share, usual_share(t, "direct_sessions", "sessions"))
    return both(fell, t.limit("direct_share_drop_ratio"), direct_noise(t))


@check(*DRIFT, "baseline_purchases", "baseline_revenue", "day_revenue", "reach_device_share_shift")
def device_revenue_shift(t: Numbers) -> int:
    """A device's share of the revenue moved, by more than the purchases' chance explains."""
    found = [moved(t, device) for device in t.values("comparable_device_revenue", "device")]
    return OFF if not found or OFF in found else max(found)


def moved(t: Numbers, device: str) -> int:
    """Whether the share of one device moved by more than the limit and its noise."""
    share = ratio(t.comparable("device_revenue", device=device), t.comparable("device_revenue"))
    base, limit = device_share(t, device), t.limit("device_share_shift")
    if share is None or base is None:
        return OFF
    return both(share - base if share > base else base - share, limit, device_noise(t, base))


@check(
    *DRIFT,
    "baseline_identified_purchases",
    "baseline_assisted_days",
    "baseline_assisted_purchases",
    "day_identified_purchases",
    "reach_assisted_drop",
)
def assisted_share_drop(t: Numbers) -> int:
    """A smaller share of the purchases is assisted."""
    share = ratio(t.comparable("assisted_purchases"), t.comparable("identified_purchases"))
    before = same_days_share(t, "assisted_purchases", "identified_purchases")
    return both(drop(share, before), t.limit("assisted_drop_ratio"), assisted_noise(t))


@check(*DRIFT, "day_purchases", "baseline_purchases")
def amount_shift(t: Numbers) -> int:
    """The median amount is so many times that of the median baseline day, or so many times smaller."""
    days = [day for lag in t.history if (day := t.whole("median_purchase_amount", lag)) is not None]
    times = ratio(t.whole("median_purchase_amount"), combined(median, days))
    return OFF if times is None else above(t.nearly(max(times, 1 / times)), t.limit("amount_shift_factor"))


@check(*DRIFT, "baseline_purchases", "baseline_revenue")
def revenue_spike(t: Numbers) -> int:
    """There is far more revenue."""
    revenue = revenue_of(t)
    most = max((each for each in (revenue.mean, revenue.expected) if each is not None), default=None)
    return above(minus(ratio(revenue.today, most), 1), t.limit("revenue_spike_ratio"))


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
def days_excluded(t: Numbers) -> int:
    """The anchor day, or days of the baseline, are left out of it; never switched off."""
    return int(bool(t.values("excluded_day_info", "lag") & {str(lag) for lag in range(29)}))


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
def history_short(t: Numbers) -> int:
    """Too few days of this weekday are known; never switched off."""
    return int(sum(lag % 7 == 0 for lag in t.history) < 3)


@check()
def low_volume(t: Numbers) -> int:
    """Some other guard is closed, where there is a baseline; never switched off."""
    day = [guard for guard in GUARDS if guard.startswith("day_") and guard != "day_events"]
    volumes = [guard for guard in GUARDS if guard.startswith("baseline_") and guard != "baseline_days"]
    counted = day + volumes if is_open(t, "baseline_days") else day
    return int(any(is_open(t, guard) is False for guard in counted))


@check()
def not_measured(t: Numbers) -> int:
    """A gauge is not measured, though no query failed and the configuration asks for it, or a number is NaN."""
    reasons = {dict(pairs)["reason"] for pairs in t.table.gauges.get("clickstream_not_measured", {})}
    told = {"query failed", *(reason for _, reason in NOT_ASKED.values())}
    return int(bool(reasons - told) or t.table.has_nan)
