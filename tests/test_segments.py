"""Segments: what each number means, which segments are shown, and what never is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter import cli
from exporter.measures.channels import CHANNELS
from tests.support.configuration import refused
from tests.support.exposition import (
    SHOP,
    TEXT,
    TYPES,
    Exposition,
    Row,
    measure,
    once,
    write_config,
    write_rows,
)

DAY = "2025-03-09"
SHOP_URL = "https://shop.example/"
COUNTRY = {"dimensions": {"country": "country"}}
WITH_COUNTRY = TYPES | {"country": TEXT}
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36"

Segments = dict[str, list[float]]


def event(clock: str, client: str | None = None, day: str = DAY, **columns: object) -> Row:
    """A page view at the clock time."""
    return {"timestamp": f"{day} {clock}", "client_id": client, "event_name": "page_viewed"} | columns


def purchase(clock: str, amount: str, client: str | None = None, day: str = DAY, **columns: object) -> Row:
    """A purchase at the clock time."""
    paid = {"event_name": "checkout_completed", "event_data": f'{{"revenue": {amount}}}'}
    return event(clock, client, day, **paid, **columns)


END = event("23:30", "end")
"""An event in hour 23 makes the day whole."""


def segments(out: Exposition, what: str, dimension: str, dataset: str = "web") -> Segments:
    """The numbers of each segment at lag 0, 1, 2 and so on."""
    gauge = f"clickstream_comparable_segment_{what}"
    named = [each for each in out.labels(gauge) if (each["dimension"], each["dataset"]) == (dimension, dataset)]
    lags = range(len({each["lag"] for each in named}))
    at = {"dimension": dimension, "dataset": dataset}
    return {
        segment: [out.value(gauge, segment=segment, lag=lag, **at) for lag in lags]
        for segment in sorted({each["segment"] for each in named})
    }


def test_devices(tmp_path: Path) -> None:
    """Events, purchases and revenue of each class; a class of any day is served for every day."""
    rows = [
        *[event("10:00", "a", user_agent=PHONE), purchase("10:05", "7.50", "a", user_agent=PHONE)],
        *[event("11:00", "b", "2025-03-08", user_agent=WINDOWS), END],
    ]
    out = measure(tmp_path, rows)
    assert segments(out, "events", "device") == {"desktop": [0, 1], "mobile": [2, 0], "other": [1, 0]}
    assert segments(out, "purchases", "device") == {"desktop": [0, 0], "mobile": [1, 0], "other": [0, 0]}
    assert segments(out, "revenue", "device") == {"desktop": [0, 0], "mobile": [7.5, 0], "other": [0, 0]}


def test_only_comparable_hours_of_eight_days(tmp_path: Path) -> None:
    """The sums are over the complete hours of the newest day, for lags 0 to 7, and there is no gauge of whole days."""
    days = [f"2025-03-{day:02}" for day in range(1, 10)]
    rows = [event(clock, day=day, user_agent=PHONE) for day in days for clock in ("08:00", "12:00")]
    out = measure(tmp_path, [*rows, event("20:00", day="2025-03-08", user_agent=PHONE)])
    assert segments(out, "events", "device") == {"mobile": [1] * 8}
    assert out.labels("clickstream_segment_events") == []


def test_events_have_the_channel_of_their_session(tmp_path: Path) -> None:
    """Of its first event, until a gap of more than 30 minutes; without a client, by an event's own columns."""
    ad = {"page_url": f"{SHOP_URL}?utm_source=google&utm_medium=cpc"}
    rows = [
        *[event("10:00", "a", **ad), event("10:29", "a"), event("10:59", "a"), purchase("11:20", "10", "a")],
        *[event("12:00", "a", referrer="https://www.google.com/"), purchase("12:10", "5", "a", **ad)],
        *[event("13:00"), event("13:00", **ad), purchase("13:01", "3", **ad)],
    ]
    out = measure(tmp_path, [*rows, END])
    assert segments(out, "events", "channel") == {"Direct": [2], "Organic Search": [2], "Paid Search": [6]}
    assert segments(out, "purchases", "channel") == {"Direct": [0], "Organic Search": [1], "Paid Search": [2]}
    assert segments(out, "revenue", "channel") == {"Direct": [0], "Organic Search": [5], "Paid Search": [13]}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/New_York"])
