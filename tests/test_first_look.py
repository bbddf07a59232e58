"""`--check-config` compares the configuration with the newest data, and refuses what they show to be wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from exporter import cli
from exporter.preflight import first_look
from tests.support.exposition import COLUMNS, SHOP, TEXT, TYPES, Row, Types, purchase, view, write_config, write_rows

PAYLOAD = '{"revenue": 5, "transaction_id": "t%d", "device": "phone"}'
DEVICE = COLUMNS | {"device": "$.device"}


def day(date: str = "2025-03-09", purchases: int = 20, **columns: object) -> list[Row]:
    """A thousand page views and some purchases, each with a payload."""
    views = [view(date, event_data=PAYLOAD % number, **columns) for number in range(1000)]
    return views + [purchase(date, event_data=PAYLOAD % number, **columns) for number in range(purchases)]


ALWAYS = ("links: ", "datasets.web: looked at ", "  ")


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Checks the configuration of a shop with some settings: the exit code and the lines without the file's name.

    Left out is what is said of every configuration: which links are missing, which days were looked at, and the table.
    """

    def check(rows: Iterable[Row] = (), types: Types = TYPES, **settings: Any) -> tuple[int, list[str]]:
        (tmp_path / "events").mkdir(exist_ok=True)
        if listed := list(rows):
            write_rows(tmp_path / "events" / "events.parquet", listed, types)
        path = write_config(tmp_path, web=SHOP | {"files": "events"} | settings)
        code = cli.main(["--config.file", str(path), "--check-config"])
        out, err = capsys.readouterr()
        assert bool(err) == (code != 0)
        lines = [line.removeprefix(f"{path}: ") for line in (out + err).splitlines()]
        return code, [line for line in lines if not line.startswith(ALWAYS)]

    return check


FINE = "fine, 1 data set(s): web"


@pytest.mark.parametrize(
    "settings", [{}, {"columns": DEVICE}, {"columns": COLUMNS | {"client_id": ["uid", "client_id"]}}]
)
def test_configuration_that_fits(config: Any, settings: dict[str, Any]) -> None:
    """Nothing is said but that it is fine, also of a name that only one of several is."""
    assert config(day(), **settings) == (0, [FINE])


NAMES = "the newest files have 1020 events, named page_viewed, checkout_completed"

WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "purchase": (
        {"purchase": ["order_done", "order"]},
        [f"datasets.web.purchase: no event is named order_done or order; {NAMES}"],
    ),
    "taxonomy": (
        {"taxonomy": ["click"]},
        [f"datasets.web.taxonomy: no event has any of these names; {NAMES}"],
    ),
    "columns": (
        {"columns": COLUMNS | {"client_id": ["uid", "cid"], "event_name": "event"}},
        [
            f"datasets.web.columns.{column}: none of the 1 newest files has {names}; the columns are {', '.join(TYPES)}"
            for column, names in (("event_name", "event"), ("client_id", "uid or cid"))
        ],
    ),
    "path": (
        {"columns": COLUMNS | {"device": "$.gadget"}},
        ["datasets.web.columns.device: $.gadget matches nothing in 1020 payloads"],
    ),
    "revenue and id": (
        {"columns": COLUMNS | {"revenue": "$.value", "transaction_id": "$.order"}},
        [
            "datasets.web.columns.revenue: $.value has no plausible amount in any of 20 purchases",
            "datasets.web.columns.transaction_id: $.order has no id but blanks and placeholders in any of 20 purchases",
        ],
    ),
    "timestamp": (
        {"columns": COLUMNS | {"timestamp": "client_id"}},
        ["datasets.web.columns.timestamp: no event has a plausible timestamp"],
    ),
    "folder": ({"files": "nowhere/*.parquet"}, ["datasets.web.files: ", "nowhere: no such file or folder"]),
}


@pytest.mark.parametrize(("settings", "lines"), WRONG.values(), ids=WRONG)
def test_j3_configuration_that_does_not_fit(config: Any, settings: dict[str, Any], lines: list[str]) -> None:
    """It is refused with the key, and with what the data have instead."""
    code, found = config(day(), **settings)
    assert code == 64
    if "files" in settings:
        assert [part in found[0] for part in lines] == [True, True]
    else:
        assert found == lines


