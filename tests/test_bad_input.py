"""Bad files, names, payloads, measures and configurations are set aside, counted or refused, and spoil nothing else."""

from __future__ import annotations

import json
import os
import re
import struct
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from exposition import COLUMNS, SHOP, TEXT, TYPES, Exposition, Row, measure, once, run, write_config, write_rows

NASTY = [
    *[
        'quote"',
        "apostrophe'",
        "'; DROP TABLE events; --",
        "back\\slash",
        "new\nline",
        "return\rhere",
        "escape\x1b[31m",
    ],
    *["\U0001f600", "bidi \u202e\u2066", "line\u2028separator", "{{ $labels.dataset }}", "<!channel>", "%s ${HOME}"],
    *["a*b", "[ab]", "a?b", "{a,b}", "~", " space ", "#", "long " + "x" * 10_000],
]


def view(day: str = "2025-03-09", **columns: object) -> Row:
    """A page view at ten o'clock."""
    return {"timestamp": f"{day} 10:00", "event_name": "page_viewed", "client_id": "a"} | columns


def purchase(day: str = "2025-03-09", **columns: object) -> Row:
    """A purchase at ten o'clock."""
    return view(day, event_name="checkout_completed", **columns)


def is_inert(text: str) -> bool:
    """Whether the text has no line break, no terminal escape and no mark that turns the text around."""
    return not any(unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} for letter in text)


def shown(out: Exposition) -> list[str]:
    """All label values, and all lines of the warnings."""
    values = [value for _, labels in out.samples for _, value in labels]
    return [*values, *out.warnings.removesuffix("\n").split("\n")]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder: its name and its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_empty_folder(tmp_path: Path) -> None:
    """A folder without files has no samples of any day, and says so."""
    (tmp_path / "events").mkdir()
    out = once(write_config(tmp_path, web=SHOP | {"files": "events"}))
    assert out.days() == {}
    assert out.value("clickstream_files") == 0
    assert "events" in out.warnings


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that does not exist fails the run, and is named."""
    done = run(write_config(tmp_path, web=SHOP | {"files": "nowhere"}))
    assert done.returncode == 1
    assert "nowhere" in done.stderr


def test_unreadable_files(tmp_path: Path) -> None:
    """Files that cannot be read are set aside by name, the others are measured; the same data are the same bytes."""
    write_rows(tmp_path / "good.parquet", [view(), view("2025-03-08")])
    data = write_rows(tmp_path / "cut.parquet", [view()] * 1000).read_bytes()
    broken = {
        "cut.parquet": data[: len(data) // 2],
        "footer.parquet": data[:-60] + b"\xff" * 52 + data[-8:],
        "magic.parquet": b"PAR1",
        "text.parquet": b"timestamp,event_name\n2025-03-09,page_viewed\n",
        "zero.parquet": b"",
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    config = write_config(tmp_path, web=SHOP)
    out = once(config)
    assert [name for name in broken if f"{name} set aside: " not in out.warnings] == []
    assert out.value("clickstream_unreadable_files") == len(broken)
    assert out.value("clickstream_files") == len(broken) + 1
    assert [out.value("clickstream_events", lag=lag) for lag in (0, 1)] == [1, 1]
    assert once(config).text == out.text


def test_file_without_event_name(tmp_path: Path) -> None:
    """A file that lacks the event's name cannot be read, and both are named."""
    write_rows(tmp_path / "good.parquet", [view()])
    nameless = {name: of for name, of in TYPES.items() if name != "event_name"}
    write_rows(tmp_path / "nameless.parquet", [view()], nameless)
    out = once(write_config(tmp_path, web=SHOP))
    assert re.search(r"nameless\.parquet set aside: .*event_name", out.warnings)
    [info] = out.labels("clickstream_unreadable_file_info")
    assert info["file"] == "nameless.parquet"
    assert "event_name" in info["reason"]
    assert out.value("clickstream_events", lag=0) == 1


