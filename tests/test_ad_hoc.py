"""`clickstream-check --sql`: the runbooks' queries about any data set, pasted into DuckDB or run."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from alerting import check, runbook
from alerting.formats.table import table
from exporter import ad_hoc, plan
from exporter.config.model import Resources
from exporter.demo.write import write_demo
from exporter.engine.protocol import EngineError
from tests.support.exposition import SHOP, write_config

DAY = date(2025, 3, 9)

RENAMED: dict[str, Any] = {
    "files": "lake",
    "time_zone": "America/New_York",
    "columns": {
        "timestamp": "occurred_ms",
        "event_name": "kind",
        "client_id": ["uid", "props.visitor"],
        "page_url": "props.url",
        "referrer": "props.from",
        "user_agent": "agent",
        "payload": "body",
        "device": "app",
        "revenue": ["$.order.total", "amount"],
        "transaction_id": "$.order.id",
        "currency": "$.order.currency",
        "event_id": "row_id",
    },
    "currency": "EUR",
    "purchase": "it's sold",
    "taxonomy": ["page_viewed", "email_filled_on_popup", "product_added_to_cart", "checkout_started", "it's sold"],
    "placeholders": ["nobody"],
    "watched_fields": {
        "total": {"path": ["$.order.total", "amount"], "events": "it's sold"},
        "campaign": {"path": "props.url"},
    },
    "site_domains": ["shop.example"],
    "limits": {"missing_utm_increase": 0.1},
}
"""Another shop: no column and no purchase has its name in the demo."""

each_check = pytest.mark.parametrize("name", runbook.queries())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the demo data."""
    return write_demo(tmp_path_factory.mktemp("demo"), DAY)


@pytest.fixture(scope="module")
def renamed(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's events as another shop writes them, one folder for each device."""
    folder = tmp_path_factory.mktemp("renamed")
    for path in sorted((demo.parent / "events").glob("*.parquet")):
        target = folder / "lake" / "app=web" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rewritten(pq.read_table(path)), target)
    return write_config(folder, shop=RENAMED)


def rewritten(events: pa.Table) -> pa.Table:
    """The events under other names, with nested fields and payloads."""
    payloads = [_nested(each) for each in events["event_data"].to_pylist()]
    props = [
        {"visitor": client, "url": url, "from": referrer}
        for client, url, referrer in zip(
            *(events[name].to_pylist() for name in ("client_id", "page_url", "referrer")), strict=True
        )
    ]
    names = ["it's sold" if each == "checkout_completed" else each for each in events["event_name"].to_pylist()]
    clients = ["Nobody" if each is None else None for each in events["client_id"].to_pylist()]
    return pa.table(
        {
            "occurred_ms": pc.cast(pc.cast(events["timestamp"], pa.timestamp("ms", "UTC"), safe=False), pa.int64()),
            "kind": names,
            "uid": clients,
            "props": props,
            "agent": events["user_agent"],
            "body": payloads,
            "row_id": events["event_id"],
        }
    )


def _nested(payload: str | None) -> str | None:
    try:
        fields = json.loads(payload or "")
    except ValueError:
        return payload
    order = {"total": fields.pop("revenue", None), "id": fields.pop("transaction_id", None)}
    order["currency"] = fields.pop("currency", None)
    return json.dumps(fields | {"order": order})


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    code = check.main([str(each) for each in arguments])
    return code, *capsys.readouterr()


def pasted(sql: str) -> list[str]:
    """The tables that plain DuckDB shows for what is pasted into it."""
    with duckdb.connect() as connection:
        found = []
        for statement in duckdb.extract_statements(sql):
            cursor = connection.execute(statement)
            if statement.type == duckdb.StatementType.SELECT:
                found.append(table([column[0] for column in cursor.description], cursor.fetchall()))
    return found