def test_every_dimension_has_all_events(tmp_path: Path, zone: str) -> None:
    """In each hour of any zone, and on the day that its clock changes: the sums over the segments are those of all."""
    rows = [
        event(f"{hour:02}:{minute:02}", f"{hour * minute % 7}", day=day, country="de" if minute % 3 else None)
        for day in ("2025-03-08", "2025-03-09", "2025-03-10")
        for hour in range(24)
        for minute in (0, 14, 16, 29, 31, 44, 46, 59)
    ]
    out = measure(tmp_path, rows, WITH_COUNTRY, time_zone=zone, **COUNTRY)
    lags = len({each["lag"] for each in out.labels("clickstream_comparable_events")})
    events = [out.value("clickstream_comparable_events", lag=lag) for lag in range(lags)]
    assert 0 < events[0] <= 24 * 8
    for dimension in ("device", "channel", "country"):
        found = segments(out, "events", dimension)
        assert [sum(numbers[lag] for numbers in found.values()) for lag in range(lags)] == events


def test_a_dimension_from_the_payload(tmp_path: Path) -> None:
    """A JSON path is a source as for other columns; what has no value, or a blank one, is (none)."""
    rows = [
        *[event("10:00", event_data=f'{{"section": "{value}"}}') for value in ["sale"] * 6 + [" "] + ["new"] * 5],
        *[event("10:00"), event("10:00", event_data='{"section": "sale')],
    ]
    out = measure(tmp_path, [*rows, END], dimensions={"landing": "$.section"})
    assert segments(out, "events", "landing") == {"(none)": [4], "new": [5], "sale": [6]}


def test_the_twelve_largest_segments_and_other(tmp_path: Path) -> None:
    """Of all days together, ties by name; the same ones on each day."""
    sizes = {f"c{number:02}": 5 + max(0, number - 3) for number in range(15)}
    rows = [event("10:00", country=name) for name, size in sizes.items() for _ in range(size)]
    rows += [event("10:00", day="2025-03-08", country="old") for _ in range(30)]
    found = segments(measure(tmp_path, [*rows, END], WITH_COUNTRY, **COUNTRY), "events", "country")
    named = {f"c{number:02}": [float(sizes[f"c{number:02}"]), 0] for number in range(4, 15)}
    assert found == named | {"old": [0, 30], "other": [4 * 5 + 1, 0]}


def test_rare_values_are_other(tmp_path: Path) -> None:
    """A value of fewer than five events in all days may identify a person; four today and one yesterday are enough."""
    rows = [event("10:00", country="few") for _ in range(4)] + [event("10:00", country="enough") for _ in range(4)]
    rows += [event("10:00", day="2025-03-08", country="enough")]
    found = segments(measure(tmp_path, [*rows, END], WITH_COUNTRY, **COUNTRY), "events", "country")
    assert found == {"(none)": [1, 0], "enough": [4, 1], "other": [4, 0]}


PERSONAL = (
    *("jane.doe@mail.example", "jane%40mail.example", "https://shop.example/jane", "www.jane.example", "/account/jane"),
    *(
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "1234567.987654321",
        "user-20481377",
        "+49 170 123 45 67",
        "192.168.10.20",
    ),
    *("d41d8cd98f00b204e9800998ecf8427e", "eyJhbGciOiJIUzI1NiIsInR5cCI6"),
)
HARMLESS = ("de", "New Zealand", "sale 2025", "/".join(("men", "shoes")), "Ωmega", "summer-sale-for-women-and-children")


def test_values_that_may_identify_a_person_are_other(tmp_path: Path) -> None:
    """Addresses, URLs, numbers and tokens are no labels, however frequent they are; words are."""
    rows = [event("10:00", country=value) for value in PERSONAL + HARMLESS for _ in range(9)]
    found = segments(measure(tmp_path, [*rows, END], WITH_COUNTRY, **COUNTRY), "events", "country")
    expected = {value: [9.0] for value in HARMLESS}
    assert found == expected | {"(none)": [1], "other": [9.0 * len(PERSONAL)]}