def spoil(path: Path, column: str, old: bytes, new: bytes) -> None:
    """Replace the last value of the column in the file, which is of plain encoding and not compressed."""
    chunk = pq.read_metadata(path).row_group(0).column(list(TYPES).index(column))
    data = path.read_bytes()
    place = data.rindex(old, 0, chunk.data_page_offset + chunk.total_compressed_size)
    path.write_bytes(data[:place] + new + data[place + len(new) :])


def micros(moment: str) -> bytes:
    """The timestamp as it stands in a page."""
    return struct.pack("<q", int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 10**6)


def write_days(folder: Path, compression: str) -> None:
    """A file for each of six days, with a hundred purchases that differ, and checksums of the pages."""
    for day in range(4, 10):
        rows = [purchase(f"2025-03-0{day}", event_data=f'{{"revenue": {1000 + number}}}') for number in range(100)]
        path = write_rows(folder / f"{day}.parquet", rows)
        pq.write_table(
            pq.read_table(path), path, compression=compression, write_page_checksum=True, use_dictionary=False
        )


def right_or_set_aside(out: Exposition, damaged: int) -> bool:
    """Whether each day is there in whole or not at all, the damaged ones among them."""
    expected = sum(1000 + number for number in range(100))
    revenue = [out.value("clickstream_revenue", lag=lag) for lag in range(6)]
    assert set(revenue) <= {0, expected}, f"{revenue}, {out.warnings}"
    assert revenue.count(0) == out.value("clickstream_unreadable_files")
    return revenue.count(0) <= damaged


@pytest.mark.parametrize("compression", ["none", "snappy"])
def test_corrupt_pages(tmp_path: Path, compression: str) -> None:
    """A file whose page does not match its checksum is set aside, or read right."""
    write_days(tmp_path, compression)
    for number, day in enumerate((5, 6, 7, 8)):
        path = tmp_path / f"{day}.parquet"
        chunk = pq.read_metadata(path).row_group(0).column(list(TYPES).index("event_data"))
        data = bytearray(path.read_bytes())
        data[chunk.data_page_offset + chunk.total_compressed_size * (number + 2) // 7] ^= 1  # a digit, or its length
        path.write_bytes(data)
    assert right_or_set_aside(once(write_config(tmp_path, web=SHOP)), damaged=4)


def test_corrupt_timestamp(tmp_path: Path) -> None:
    """A timestamp that lies far outside of what the footer promises does not end the exporter."""
    write_days(tmp_path, "none")
    spoil(tmp_path / "6.parquet", "timestamp", micros("2025-03-06T10:00"), struct.pack("<q", 2**62))
    out = once(write_config(tmp_path, web=SHOP))
    days = [out.value("clickstream_events", lag=lag) for lag in (0, 1, 2, 4, 5)]
    assert days == [100] * 5
    assert out.value("clickstream_events", lag=3) in {0, 99}


def test_corrupt_text_is_not_repeated(tmp_path: Path) -> None:
    """What is wrong with a file is told without what stands in it."""
    write_rows(tmp_path / "good.parquet", [view()])
    path = write_rows(tmp_path / "bad.parquet", [view(client_id="jane@doe.example")])
    pq.write_table(pq.read_table(path), path, compression="none", use_dictionary=False, write_statistics=False)
    spoil(path, "client_id", b"jane@doe.example", b"jane@doe.exampl\xff")
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) in {1, 2}
    assert "jane" not in out.text + out.warnings


def test_missing_column(tmp_path: Path) -> None:
    """A column that one of two files lacks is NULL there, and its events are counted; the rest is measured."""
    fewer = {name: of for name, of in TYPES.items() if name not in {"client_id", "referrer"}}
    write_rows(tmp_path / "whole.parquet", [view(), view(), view("2025-03-08")])
    write_rows(tmp_path / "fewer.parquet", [view(), view(), view()], fewer)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_unreadable_files") == 0
    for column, missing in (("client_id", 3), ("referrer", 3), ("page_url", 0), ("payload", 0)):
        assert out.value("clickstream_missing_column_events", column=column, lag=0) == missing, column
        assert out.value("clickstream_missing_column_events", column=column, lag=1) == 0, column
    assert out.value("clickstream_events", lag=0) == 5
    assert out.value("clickstream_null_client_events", lag=0) == 3
    assert out.value("clickstream_sessions", lag=0) == 1
    named = [(labels["column"], labels["file"]) for labels in out.labels("clickstream_missing_column_info")]
    assert sorted(named) == [("client_id", "fewer.parquet"), ("referrer", "fewer.parquet")]


