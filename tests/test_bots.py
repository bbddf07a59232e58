"""Bots: which user agents and devices are some, and what leaves them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.exposition import SHOP, TEXT, TYPES, Exposition, Row, measure, once, write_config, write_rows

DAY = "2025-03-09"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko"
CHROME = f"{WEBKIT}) Chrome/131.0.0.0 Safari/537.36"
BROWSER = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

BOTS = (
    BOT,
    "Mozilla/5.0 (compatible; Bytespider; spider-feedback@bytedance.com)",
    "ICC-Crawler/3.0",
    "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
    f"Mozilla/5.0 {WEBKIT}; compatible; ChatGPT-User/1.0",
    f"Mozilla/5.0 {WEBKIT}; compatible; Claude-User/1.0; +Claude-User@anthropic.com)",
    f"Mozilla/5.0 {WEBKIT}; compatible; Perplexity-User/1.0)",
    "anthropic-ai",
    "cohere-ai",
    "meta-externalagent/1.1",
    "meta-externalfetcher/1.1",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT}) HeadlessChrome/131.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 11; moto g power) {CHROME} Chrome-Lighthouse",
    f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} (compatible; Google-Read-Aloud)",
    f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) {CHROME} (compatible; GoogleOther)",
    "facebookexternalhit/1.1",
    "python-requests/2.32.3",
    "curl/8.5.0",
    "Wget/1.21.4",
    "Go-http-client/2.0",
)
PEOPLE = (
    BROWSER,
    f"Mozilla/5.0 (Linux; Android 8.1.0; CUBOT_P20) {CHROME}",
    f"Mozilla/5.0 (Linux; Android 9; Cubot X19) {CHROME}",
    f"Mozilla/5.0 (Linux; Android 14; moto g84) {CHROME}",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "okhttp/4.12.0",
    "Shop/7.1 CFNetwork/1496.0.7 Darwin/23.5.0",
    "Dalvik/2.1.0 (Linux; U; Android 13; Cubot P80)",
    "",
    None,
)


def event(clock: str, client: str | None = None, day: str = DAY, **columns: object) -> Row:
    """A page view at the clock time."""
    return {"timestamp": f"{day} {clock}", "client_id": client, "event_name": "page_viewed"} | columns


def purchase(clock: str, client: str, day: str = DAY, **columns: object) -> Row:
    """A purchase at the clock time."""
    paid = {"event_name": "checkout_completed", "event_data": '{"revenue": 10}'}
    return event(clock, client, day, **paid, **columns)


END = event("23:30", user_agent=BROWSER)
"""An event in hour 23 makes the day whole."""


def test_declared_bots_and_agents(tmp_path: Path) -> None:
    """Each is a bot by platform and by device, and so is the device of its purchases."""
    rows = [event("10:00", user_agent=agent) for agent in BOTS]
    rows += [purchase("11:00", "a", user_agent=agent) for agent in BOTS]
    out = measure(tmp_path, [*rows, END])
    assert out.value("clickstream_bot_events", lag=0) == 2 * len(BOTS)
    assert out.value("clickstream_comparable_bot_events", lag=0) == 2 * len(BOTS)
    assert out.value("clickstream_platform_events", platform="bot", lag=0) == 2 * len(BOTS)
    assert out.value("clickstream_device_events", device="bot", lag=0) == 2 * len(BOTS)
    assert out.value("clickstream_device_revenue", device="bot", lag=0) == 10 * len(BOTS)


def test_people_are_no_bots(tmp_path: Path) -> None:
    """Phones whose maker is called Cubot, old browsers, and the libraries that apps use."""
    rows = [event("10:00", user_agent=agent) for agent in PEOPLE]
    rows += [purchase("11:00", "a", user_agent=agent) for agent in PEOPLE]
    out = measure(tmp_path, [*rows, END])
    assert out.value("clickstream_bot_events", lag=0) == 0
    assert out.value("clickstream_platform_events", platform="bot", lag=0) == 0
    assert out.value("clickstream_device_revenue", device="bot", lag=0) == 0


def test_bots_by_the_device_column(tmp_path: Path) -> None:
    """Without a user agent, the device column tells; with both, either does. With neither, nothing is known."""
    types = TYPES | {"category": TEXT}
    rows = [
        event("10:00", user_agent=BROWSER, category="Crawler"),
        event("10:00", user_agent=BOT, category="desktop"),
        event("10:00", user_agent=BROWSER, category="mobile"),
    ]
    write_rows(tmp_path / "a.parquet", [*rows, END], types)
    columns = {name: source for name, source in SHOP["columns"].items() if name != "user_agent"}
    out = once(
        write_config(
            tmp_path,
            device=SHOP | {"columns": columns | {"device": "category"}},
            both=SHOP | {"columns": SHOP["columns"] | {"device": "category"}},
            neither=SHOP | {"columns": columns},
        )
    )
    assert out.value("clickstream_bot_events", dataset="device", lag=0) == 1
    assert out.value("clickstream_bot_events", dataset="both", lag=0) == 2
    assert out.get("clickstream_bot_events", dataset="neither", lag=0) is None
    gone = {"dataset": "neither", "gauge": "clickstream_bot_events", "reason": "no column user_agent or device"}
    assert gone in out.labels("clickstream_not_measured")


def test_bot_sessions(tmp_path: Path) -> None:
    """A session is a bot's if its first event is; one of two at the same time is enough."""
    rows = [
        *[event("10:00", "bot", user_agent=BOT), event("10:10", "bot", user_agent=BROWSER)],
        *[event("11:00", "bot", user_agent=BROWSER), event("11:10", "bot", user_agent=BOT)],
        *[event("10:00", "two", user_agent=BROWSER), event("10:00", "two", user_agent=BOT)],
        event("22:00", None, user_agent=BOT),
    ]
    out = measure(tmp_path, [*rows, END])
    assert out.value("clickstream_bot_sessions", lag=0) == 2
    assert out.value("clickstream_comparable_bot_sessions", lag=0) == 2
    assert out.value("clickstream_sessions", lag=0) == 3