def test_j3_nested_column(config: Any) -> None:
    """A struct where text is needed is refused."""
    types = TYPES | {"client_id": pa.struct({"id": TEXT})}
    found = config(day(client_id={"id": "a"}), types)
    assert found == (64, ["datasets.web.columns.client_id: a struct, expected text"])


PROPS = TYPES | {"props": pa.map_(TEXT, TEXT), "user": pa.struct({"id": TEXT})}
INSIDE = {"props": [("url", "https://shop.example/")], "user": {"id": "a"}}


def test_names_within_columns(config: Any) -> None:
    """A field of a struct and a key of a map that occur are fine."""
    columns = COLUMNS | {"client_id": "user.id", "page_url": "props.url"}
    assert config(day(**INSIDE), PROPS, columns=columns) == (0, [FINE])


def test_j3_names_within_columns_that_find_nothing(config: Any) -> None:
    """A field that no file has is refused, and so is a key that no event has."""
    found = config(day(**INSIDE), PROPS, columns=COLUMNS | {"client_id": "user.uid", "page_url": "props.url"})
    names = ", ".join(PROPS)
    text = "datasets.web.columns.client_id: none of the 1 newest files has user.uid; the columns are "
    assert found == (64, [f"{text}{names}"])
    found = config(day(**INSIDE), PROPS, columns=COLUMNS | {"client_id": "user.id", "page_url": "props.href"})
    assert found == (64, ["datasets.web.columns.page_url: props.href matches nothing in 1020 events"])


def test_j3_placeholders(config: Any) -> None:
    """An order number that is a placeholder on every purchase is none."""
    rows = [purchase(event_data='{"revenue": 5, "transaction_id": "undefined"}')] * 10
    code, found = config([*day(purchases=0), *rows])
    assert (code, len(found)) == (64, 1)
    assert found[0].startswith("datasets.web.columns.transaction_id: $.transaction_id has no id")


def test_j3_table_format(tmp_path: Path, config: Any) -> None:
    """The folder of a table is refused as it is by a refresh."""
    (tmp_path / "events" / "_delta_log").mkdir(parents=True)
    code, found = config([view()])
    assert code == 64
    assert found[0].startswith(f"datasets.web.files: {tmp_path}/events: a Delta Lake table")


def test_too_few_events(config: Any) -> None:
    """With fewer than a thousand events a name that does not occur is a note."""
    code, found = config([view()], taxonomy=["click"])
    assert code == 0
    assert [line.split(";")[0] for line in found] == [
        "datasets.web.purchase: no event is named checkout_completed",
        "datasets.web.taxonomy: no event has any of these names",
        FINE,
    ]


@pytest.mark.parametrize(("files", "code"), [("events", 1), ("events/*.parquett", 1)])
def test_no_files_yet(config: Any, tmp_path: Path, files: str, code: int) -> None:
    """Nothing was compared, which is said loudly and is not fine: the pattern may be wrong."""
    rest = "columns, names and measures were not checked"
    note = f"datasets.web.files: NO FILE MATCHES {tmp_path}/{files}: {rest}"
    assert config(day() if files != "events" else (), files=files) == (code, [note])


def test_files_without_events(config: Any, tmp_path: Path) -> None:
    """An export that ran too early is not fine either."""
    write_rows(tmp_path / "events" / "events.parquet", [])
    note = "datasets.web.files: no file with events yet: columns, names and measures were not checked"
    assert config() == (1, [note])


