"""`clickstream-init` on data that no export explains: guesses by name and value, hostile names, and clear errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.config import model
from exporter.engine.duckdb.survey import Survey
from exporter.engine.protocol import EngineError
from exporter.files import listing
from exporter.propose import data
from tests.support.exports import proposed
from tests.support.exposition import once

START = datetime(2025, 3, 1)  # noqa: DTZ001 - a timestamp without a zone
Columns = Mapping[str, list[Any]]


def times(number: int = 100, hours: float = 1) -> list[datetime]:
    """Timestamps at regular distances."""
    return [START + timedelta(hours=hours * place) for place in range(number)]


def table(path: Path, number: int = 100, **columns: Any) -> Path:
    """A file with a time, a name and further columns; a value that is no list is that of every row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    base: dict[str, Any] = {"timestamp": times(number), "event_name": "page_viewed"} | columns
    listed = {
        name: each if isinstance(each, list) else [each] * number for name, each in base.items() if each is not None
    }
    pq.write_table(pa.table(listed), path)
    return path


def proposal(folder: Path, *files: str) -> tuple[dict[str, Any], str]:
    """The proposed data set, which the model accepts, and all comments."""
    config = proposed.propose(folder, *(files or ("events",)))
    model.load(config)
    return proposed.dataset(config), proposed.comments(config)


def test_a_time_and_a_name_are_enough(tmp_path: Path) -> None:
    """What else there could be is said to be off."""
    table(tmp_path / "events" / "a.parquet")
    found, said = proposal(tmp_path)
    assert found["columns"] == {"timestamp": "timestamp", "event_name": "event_name"}
    assert "no purchase configured: NoPurchases" in said
    assert once(tmp_path / "config.yml").value("clickstream_events", lag=0) == 4


SHAPES: Mapping[str, tuple[dict[str, Any], str]] = {
    "the event's time": (
        {"received_at": times(), "sent_at": times(), "event_time": times(), "timestamp": None},
        "event_time",
    ),
    "a later time alone": ({"loaded_at": times(), "timestamp": None}, "loaded_at"),
    "milliseconds": ({"ts": [int(each.timestamp()) * 1000 for each in times()], "timestamp": None}, "ts"),
    "text": ({"occurred_at": [each.isoformat() for each in times()], "timestamp": None}, "occurred_at"),
    "a name of its own": ({"zeitpunkt": times(), "timestamp": None}, "zeitpunkt"),
    "one that is absurd": ({"timestamp": [-5] * 100, "created_at": times()}, "created_at"),
}


@pytest.mark.parametrize(("columns", "expected"), SHAPES.values(), ids=SHAPES)
def test_the_time_of_the_event(tmp_path: Path, columns: dict[str, Any], expected: str) -> None:
    """It is preferred to the time at which the event was sent or loaded, and must be plausible."""
    table(tmp_path / "events" / "a.parquet", **columns)
    found, said = proposal(tmp_path)
    assert found["columns"]["timestamp"] == expected
    if expected == "event_time":
        assert "the time of the event, not received_at, sent_at" in said


ERRORS: Mapping[str, tuple[dict[str, Any], str]] = {
    "no timestamp": (
        {"timestamp": None, "amount": 1},
        "found no column with plausible timestamps; the columns are event_name, amount",
    ),
    "no name": (
        {"event_name": None, "amount": 1},
        "found no column that names the events; the columns are timestamp, amount",
    ),
}