def test_a_dimension_of_ids_has_no_segments(tmp_path: Path) -> None:
    """With more than 200 values, all are other; with 200, the largest are shown."""
    rows = [event("10:00", country=f"u{number}", referrer=f"{number}") for number in range(201) for _ in range(5)]
    rows += [END | {"country": "u0"}]
    write_rows(tmp_path / "many.parquet", rows, WITH_COUNTRY)
    few = [row for row in rows if row["country"] != "u200"]
    write_rows(tmp_path / "few.parquet", few, WITH_COUNTRY)
    datasets = {name: SHOP | COUNTRY | {"files": f"{name}.parquet"} for name in ("many", "few")}
    out = once(write_config(tmp_path, **datasets))
    assert segments(out, "events", "country", "many") == {"other": [1006]}
    assert len(segments(out, "events", "country", "few")) == 13


def test_labels_are_cleaned_and_cut(tmp_path: Path) -> None:
    """As all labels are; values that look alike afterwards are one segment."""
    long = "long " * 40
    rows = [event("10:00", country=value) for value in ("a\nb", "a\tb", long + "1", long + "2") for _ in range(5)]
    found = segments(measure(tmp_path, [*rows, END], WITH_COUNTRY, **COUNTRY), "events", "country")
    assert found == {"(none)": [1], "a?b": [10], long[:120] + "…": [10]}


def reasons(out: Exposition) -> set[tuple[str, str]]:
    """The segment gauges that are not measured, and why."""
    gauges = {(each["gauge"], each["reason"]) for each in out.labels("clickstream_not_measured")}
    return {
        (gauge.removeprefix("clickstream_comparable_segment_"), why) for gauge, why in gauges if "_segment_" in gauge
    }


def test_dimensions_that_cannot_exist_are_not_measured(tmp_path: Path) -> None:
    """With the reason; the others are."""
    columns = {"timestamp": "timestamp", "event_name": "event_name", "user_agent": "user_agent"}
    out = measure(tmp_path, [event("10:00"), END], columns=columns, purchase=[])
    assert segments(out, "events", "device") == {"other": [2]}
    assert segments(out, "events", "channel") == {}
    no_channel = "no column referrer or utm_source or utm_medium or utm_campaign or page_url"
    assert reasons(out) == {
        ("events", no_channel),
        ("purchases", "no purchase configured"),
        ("revenue", "no purchase configured"),
    }


def test_dates_alone_have_no_channel(tmp_path: Path) -> None:
    """Without a time of day there are no sessions, and so no channels of sessions; devices there are."""
    out = measure(tmp_path, [event("00:00", day=f"2025-03-0{day}", user_agent=PHONE) for day in (7, 8, 9)])
    assert segments(out, "events", "device") == {"mobile": [1, 1, 1]}
    assert segments(out, "events", "channel") == {}
    assert {why for gauge, why in reasons(out) if gauge == "events"} == {"timestamps without a time of day"}


MISTAKEN = """\
datasets:
  web:
    files: web
    columns: {client_id: client}
    dimensions:
      country: country
      Landing: $.section
      device: kind
      landing: $.section
  shop:
    files: shop
    columns: {payload: data}
    dimensions:
      a: a
      b: [b, $.b]
      c: $[
      lag: ""
  club:
    files: club
    dimensions: {landing: $.section}
"""


MISTAKES = [
    "7: datasets.web.dimensions.Landing: invalid name 'Landing': expected lower-case letters, digits and _, "
    "for example country",
    "8: datasets.web.dimensions.device: invalid name 'device': reserved",
    "16: datasets.shop.dimensions.c.0: invalid JSON path '$[': ",
    "17: datasets.shop.dimensions.lag: invalid name 'lag': reserved",
    "17: datasets.shop.dimensions.lag.0: must not be empty",
]

SOURCES = """\
datasets:
  web:
    files: web
    dimensions:
      landing: [section, $.section]
"""

MANY = """\
datasets:
  web:
    files: web
    dimensions: {a: a, b: b, c: c}
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(MISTAKEN, MISTAKES, id="names"),
        pytest.param(
            SOURCES, ["5: datasets.web.dimensions.landing: a JSON path needs the column payload"], id="payload"
        ),
        pytest.param(MANY, ["4: datasets.web.dimensions: expected at most 2 dimensions, not 3"], id="three"),
    ],
)
def test_mistakes_are_refused_with_their_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Names that are no labels or reserved, more than two dimensions, and paths that cannot be used."""
    refused(tmp_path, text, expected)


