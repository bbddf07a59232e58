"""Each number means what its definition says: the rows stand in the test, and the exporter runs on them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from math import inf, nan
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.exposition import (
    COLUMNS,
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
END = "23:30"  # an event in hour 23 makes the day whole

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
)
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Safari/605.1.15"
)
IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/16.6 Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

NEWS = "https://shop.example/?utm_source=newsletter"
AD = "https://shop.example/?utm_source=ad"


def event(clock: str, client: str | None = None, day: str = DAY, **columns: object) -> Row:
    """A page view at the clock time."""
    return {"timestamp": f"{day} {clock}", "client_id": client, "event_name": "page_viewed"} | columns


def purchase(clock: str, client: str | None = None, day: str = DAY, **columns: object) -> Row:
    """A purchase at the clock time."""
    return event(clock, client, day, event_name="checkout_completed", **columns)


def lags(out: Exposition, name: str, **labels: str) -> list[float]:
    """The gauge at lag 0, 1, 2 and so on."""
    count = sum(labels.items() <= found.items() for found in out.labels(name))
    return [out.value(name, lag=lag, **labels) for lag in range(count)]


def test_d9_events_per_day(tmp_path: Path) -> None:
    """Events are counted by day from the newest day back to the first; a day without events has 0."""
    rows = [
        event("00:00"),
        event("23:59:59.999999"),
        event("12:00", day="2025-03-08"),
        event("12:00", day="2025-03-05"),
    ]
    out = measure(tmp_path, rows)
    assert lags(out, "clickstream_events") == [2, 1, 0, 0, 1]
    assert lags(out, "clickstream_comparable_events") == [2, 1, 0, 0, 1]
    days = [datetime(2025, 3, day, tzinfo=UTC).timestamp() for day in (9, 8, 7, 6, 5)]
    assert lags(out, "clickstream_day_timestamp_seconds") == days


def test_window(tmp_path: Path) -> None:
    """Whole days have the lags 0 to history_days - 1, and comparable ones 0 to 7, however long the history is."""
    rows = [event("12:00", day=f"2025-03-{day:02}") for day in range(1, 21)]
    out = measure(tmp_path, rows, history_days=12)
    assert lags(out, "clickstream_events") == [1] * 12
    assert len(lags(out, "clickstream_comparable_events")) == 8


def test_anchor(tmp_path: Path) -> None:
    """The newest plausible day is the anchor: stray events of 1970 and 2312 and without a time only count as such."""
    strays = [event("12:00", day="1970-01-01"), event("12:00", day="2312-01-01"), {"event_name": "page_viewed"}]
    out = measure(tmp_path, [event("12:00"), event("13:00", day="2025-03-08"), *strays])
    assert out.value("clickstream_day_timestamp_seconds", lag=0) == datetime(2025, 3, 9, tzinfo=UTC).timestamp()
    assert out.value("clickstream_last_event_timestamp_seconds") == datetime(2025, 3, 9, 12, tzinfo=UTC).timestamp()
    assert lags(out, "clickstream_events") == [1, 1]
    assert out.value("clickstream_implausible_timestamp_events") == 3
    assert out.value("clickstream_anchor_file_events") == 5


def test_session_gap(tmp_path: Path) -> None:
    """A gap of 30 minutes continues a session, one microsecond more begins another; minutes crossed do not count."""
    rows = [
        event("10:00:59.999999", "continues"),
        event("10:30:59.999999", "continues"),
        event("11:00:59.999999", "continues"),
        event("10:00:59.999999", "begins another"),
        event("10:31:00.000000", "begins another"),
        event("10:00:00", "crosses 30 minute marks"),
        event("10:30:59", "crosses 30 minute marks"),
        event(END),
    ]
    assert measure(tmp_path, rows).value("clickstream_sessions", lag=0) == 1 + 2 + 2


def test_sessions_are_day_local(tmp_path: Path) -> None:
    """A session that spans midnight counts on both days, and converts on the day of its purchase."""
    rows = [event("23:50", "a", day="2025-03-08"), purchase("00:10", "a"), event(END)]
    out = measure(tmp_path, rows)
    assert lags(out, "clickstream_sessions") == [1, 1]
    assert lags(out, "clickstream_converting_sessions") == [1, 0]


def test_null_clients(tmp_path: Path) -> None:
    """Events without a client id are counted and belong to no session; what they buy is nobody's."""
    rows = [event("10:00"), event("10:05", ""), purchase("10:10"), purchase("10:20", "a"), event(END, "b")]
    out = measure(tmp_path, rows)
    assert out.value("clickstream_null_client_events", lag=0) == 3
    assert out.value("clickstream_sessions", lag=0) == 2
    assert out.value("clickstream_converting_sessions", lag=0) == 1
    assert out.value("clickstream_purchases", lag=0) == 2
    assert out.value("clickstream_identified_purchases", lag=0) == 1