@pytest.mark.parametrize(("columns", "message"), ERRORS.values(), ids=ERRORS)
def test_what_every_event_needs(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    """Without it there is nothing to propose, and the columns are listed."""
    table(tmp_path / "events" / "a.parquet", **columns)
    done = proposed.run(tmp_path, "events")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"clickstream-init: {message}\n")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing one, one that is not Parquet, none that matches, and none with events: exit code 1 and the name."""
    (tmp_path / "bad.parquet").write_bytes(b"no footer")
    (tmp_path / "empty").mkdir()
    table(tmp_path / "rows" / "none.parquet", 0)
    for files, message in (
        ("nowhere", "nowhere: no such file or folder"),
        ("bad.parquet", "bad.parquet: "),
        ("empty", "no Parquet file matches empty"),
        ("rows", "no file has an event: rows"),
    ):
        done = proposed.run(tmp_path, files)
        assert (done.returncode, done.stdout, message in done.stderr) == (1, "", True), done.stderr


def test_a_damaged_file_among_others_is_named(tmp_path: Path) -> None:
    """The others are looked at."""
    table(tmp_path / "events" / "a.parquet")
    (tmp_path / "events" / "bad.parquet").write_bytes(b"no footer")
    assert "Not read: bad.parquet: " in proposal(tmp_path)[1]


@pytest.mark.parametrize("arguments", [(), ("",), ("--nonsense", "x")])
def test_arguments_that_cannot_be_used(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 64 and the usage."""
    done = proposed.run(tmp_path, *arguments)
    assert (done.returncode, done.stdout, "usage: clickstream-init" in done.stderr) == (64, "", True)


HOSTILE = [
    'quote " and \' here', "new\nline", "tab\there", "# no comment", "key: value", "- item", "{a: b}", "[x]", "*alias",
    "&anchor", "!tag", "%percent", "| block", "> fold", "yes", "null ", "1.5", "~", "ünïcödé", "bidi \u202e end",
    "\u2028", "a\\b", "'", "🛒 cart", "\x1b[31mred",
]  # fmt: skip


def test_d7_hostile_event_names(tmp_path: Path) -> None:
    """Each is either the very name, or a comment on one line."""
    names = HOSTILE * 40
    table(tmp_path / "events" / "a.parquet", len(names), event_name=names)
    found, _ = proposal(tmp_path)
    text = (tmp_path / "config.yml").read_text("utf-8")
    assert {"# no comment", "key: value", "yes", "1.5", "🛒 cart", "ünïcödé", "a\\b"} <= set(found["taxonomy"])
    assert set(found["taxonomy"]) <= set(HOSTILE) | {"null"}
    assert [each for each in text if each in "\x1b\u202e\u2028\t"] == []


def test_d7_hostile_column_names(tmp_path: Path) -> None:
    """They are mapped as they are."""
    columns = {'user id: # "x"\n': [f"c{place % 9}" for place in range(100)], "$.x": "y", "a[b]": "y", " ": "y"}
    table(tmp_path / "events" / "a.parquet", client_id=None, **columns)
    assert proposal(tmp_path)[0]["columns"] == {"timestamp": "timestamp", "event_name": "event_name"}
    name = "odd: #\n\"'{}.client_id"
    column = pa.array([{name: f"c{place % 9}"} for place in range(100)])
    table(tmp_path / "events" / "a.parquet", outer=column.to_pylist())
    assert proposal(tmp_path)[0]["columns"]["client_id"] == f"outer.{name}"


PERSON = "jane.doe"


@pytest.mark.parametrize("name", ["part", "file_row_number", "value"])
def test_names_that_the_survey_uses(tmp_path: Path, name: str) -> None:
    """A column is read whatever it is called."""
    table(tmp_path / "events" / "a.parquet", **{name: None}, purchase=list(range(100)))
    found = pq.read_table(tmp_path / "events" / "a.parquet").append_column(name, pa.array([1] * 100))
    pq.write_table(found, tmp_path / "events" / "a.parquet")
    found_columns, _ = proposal(tmp_path)
    assert found_columns["columns"] == {"timestamp": "timestamp", "event_name": "event_name"}


def test_s5_nothing_about_a_person_is_printed(tmp_path: Path) -> None:
    """Neither ids nor addresses, paths and queries of URLs, nor event names that look like them."""
    number = 2000
    names = ["page_viewed"] * 900 + [f"{PERSON}@mail.example signed up"] * 600 + ["checkout_completed"] * 494
    names += [f"https://shop.example/{PERSON}", "opened 5551234"] * 2 + [f"hello {PERSON}"] * 2
    table(
        tmp_path / "events" / "a.parquet",
        number,
        timestamp=times(number, 0.1),
        event_name=names,
        client_id=[f"{PERSON}{place % 50}" for place in range(number)],
        email=f"{PERSON}@mail.example",
        page_url=[f"https://{PERSON}:pw@www.shop.example/{PERSON}?q={PERSON}"] * 1990
        + [f"https://{PERSON}.blog.example/"] * 10,
        order_id=[f"{PERSON}-{place}" for place in range(number)],
        revenue=12.5,
        event_data=f'{{"{PERSON}": "{PERSON}", "user_id": "{PERSON}"}}',
        currency=PERSON,
        time_zone=f"Europe/{PERSON}",
    )
    found, _ = proposal(tmp_path)
    assert found["site_domains"] == "shop.example"
    assert found["purchase"] == "checkout_completed"
    text = (tmp_path / "config.yml").read_text("utf-8")
    assert [word for word in (PERSON, "5551234", "mail.example", "pw@") if word in text] == []