def test_check_config_shows_columns_that_no_file_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And JSON paths that match nothing; the numbers of the configuration that fits are there."""
    rows = [event("10:00", country="de", event_data='{"section": "sale"}') for _ in range(1000)]
    write_rows(tmp_path / "events.parquet", rows, WITH_COUNTRY)
    found = {}
    for sources in ({"country": "country", "landing": "$.section"}, {"country": "land"}, {"landing": "$.page"}):
        path = write_config(tmp_path, web=SHOP | {"purchase": [], "dimensions": sources})
        code = cli.main(["--config.file", str(path), "--check-config"])
        out, err = capsys.readouterr()
        table = (": looked at ", "links: ", "  ")
        lines = [line for line in (out + err).splitlines() if not any(part in line for part in table)]
        found[code, *sources.values()] = lines[0].removeprefix(f"{path}: ").partition("; ")[0].strip()
    assert found == {
        (0, "country", "$.section"): "fine, 1 data set(s): web",
        (64, "land"): "datasets.web.dimensions.country: none of the 1 newest files has land",
        (64, "$.page"): "datasets.web.dimensions.landing: $.page matches nothing in 1000 payloads",
    }


GOLDEN = """
    Cross-network              utm_source=google&utm_medium=cpc&utm_campaign=Cross-Network%20sale
    Cross-network              utm_source=google&utm_medium=cross&utm_campaign=shop-cross-network
    Paid Shopping              utm_source=google&utm_medium=cpc&utm_campaign=shop_brand
    Paid Shopping              utm_source=google&utm_medium=cpc&utm_campaign=DE+Shopping
    Paid Shopping              utm_source=amazon.de&utm_medium=paid-ad
    Paid Search                utm_source=google&utm_medium=cpc&utm_campaign=workshop
    Paid Search                utm_source=google&utm_medium=cpc
    Paid Search                utm_source=Bing&utm_medium=PPC
    Paid Search                utm_source=google&utm_medium=cpm
    Paid Search                gclid=abc
    Paid Search                gclid=abc                                  https://www.google.com/
    Paid Search                utm_source=google&gclid=abc
    Paid Search                msclkid=abc
    Paid Search                utm_source=yandex.ru&utm_medium=retargeting
    Paid Social                utm_source=facebook&utm_medium=cpc
    Paid Social                utm_source=fb&utm_medium=paid_social
    Paid Social                utm_source=ig&utm_medium=paid              https://l.instagram.com/
    Paid Social                ttclid=abc
    Paid Video                 utm_source=youtube&utm_medium=cpc
    Paid Video                 utm_source=youtube.com&utm_medium=paid
    Display                    utm_source=partner&utm_medium=banner
    Display                    utm_source=partner&utm_medium=cpm
    Paid Other                 utm_source=partner&utm_medium=cpc
    Paid Other                 utm_source=facebook-ads&utm_medium=cpc
    Organic Shopping           utm_source=etsy
    Organic Shopping           utm_source=newsletter&utm_medium=email&utm_campaign=winter-shopping
    Organic Shopping           -                                          https://www.amazon.co.uk/
    Organic Social             utm_source=facebook
    Organic Social             utm_source=partner&utm_medium=social%20network
    Organic Social             utm_source=twitter&utm_medium=referral
    Organic Social             fbclid=abc                                 https://l.facebook.com/
    Organic Social             fbclid=abc
    Organic Social             -                                          https://t.co/abc
    Organic Social             -                                          https://out.reddit.com/
    Organic Social             -                                          https://groups.google.com/
    Organic Video              -                                          https://m.youtube.com/watch
    Organic Video              utm_source=partner&utm_medium=in-video
    Organic Search             -                                          https://www.google.com/
    Organic Search             -                                          https://www.google.co.uk/
    Organic Search             -                                          https://de.search.yahoo.com/
    Organic Search             -                                          https://duckduckgo.com/
    Organic Search             utm_campaign=spring                        https://www.google.com/
    Organic Search             utm_source=partner&utm_medium=organic
    Organic Search             utm_source=google&utm_medium=email
    Organic Search             utm_source=google
    Referral                   -                                          https://blog.example/
    Referral                   -                                          https://notgoogle.com/
    Referral                   -                                          https://google.blog.example/
    Referral                   utm_source=partner&utm_medium=referral
    Referral                   utm_source=partner&utm_medium=app
    Referral                   utm_source=partner&utm_medium=link
    Email                      utm_source=newsletter&utm_medium=email
    Email                      utm_source=newsletter&utm_medium=e-mail
    Email                      utm_source=newsletter&utm_medium=E_Mail
    Email                      utm_source=newsletter&utm_medium=e+mail
    Email                      utm_source=email
    Email                      utm_medium=email
    Affiliates                 utm_source=partner&utm_medium=affiliate
    Audio                      utm_source=spotify&utm_medium=audio
    SMS                        utm_source=sms
    SMS                        utm_source=partner&utm_medium=sms
    Mobile Push Notifications  utm_source=app&utm_medium=webpush
    Mobile Push Notifications  utm_source=app&utm_medium=push_notification
    Mobile Push Notifications  utm_source=app&utm_medium=mobile_banner
    Mobile Push Notifications  utm_source=firebase
    Direct                     -
    Direct                     -                                          https://shop.example/other
    Direct                     -                                          https://www.shop.example/
    Direct                     -                                          (direct)
    Direct                     utm_source=(direct)&utm_medium=(none)
    Unassigned                 utm_source=newsletter
    Unassigned                 utm_source=newsletter&utm_medium=weekly
    Unassigned                 utm_source=newsletter                      https://www.google.com/
    Unassigned                 utm_campaign=spring
    Unassigned                 utm_source=partner&utm_medium=emails
