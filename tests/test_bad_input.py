"""Bad files, names, payloads and configurations are set aside, counted or refused, and spoil nothing else."""

from __future__ import annotations

import json
import os
import re
import struct
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pyarrow.parquet as pq
import pytest

from tests.support.exposition import (
    COLUMNS,
    SHOP,
    TEXT,
    TYPES,
    Exposition,
    age,
    measure,
    once,
    purchase,
    run,
    view,
    write_config,
    write_rows,
)

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


def is_inert(text: str) -> bool:
    """Whether the text has no line break, no terminal escape and no mark that turns the text around."""
    return not any(unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} for letter in text)


def shown(out: Exposition) -> list[str]:
    """All label values, and all lines of the warnings."""
    values = [value for _, labels in out.samples for _, value in labels]
    return [*values, *out.warnings.removesuffix("\n").split("\n")]


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


def test_d1_unreadable_files(tmp_path: Path) -> None:
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
        age(tmp_path / name)
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
def test_d1_corrupt_pages(tmp_path: Path, compression: str) -> None:
    """A file whose page does not match its checksum is set aside, or read right."""
    write_days(tmp_path, compression)
    for number, day in enumerate((5, 6, 7, 8)):
        path = tmp_path / f"{day}.parquet"
        chunk = pq.read_metadata(path).row_group(0).column(list(TYPES).index("event_data"))
        data = bytearray(path.read_bytes())
        data[chunk.data_page_offset + chunk.total_compressed_size * (number + 2) // 7] ^= 1  # a digit, or its length
        path.write_bytes(data)
    assert right_or_set_aside(once(write_config(tmp_path, web=SHOP)), damaged=4)


def test_d1_corrupt_timestamp(tmp_path: Path) -> None:
    """A timestamp that lies far outside of what the footer promises does not end the exporter."""
    write_days(tmp_path, "none")
    spoil(tmp_path / "6.parquet", "timestamp", micros("2025-03-06T10:00"), struct.pack("<q", 2**62))
    out = once(write_config(tmp_path, web=SHOP))
    days = [out.value("clickstream_events", lag=lag) for lag in (0, 1, 2, 4, 5)]
    assert days == [100] * 5
    assert out.value("clickstream_events", lag=3) in {0, 99}


def test_s5_corrupt_text_is_not_repeated(tmp_path: Path) -> None:
    """What is wrong with a file is told without what stands in it."""
    write_rows(tmp_path / "good.parquet", [view()])
    path = write_rows(tmp_path / "bad.parquet", [view(client_id="jane@doe.example")])
    pq.write_table(pq.read_table(path), path, compression="none", use_dictionary=False, write_statistics=False)
    spoil(path, "client_id", b"jane@doe.example", b"jane@doe.exampl\xff")
    out = once(write_config(tmp_path, web=SHOP))
    assert out.value("clickstream_events", lag=0) in {1, 2}
    assert "jane" not in out.text + out.warnings


def test_d7_names_of_events(tmp_path: Path) -> None:
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


def test_d7_names_of_columns(tmp_path: Path) -> None:
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


def test_d7_names_of_files(tmp_path: Path) -> None:
    """A file of any name is read once; its name is no pattern."""
    for name in NAMES_OF_FILES:
        write_rows(tmp_path / f"{name}.parquet", [purchase()])
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
    age(tmp_path / "events" / "bad.parquet")
    out = once(write_config(tmp_path, web=SHOP | {"files": pattern}))
    (bad,) = out.labels("clickstream_unreadable_file_info")
    assert bad["file"] == ("events/bad.parquet" if pattern.startswith("*") else "bad.parquet")
    assert out.value("clickstream_files") == 2


def test_d7_names_of_unreadable_files(tmp_path: Path) -> None:
    """Whatever an unreadable file is called, its name is shown on one line of plain text."""
    columns = {"timestamp": "timestamp", "event_name": "event_name"}
    names = ['quote"', "new\nline", "escape\x1b[31m", "bidi \u202e\u2066", "line\u2028separator"]
    shops = {}
    for number, name in enumerate(names):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / f"{name}.parquet").touch()
        age(folder / f"{name}.parquet")
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


def test_d6_payloads(tmp_path: Path) -> None:
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


def test_files_that_are_no_data(tmp_path: Path) -> None:
    """What a writer keeps in folders that begin with _ or . is left out; a link to nowhere is named."""
    for folder in ("day=9", "_temporary/0", ".staging"):
        (tmp_path / folder).mkdir(parents=True)
        write_rows(tmp_path / folder / "part-0.parquet", [view()])
    (tmp_path / "day=9" / "part-1.parquet").symlink_to(tmp_path / "gone.parquet")
    out = once(write_config(tmp_path, web=SHOP | {"files": str(tmp_path)}))
    assert out.value("clickstream_events", lag=0) == 1
    assert out.value("clickstream_files") == 2
    reason = "cannot be opened: broken link, or permission denied"
    assert out.value("clickstream_unreadable_file_info", file="day=9/part-1.parquet", reason=reason) == 1


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
    assert re.search(r"config\.yml:12: datasets\.web\.limits\.revenue_drop_ratio: .*less", lines[2])


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