def test_purchases_are_those_that_carry_amount_and_order(tmp_path: Path) -> None:
    """Neither a refund, nor a checkout that began, nor a second event about the same order."""
    names = ["view"] * 60 + ["order_placed", "purchase", "order_refunded", "checkout_started"] * 10
    orders = [None] * 60 + [f"o{place // 4}" for place in range(40)]
    table(
        tmp_path / "events" / "a.parquet",
        event_name=names,
        order_id=orders,
        total=[None if not each else 9.5 for each in orders],
    )
    found, said = proposal(tmp_path)
    assert (found["purchase"], found["columns"]["revenue"]) == ("order_placed", "total")
    assert "left out, because they have the same order ids: purchase" in said


@pytest.mark.parametrize(("number", "expected"), [(40, "fertig"), (100, None)])
def test_purchases_whose_name_says_nothing(tmp_path: Path, number: int, expected: str | None) -> None:
    """They carry an amount and an order's id, which other events do not."""
    names = ["view"] * (100 - number) + ["fertig"] * number
    carried = {"order_id": [f"o{place}" for place in range(number)], "revenue": [9.5] * number}
    columns = {name: [None] * (100 - number) + values for name, values in carried.items()}
    table(tmp_path / "events" / "a.parquet", event_name=names, **columns)
    assert proposal(tmp_path)[0].get("purchase") == expected


def test_rare_and_odd_names_are_comments(tmp_path: Path) -> None:
    """They are no part of the taxonomy until a person puts them there."""
    names = ["view"] * 29990 + ["easter_egg"] * 5 + ["undefined"] * 4 + ["once"]
    table(tmp_path / "events" / "a.parquet", len(names), timestamp=times(len(names), 0.01), event_name=names)
    found, said = proposal(tmp_path)
    assert found["taxonomy"] == ["view"]
    assert "easter_egg # 5: rare or odd; expected?" in said
    assert ("once" in said, "2 names are not shown" in said) == (False, True)


def test_the_zone_of_a_column_of_dates(tmp_path: Path) -> None:
    """If the dates begin an hour before those of UTC, the days are those of UTC+1."""
    moments = times(24 * 9, 1)
    dates = [f"{each + timedelta(hours=1):%Y%m%d}" for each in moments]
    table(tmp_path / "events" / "a.parquet", len(moments), timestamp=moments, event_date=dates)
    found, said = proposal(tmp_path)
    assert (found["time_zone"], "the dates in event_date begin at midnight of UTC+1" in said) == ("Etc/GMT-1", True)
    assert once(tmp_path / "config.yml").value("clickstream_events", lag=1) == 24


def test_the_zone_of_the_type(tmp_path: Path) -> None:
    """A timestamp whose type names a zone has its days there."""
    moments = pa.array(times(), pa.timestamp("us", tz="Europe/Vienna"))
    (tmp_path / "events").mkdir()
    pq.write_table(pa.table({"timestamp": moments, "event": ["view"] * 100}), tmp_path / "events" / "a.parquet")
    assert proposal(tmp_path)[0]["time_zone"] == "Europe/Vienna"


def test_parts_of_days_are_intraday(tmp_path: Path) -> None:
    """Files that hold an hour each come as the day goes on."""
    for hour in range(8):
        moments = [START + timedelta(hours=hour, minutes=minute) for minute in range(60)]
        table(tmp_path / "events" / f"{hour}.parquet", 60, timestamp=moments)
    assert proposal(tmp_path)[0]["cadence"] == "intraday"