BLANKS = ("", " ", "\t", " " * 50, "\u00a0", "\u200b")
NO_IDS = (
    *("undefined", "null", "none", "(not set)", "(none)", "nan", "0", "00000000-0000-0000-0000-000000000000"),
    *("UNDEFINED", "Null", "(Not Set)", "NaN", " null ", "\tnone\n", "\u00a0undefined"),
)
IDS = ("00", "0.5", "nobody", "nullable", "not set", "00000000-0000-0000-0000-000000000001", "x null", "null null")


def test_j4_placeholders_are_no_client_ids(tmp_path: Path) -> None:
    """What trackers write in place of an id is as none, in any case and with blanks; what only looks like it is one."""
    out = measure(tmp_path, [event("10:00", client) for client in (None, *BLANKS, *NO_IDS, *IDS)])
    assert out.value("clickstream_null_client_events", lag=0) == 1 + len(BLANKS) + len(NO_IDS)
    assert out.value("clickstream_sessions", lag=0) == len(IDS)


def test_placeholders_of_ones_own(tmp_path: Path) -> None:
    """The list of the configuration is the whole list; an empty one leaves blanks."""
    rows = [event("10:00", client) for client in (None, *BLANKS, *NO_IDS, "a.*", " A.* ", "aXX", "no id")]
    write_rows(tmp_path / "events.parquet", rows)
    lists: dict[str, list[str]] = {"empty": [], "own": [" a.* ", "No Id"]}
    out = once(write_config(tmp_path, **{name: SHOP | {"placeholders": each} for name, each in lists.items()}))
    blank = 1 + len(BLANKS)
    assert out.value("clickstream_null_client_events", dataset="empty", lag=0) == blank
    assert out.value("clickstream_null_client_events", dataset="own", lag=0) == blank + 3


def test_j4_purchases_without_transaction_id(tmp_path: Path) -> None:
    """A purchase whose id is none is counted as such, and is never a duplicate; real ids are compared."""
    real = ["t1", "t1", "t1", "t2"]
    rows = [purchase("10:00", "a", order=each) for each in (None, *BLANKS, *NO_IDS, *NO_IDS, *real)]
    columns = COLUMNS | {"transaction_id": "order"}
    out = measure(tmp_path, [*rows, event(END, order="null")], TYPES | {"order": TEXT}, columns=columns)
    without = 1 + len(BLANKS) + 2 * len(NO_IDS)
    assert out.value("clickstream_purchases", lag=0) == without + len(real)
    assert out.value("clickstream_purchases_without_transaction_id", lag=0) == without
    assert out.value("clickstream_duplicate_purchases", lag=0) == 2


def test_taxonomy_of_many_names(tmp_path: Path) -> None:
    """Each of 150 names is valid, and NULL and the next one are not."""
    names = [f"event_{number}" for number in range(150)]
    rows = [event("10:00", event_name=name) for name in (*names, "event_150", None)]
    out = measure(tmp_path, rows, taxonomy=names)
    assert out.value("clickstream_invalid_events", lag=0) == 2