def test_it_says_which_days_it_saw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest three, by the dates of the zone."""
    for date in ("2025-03-05", "2025-03-08", "2025-03-09"):
        write_rows(tmp_path / "events" / f"{date}.parquet", [view(date)])
    path = write_config(tmp_path, web=SHOP | {"files": "events"})
    assert cli.main(["--config.file", str(path), "--check-config"]) == 0
    assert (
        f"{path}: datasets.web: looked at 2 events of 2025-03-08 to 2025-03-09, in 2 files\n" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("links", "note"),
    [
        ({}, "links: runbooks and grafana not set, so pages have no links to runbooks and dashboards"),
        ({"grafana": "https://grafana.example"}, "links: runbooks not set, so pages have no links to runbooks"),
        ({"grafana": "https://grafana.example", "runbooks": "https://wiki.example"}, None),
    ],
)
def test_it_says_which_links_pages_lack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], links: dict[str, str], note: str | None
) -> None:
    """In one line, or none."""
    write_rows(tmp_path / "events" / "events.parquet", day())
    path = write_config(tmp_path, web=SHOP | {"files": "events"})
    path.write_text(f"links: {json.dumps(links)}\n{path.read_text('utf-8')}", "utf-8")
    assert cli.main(["--config.file", str(path), "--check-config"]) == 0
    found = [line for line in capsys.readouterr().out.splitlines() if ": links: " in line]
    assert found == ([f"{path}: {note}"] if note else [])


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT hour, count(page_ulr) AS clickstream_seen FROM events GROUP BY hour", ", did you mean page_url?"),
        ("SELECT hour, count(*) AS clickstream_seen FROM event GROUP BY hour", "Table with name event does not exist"),
        ("SELECT hour, count(search) AS clickstream_seen FROM events GROUP BY hour", '"search" not found'),
        ("SELECT hour, count(page_url) AS clickstream_seen FROM events GROUP BY hour", ""),
        ("SELECT hour, count(*) AS clickstream_seen FROM sessions GROUP BY hour", ""),
    ],
)
def test_j3_a_measure_that_does_not_fit(config: Any, tmp_path: Path, sql: str, problem: str) -> None:
    """A measure of the user that names a table or a column that there is not is refused before it is served."""
    (tmp_path / "seen.sql").write_text(f"-- clickstream_seen: Seen.\n-- needs: page_url\n{sql}\n", "utf-8")
    code, found = config(day(), measures=["seen.sql"])
    assert (code, len(found)) == (64 if problem else 0, 1)
    assert found[0].startswith("datasets.web.measures: seen.sql: " if problem else FINE)
    assert problem in found[0]


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"purchase": "checkout_complete"}, "checkout_complete, did you mean checkout_completed?"),
        ({"columns": COLUMNS | {"client_id": "clientid"}}, "has clientid, did you mean client_id?"),
        ({"switched_off": {"RevenuDrop": "no"}}, "unknown check 'RevenuDrop', did you mean RevenueDrop?"),
        ({"time_zon": "UTC"}, "datasets.web.time_zon: unknown key, did you mean time_zone?"),
        ({"limits": {"revenue_drop": 0.3}}, "unknown key, did you mean revenue_drop_ratio?"),
        ({"duplicate_key": ["client"]}, "'client' is not a mapped column, did you mean client_id?"),
    ],
)
def test_j3_a_typo_is_recognised(config: Any, settings: dict[str, Any], hint: str) -> None:
    """Of a key, a check, a column and a name."""
    code, found = config(day(), **settings)
    assert code == 64
    assert hint in "\n".join(found)


def test_files_that_cannot_be_read(tmp_path: Path, config: Any) -> None:
    """They are noted, and the others are looked at."""
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "zero.parquet").touch()
    assert config(day()) == (0, ["datasets.web.files: zero.parquet not read: zero bytes", FINE])


def test_the_newest_days_are_read(tmp_path: Path, config: Any) -> None:
    """A name that only older days had does not occur any more."""
    for date in ("2025-03-01", "2025-03-02"):
        rows = [view(date, event_name="old_purchase", event_data=PAYLOAD % 1)] * 1000
        write_rows(tmp_path / "events" / f"{date}.parquet", rows)
    code, found = config(day(purchases=0), purchase="old_purchase")
    assert code == 64
    assert "named page_viewed" in found[0]


def test_a_day_that_is_read_in_part(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not among the first events may come later: that is a note."""
    monkeypatch.setattr(first_look, "ROWS", 500)
    code, found = config(day(), taxonomy=["click"])
    assert code == 0
    assert found[-2].startswith("datasets.web.taxonomy: no event has any of these names; the newest files have 500 ")


def test_s5_names_that_are_personal(config: Any) -> None:
    """At most ten names are shown, the most frequent first, none that is an e-mail or a URL, and all inert."""
    names = ["jane@doe.example", "https://shop.example/jane", "www.jane.example", "bad\x1b[31m"]
    rows = [view(event_name=name) for name in names for _ in range(900)]
    rows += [view(event_name=f"name_{number:02}") for number in range(20) for _ in range(20 - number)]
    code, found = config(rows, taxonomy=["click"], purchase=[])
    assert code == 64
    shown = re.split(r"named ", found[0])[-1].split(", ")
    assert shown == ["bad?[31m", *(f"name_{number:02}" for number in range(9))]
