"""The table of `--check-config`: what each column became in the newest files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from exporter import cli
from exporter.demo.write import write_demo
from tests.support.exposition import COLUMNS, SHOP, TEXT, TYPES, Row, Types, purchase, view, write_config, write_rows

README = Path(__file__).parents[1] / "exporter" / "README.md"

Look = Callable[..., list[str]]


@pytest.fixture
def look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Look:
    """Checks a shop with these settings on the files below `events`, which fit: the lines of the table."""

    def checked(**settings: Any) -> list[str]:
        path = write_config(tmp_path, web=SHOP | {"files": "events"} | settings)
        assert cli.main(["--config.file", str(path), "--check-config"]) == 0
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]

    return checked


def cells(lines: list[str]) -> list[list[str]]:
    """The cells of each row below the head."""
    return [re.split(r"\s{2,}", line.strip()) for line in lines[1:]]


def write(folder: Path, name: str, *rows: Row, types: Types = TYPES) -> None:
    """A file of events below `events`."""
    write_rows(folder / "events" / name, rows, types)


def test_the_readme_shows_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example is what the demo's configuration prints."""
    path = write_demo(tmp_path, date(2025, 3, 9))
    assert cli.main(["--config.file", str(path), "--check-config"]) == 0
    (shown,) = re.findall(r"```\n(\.demo/config\.yml: .*?)```", README.read_text("utf-8"), re.DOTALL)
    assert capsys.readouterr().out.replace(str(tmp_path), ".demo") == shown


def test_names_and_types_of_each_file(tmp_path: Path, look: Look) -> None:
    """A source that the files call or type differently has a row for each; one that no file has is shown, too."""
    write(tmp_path, "1.parquet", view(client_id="a"))
    write(tmp_path, "2.parquet", view(client_id="a"))
    renamed = {"Client_ID" if name == "client_id" else name: of for name, of in TYPES.items()}
    write(tmp_path, "3.parquet", view(Client_ID=7), types=renamed | {"Client_ID": pa.int64()})
    rows = cells(look(columns={**COLUMNS, "client_id": ["uid", "client_id"]}))
    assert rows[2:5] == [
        ["client_id", "uid", "-", "-", "-", "0.0%", "0 of 3"],
        ["client_id", "same", "string", "text", "2 of 3"],
        ["client_id", "Client_ID", "int64", "text", "1 of 3"],
    ]


VALUE = pa.struct({"string_value": TEXT, "int_value": pa.int64()})
KINDS: dict[str, tuple[pa.DataType, object, str, list[str]]] = {
    "struct": (pa.struct({"id": TEXT}), {"id": "a"}, "x.id", ["same", "string", "text"]),
    "map": (pa.map_(TEXT, pa.int64()), [("id", 7)], "x[id]", ["same", "int64", "text"]),
    "pairs": (
        pa.list_(pa.struct({"key": TEXT, "value": VALUE})),
        [{"key": "id", "value": {"int_value": 7}}],
        "x[id]",
        ["same", "string, int64", "text"],
    ),
    "JSON": (TEXT, '{"id": 7}', "x.id", ["same", "JSON", "text"]),
    "payload": (TEXT, None, "$.id", ["in event_data", "JSON", "text"]),
    "dictionary": (pa.dictionary(pa.int32(), TEXT), "a", "X", ["x", "string", "text"]),
}


@pytest.mark.parametrize(("of", "value", "source", "expected"), KINDS.values(), ids=KINDS)
def test_sources_of_every_kind(
    tmp_path: Path, look: Look, of: pa.DataType, value: object, source: str, expected: list[str]
) -> None:
    """A row says where the source is, its type, and what that is read as."""
    write(tmp_path, "1.parquet", view(x=value, event_data='{"id": "a"}'), types=TYPES | {"x": of})
    rows = cells(look(columns=COLUMNS | {"client_id": source}))
    assert rows[2] == ["client_id", source, *expected, "0.0%", "1 of 1"]


TIMES: dict[str, tuple[pa.DataType, object, str]] = {
    "timestamp[us]": (pa.timestamp("us"), "2025-03-09", "UTC time"),
    "timestamp[us, UTC]": (pa.timestamp("us", "UTC"), datetime(2025, 3, 9, tzinfo=UTC), "zoned time"),
    "date32[day]": (pa.date32(), date(2025, 3, 9), "midnight"),
    "int64": (pa.int64(), 1741514400000000, "epoch time"),
    "string": (TEXT, "2025-03-09T10:00:00Z", "time text"),
}