def test_converting_sessions(tmp_path: Path) -> None:
    """A session converts once however much it buys, and each session of a client counts on its own."""
    rows = [
        *[event("10:00", "buys twice"), purchase("10:01", "buys twice"), purchase("10:30", "buys twice")],
        *[purchase("10:00", "comes back"), purchase("12:00", "comes back"), event("15:00", "comes back")],
        *[event("10:00", "only looks"), event(END, "only looks")],
    ]
    out = measure(tmp_path, rows)
    assert out.value("clickstream_sessions", lag=0) == 1 + 3 + 2
    assert out.value("clickstream_converting_sessions", lag=0) == 1 + 2


DIRECT: list[dict[str, str]] = [
    {},
    {"referrer": ""},
    {"referrer": "https://shop.example/cart"},
    {"referrer": "https://www.shop.example/"},
    {"referrer": "HTTPS://A.B.Shop.Example:443/x?utm_source=old"},
    {"referrer": "https://blog.example:password@shop.example:443?from=https://blog.example"},
    *[{"referrer": none} for none in ("(direct)", "$direct", "direct", "about:blank", "null", "-", "N/A", "http://")],
    {"page_url": "https://shop.example/?color=red"},
    {"page_url": "https://shop.example/utm_source/gclid"},
]
NOT_DIRECT: list[dict[str, str]] = [
    {"referrer": "https://www.google.com/"},
    {"referrer": "https://notshop.example/"},
    {"referrer": "https://shop.example.org/"},
    {"referrer": "https://shop.example@blog.example"},
    {"referrer": "https://evil.example/?from=shop.example"},
    {"referrer": "blog.example/a?b"},
    {"referrer": "http://intranet:8080/"},
    {"referrer": "android-app://com.google.android.gm/"},
    {"page_url": "https://shop.example/?utm_source=newsletter"},
    {"page_url": "https://shop.example/?color=red&utm_medium=email"},
    {"page_url": "https://shop.example/?utm_campaign=spring#top"},
    {"page_url": "https://shop.example/?gclid=abc"},
    {"page_url": "https://shop.example/?fbclid=abc"},
    {"page_url": "https://shop.example/?msclkid=abc"},
]


def test_direct_sessions(tmp_path: Path) -> None:
    """A session without external referrer, utm and click id is direct; domains below the site's are its own."""
    whole = event(END)  # belongs to no session
    for name, kinds in (("direct", DIRECT), ("not_direct", NOT_DIRECT)):
        rows = [event("10:00", f"{name} {kind}", **columns) for kind, columns in enumerate(kinds)]
        write_rows(tmp_path / name / "events.parquet", [*rows, whole])
    first = [
        *[event("10:00", "first direct"), event("10:05", "first direct", page_url=NEWS)],
        *[event("12:00", "direct, too"), event("12:05", "direct, too", referrer="https://blog.example/")],
        *[event("10:00", "first not", page_url=NEWS), event("10:05", "first not")],
        whole,
    ]
    write_rows(tmp_path / "first" / "events.parquet", first)
    names = ("direct", "not_direct", "first")
    out = once(write_config(tmp_path, **{name: SHOP | {"files": name} for name in names}))
    sessions = [out.value("clickstream_sessions", dataset=name, lag=0) for name in names]
    direct = [out.value("clickstream_direct_sessions", dataset=name, lag=0) for name in names]
    assert sessions == [len(DIRECT), len(NOT_DIRECT), 3]
    assert direct == [len(DIRECT), 0, 2]