@pytest.mark.parametrize("others", [["good.parquet"], []], ids=["in one of two files", "in all files"])
def test_missing_payload(tmp_path: Path, others: list[str]) -> None:
    """A file without the payload that revenue is read from is measured nevertheless."""
    for name in others:
        write_rows(tmp_path / name, [purchase(event_data='{"revenue": 5}')])
    fewer = {name: of for name, of in TYPES.items() if name != "event_data"}
    write_rows(tmp_path / "fewer.parquet", [purchase(), view()], fewer)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_unreadable_files") == 0
    assert out.value("clickstream_events", lag=0) == 2 + len(others)
    assert out.value("clickstream_missing_column_events", column="payload", lag=0) == 2
    assert out.value("clickstream_purchases_without_revenue", lag=0) == 1


def test_types_of_columns(tmp_path: Path) -> None:
    """The same value in another type is the same value."""
    write_rows(tmp_path / "text.parquet", [view(client_id="7")])
    kinds: dict[str, tuple[pa.DataType, object]] = {
        "number": (pa.int64(), 7),
        "dictionary": (pa.dictionary(pa.int32(), TEXT), "7"),
        "binary": (pa.binary(), b"7"),
        "large": (pa.large_string(), "7"),
    }
    for name, (of, value) in kinds.items():
        write_rows(tmp_path / f"{name}.parquet", [view(client_id=value)], TYPES | {"client_id": of})
    write_rows(tmp_path / "null.parquet", [view(client_id=None)], TYPES | {"client_id": pa.null()})
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == len(kinds) + 2
    assert out.value("clickstream_sessions", lag=0) == 1
    assert out.value("clickstream_null_client_events", lag=0) == 1


def test_names_of_events(tmp_path: Path) -> None:
    """Whatever an event is called, it is counted by that name, and shown on one line of plain text."""
    rows = [view(event_name=name) for name in NASTY for _ in range(2)]
    write_rows(tmp_path / "events.parquet", rows)
    shops = {
        "strange": SHOP,
        "expected": SHOP | {"taxonomy": NASTY, "purchase": NASTY[0]},
    }
    out = once(write_config(tmp_path, **shops))
    assert out.value("clickstream_invalid_events", dataset="strange", lag=0) == 2 * len(NASTY)
    assert out.value("clickstream_invalid_events", dataset="expected", lag=0) == 0
    assert out.value("clickstream_purchases", dataset="expected", lag=0) == 2
    named = [
        out.value("clickstream_named_events", **labels)
        for labels in out.labels("clickstream_named_events")
        if labels["dataset"] == "expected"
    ]
    assert named == [2] * len(NASTY)
    assert [text for text in shown(out) if not is_inert(text)] == []


def test_names_that_look_alike(tmp_path: Path) -> None:
    """No series is there twice, even where two names look the same once they are shown in plain text."""
    names = ["new\nline", "new\rline", "long " + "x" * 10_000, "long " + "x" * 10_001]
    rows = [view(event_name=name) for name in names]
    out = measure(tmp_path, rows, taxonomy=[*names, "checkout_completed"])
    found = [out.value("clickstream_named_events", **labels) for labels in out.labels("clickstream_named_events")]
    assert sum(found) == len(names)


def test_names_of_columns(tmp_path: Path) -> None:
    """A column of any name is read, and where it is missing that is told in plain text."""
    names = [name for name in NASTY if name.strip()]
    clients = {name: f"client {number}" for number, name in enumerate(names)}
    fixed = {name: of for name, of in TYPES.items() if name != "client_id"}
    for number, name in enumerate(names):
        row = {**view(), name: clients[name]}
        write_rows(tmp_path / f"{number}.parquet", [row], fixed | {name: TEXT})
    write_rows(tmp_path / "missing.parquet", [view()], fixed)
    out = once(write_config(tmp_path, web=SHOP | {"columns": COLUMNS | {"client_id": names}}))
    assert out.value("clickstream_sessions", lag=0) == len(names)
    assert out.value("clickstream_missing_column_events", column="client_id", lag=0) == 1
    assert [text for text in shown(out) if not is_inert(text)] == []