def test_a_name_in_a_folder(tmp_path: Path) -> None:
    """A column that only the names of folders have can be the event name."""
    for name in ("view", "cart"):
        table(tmp_path / "events" / f"event_name={name}" / "a.parquet", event_name=None)
    found, _ = proposal(tmp_path)
    assert (found["columns"]["event_name"], sorted(found["taxonomy"])) == ("event_name", ["cart", "view"])


def test_files_that_a_shell_listed_become_a_pattern(tmp_path: Path) -> None:
    """If it matches just those files; otherwise they stay as they are."""
    for name in ("a", "b", "c"):
        table(tmp_path / "events" / f"{name}.parquet")
    listed = [f"events/{name}.parquet" for name in ("a", "b", "c")]
    assert proposal(tmp_path, *listed)[0]["files"] == "events/*.parquet"
    assert proposal(tmp_path, *listed[:2])[0]["files"] == listed[:2]
    assert proposal(tmp_path, "events/*.parquet")[0]["files"] == "events/*.parquet"
    odd = table(tmp_path / "events" / "odd[1].parquet")
    assert proposal(tmp_path, "events/odd[1].parquet")[0]["files"] == "events/odd[[]1].parquet"
    assert odd.exists()
    assert once(tmp_path / "config.yml").value("clickstream_events", lag=0) == 4


def test_it_looks_at_the_newest_files_only(tmp_path: Path) -> None:
    """At twenty, and says so."""
    for number in range(22):
        table(tmp_path / "events" / f"{number:02}.parquet", 10)
    said = proposal(tmp_path)[1]
    assert "from 200 of 200 events in the 20 written last of 22 files" in said


def test_it_looks_at_a_bounded_number_of_events(tmp_path: Path) -> None:
    """At a hundred thousand names, from the beginning, the end and between."""
    path = tmp_path / "events" / "a.parquet"
    path.parent.mkdir()
    with duckdb.connect() as connection:
        sql = "SELECT TIMESTAMP '2025-03-01' + INTERVAL (i) SECOND AS ts, 'view' AS event FROM range(1000000) t(i)"
        connection.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    said = proposal(tmp_path)[1]
    assert "from 100000 of 1000000 events in 1 file." in said
    assert re.search(r"newest day, 2025-03-12", said)


def test_s1_the_survey_reads_no_other_file(tmp_path: Path) -> None:
    """The database is locked to the listed files, as that of a refresh is."""
    table(tmp_path / "a.parquet")
    other = table(tmp_path / "b.parquet")
    (tmp_path / "spill").mkdir()
    survey = Survey(listing.find(str(tmp_path / "a.parquet")), tmp_path / "spill")
    with pytest.raises(EngineError):
        survey.rows(f"SELECT * FROM read_parquet('{other}')")
    survey.close()


ORDERS = {"event_name": ["view"] * 60 + ["purchase"] * 40, "order_id": [None] * 60 + [f"o{i // 2}" for i in range(40)]}


def test_ids_and_currencies_of_events(tmp_path: Path) -> None:
    """The id of an event and the currency of a purchase are mapped; the most frequent one is that of the data set."""
    table(
        tmp_path / "events" / "a.parquet",
        event_name=ORDERS["event_name"],
        event_id=[f"e{place}" for place in range(99)] + ["e0"],
        order_id=[None] * 60 + [f"o{place}" for place in range(40)],
        revenue=[None] * 60 + [9.5] * 40,
        currency=[None] * 60 + ["EUR"] * 39 + ["USD"],
    )
    found, said = proposal(tmp_path)
    assert (found["columns"]["event_id"], found["columns"]["currency"]) == ("event_id", "currency")
    assert (found["currency"], "purchase_rows" in found) == ("EUR", False)
    assert "1 of 100 events are copies by it" in said
    assert "39 of 40 events with a currency have it" in said