# Each case: the client's events; the last one is the purchase.
ASSISTED: dict[str, list[Row]] = {
    "by another source": [event("12:00", "c", "2025-03-07", page_url=NEWS), purchase("12:00", "c", page_url=AD)],
    "bought directly": [event("12:00", "c", "2025-03-07", page_url=NEWS), purchase("12:00", "c")],
    "by a referrer": [event("12:00", "c", "2025-03-07", referrer="https://blog.example/"), purchase("12:00", "c")],
    "by a click": [event("12:00", "c", "2025-03-07", page_url="https://shop.example/?gclid=1"), purchase("12:00", "c")],
    "seven days before": [event("12:00", "c", "2025-03-02", page_url=NEWS), purchase("12:00", "c")],
    "earlier that day": [event("10:00", "c", page_url=NEWS), purchase("12:00", "c")],
    "one of several": [
        event("12:00", "c", "2025-03-06"),
        event("12:00", "c", "2025-03-07", page_url=AD),
        event("12:00", "c", "2025-03-08", page_url=NEWS),
        purchase("12:00", "c", page_url=AD),
    ],
    "by two sources": [
        event("12:00", "c", "2025-03-06", page_url=AD),
        event("12:00", "c", "2025-03-07", page_url=NEWS),
        purchase("12:00", "c"),
    ],
    "source of the session's first event": [
        event("10:00", "c", page_url=NEWS),
        event("12:00", "c", page_url=AD),
        purchase("12:10", "c", page_url=NEWS),
    ],
}
UNASSISTED: dict[str, list[Row]] = {
    "no earlier session": [event("11:50", "c", page_url=NEWS), purchase("12:00", "c", page_url=AD)],
    "the same source": [event("12:00", "c", "2025-03-07", page_url=NEWS), purchase("12:00", "c", page_url=NEWS)],
    "direct before": [event("12:00", "c", "2025-03-07"), purchase("12:00", "c", page_url=NEWS)],
    "more than seven days before": [event("11:59:59.999999", "c", "2025-03-02", page_url=NEWS), purchase("12:00", "c")],
    "later session": [purchase("12:00", "c"), event("14:00", "c", page_url=NEWS)],
    "another client": [event("12:00", "d", "2025-03-07", page_url=NEWS), purchase("12:00", "c")],
    "no client": [event("12:00", None, "2025-03-07", page_url=NEWS), purchase("12:00")],
}


def test_assisted_purchases(tmp_path: Path) -> None:
    """A purchase is assisted by a session of the 7 days before it from another source, which is not direct."""
    cases = ASSISTED | UNASSISTED
    rows = [
        row if row["client_id"] is None else {**row, "client_id": f"{name} {row['client_id']}"}
        for name, events in cases.items()
        for row in events
    ]
    out = measure(tmp_path, [*rows, event(END)])
    assert out.value("clickstream_purchases", lag=0) == len(cases)
    assert out.value("clickstream_identified_purchases", lag=0) == len(cases) - 1
    if out.value("clickstream_assisted_purchases", lag=0) != len(ASSISTED):
        pytest.fail(f"assisted: {assisted(tmp_path, cases)}")


def assisted(folder: Path, cases: dict[str, list[Row]]) -> list[str]:
    """The cases whose purchase is assisted when each is measured alone."""
    first = event("00:00", day="2025-03-02")
    counts = {name: measure(folder, [first, *rows, event(END)]) for name, rows in cases.items()}
    return [name for name, out in counts.items() if out.value("clickstream_assisted_purchases", lag=0)]


def test_assisted_purchases_are_counted_singly(tmp_path: Path) -> None:
    """Each purchase of an assisted session counts, on each day that its own seven days reach back from."""
    rows = [
        event("12:00", "c", "2025-02-28", page_url=NEWS),
        purchase("12:00", "c", "2025-03-07"),  # exactly seven days later
        purchase("12:01", "c", "2025-03-07"),  # the lookback begins at the purchase, a minute after the session's start
        purchase("10:00", "c", "2025-03-08"),
        *[event("10:00", "d", page_url=NEWS), purchase("12:00", "d"), purchase("12:10", "d")],
        event(END),
    ]
    assert lags(measure(tmp_path, rows), "clickstream_assisted_purchases")[:3] == [2, 0, 1]