NAMES_OF_FILES = [name for name in NASTY if len(name) < 200]


def test_names_of_files(tmp_path: Path) -> None:
    """A file of any name is read once; its name is no pattern."""
    for name in NAMES_OF_FILES:
        write_rows(tmp_path / f"{name}.parquet", [view()])
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_files") == len(NAMES_OF_FILES)
    assert out.value("clickstream_events", lag=0) == len(NAMES_OF_FILES)
    assert out.warnings == ""


@pytest.mark.parametrize(
    "pattern", ["./events//*.parquet", "events", "events/./*", "*/*.parquet", "events/../events/**"]
)
def test_a_file_is_named_by_its_path_below_the_pattern(tmp_path: Path, pattern: str) -> None:
    """However the pattern is spelt, and never by a folder that only the machine has."""
    write_rows(tmp_path / "events" / "good.parquet", [view()])
    (tmp_path / "events" / "bad.parquet").touch()
    out = once(write_config(tmp_path, web=SHOP | {"files": pattern}))
    (bad,) = out.labels("clickstream_unreadable_file_info")
    assert bad["file"] == ("events/bad.parquet" if pattern.startswith("*") else "bad.parquet")
    assert out.value("clickstream_files") == 2


def test_names_of_unreadable_files(tmp_path: Path) -> None:
    """Whatever an unreadable file is called, its name is shown on one line of plain text."""
    columns = {"timestamp": "timestamp", "event_name": "event_name"}
    names = ['quote"', "new\nline", "escape\x1b[31m", "bidi \u202e\u2066", "line\u2028separator"]
    shops = {}
    for number, name in enumerate(names):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / f"{name}.parquet").touch()
        shops[f"d{number}"] = SHOP | {"files": folder.name, "columns": columns}
    out = once(write_config(tmp_path, **shops))
    assert len(out.labels("clickstream_unreadable_file_info")) == len(shops)
    assert [text for text in shown(out) if not is_inert(text)] == []
    lines = out.warnings.removesuffix("\n").split("\n")
    assert [line for line in lines if not line.startswith("clickstream-exporter: ")] == []


def test_name_that_is_no_text(tmp_path: Path) -> None:
    """A file whose name is not UTF-8 does not keep the others from being measured."""
    write_rows(tmp_path / "good.parquet", [view()])
    odd = write_rows(tmp_path / "odd.parquet", [view()])
    try:
        odd.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.parquet"))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) + out.value("clickstream_unreadable_files") == 2


def test_payloads(tmp_path: Path) -> None:
    """Malformed, huge and deeply nested payloads are counted, and the revenue of the others is summed."""
    right = [
        '{"revenue": 1, "text": "' + "y" * 10_000_000 + '"}',
        '{"revenue": 2, "deep": ' + "[" * 500 + "]" * 500 + "}",
        '{"revenue": 4, "nul": "\\u0000"}',
        '{"revenue": 8, "other": 1, "other": 2}',
    ]
    wrong = [
        '{"revenue": 16, "text": "' + "y" * 10_000_000,
        "[" * 100_000,
        '{"revenue": 32}\x00',
        '\ufeff{"revenue"',
        "{",
    ]
    deep = json.dumps({"revenue": 0})[:-1] + ', "deep": ' + '{"a":' * 10_000 + "1" + "}" * 10_001
    rows = [purchase(event_data=payload) for payload in [*right, *wrong, deep]]
    out = measure(tmp_path, rows)
    assert out.value("clickstream_payload_events", lag=0) == len(rows)
    assert out.value("clickstream_json_error_events", lag=0) in {len(wrong), len(wrong) + 1}  # depth may be refused
    assert out.value("clickstream_revenue", lag=0) == 1 + 2 + 4 + 8
    assert out.value("clickstream_purchases_without_revenue", lag=0) == len(wrong) + 1