"""
"""A channel, the query of the first page, - for none, and its referrer: Google's order, and where it is a trap."""

FOUND = """\
-- clickstream_found: Sessions by the case that they are of, and their channel.
SELECT sessions.hour,
       event_name || ' ' || channel AS found,
       count(*)                     AS clickstream_found
FROM sessions
JOIN events ON events.client = sessions.client
GROUP BY ALL
"""


def test_channels(tmp_path: Path) -> None:
    """The default channel group of Google Analytics 4, in its order."""
    cases = [re.split(r" {2,}", line.strip()) for line in GOLDEN.strip().splitlines()]
    rows = [
        event(
            "10:00",
            f"client {number}",
            event_name=str(number),
            page_url=SHOP_URL + (f"?{query}" if query != "-" else ""),
            referrer=next(iter(referrer), None),
        )
        for number, (_, query, *referrer) in enumerate(cases)
    ]
    (tmp_path / "found.sql").write_text(FOUND)
    out = measure(tmp_path, rows, measures=["found.sql"])
    found = dict(each["found"].split(" ", 1) for each in out.labels("clickstream_found"))
    assert [[found[str(number)], *case[1:]] for number, case in enumerate(cases)] == cases
    assert list(dict.fromkeys(channel for channel, *_ in cases)) == list(CHANNELS)


UTM: list[tuple[str, Row]] = [
    ("Paid Social", {"source": "Facebook", "medium": "CPC"}),
    ("Paid Shopping", {"source": "google", "medium": "cpc", "campaign": "Shop"}),
    ("Direct", {"source": "(direct)", "medium": "(none)", "campaign": "(not set)"}),
    ("Organic Search", {"source": "(not set)", "medium": "organic"}),
    ("Unassigned", {"source": "newsletter", "medium": "(not set)"}),
]


def test_channels_of_mapped_columns(tmp_path: Path) -> None:
    """Google's words for a missing value are none."""
    rows = [event("10:00", f"client {number}", event_name=str(number), **row) for number, (_, row) in enumerate(UTM)]
    names = ("source", "medium", "campaign")
    (tmp_path / "found.sql").write_text(FOUND)
    columns = {"timestamp": "timestamp", "event_name": "event_name", "client_id": "client_id"}
    columns |= {f"utm_{name}": name for name in names}
    types = TYPES | dict.fromkeys(names, TEXT)
    out = measure(tmp_path, rows, types, measures=["found.sql"], columns=columns, purchase=[])
    found = dict(each["found"].split(" ", 1) for each in out.labels("clickstream_found"))
    assert [found[str(number)] for number in range(len(UTM))] == [channel for channel, _ in UTM]