def test_assisted_purchases_begin_with_the_eighth_day(tmp_path: Path) -> None:
    """Before, sessions of the seven days are missing: no sample, and a reason if it is the anchor day."""
    days = ["2025-03-02", "2025-03-08", "2025-03-09"]
    rows = [row for day in days for row in (event("10:00", "c", day, page_url=NEWS), purchase("12:00", "c", day))]
    out = measure(tmp_path, [*rows, event(END)])
    names = ("clickstream_assisted_purchases", "clickstream_comparable_assisted_purchases")
    assert [[out.get(name, lag=lag) for lag in range(8)] for name in names] == [[1, *[None] * 7]] * 2
    assert out.value("clickstream_identified_purchases", lag=1) == 1
    assert not_measured(out, names[0]) == []
    out = measure(tmp_path, rows[2:])
    assert {name for name, _ in out.samples if "assisted" in name} == set()
    assert not_measured(out, names[0]) == ["the data begin less than 7 days before"]


def not_measured(out: Exposition, gauge: str) -> list[str]:
    """Why the gauge is not measured, if it is not."""
    return [each["reason"] for each in out.labels("clickstream_not_measured") if each["gauge"] == gauge]


def test_duplicate_events(tmp_path: Path) -> None:
    """Extra copies are counted over the mapped columns, in whichever file they lie; NULL equals NULL."""
    types = TYPES | {"loaded_at": TEXT}
    copy = event("10:00", "a", page_url="https://shop.example/")
    one = [copy, {**copy, "loaded_at": "later"}, event("10:00", "b"), event(END, "a")]
    two = [copy, event("10:00", "b"), event("10:00:00.000001", "b"), event(END, "a", day="2025-03-08")]
    write_rows(tmp_path / "one.parquet", one, types)
    write_rows(tmp_path / "two.parquet", two, types)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 7
    assert lags(out, "clickstream_duplicate_events") == [2 + 1, 0]


def test_duplicate_key(tmp_path: Path) -> None:
    """With a key, rows that agree in its columns are copies, whatever the others say."""
    rows = [
        *[event("10:00", "a"), event("10:00", "a", page_url=NEWS), purchase("10:00", "a")],
        *[event("10:00", None), event("10:00", None), event("10:00", "b"), event(END, "a")],
    ]
    out = measure(tmp_path, rows, duplicate_key=["client_id", "timestamp"])
    assert out.value("clickstream_duplicate_events", lag=0) == 2 + 1


def test_duplicate_purchases(tmp_path: Path) -> None:
    """Purchases minus distinct transaction ids, of the purchases that have one, on each day."""
    rows = [
        *[purchase("10:00", "a", event_data='{"transaction_id": "t1"}')],
        *[purchase("10:01", "b", event_data='{"transaction_id": "t1", "revenue": 5}')],
        *[purchase("10:02", "c", event_data='{"transaction_id": "t2"}'), purchase("10:03", event_data="{}")],
        *[purchase("10:04"), purchase("10:05", event_data='{"transaction_id": null}')],
        event("10:06", event_data='{"transaction_id": "t2"}'),  # no purchase
        purchase("10:00", day="2025-03-08", event_data='{"transaction_id": "t2"}'),  # another day
        event(END),
    ]
    assert lags(measure(tmp_path, rows), "clickstream_duplicate_purchases") == [1, 0]


def test_event_names(tmp_path: Path) -> None:
    """A name that is NULL or outside the taxonomy is invalid; names of the taxonomy are served, vanished ones as 0."""
    names = ["page_viewed", "page_viewed", None, "", "Page_Viewed", "page_viewed ", "hacked"]
    out = measure(tmp_path, [event("10:00", event_name=name) for name in names])
    assert out.value("clickstream_invalid_events", lag=0) == 5
    assert out.value("clickstream_named_events", lag=0, event_name="page_viewed") == 2
    assert out.value("clickstream_named_events", lag=0, event_name="checkout_completed") == 0
    assert {each["event_name"] for each in out.labels("clickstream_named_events")} == set(SHOP["taxonomy"])