def write_measures(folder: Path, measures: dict[str, str]) -> list[str]:
    """A file for each measure, which declares the gauge of its name; the names of the files."""
    for name, sql in measures.items():
        (folder / f"{name}.sql").write_text(f"-- clickstream_{name}: What {name} measures.\n{dedent(sql)}\n")
    return [f"{name}.sql" for name in measures]


MEASURED: list[Row] = [
    view(),
    {**view(), "timestamp": "2025-03-09 12:00"},
    purchase("2025-03-08", event_data='{"revenue": 5}'),
    {**view("2025-03-08"), "timestamp": "2025-03-08 23:00"},
]


def test_measure(tmp_path: Path) -> None:
    """A measure of one's own has lags, comparable twin and help like those that are built in."""
    files = write_measures(
        tmp_path,
        {
            "views": """
                SELECT hour, COUNT(*) FILTER (event_name = 'page_viewed') AS clickstream_views
                FROM events GROUP BY hour
            """,
            "kinds": "SELECT hour, event_name AS kind, COUNT(*) AS clickstream_kinds FROM events GROUP BY ALL",
        },
    )
    out = measure(tmp_path, MEASURED, measures=files)
    assert [out.value("clickstream_views", lag=lag) for lag in (0, 1)] == [2, 1]
    assert [out.value("clickstream_comparable_views", lag=lag) for lag in (0, 1)] == [1, 0]
    assert out.value("clickstream_kinds", kind="page_viewed", lag=0) == 2
    assert out.value("clickstream_kinds", kind="checkout_completed", lag=1) == 1
    assert out.value("clickstream_comparable_kinds", kind="checkout_completed", lag=1) == 1
    assert out.value("clickstream_exporter_query_success", query="views") == 1
    assert "# HELP clickstream_views What views measures.\n" in out.text


FAILING = {
    "unknown": "SELECT hour, SUM(nothing) AS clickstream_unknown FROM events GROUP BY hour",
    "divided": "SELECT hour, COUNT(*) / 0 AS clickstream_divided FROM events GROUP BY hour",
    "converted": "SELECT hour, SUM(event_name::INTEGER) AS clickstream_converted FROM events GROUP BY hour",
    "unfinished": "SELECT hour, COUNT(*) AS another FROM events GROUP BY hour",
    "hourless": "SELECT COUNT(*) AS clickstream_hourless FROM events",
    "read_text": "SELECT hour, content, 1 AS clickstream_read_text FROM events, read_text({secret})",
    "read_csv": "SELECT hour, line, 1 AS clickstream_read_csv FROM events, read_csv({secret}) AS _(line)",
    "read_name": "SELECT hour, COUNT(*) AS clickstream_read_name FROM events, {secret} GROUP BY ALL",
    "listed": "SELECT hour, file, COUNT(*) AS clickstream_listed FROM events, glob('/etc/*') GROUP BY ALL",
    "fetched": "SELECT hour, COUNT(*) AS clickstream_fetched FROM events, read_csv('http://127.0.0.1:9/') GROUP BY ALL",
}


def test_measures_that_fail(tmp_path: Path) -> None:
    """A measure that fails, or that reads what is not events, takes down only itself; nothing is written or shown."""
    secret = tmp_path / "secret.csv"
    secret.write_text("hidden\nvalue\n")
    alone = measure(tmp_path, MEASURED)
    quoted = "'" + str(secret) + "'"
    files = write_measures(tmp_path, {name: sql.format(secret=quoted) for name, sql in FAILING.items()})
    config = write_config(tmp_path, web=SHOP | {"measures": files})
    before = contents(tmp_path)
    out = once(config)
    assert contents(tmp_path) == before
    assert {name: out.value("clickstream_exporter_query_success", query=name) for name in FAILING} == dict.fromkeys(
        FAILING, 0
    )
    assert [name for name in FAILING if out.labels(f"clickstream_{name}")] == []
    assert [name for name in FAILING if f"{name}.sql" not in out.warnings] == []
    assert out.days() == alone.days()
    assert "hidden" not in out.text + out.warnings


