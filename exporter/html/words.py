"""Numbers and dates as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from exporter.html.numbers import Number


def value(of: float, kind: Number) -> str:
    """A number of this kind: a percentage, an amount with its currency, if it has one, or with thousands apart."""
    if kind.is_share:
        return percent(of)
    shown = f"{of:,.2f}" if kind.is_amount and abs(of) < 100 else number(of)
    return f"{shown} {kind.currency}".rstrip()


def number(of: float) -> str:
    """A number with thousands apart, and with a decimal only if it is small and not whole."""
    return f"{of:,.1f}" if abs(of) < 10 and of % 1 else f"{of:,.0f}"


def percent(share: float) -> str:
    """A share as a percentage, with more decimals the smaller it is."""
    value = 100 * share
    return f"{value:.0f}%" if abs(value) >= 99.95 else f"{value:.1f}%" if abs(value) >= 9.995 else f"{value:.2f}%"


def change(ratio: float) -> str:
    """How much more or less, as `69% below`; `as` where it is the same but for rounding."""
    size = f"{abs(ratio):.0%}" if abs(ratio) >= 0.095 else f"{abs(ratio):.1%}"
    return "as" if size == "0.0%" else f"{size} {'above' if ratio > 0 else 'below'}"


def long_date(when: date) -> str:
    """The date with its weekday, as `Sunday, 9 March 2025`."""
    return f"{when:%A}, {when.day} {when:%B %Y}"


def short_date(when: date) -> str:
    """The date without its year, as `9 Mar`."""
    return f"{when.day} {when:%b}"


def instant(seconds: float) -> str:
    """An instant (s since the epoch) in UTC, to the minute."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def clock(seconds: float) -> str:
    """A time of day (s since midnight), to the minute."""
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}"


def some(count: float, one: str, many: str = "") -> str:
    """A number of things, as `1 file` or `2 files`."""
    return f"{number(count)} {one if count == 1 else many or f'{one}s'}"