def test_missing_referrer_and_utm(tmp_path: Path) -> None:
    """An event misses its referrer if that is NULL or empty, and its utm if source, medium and campaign are absent."""
    rows = [
        event("10:00", referrer=None, page_url="https://shop.example/?utm_source=x"),
        event("10:00", referrer="", page_url="https://shop.example/?a=1&utm_medium=x"),
        event("10:00", referrer="https://shop.example/", page_url="https://shop.example/?utm_campaign=x&b=2"),
        event("10:00", referrer="https://blog.example/?utm_source=x", page_url="https://shop.example/"),
        event("10:00", referrer="https://blog.example/", page_url=None),
        event("10:00", referrer="https://blog.example/", page_url="https://shop.example/?not_utm_source=x"),
    ]
    out = measure(tmp_path, rows)
    assert out.value("clickstream_missing_referrer_events", lag=0) == 2
    assert out.value("clickstream_missing_utm_events", lag=0) == 3


def test_utm_columns(tmp_path: Path) -> None:
    """A utm_* column of its own is read besides the page's address; Google's words for "none" are no campaign."""
    types = TYPES | {"source": TEXT, "medium": TEXT}
    utms: list[tuple[str | None, str | None]] = [
        *[("ad", None), ("google", "organic"), ("(not set)", "email"), ("", "email"), (" ", "email")],
        *[(None, None), ("", ""), ("(direct)", "(none)"), ("(not set)", None), (" ", " ")],
    ]
    rows = [event("10:00", f"{number}", source=source, medium=medium) for number, (source, medium) in enumerate(utms)]
    out = measure(tmp_path, rows, types, columns=COLUMNS | {"utm_source": "source", "utm_medium": "medium"})
    assert out.value("clickstream_missing_utm_events", lag=0) == 5
    assert out.value("clickstream_direct_sessions", lag=0) == 5


def test_json_errors(tmp_path: Path) -> None:
    """A payload is there unless NULL, and wrong unless valid JSON."""
    right = ["{}", '{"a": [1, {"b": null}]}', "[]", "7", '"text"']
    wrong = ["", "{", '{"a": 1', "{'a': 1}", "NaN,", "plain text", '{"a": 1}}']
    out = measure(tmp_path, [event("10:00", event_data=payload) for payload in [*right, *wrong, None, None]])
    assert out.value("clickstream_payload_events", lag=0) == len(right) + len(wrong)
    assert out.value("clickstream_json_error_events", lag=0) == len(wrong)


# By kind of column: what is revenue, and what is none.
REVENUES: dict[str, tuple[list[object], list[object]]] = {
    "number": ([10.25, 0.5], [None, 0.0, -0.0, -20.0, nan, inf, -inf, 1e300]),
    "text": (["10.25", "0.5"], [None, "", "0", "-20", "NaN", "Infinity", "1e300", "1,234.50", "free", "10.25 EUR"]),
    "payload": (
        ['{"revenue": 10.25}', '{"revenue": "0.5"}'],
        [
            *[None, "{", "{}", '{"revenue": null}', '{"revenue": ""}', '{"revenue": 0}', '{"revenue": -20}'],
            *['{"revenue": "NaN"}', '{"revenue": "Infinity"}', '{"revenue": 1e300}', '{"revenue": "1,234.50"}'],
            *['{"revenue": {"amount": 7}}', '{"revenue": [7]}', '{"revenue": true}', '{"Revenue": 7}'],
        ],
    ),
}


