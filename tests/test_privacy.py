"""What identifies a person stays in the data: no metric and no line of the log repeats a value."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from tests.support.exposition import SHOP, TEXT, TYPES, Row, age, once, purchase, view, write_config, write_rows

PERSON = "jane.doe"

NUMBER = "5551234"

HOSTILE: dict[str, object] = {
    "client_id": f"{PERSON}@mail.example",
    "page_url": f"https://shop.example/account/{PERSON}?utm_source={PERSON}&gclid={PERSON}",
    "referrer": f"https://{PERSON}.example/",
    "user_agent": f"\"Di's\" or {PERSON}'s phone",
    "event_data": f'{{"revenue": "{PERSON}", "transaction_id": "{PERSON}"',
}

MEASURES = {
    "cast": "SELECT hour, count(CAST(user_agent AS INTEGER)) AS clickstream_cast FROM events GROUP BY hour",
    "json": "SELECT hour, count(json_extract(payload, '$.a')) AS clickstream_json FROM events GROUP BY hour",
    "number": f"SELECT hour, sum(CAST({NUMBER} AS TINYINT)) AS clickstream_number FROM events GROUP BY hour",
}


def rows(day: str) -> list[Row]:
    """Events that are about a person in every column."""
    return [
        *[view(day, **HOSTILE), purchase(day, **HOSTILE), purchase(day, **HOSTILE)],
        view(day, **HOSTILE | {"event_name": f"{PERSON} registered"}),
        *[view(day, **HOSTILE | {"event_name": f"{PERSON}@mail.example registered"})] * 9,
        *[view(day, **HOSTILE | {"event_name": f"https://shop.example/account/{PERSON}"})] * 9,
        purchase(day, **HOSTILE | {"event_data": f'{{"revenue": "{PERSON}", "transaction_id": "{PERSON}"}}'}),
    ]


def test_s5_nothing_about_a_person_leaves(tmp_path: Path) -> None:
    """Neither what is counted nor what went wrong tells of whom: malformed values, failed measures, damaged files."""
    for back in range(3):
        day = (date(2025, 3, 9) - timedelta(days=back)).isoformat()
        write_rows(tmp_path / f"{day}.parquet", rows(day))
    cut = write_rows(tmp_path / "cut.parquet", rows("2025-03-06"))
    cut.write_bytes(cut.read_bytes()[:-9])
    age(cut)
    times = [{**row, "timestamp": f"{PERSON} at noon"} for row in rows("2025-03-05")]
    write_rows(tmp_path / "times.parquet", times, TYPES | {"timestamp": TEXT})
    amounts = [{**row, "user_agent": [PERSON]} for row in rows("2025-03-04")]
    write_rows(tmp_path / "nested.parquet", amounts, TYPES | {"user_agent": pa.list_(TEXT)})
    for name, sql in MEASURES.items():
        (tmp_path / f"{name}.sql").write_text(f"-- clickstream_{name}: One of the shop's own.\n{sql}\n")
    out = once(write_config(tmp_path, web=SHOP | {"measures": [f"{name}.sql" for name in MEASURES]}))
    assert out.value("clickstream_unreadable_files") == 1
    assert [out.value("clickstream_exporter_query_success", query=name) for name in MEASURES] == [0, 0, 0]
    assert out.value("clickstream_purchases", lag=0) == 3
    print(out.warnings)
    assert [word for word in (PERSON, NUMBER, "phone") if word in out.text + out.warnings] == []