@each_check
def test_a_query_can_be_pasted_and_run(
    name: str, renamed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From any folder, and with the same columns and as many rows either way."""
    monkeypatch.chdir(tmp_path)
    code, sql, err = run(capsys, renamed, "--sql", name)
    assert (code, err) == (0, "")
    assert "checkout_completed" not in sql
    assert "events/*.parquet" not in sql
    code, rows, err = run(capsys, renamed, "--sql", name, "--run")
    assert (code, err) == (0, "")
    expected = "\n".join(pasted(sql))
    assert [line.split() for line in rows.splitlines()[:1]] == [line.split() for line in expected.splitlines()[:1]]
    assert len(rows.splitlines()) == len(expected.splitlines())


NUMBERS = ("AmountShift", "AssistedShareDrop", "EventVolumeDrop", "LowVolume", "NullClientIds", "RepeatedDay")
"""Queries whose rows name no file, no event and no payload."""


@pytest.mark.parametrize("name", NUMBERS)
def test_the_names_in_the_files_change_no_number(
    name: str, demo: Path, renamed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the same zone, the same events give the same rows, whatever they are called."""
    columns = {column: names for column, names in RENAMED["columns"].items() if column != "device"}
    utc = {**RENAMED, "time_zone": "UTC", "files": str(renamed.parent / "lake"), "columns": columns}
    expected = run(capsys, demo, "--sql", name, "--run", "--as-of", DAY)[1]
    found = run(capsys, write_config(tmp_path, shop=utc), "--sql", name, "--run", "--as-of", DAY)[1]
    assert len(expected.splitlines()) > 5
    assert words(found) == words(expected)


def words(rows: str) -> list[list[str]]:
    """The words of each row, in the demo's terms."""
    terms = rows.replace("it's sold", "checkout_completed").replace("Nobody", "")
    return sorted(line.split() for line in terms.splitlines())


def test_the_numbers_are_those_of_the_gauges(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Events, clients and revenue of the demo's last days, as the README shows its gauges."""
    rows = run(capsys, demo, "--sql", "LowVolume", "--run")[1].splitlines()
    assert rows[0].split() == ["date", "events", "clients", "purchases", "identified_purchases", "payloads", "revenue"]
    assert rows[1].split() == ["2025-03-09", "3487", "678", "14", "11", "394", "10890"]
    assert rows[2].split()[0] == "2025-03-08"


def test_the_day_can_be_chosen(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An older day is the day of the query, and its week is the week before it."""
    code, sql, _ = run(capsys, demo, "--sql", "EventVolumeDrop", "--as-of", "2025-03-05")
    assert code == 0
    assert "SET VARIABLE day = DATE '2025-03-05';" in sql
    assert sql.startswith("-- EventVolumeDrop: data set shop, 2025-03-05.")


REFUSED: dict[str, tuple[dict[str, Any], list[str], int, str]] = {
    "an unknown check": ({}, ["EventVolumeDrp"], 64, "no query for 'EventVolumeDrp', did you mean EventVolumeDrop?: "),
    "a check without a query": ({}, ["ExporterDown"], 64, "no query for 'ExporterDown'"),
    "a column that is not mapped": (
        {"columns": {"timestamp": "timestamp", "event_name": "event_name"}},
        ["MissingReferrer"],
        64,
        "MissingReferrer needs referrer, which the configuration does not map",
    ),
    "a purchase that is not set": ({"purchase": []}, ["NoPurchases"], 64, "needs purchase, which the configuration "),
    "no field that is watched": (
        {},
        ["FieldMissing"],
        64,
        "needs watched_fields, which the configuration does not set",
    ),
    "no files": ({"files": "none/*.parquet"}, ["EventVolumeDrop"], 2, "none: no such file or folder"),
    "no file that matches": ({"files": "events/none*.parquet"}, ["UnreadableFiles"], 2, "no file matches "),
    "a day before the first": ({}, ["EventVolumeDrop", "--as-of", "2024-01-01"], 2, "no event on or before 2024-01-01"),
    "--run alone": ({}, ["", "--run"], 64, "--run needs --sql"),
}


@pytest.mark.parametrize(("settings", "arguments", "code", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked(
    demo: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, Any],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """The reason is on stderr, nothing on stdout, and the exit code says whose mistake it is."""
    shop = SHOP | {"files": "events"} | settings
    path = demo.parent / "changed.yml"
    path.write_text(yaml.safe_dump({"datasets": {"shop": shop}}), "utf-8")
    name, *further = arguments
    command = [str(path), *(["--sql", name] if name else []), *further]
    try:
        found = check.main(command)
    except SystemExit as error:
        found = int(str(error))
    out, err = capsys.readouterr()
    assert (found, out) == (code, "")
    assert message in err


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '/tmp/clickstream-by-hand.csv'",
        "FROM read_text('/etc/passwd')",
        "INSTALL httpfs",
        "ATTACH '/tmp/clickstream-by-hand.db'",
    ],
)
def test_s1_queries_run_in_the_locked_database(demo: Path, sql: str) -> None:
    """What runs can write no file, and read none but the data set's."""
    dataset = plan.load(demo).config.datasets["shop"]
    with ad_hoc.opened(dataset, Resources(), None) as data, pytest.raises(EngineError):
        data.rows(sql)


def test_files_that_were_set_aside(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are listed first, with the reason, whatever their names and contents are."""
    whole = (demo.parent / "events" / "events_2025-03-09.parquet").read_bytes()
    (tmp_path / "events").mkdir()
    for name, content in {"whole[1]*": whole, "cut": whole[:20_000], "zero": b"", "caf\udce9": whole}.items():
        age(tmp_path / "events" / f"{name}.parquet", content)
    (tmp_path / "events" / "dangling.parquet").symlink_to(tmp_path / "nowhere")
    path = write_config(tmp_path, shop=SHOP | {"files": "events"})
    code, rows, _ = run(capsys, path, "--sql", "UnreadableFiles", "--run")
    found = [line.rsplit("/", 1)[-1] for line in rows.splitlines()[1:]]
    assert code == 0
    assert sorted(found[:-1]) == ["caf\\udce9.parquet", "cut.parquet", "nowhere", "zero.parquet"]
    assert found[-1] == "whole[1]*.parquet"
    assert "zero bytes" in rows


def age(path: Path, content: bytes) -> None:
    """Write a file that nobody is writing any more."""
    path.write_bytes(content)
    os.utime(path, (1.0, 1.0))