def test_lines_of_orders(tmp_path: Path) -> None:
    """Purchases that share an order's id and differ are its lines; the same purchase sent twice is not."""
    cents = [None] * 60 + [1000 + place for place in range(40)]
    table(tmp_path / "events" / "a.parquet", **ORDERS, total_cents=cents)
    found, said = proposal(tmp_path)
    assert found["purchase_rows"] == "lines"
    assert found["columns"]["revenue"] == {"column": "total_cents", "scale": 0.01}
    assert ("40 purchases have 20 order ids" in said, "in cents by the name" in said) == (True, True)
    assert once(tmp_path / "config.yml").value("clickstream_purchases", lag=1) == 12
    table(tmp_path / "events" / "a.parquet", **ORDERS, total_cents=[each and 1000 for each in cents])
    assert "purchase_rows" not in proposal(tmp_path)[0]


MINOR = {
    "amount_micros": (5_000_000, 1e-6),
    "amount_cents": (500, 0.01),
    "total_cents": (5.5, None),
    "total": (500, None),
}


@pytest.mark.parametrize(("name", "amount", "scale"), [(name, *each) for name, each in MINOR.items()], ids=MINOR)
def test_minor_units(tmp_path: Path, name: str, amount: float, scale: float | None) -> None:
    """Whole numbers in a column that names the unit are scaled, and no others."""
    orders = [None] * 60 + [f"o{place}" for place in range(40)]
    columns = {"event_name": ORDERS["event_name"], "order_id": orders, name: [None] * 60 + [amount] * 40}
    table(tmp_path / "events" / "a.parquet", **columns)
    assert proposal(tmp_path)[0]["columns"]["revenue"] == ({"column": name, "scale": scale} if scale else name)


def test_a_currency_that_all_purchases_have(tmp_path: Path) -> None:
    """It is the currency of the data set."""
    table(tmp_path / "events" / "a.parquet", currency=[None] * 50 + ["EUR"] * 50)
    assert proposal(tmp_path)[0]["currency"] == "EUR"


def test_amounts_that_are_no_numbers(tmp_path: Path) -> None:
    """They are not mapped, and a comment says why."""
    names = ["view"] * 60 + ["purchase"] * 40
    table(tmp_path / "events" / "a.parquet", event_name=names, order_id=[*names], total=[None] * 60 + ["12,50"] * 40)
    found, said = proposal(tmp_path)
    assert (found["purchase"], "revenue" in found["columns"]) == ("purchase", False)
    assert "total has no number above zero, perhaps for a decimal comma" in said


def test_copies_are_counted(tmp_path: Path) -> None:
    """If they are so many that a check would fire, the comment names it."""
    table(tmp_path / "events" / "a.parquet", timestamp=[START] * 100)
    assert (
        "99 of 100 events are extra copies by all mapped columns, so DuplicateEvents may fire" in proposal(tmp_path)[1]
    )


def test_a_rare_key_is_not_mapped(tmp_path: Path) -> None:
    """The newest days may lack it, and the configuration would be refused."""
    payloads = ['{"utm_source": "x"}'] * 4 + ['{"utm_medium": "y"}'] * 996
    table(tmp_path / "events" / "a.parquet", 1000, event_data=payloads)
    assert proposal(tmp_path)[0]["columns"] == {
        "timestamp": "timestamp",
        "event_name": "event_name",
        "payload": "event_data",
        "utm_medium": "$.utm_medium",
    }


def test_dates_have_no_sessions(tmp_path: Path) -> None:
    """What needs a time of day is off, with the reason."""
    dates = [each.date() for each in times()]
    table(tmp_path / "events" / "a.parquet", timestamp=dates, client_id=[f"c{place % 9}" for place in range(100)])
    found, said = proposal(tmp_path)
    assert found["columns"]["client_id"] == "client_id"
    assert "timestamps without a time of day: PartialDay, HoursMissing" in said


def test_the_names_within_json_are_those_that_a_path_can_have() -> None:
    """Keys with quotes, brackets or wildcards are left out."""
    text = '{"a": {"b": 1}, "x.y": 2, "q\\"": 3, "l[0]": 4, "w*": 5, "n": null, "list": [1], "$u": "v"}'
    found = data.inside("p", [text, "no JSON", "[" * 5000])
    assert sorted((each.text, each.path) for each in found) == [
        ("p.$u", '$."$u"'),
        ("p.a.b", "$.a.b"),
        ("p[x.y]", '$."x.y"'),
    ]