def excluded(tmp_path: Path, *, exclude: bool) -> Exposition:
    """A person and a bot, each with a visit by an ad, and on the next day a direct visit with a purchase."""
    ad, day_before = "https://shop.example/?utm_source=ad", "2025-03-08"
    rows = [
        each
        for client, agent in (("person", BROWSER), ("bot", BOT))
        for each in (
            event("10:00", client, day_before, user_agent=agent, page_url=ad),
            event("10:00", client, user_agent=agent),
            purchase("10:10", client, user_agent=agent),
        )
    ]
    early = [event("12:00", day=f"2025-03-0{day}") for day in range(1, 8)]
    return measure(tmp_path, [*early, *rows, END], exclude_bots=exclude)


@pytest.mark.parametrize(("exclude", "each"), [(False, 2), (True, 1)])
def test_bots_are_left_out_of_sessions_alone(tmp_path: Path, exclude: bool, each: int) -> None:
    """`exclude_bots` leaves them out of sessions, conversion and assisted purchases, not of events and purchases."""
    out = excluded(tmp_path, exclude=exclude)
    for name in ("sessions", "converting_sessions", "direct_sessions", "identified_purchases", "assisted_purchases"):
        assert out.value(f"clickstream_{name}", lag=0) == each, name
    expected = {"events": 5, "purchases": 2, "revenue": 20, "bot_events": 2, "bot_sessions": 1, "null_client_events": 1}
    assert {name: out.value(f"clickstream_{name}", lag=0) for name in expected} == expected


def test_every_event_has_a_channel(tmp_path: Path) -> None:
    """The events of sessions that are left out are in the channel Unassigned, so that the sum is all events."""
    out = excluded(tmp_path, exclude=True)
    gauge, day = "clickstream_comparable_segment_events", {"dimension": "channel", "lag": 0}
    channels = {each["segment"] for each in out.labels(gauge) if each["dimension"] == "channel"}
    found = {channel: out.value(gauge, segment=channel, **day) for channel in channels}
    assert found["Unassigned"] == 2
    assert sum(found.values()) == 5