def test_d5_revenue(tmp_path: Path) -> None:
    """Revenue sums what purchases carry; what is no positive amount is counted, and never poisons the sum."""
    kinds = {"number": ("amount", pa.float64()), "text": ("amount", TEXT), "payload": ("event_data", TEXT)}
    for name, (name_in_file, of) in kinds.items():
        right, wrong = REVENUES[name]
        rows = [{**purchase("10:00"), name_in_file: value} for value in [*right, *wrong]]
        look = {**event(END), name_in_file: right[0]}  # what a page view carries is no revenue
        write_rows(tmp_path / name / "events.parquet", [*rows, look], TYPES | {name_in_file: of})
    paths = {"number": "amount", "text": "amount", "payload": "$.revenue"}
    shops = {name: SHOP | {"files": name, "columns": COLUMNS | {"revenue": path}} for name, path in paths.items()}
    out = once(write_config(tmp_path, **shops))
    for name, (right, wrong) in REVENUES.items():
        assert out.value("clickstream_purchases", dataset=name, lag=0) == len(right) + len(wrong), name
        assert out.value("clickstream_purchases_without_revenue", dataset=name, lag=0) == len(wrong), name
        assert out.value("clickstream_revenue", dataset=name, lag=0) == 10.75, name
        assert out.value("clickstream_comparable_revenue", dataset=name, lag=0) == 10.75, name


def test_columns_of_revenue(tmp_path: Path) -> None:
    """Revenue and transaction id come from a column, from the payload, or in each file from the one that is there."""
    column = TYPES | {"amount": pa.decimal128(10, 2), "order": pa.int64()}
    rows = [purchase("10:00", amount=Decimal("1.25"), order=7, event_data='{"revenue": 10, "transaction_id": "x"}')] * 2
    write_rows(tmp_path / "column.parquet", rows, column)
    write_rows(tmp_path / "payload.parquet", [rows[0], event(END)])
    sources: dict[str, tuple[object, object]] = {
        "column": ("amount", "order"),
        "payload": ("$.revenue", "$.transaction_id"),
        "both": (["amount", "$.revenue"], ["order", "$.transaction_id"]),
    }
    shops = {
        name: SHOP | {"columns": COLUMNS | {"revenue": revenue, "transaction_id": transaction_id}}
        for name, (revenue, transaction_id) in sources.items()
    }
    out = once(write_config(tmp_path, **shops))
    revenue = {name: out.value("clickstream_revenue", dataset=name, lag=0) for name in sources}
    copies = {name: out.value("clickstream_duplicate_purchases", dataset=name, lag=0) for name in sources}
    assert revenue == {"column": 2.5, "payload": 30, "both": 12.5}
    assert copies == {"column": 1, "payload": 2, "both": 1}


def test_purchase_names(tmp_path: Path) -> None:
    """Several events can be purchases."""
    rows = [
        purchase("10:00", "a", event_data='{"revenue": 5}'),
        event("10:00", "b", event_name="subscribed", event_data='{"revenue": 7}'),
        event("10:00", "c", event_name="page_viewed", event_data='{"revenue": 11}'),
        event(END),
    ]
    names = ["checkout_completed", "subscribed"]
    out = measure(tmp_path, rows, purchase=names, taxonomy=["page_viewed", *names])
    assert out.value("clickstream_purchases", lag=0) == 2
    assert out.value("clickstream_revenue", lag=0) == 12
    assert out.value("clickstream_converting_sessions", lag=0) == 2


def test_a_purchase_name_that_no_event_has(tmp_path: Path) -> None:
    """It may be a slip of the configuration, so it is told as such; purchases on one day are enough."""
    rows = [purchase("10:00", day="2025-03-08"), event(END)]
    assert "(purchase)" not in measure(tmp_path, rows).warnings
    assert "no event on any day is named ordered (purchase)" in measure(tmp_path, rows, purchase="ordered").warnings