@pytest.mark.parametrize("name", TIMES)
def test_timestamps(tmp_path: Path, look: Look, name: str) -> None:
    """It says how the time is read."""
    of, value, read_as = TIMES[name]
    write(tmp_path, "1.parquet", view(timestamp=value), types=TYPES | {"timestamp": of})
    assert cells(look())[0] == ["timestamp", "timestamp", "same", name, read_as, "0.0%", "1 of 1"]


def test_a_folder_and_a_dimension(tmp_path: Path, look: Look) -> None:
    """The key of a folder is shown, and not its value; a dimension is shown by its key."""
    types = {name: of for name, of in TYPES.items() if name != "event_name"}
    write(tmp_path, "event_name=secret/1.parquet", view(), types=types)
    lines = look(dimensions={"part": "event_name"})
    assert cells(lines)[1] == ["event_name", "event_name", "event_name=/", "folder", "text", "0.0%", "1 of 1"]
    assert cells(lines)[9][:3] == ["part", "event_name", "event_name=/"]
    assert "secret" not in "".join(lines)


def test_shares_of_null(tmp_path: Path, look: Look) -> None:
    """Of all events, or of the purchases; what counts as missing counts as NULL; a share is not rounded to none."""
    payload = '{"revenue": %s, "transaction_id": "%s"}'
    views = [view(client_id="undefined", page_url="/")] + [view(page_url=None)] * 2995
    bought = [purchase(page_url=None, event_data=payload % pair) for pair in ((5, "t1"), (0, "t2"), (7, "t3"), (1, ""))]
    write(tmp_path, "1.parquet", *views, *bought)
    shares = {row[0]: row[-2] for row in cells(look())[:9]}
    assert shares["client_id"] == "<0.1%"
    assert shares["page_url"] == "99.9%"
    assert shares["referrer"] == "100.0%"
    assert (shares["revenue"], shares["transaction_id"]) == ("25.0%", "25.0%")


def test_without_purchases(tmp_path: Path, look: Look) -> None:
    """There is no share of no purchases."""
    write(tmp_path, "1.parquet", view())
    assert [row[-2] for row in cells(look())[7:9]] == ["-", "-"]


def test_implausible_timestamps(tmp_path: Path, look: Look) -> None:
    """An event without a plausible timestamp is one without a timestamp."""
    write(tmp_path, "1.parquet", view(), view("1970-01-01"), view(), view())
    assert cells(look())[0][-2] == "25.0%"


@pytest.mark.parametrize(
    ("mapped", "line"),
    [
        ({}, "utm_source, utm_medium, utm_campaign (from page_url); device (from user_agent)"),
        ({"utm_source": "s", "utm_medium": "s", "utm_campaign": "s", "device": "s"}, None),
        (
            {"referrer": None, "utm_source": "s", "utm_medium": "s", "utm_campaign": "s", "device": "s"},
            "referrer (off: direct_sessions, missing_referrer_events)",
        ),
        (
            {"client_id": None, "user_agent": None, "referrer": None},
            "client_id, referrer, user_agent, utm_source, utm_medium, utm_campaign, device",
        ),
    ],
)
def test_columns_that_are_not_mapped(tmp_path: Path, look: Look, mapped: Mapping[str, Any], line: str | None) -> None:
    """One line lists them, with what is off without them or what they are read from if it fits."""
    write(tmp_path, "1.parquet", view(s="x"), types=TYPES | {"s": TEXT})
    columns = {
        name: source for name, source in (COLUMNS | {"currency": "s", "event_id": "s"} | mapped).items() if source
    }
    found = [text.strip() for text in look(columns=columns, currency="EUR") if "not mapped" in text]
    assert [text.startswith(f"not mapped: {line}") for text in found] == ([True] if line else [])


def test_s5_hostile_names(tmp_path: Path, look: Look) -> None:
    """Names are inert, no line is longer than 100 characters, and the columns stay aligned."""
    odd = "x\x1b[31m\u202e\n" + "long_name_" * 30
    of = pa.struct({odd: TEXT, "id": TEXT})
    write(
        tmp_path,
        "1.parquet",
        view(**{odd: "a", "event_data": {"id": "a"}}),
        types=TYPES | {odd: TEXT, "event_data": of},
    )
    lines = look(columns=COLUMNS | {"client_id": odd}, dimensions={"d" * 32: odd})
    assert max(map(len, lines)) <= 100
    assert "".join(lines).isprintable()
    assert len({line.index(" 1 of 1") for line in lines if " of 1" in line}) == 1
    assert [row[1][:8] for row in cells(lines)[2:3]] == ["x?[31m??"]
