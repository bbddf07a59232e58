"""The engine Spark finds the facts that DuckDB finds, and says why where it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from exporter import plan, two_engines
from exporter.demo.write import write_demo
from tests.support import spark
from tests.support.exposition import SHOP, TEXT, TYPES, view, write_config
from tests.support.spark import needs_spark

pytestmark = [needs_spark, pytest.mark.xdist_group("spark")]

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "real-events"
DAY = "2025-03-30"
"""The clock of Berlin goes from 2 to 3 at one o'clock in UTC."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for all tests of the module."""
    with spark.server(tmp_path_factory.mktemp("spark")) as address:
        yield address


def compared(config: Path, as_of: str | None = None) -> two_engines.Comparison:
    """The comparison of the only data set of a configuration."""
    loaded = plan.load(config)
    return two_engines.compare(loaded, next(iter(loaded.config.datasets)), date.fromisoformat(as_of) if as_of else None)


def configured(folder: Path, url: str, **settings: Any) -> Path:
    """The configuration of the data set `web` on Spark."""
    return write_config(folder, web=SHOP | {"engine": {"spark": url}} | settings)


def test_demo_days(tmp_path: Path, url: str) -> None:
    """Every built-in measure, on the demo's broken day and the day before, which it looks back on."""
    write_demo(tmp_path / "demo", date(2025, 3, 9))
    for path in sorted((tmp_path / "demo" / "events").glob("*.parquet"))[:-2]:
        path.unlink()
    config = tmp_path / "demo" / "config.yml"
    document = yaml.safe_load(config.read_text())
    document["datasets"]["shop"] |= {"engine": {"spark": url}, "watched_fields": {"sku": {"path": "$.sku"}}}
    config.write_text(yaml.safe_dump(document))
    command = [sys.executable, "-m", "alerting.check", str(config), "--compare-engines"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.startswith("shop 2025-03-09: ")
    assert done.stdout.endswith("facts on DuckDB and on Spark, none differs\n")


@pytest.mark.skipif(not FOLDER.is_dir(), reason="real data are not present")
def test_real_days(tmp_path: Path, url: str) -> None:
    """The two newest real days."""
    for path in sorted(FOLDER.glob("*.parquet"))[-2:]:
        shutil.copy(path, tmp_path)
    columns = SHOP["columns"] | {"client_id": ["client_id", "clientId"]}
    assert compared(configured(tmp_path, url, columns=columns)).different == ()


TIMES = {
    "us": (pa.timestamp("us"), lambda time: time.replace(tzinfo=None)),
    "ns": (pa.timestamp("ns"), lambda time: time.replace(tzinfo=None)),
    "ms": (pa.timestamp("ms"), lambda time: time.replace(tzinfo=None)),
    "zoned": (pa.timestamp("us", "UTC"), lambda time: time),
    "zoned_ns": (pa.timestamp("ns", "Asia/Kolkata"), lambda time: time),
    "text": (TEXT, lambda time: f"{time:%Y-%m-%d %H:%M:%S.%f}"),
    "text_zone": (TEXT, lambda time: f"{time:%Y/%m/%d %H:%M:%S} Europe/Berlin"),
    "text_offset": (TEXT, lambda time: f"{time:%Y-%m-%dT%H:%M:%S}+05:30"),
    "text_date": (TEXT, lambda time: f"{time:%Y-%m-%d}"),
    "text_epoch": (TEXT, lambda time: str(time.timestamp())),
    "date": (pa.date32(), lambda time: time.date()),
    "seconds": (pa.int64(), lambda time: int(time.timestamp())),
    "unsigned": (pa.uint64(), lambda time: int(time.timestamp() * 1000)),
    "double": (pa.float64(), lambda time: time.timestamp()),
    "decimal": (pa.decimal128(20, 3), lambda time: Decimal(str(time.timestamp()))),
}  # fmt: skip
"""How times may stand in a file."""


def test_every_type_of_timestamp(tmp_path: Path, url: str) -> None:
    """On a day of 23 hours: a file of each type, and one of the old 96 bits."""
    start = datetime(2025, 3, 29, 21, tzinfo=UTC)
    times = [start + timedelta(minutes=17 * number, milliseconds=137 * number) for number in range(100)]
    for name, (type_, written) in TIMES.items():
        rows = [
            view() | {"timestamp": written(time), "client_id": f"{name}{number % 7}"}
            for number, time in enumerate(times)
        ]
        table = pa.table(
            {
                column: pa.array([row.get(column) for row in rows], of)
                for column, of in (TYPES | {"timestamp": type_}).items()
            }
        )
        pq.write_table(table, tmp_path / f"{name}.parquet")
        if name == "us":
            pq.write_table(table, tmp_path / "int96.parquet", use_deprecated_int96_timestamps=True)
    config = configured(tmp_path, url, time_zone="Europe/Berlin")
    assert compared(config, DAY).different == ()


VALUE = pa.struct({"string_value": TEXT, "int_value": pa.int64(), "double_value": pa.float64()})
NESTED = {
    "ts": pa.timestamp("us"),
    "event_name": TEXT,
    "user.id": TEXT,
    "event_params": pa.list_(pa.struct({"key": TEXT, "value": VALUE})),
    "ecommerce": pa.struct({"revenue": pa.float64(), "order": pa.struct({"id": TEXT, "at": pa.timestamp("ns")})}),
    "tags": pa.map_(TEXT, TEXT),
    "context": TEXT,
    "raw": pa.binary(),
}
"""A file with all that the path language leads into."""


def test_every_path(tmp_path: Path, url: str) -> None:
    """Structs, maps, key/value lists, JSON text, names with dots, folders with spaces, and bytes that are not UTF-8."""
    rows = [
        {
            "ts": datetime(2025, 3, 30, 9, number % 60),
            "event_name": "purchase" if number % 5 == 0 else "page",
            "user.id": [None, "undefined", f"u{number % 9}"][number % 3],
            "event_params": [
                {
                    "key": "page_location",
                    "value": {"string_value": f"https://shop.example/?utm_source=n%C3%A9ws%2{number % 9}"},
                },
                {"key": "page_referrer", "value": {"int_value": number}},
            ][: number % 3],
            "ecommerce": {"revenue": number / 3, "order": {"id": f"t{number % 11}"}} if number % 5 == 0 else None,
            "tags": [("device", ["Mobile", "laptop", "x"][number % 3]), ("land", "dé")],
            "context": ['{"a": {"b": 1e2}}', '{"a": {"b": "x"}, "a": 1}', "{'a'", '{"a": NaN}', "[1,]", None][
                number % 6
            ],
            "raw": [b"\xff\xfe{", b"{}", b'{"x": "\xc3\xa4"}', b"\xe2\x82x"][number % 4],
        }
        for number in range(200)
    ]
    for land in ("a b", "50%=x", "ä[1]{*}"):
        path = tmp_path / f"land={land}" / f"events {land}.parquet"
        path.parent.mkdir()
        pq.write_table(pa.table({name: pa.array([row[name] for row in rows], of) for name, of in NESTED.items()}), path)
    columns = {
        "timestamp": "ts",
        "event_name": "event_name",
        "client_id": "user.id",
        "page_url": "event_params[page_location]",
        "referrer": "event_params[page_referrer]",
        "device": "tags.device",
        "payload": "raw",
        "utm_source": "context.a.b",
        "revenue": {"column": "ecommerce.revenue", "scale": 0.01},
        "transaction_id": ["ecommerce.order.id", "$.x"],
    }
    settings = {"files": "*/*.parquet", "columns": columns, "dimensions": {"land": "land", "tag": "tags[land]"}}
    config = configured(
        tmp_path, url, purchase="purchase", taxonomy=["page"], watched_fields={"b": {"path": "context.a.b"}}, **settings
    )
    found = compared(config)
    assert found.different == ()
    assert found.facts > 50