REFUSED = {
    "copied": "COPY (SELECT 1) TO 'written.csv'",
    "attached": "ATTACH 'written.db'",
    "second": "SELECT hour, COUNT(*) AS clickstream_second FROM events GROUP BY hour; COPY (SELECT 1) TO 'written.csv'",
    "set": "SET enable_external_access = true",
    "installed": "INSTALL httpfs",
    "dropped": "DROP VIEW events",
    "misspelt": "SELEC hour",
}


@pytest.mark.parametrize("name", ["copied", "attached", "second"])
def test_measure_that_writes(tmp_path: Path, name: str) -> None:
    """A measure that is more than a SELECT is refused, and nothing is written."""
    write_rows(tmp_path / "events.parquet", MEASURED)
    config = write_config(tmp_path, web=SHOP | {"measures": write_measures(tmp_path, {name: REFUSED[name]})})
    before = contents(tmp_path)
    done = run(config)
    assert (done.returncode, done.stdout) == (64, "")
    assert f"{name}.sql: " in done.stderr
    assert contents(tmp_path) == before


def test_measures_that_are_refused(tmp_path: Path) -> None:
    """Each measure that is no SELECT is named at once."""
    write_rows(tmp_path / "events.parquet", MEASURED)
    done = run(write_config(tmp_path, web=SHOP | {"measures": write_measures(tmp_path, REFUSED)}))
    assert (done.returncode, done.stdout) == (64, "")
    assert [name for name in REFUSED if f"{name}.sql: " not in done.stderr] == []


@pytest.mark.parametrize("label", ["lag", "dataset", '"two words"'])
def test_label_that_is_taken(tmp_path: Path, label: str) -> None:
    """A measure cannot have a label that its gauges have already: it fails, and nothing else does."""
    write_rows(tmp_path / "events.parquet", MEASURED)
    select = f"SELECT hour, 'v' AS {label}, count(*) AS clickstream_mine FROM events GROUP BY hour"
    sql = f"-- clickstream_mine: Mine.\n{select}"
    out = once(write_config(tmp_path, web=SHOP | {"measures": write_measures(tmp_path, {"mine": sql})}))
    assert out.get("clickstream_mine", lag=0) is None
    assert out.value("clickstream_exporter_query_success", query="mine") == 0
    assert out.value("clickstream_exporter_query_success", query="events") == 1


def test_gauge_that_is_taken(tmp_path: Path) -> None:
    """A measure cannot fill a gauge of the exporter itself."""
    sql = "-- clickstream_snapshot: Mine.\nSELECT hour, count(*) AS clickstream_snapshot FROM events GROUP BY hour"
    done = run(write_config(tmp_path, web=SHOP | {"measures": write_measures(tmp_path, {"mine": sql})}))
    assert (done.returncode, done.stdout) == (64, "")
    assert "web.measures: clickstream_snapshot is a gauge of the exporter itself" in done.stderr


def test_files_that_are_no_data(tmp_path: Path) -> None:
    """What a writer keeps in folders that begin with _ or . is left out; a link to nowhere is named."""
    for folder in ("day=9", "_temporary/0", ".staging"):
        (tmp_path / folder).mkdir(parents=True)
        write_rows(tmp_path / folder / "part-0.parquet", [view()])
    (tmp_path / "day=9" / "part-1.parquet").symlink_to(tmp_path / "gone.parquet")
    out = once(write_config(tmp_path, web=SHOP | {"files": str(tmp_path)}))
    assert out.value("clickstream_events", lag=0) == 1
    assert out.value("clickstream_files") == 2
    reason = "cannot be opened: a link to nowhere, or not permitted"
    assert out.value("clickstream_unreadable_file_info", file="day=9/part-1.parquet", reason=reason) == 1


def test_columns_that_differ_only_in_case(tmp_path: Path) -> None:
    """The database could not tell them apart: the file is set aside, the others are measured."""
    write_rows(tmp_path / "good.parquet", [view()])
    path = write_rows(tmp_path / "bad.parquet", [view()])
    table = pq.read_table(path)
    pq.write_table(table.append_column("Client_ID", table["client_id"]), path)
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) == 1
    assert "bad.parquet set aside: columns that differ only in case: client_id" in out.warnings