def test_device_revenue(tmp_path: Path) -> None:
    """Revenue is shared out by the device that the user agent tells, or by the device column where it is mapped."""
    agents = [PHONE, ANDROID, WINDOWS, MAC, IPAD, GOOGLEBOT, None, "", "?"]
    rows = [
        purchase("10:00", user_agent=agent, event_data=f'{{"revenue": {2**power}}}')
        for power, agent in enumerate(agents)
    ]
    write_rows(tmp_path / "agents" / "events.parquet", [*rows, event(END, user_agent=MAC)])
    devices = ["mobile", "Mobile", "desktop", "DESKTOP", "tablet", "bot", None, "", "smart tv"]
    named = [{**row, "category": device} for row, device in zip(rows, devices, strict=True)]
    write_rows(tmp_path / "column" / "events.parquet", [*named, event(END)], TYPES | {"category": TEXT})
    shops = {
        "agents": SHOP | {"files": "agents"},
        "column": SHOP | {"files": "column", "columns": COLUMNS | {"device": "category"}},
    }
    out = once(write_config(tmp_path, **shops))
    expected = {"mobile": 1 + 2, "desktop": 4 + 8, "tablet": 16, "bot": 32, "other": 64 + 128 + 256}
    for shop in shops:
        found = [each["device"] for each in out.labels("clickstream_device_revenue") if each["dataset"] == shop]
        by_device = {
            device: out.value("clickstream_device_revenue", dataset=shop, device=device, lag=0) for device in found
        }
        assert by_device == expected, shop


def test_comparable(tmp_path: Path) -> None:
    """Comparable gauges sum, for every lag, the hours before the hour of the anchor day's last event."""
    rows = [
        purchase(f"{hour:02}:30", f"{day} {hour}", day=day, event_data='{"revenue": 10}')
        for day, last in (("2025-03-07", 23), ("2025-03-08", 23), (DAY, 9))
        for hour in range(last + 1)
    ]
    out = measure(tmp_path, rows)
    assert out.value("clickstream_complete_hours") == 9
    for name, each in (("events", 1), ("purchases", 1), ("revenue", 10), ("sessions", 1), ("device_revenue", 10)):
        device = {"device": "other"} if name == "device_revenue" else {}
        assert lags(out, f"clickstream_{name}", **device) == [10 * each, 24 * each, 24 * each], name
        assert lags(out, f"clickstream_comparable_{name}", **device) == [9 * each] * 3, name


def test_complete_hours(tmp_path: Path) -> None:
    """The hour of the last event may still fill up, but the last hour of the day makes the day whole."""
    lasts = {"first": "00:59", "late": "22:59:59.999999", "last": "23:00"}
    for name, last in lasts.items():
        rows = [event("00:10"), event(last), event("23:59", day="2025-03-08")]
        write_rows(tmp_path / name / "events.parquet", rows)
    out = once(write_config(tmp_path, **{name: SHOP | {"files": name} for name in lasts}))
    hours = [out.value("clickstream_complete_hours", dataset=name) for name in lasts]
    events = [[out.value("clickstream_comparable_events", dataset=name, lag=lag) for lag in (0, 1)] for name in lasts]
    assert hours == [0, 22, 24]
    assert events == [[0, 0], [1, 0], [2, 1]]


def test_not_measured(tmp_path: Path) -> None:
    """A gauge whose column is not mapped has no sample, and why is told; the others stay."""
    out = measure(tmp_path, [event("10:00", "a")], columns={"timestamp": "timestamp", "event_name": "event_name"})
    gone = {each["gauge"]: each["reason"] for each in out.labels("clickstream_not_measured")}
    for name, column in (("revenue", "revenue"), ("sessions", "client_id"), ("json_error_events", "payload")):
        assert column in gone[f"clickstream_{name}"]
    assert [name for name in gone if out.labels(name)] == []
    assert out.value("clickstream_events", lag=0) == 1
    assert out.value("clickstream_invalid_events", lag=0) == 0
