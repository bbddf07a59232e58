"""Limits, noise and guards, worked out from the definitions: what `oracle` makes states of."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median

from tests.support.expectation import (
    fall_noise,
    rise_noise,
    segment_expected,
    segment_whole,
    usual_or_mean,
    usual_share,
)
from tests.support.table_numbers import Known, Number, Numbers, combined, minus, ratio

IN_ORDER, FIRING, OFF = 0, 1, 2


def at_least(value: Known, least: Known) -> bool | None:
    """Whether the value reaches what is asked for."""
    return None if value is None or least is None else value >= least


def positive(value: Known) -> bool | None:
    """Whether the value is above 0."""
    return None if value is None else value > 0


def all_positive(*values: Known) -> bool | None:
    """Whether all of the values are above 0."""
    return None if None in values else all(map(positive, values))


def above(value: Known, limit: Known) -> int:
    """The state of a check that compares; a value exactly at the limit is in order."""
    return OFF if value is None or limit is None else int(value > limit)


def same_days_share(t: Numbers, part: str, of: str) -> Known:
    """The share on those baseline days together that have the part."""
    lags = [lag for lag in t.baseline if t.series(f"clickstream_comparable_{part}", lag=str(lag))]
    return ratio(t.total(part), combined(sum, t.comparable_days(of, lags)))


def increase(t: Numbers, part: str, of: str = "events") -> Known:
    """How much larger the share is than usual."""
    return minus(ratio(t.comparable(part), t.comparable(of)), usual_share(t, part, of))


def rises(t: Numbers, part: str, limit: str, of: str = "events") -> int:
    """Whether the share is above its baseline by more than its limit and its noise."""
    noise = rise_noise(t, usual_share(t, part, of), t.limit(limit), 2 if of == "events" else 1)
    return both(increase(t, part, of), t.limit(limit), noise)


def both(value: Known, limit: Known, noise: float | None) -> int:
    """The state of a check that compares with a limit and a noise."""
    return OFF if value is None or limit is None or noise is None else int(value > limit and value > noise)


def most_named_events(t: Numbers) -> Known:
    """The baseline of the most frequent name, of those whose baseline is there."""
    means = [named_baseline(t, name) for name in t.values("comparable_named_events", "event_name")]
    return max((mean for mean in means if mean is not None), default=None)


def named_baseline(t: Numbers, name: str) -> Known:
    """The events of a name that its usual share makes of the baseline."""
    expected = segment_expected(t, "named_events", {"event_name": name})
    share = ratio(expected, segment_whole(t))
    return None if share is None or t.mean("events") is None else share * t.mean("events")


def can_rise(t: Numbers, part: str, increase: str) -> bool | None:
    """Whether a share can rise above its baseline by more than its limit and its noise."""
    share, limit = usual_share(t, part, "events"), t.limit(increase)
    noise = rise_noise(t, share, limit, 2)
    if share is None or limit is None or noise is None:
        return None
    return 1 - share > limit and 1 - share > noise


def can_be_many(t: Numbers, part: str, of: str, limit: str) -> bool | None:
    """Whether all of them would be more than the limit and chance; not there where the part is not."""
    whole, limited = t.whole(of), t.limit(f"{limit}_ratio")
    return None if t.whole(part) is None or whole is None or limited is None else whole >= allowed(limited, whole)


def allowed(limit: Number, whole: Number) -> float:
    """How many of the whole are a few."""
    return float(limit * whole) + 2.5 * math.sqrt(limit * whole * (1 - limit))


def few(number: Known, whole: Known, limit: Known) -> int:
    """Whether a few among many are two or more, and more than their limit and chance."""
    if number is None or whole is None or whole <= 0 or limit is None:
        return OFF
    return int(number >= 2 and number > allowed(limit, whole))


def conversion_noise(t: Numbers) -> float | None:
    """How far chance may lower the conversion rate."""
    base, counted = same_days_share(t, "converting_sessions", "sessions"), t.total("converting_sessions")
    return fall_noise(base, t.comparable("sessions"), counted, t.limit("conversion_drop_ratio"))


def client_events(t: Numbers) -> Known:
    """The events of the complete hours that have a client id."""
    return minus(t.comparable("events"), t.comparable("null_client_events"))


def usual_sessions(t: Numbers) -> Known:
    """How many sessions an event with a client id usually is of: the median of four weeks."""
    days = {lag: minus(t.whole("events", lag), t.whole("null_client_events", lag)) for lag in t.history}
    every = (ratio(t.whole("sessions", lag), events) for lag, events in days.items() if events and events > 0)
    usual = combined(median, [share for share in every if share is not None])
    return None if usual is None else min(usual, 1)


def session_noise(t: Numbers) -> float | None:
    """How far chance may lower the sessions of as many events."""
    return fall_noise(usual_sessions(t), client_events(t), t.total("sessions"), t.limit("session_drop_ratio"))


def assisted_noise(t: Numbers) -> float | None:
    """How far chance may lower the share of assisted purchases."""
    base, counted = same_days_share(t, "assisted_purchases", "identified_purchases"), t.total("assisted_purchases")
    return fall_noise(base, t.comparable("identified_purchases"), counted, t.limit("assisted_drop_ratio"))


def direct_noise(t: Numbers) -> float | None:
    """How far chance may lower the share of direct sessions."""
    base, counted = usual_share(t, "direct_sessions", "sessions"), t.total("direct_sessions")
    return fall_noise(base, t.comparable("sessions"), counted, t.limit("direct_share_drop_ratio"))


def field_usual(t: Numbers, field: str) -> Known:
    """The usual share of a watched field in the events that should carry it."""
    return usual_share(t, "filled_field_events", "field_events", field=field)


def field_noise(t: Numbers, field: str) -> float | None:
    """How far chance, and what differs from day to day, may lower the share of a watched field, relative to it."""
    usual, limit = field_usual(t, field), t.limit("field_drop_ratio")
    events, counted = t.comparable("field_events", field=field), t.total("field_events", field=field)
    if not usual or not events or counted is None or limit is None:
        return None
    at_limit = usual * (1 - limit)
    chance = 2 * (1 - at_limit) / at_limit * (1 / events + 1 / max(counted, 1))
    return 2.5 * math.sqrt(chance + limit * limit / 9)


def fields(t: Numbers) -> list[str]:
    """The watched fields with a number of events on the anchor day."""
    found = t.values("comparable_field_events", "field")
    return [field for field in sorted(found) if t.comparable("field_events", field=field) is not None]


def enough_fields(t: Numbers) -> list[str]:
    """Those that enough events should carry."""
    least = t.limit("min_day_field_events")
    return [field for field in fields(t) if at_least(t.comparable("field_events", field=field), least)]


def can_drop(t: Numbers) -> bool | None:
    """Whether the loss of a field in all events would be more than chance."""
    noises = [noise for field in enough_fields(t) if (noise := field_noise(t, field)) is not None]
    return None if not fields(t) else not noises or min(noises) < 1


def most_filled(t: Numbers) -> Known:
    """The largest usual share of a field, 0 where none has one."""
    usual = [share for field in t.values("field_events", "field") if (share := field_usual(t, field)) is not None]
    return max(usual, default=0 if fields(t) else None)


def most_field_events(t: Numbers) -> Known:
    """The events that should carry a field, of the field that most should carry."""
    return combined(max, [t.comparable("field_events", field=field) for field in fields(t)])


def below_one(noise: float | None) -> bool | None:
    """Whether the loss of all would be more than the noise."""
    return None if noise is None else noise < 1


def can_shift(t: Numbers) -> bool | None:
    """Whether the share of a device can move by more than chance."""
    found = [
        0.5 + abs(float(base) - 0.5) - noise
        for device in t.values("comparable_device_revenue", "device")
        if (base := device_share(t, device)) is not None and (noise := device_noise(t, base)) is not None
    ]
    return max(found) > 0 if found else None


def device_share(t: Numbers, device: str) -> Known:
    """The share of a device in the revenue of the baseline days."""
    return ratio(t.total("device_revenue", device=device), t.total("device_revenue"))


def device_noise(t: Numbers, base: Number) -> float | None:
    """How far the share of a device moves by chance, and from day to day."""
    purchases, mean_ = t.comparable("purchases"), t.mean("purchases")
    limit, deviations = t.limit("device_share_shift"), t.limit("device_share_deviations")
    if not purchases or not mean_ or limit is None or deviations is None:
        return None
    chance = 1 / purchases + 1 / (mean_ * len(t.baseline))
    at_limit = min(base + limit, t.number("0.999"))
    spread = max(base * (1 - base), at_limit * (1 - at_limit))
    return float(deviations) * math.sqrt(4 * spread * chance + limit * limit / 9)


def assisted_days(t: Numbers) -> int | None:
    """How many baseline days have assisted purchases, None where none has."""
    return len(t.comparable_days("assisted_purchases", t.baseline)) or None


GUARDS: dict[str, Callable[[Numbers], bool | None]] = {
    "baseline_days": lambda t: at_least(len(t.baseline), t.limit("min_baseline_days")),
    "baseline_events": lambda t: at_least(usual_or_mean(t, "events"), t.limit("min_baseline_events")),
    "baseline_purchases": lambda t: at_least(usual_or_mean(t, "purchases"), t.limit("min_baseline_purchases")),
    "baseline_identified_purchases": lambda t: at_least(
        t.mean("identified_purchases"), t.limit("min_baseline_purchases")
    ),
    "baseline_sessions": lambda t: at_least(t.mean("sessions"), t.limit("min_baseline_sessions")),
    "baseline_revenue": lambda t: positive(usual_or_mean(t, "revenue")),
    "baseline_converting_sessions": lambda t: positive(same_days_share(t, "converting_sessions", "sessions")),
    "baseline_assisted_purchases": lambda t: positive(same_days_share(t, "assisted_purchases", "identified_purchases")),
    "baseline_assisted_days": lambda t: at_least(assisted_days(t), t.limit("min_baseline_days")),
    "baseline_direct_sessions": lambda t: all_positive(
        usual_share(t, "direct_sessions", "sessions"), t.total("direct_sessions")
    ),
    "baseline_named_events": lambda t: at_least(most_named_events(t), t.limit("min_baseline_named_events")),
    "day_events": lambda t: at_least(t.comparable("events"), t.limit("min_day_events")),
    "baseline_filled_field_events": lambda t: positive(most_filled(t)),
    "day_field_events": lambda t: at_least(most_field_events(t), t.limit("min_day_field_events")),
    "reach_field_drop": can_drop,
    "day_payload_events": lambda t: positive(t.whole("payload_events")),
    "day_purchases": lambda t: at_least(t.whole("purchases"), t.limit("min_day_purchases")),
    "day_contents": lambda t: at_least(t.whole("contents"), t.limit("min_day_purchases")),
    "day_sessions": lambda t: positive(t.comparable("sessions")),
    "day_revenue": lambda t: positive(t.comparable("revenue")),
    "day_identified_purchases": lambda t: positive(t.comparable("identified_purchases")),
    "reach_missing_referrer": lambda t: can_rise(t, "missing_referrer_events", "missing_referrer_increase"),
    "reach_missing_utm": lambda t: can_rise(t, "missing_utm_events", "missing_utm_increase"),
    "reach_bot_share": lambda t: can_rise(t, "bot_events", "bot_share_increase"),
    "reach_duplicate_event": lambda t: can_be_many(t, "duplicate_events", "events", "duplicate_event"),
    "reach_duplicate_purchase": lambda t: can_be_many(t, "duplicate_purchases", "purchases", "duplicate_purchase"),
    "reach_invalid_event": lambda t: can_be_many(t, "invalid_events", "events", "invalid_event"),
    "reach_json_error": lambda t: can_be_many(t, "json_error_events", "payload_events", "json_error"),
    "reach_purchase_without_revenue": lambda t: can_be_many(
        t, "purchases_without_revenue", "purchases", "purchase_without_revenue"
    ),
    "reach_purchase_without_transaction_id": lambda t: can_be_many(
        t, "purchases_without_transaction_id", "purchases", "purchase_without_transaction_id"
    ),
    "reach_event_id_conflict": lambda t: can_be_many(t, "conflicting_events", "events", "event_id_conflict"),
    "reach_foreign_currency": lambda t: can_be_many(t, "foreign_currency_purchases", "purchases", "foreign_currency"),
    "reach_direct_share_drop": lambda t: below_one(direct_noise(t)),
    "reach_session_drop": lambda t: below_one(session_noise(t)),
    "reach_conversion_drop": lambda t: below_one(conversion_noise(t)),
    "reach_assisted_drop": lambda t: below_one(assisted_noise(t)),
    "reach_device_share_shift": can_shift,
}


def is_open(t: Numbers, guard: str) -> bool | None:
    """Whether a guard is open, None where it is not there."""
    return GUARDS[guard](t)