def test_mistakes(tmp_path: Path) -> None:
    """Every mistake of the configuration is told with its line and key, and nothing is printed."""
    config = tmp_path / "config.yml"
    config.write_text(
        dedent("""\
            datasets:
              web:
                files: "*.parquet"
                time_zone: Mars/Olympus
                columns:
                  timestamp: timestamp
                  event_name: event_name
                  colour: colour
                purchase: checkout_completed
                taxonomy: [page_viewed, checkout_completed]
                limits:
                  revenue_drop_ratio: 40
        """)
    )
    done = run(config)
    assert (done.returncode, done.stdout) == (64, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert re.search(r"config\.yml:4: datasets\.web\.time_zone: .*Mars/Olympus", lines[0])
    assert re.search(r"config\.yml:8: datasets\.web\.columns\.colour: .", lines[1])
    assert re.search(r"config\.yml:12: datasets\.web\.limits\.revenue_drop_ratio: .*40", lines[2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "datasets: {web: {files: x",
        "datasets:\n\tweb: 1\n",
        "datasets: !!python/object/apply:os.getcwd []\n",
        "datasets: &all\n  web: *all\n",
    ],
    ids=["empty", "list", "unclosed", "tab", "object", "circle"],
)
def test_no_configuration(tmp_path: Path, text: str) -> None:
    """A file that is no configuration is refused with its name and a line."""
    config = tmp_path / "config.yml"
    config.write_text(text)
    done = run(config)
    assert (done.returncode, done.stdout) == (64, "")
    assert re.search(r"config\.yml:\d+: .", done.stderr)


def limited(folder: Path, **resources: object) -> Path:
    """The configuration of the shop with limits of what a refresh may take, and with a measure that takes for ever."""
    (folder / "endless.sql").write_text(
        "-- clickstream_endless: Never there.\n"
        "SELECT hour, sum(a.range * b.range) AS clickstream_endless\n"
        "FROM events, range(1000000) AS a, range(1000000) AS b\n"
        "GROUP BY hour\n"
    )
    path = write_config(folder, web=SHOP | {"measures": ["endless.sql"]})
    path.write_text(path.read_text() + yaml.safe_dump({"resources": resources}))
    return path


def test_p4_a_query_over_its_timeout(tmp_path: Path) -> None:
    """The measure fails and says so; all others are there."""
    write_rows(tmp_path / "events.parquet", [view(), purchase()])
    out = once(limited(tmp_path, query_timeout="1s"))
    assert out.value("clickstream_exporter_query_success", query="endless") == 0
    assert out.value("clickstream_purchases", lag=0) == 1
    assert "measure failed: endless.sql: took longer than query_timeout" in out.warnings


def test_p4_a_memory_limit_below_need(tmp_path: Path) -> None:
    """A refresh that cannot do with the memory fails, and says of which day."""
    rows = [view(client_id=f"{number}" * 40) for number in range(20_000)]
    write_rows(tmp_path / "events.parquet", rows)
    path = write_config(tmp_path, web=SHOP)
    path.write_text(path.read_text() + yaml.safe_dump({"resources": {"memory_limit": "5MB", "spill_limit": "1MB"}}))
    done = run(path)
    assert done.returncode == 1
    assert "web: refresh failed: 2025-03-09: " in done.stderr
    assert 'clickstream_exporter_refresh_success{dataset="web"} 0.0' in done.stdout


def test_changed_columns(tmp_path: Path) -> None:
    """A column that has another name or type than in the week before is measured, and told with its file."""
    for day in ("2025-03-07", "2025-03-08"):
        write_rows(tmp_path / f"{day}.parquet", [view(day)])
    write_rows(tmp_path / "same.parquet", [view(), view()])
    path = write_rows(tmp_path / "other.parquet", [view(client_id="7"), view(client_id="8"), view(client_id="9")])
    table = pq.read_table(path)
    renamed = {"client_id": "Client_ID", "page_url": "PAGE_URL"}
    table = table.rename_columns([renamed.get(name, name) for name in table.column_names])
    position = table.column_names.index("Client_ID")
    pq.write_table(table.set_column(position, "Client_ID", table["Client_ID"].cast(pa.int64())), path)
    out = once(write_config(tmp_path, web=SHOP))
    for column, changed in (("client_id", 3), ("page_url", 3), ("referrer", 0), ("timestamp", 0)):
        assert out.value("clickstream_changed_column_events", column=column) == changed, column
    told = {
        labels["column"]: (labels["change"], labels["file"]) for labels in out.labels("clickstream_changed_column_info")
    }
    assert told == {
        "client_id": ("named Client_ID, integer instead of text", "other.parquet"),
        "page_url": ("named PAGE_URL", "other.parquet"),
    }
    assert out.value("clickstream_null_client_events", lag=0) == 0
    assert out.value("clickstream_missing_column_events", column="client_id", lag=0) == 0


def test_changed_payload(tmp_path: Path) -> None:
    """A payload with another name is one change, however many columns are read from it."""
    write_rows(tmp_path / "1.parquet", [view("2025-03-08")])
    path = write_rows(tmp_path / "2.parquet", [view(), purchase(event_data='{"revenue": 5}')])
    table = pq.read_table(path)
    renamed = ["Event_Data" if name == "event_data" else name for name in table.column_names]
    pq.write_table(table.rename_columns(renamed), path)
    out = once(write_config(tmp_path, web=SHOP))
    told = [(labels["column"], labels["change"]) for labels in out.labels("clickstream_changed_column_info")]
    assert told == [("payload", "named Event_Data")]
    assert out.value("clickstream_revenue", lag=0) == 5


def test_column_in_no_file(tmp_path: Path) -> None:
    """A mapped column that no file has is told as such: it may be a slip of the configuration."""
    fewer = {name: of for name, of in TYPES.items() if name != "referrer"}
    write_rows(tmp_path / "1.parquet", [view()], fewer)
    write_rows(tmp_path / "2.parquet", [view("2025-03-08")], fewer)
    out = once(write_config(tmp_path, web=SHOP))
    assert [(labels["column"], labels["file"]) for labels in out.labels("clickstream_missing_column_info")] == [
        ("referrer", "every file")
    ]


@pytest.mark.parametrize(
    ("one", "other", "revenue"),
    [
        ((pa.int64(), 2), (pa.float64(), 2.5), 4.5),
        ((pa.decimal128(6, 1), Decimal("1.5")), (pa.decimal128(6, 2), Decimal("1.55")), 3.05),
        ((pa.float64(), 2.5), (TEXT, "7.25"), 9.75),
        ((pa.int64(), 2), (TEXT, "two"), 2),
    ],
    ids=["integer and number", "decimals", "number and text", "integer and a text that is none"],
)
def test_types_that_differ_between_files(
    tmp_path: Path, one: tuple[pa.DataType, object], other: tuple[pa.DataType, object], revenue: float
) -> None:
    """Each file's amounts are read as what they are, and not as those of the file beside it."""
    for name, (of, value) in {"1": one, "2": other}.items():
        path = write_rows(tmp_path / f"{name}.parquet", [purchase(transaction_id=name, client_id=name)])
        pq.write_table(pq.read_table(path).append_column("amount", pa.array([value], of)), path)
    columns = SHOP["columns"] | {"revenue": "amount"}
    out = once(write_config(tmp_path, web=SHOP | {"columns": columns}))
    assert out.value("clickstream_unreadable_files") == 0
    assert out.value("clickstream_revenue", lag=0) == revenue


def test_ids_that_are_numbers_in_one_file(tmp_path: Path) -> None:
    """A 7 and a text 007 are two clients, whichever file is read first."""
    for name, of, client in (("1", pa.int64(), 7), ("2", TEXT, "007")):
        path = write_rows(tmp_path / f"{name}.parquet", [view()])
        table = pq.read_table(path)
        position = table.column_names.index("client_id")
        pq.write_table(table.set_column(position, "client_id", pa.array([client], of)), path)
    assert once(write_config(tmp_path, web=SHOP)).value("clickstream_sessions", lag=0) == 2
