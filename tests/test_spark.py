"""The engine Spark finds the facts that DuckDB finds, and says why where it cannot."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
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
from exporter.engine import chosen
from exporter.engine.protocol import EngineError
from exporter.facts.measure import measure
from exporter.facts.model import Known, Measured
from exporter.facts.task import Task
from exporter.files.access import Access
from tests.support import spark
from tests.support.exposition import SHOP, TEXT, TYPES, once, purchase, run, view, write_config, write_rows

pytest.importorskip("pyspark", reason="Spark is not installed: pip install '.[spark]'")

from exporter.engine.spark import session as session_module
from exporter.engine.spark.session import Session

pytestmark = [pytest.mark.xdist_group("spark"), spark.needs_spark]

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


def two_days(folder: Path, url: str) -> Path:
    """The configuration of the demo's broken day and the day before, on Spark."""
    config = write_demo(folder / "demo", date(2025, 3, 9))
    for path in sorted((config.parent / "events").glob("*.parquet"))[:-2]:
        path.unlink()
    document = yaml.safe_load(config.read_text())
    document["datasets"]["shop"] |= {"engine": {"spark": url}, "watched_fields": {"sku": {"path": "$.sku"}}}
    config.write_text(yaml.safe_dump(document))
    return config


def test_demo_days(tmp_path: Path, url: str) -> None:
    """Every built-in measure, on the demo's broken day and the day before, which it looks back on."""
    config = two_days(tmp_path, url)
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
    start = datetime(2025, 3, 29, 23, tzinfo=UTC)
    times = [start + timedelta(minutes=59 * number, milliseconds=137 * number) for number in range(23)]
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
            "ts": datetime.fromisoformat(f"2025-03-30T09:{number % 60:02}:00"),
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


def test_order_lines(tmp_path: Path, url: str) -> None:
    """Lines at the same time, without an id, in two countries and currencies, and of clients without a session."""
    rows = [
        purchase(
            timestamp=f"2025-03-09 {10 + number % 3}:{number % 5}0",
            client_id=None if number % 6 == 0 else f"c{number % 4}",
            event_data=json.dumps({"transaction_id": f"o{number // 3}" if number % 7 else None, "revenue": number / 4}),
            country=("DE", "AT", None)[number % 3],
            currency=("EUR", "USD")[number % 5 == 0],
        )
        for number in range(60)
    ]
    write_rows(tmp_path / "lines.parquet", [*rows, view()], TYPES | {"country": TEXT, "currency": TEXT})
    columns = SHOP["columns"] | {"currency": "currency"}
    own = {"columns": columns, "currency": "EUR", "dimensions": {"country": "country"}, "purchase_rows": "lines"}
    assert compared(configured(tmp_path, url, **own)).different == ()
    assert once(write_config(tmp_path, web=SHOP | own)).value("clickstream_purchases", lag=0) > 20


def reading(config: Path, storage: Path, known: Known = Known()) -> Measured:  # noqa: B008 - immutable
    """What is measured of the only data set."""
    loaded = plan.load(config)
    name, dataset = next(iter(loaded.config.datasets.items()))
    resources, now = loaded.config.resources, datetime.now(UTC)
    task = Task(name, dataset, loaded.measures[name], known, None, now, None, resources, storage)
    return measure(task, storage, chosen.opened)


ORDER = '{"transaction_id": "t1", "revenue": 12.5}'


def test_days_are_kept_in_the_database(tmp_path: Path, url: str) -> None:
    """A new day looks back on them without reading them again, and tables of days that nobody needs are dropped."""
    config = configured(tmp_path, url, engine={"spark": url, "database": "default"})
    for day in ("2025-03-08", "2025-03-09"):
        rows = [view(day, page_url="https://shop.example/?utm_source=x"), purchase(day, event_data=ORDER)]
        write_rows(tmp_path / f"{day}.parquet", rows)
    first = reading(config, tmp_path)
    assert (first.problem, first.recomputed) == (None, 2)
    write_rows(tmp_path / "2025-03-10.parquet", [view("2025-03-10"), purchase("2025-03-10", event_data=ORDER)])
    second = reading(config, tmp_path, first.known)
    assert second.recomputed == 1
    assert second.days[-1].found["clickstream_repeated_purchases"] == {"": {10: 1}}


def test_a_database_that_is_lacking_costs_only_time(tmp_path: Path, url: str) -> None:
    """The day is measured, and the problem is logged."""
    write_rows(tmp_path / "events.parquet", [view(), purchase()])
    found = reading(configured(tmp_path, url, engine={"spark": url, "database": "lacking"}), tmp_path)
    assert found.days[-1].found["clickstream_events"] == {"": {10: 2}}
    assert found.problem
    assert found.problem.startswith("engine.database lacking: nothing is kept: [SCHEMA_NOT_FOUND]")


def test_a_damaged_file_is_set_aside(tmp_path: Path, url: str) -> None:
    """By name, as are one that Spark would skip, and one with a type that it reads otherwise."""
    write_rows(tmp_path / "good.parquet", [view(), purchase()])
    write_rows(tmp_path / "_skipped.parquet", [view()])
    write_rows(tmp_path / "odd.parquet", [view() | {"client_id": 3600}], TYPES | {"client_id": pa.time32("s")})
    broken = write_rows(tmp_path / "broken.parquet", [view(client_id=f"visitor {number}") for number in range(5000)])
    content = bytearray(broken.read_bytes())
    content[200:600] = bytes(400)
    broken.write_bytes(content)
    config = configured(tmp_path, url, files=["*.parquet", "_skipped.parquet"])
    found = reading(config, tmp_path)
    assert found.days[-1].found["clickstream_events"] == {"": {10: 2}}
    assert sorted(each.name.rpartition("/")[2] for each in found.files.unreadable) == [
        "_skipped.parquet",
        "broken.parquet",
        "odd.parquet",
    ]
    reasons = {each.name.rpartition("/")[2]: each.reason for each in found.files.unreadable}
    assert reasons["_skipped.parquet"] == "Spark reads no file whose name begins with . or _"
    assert reasons["odd.parquet"] == "client_id: time32[ms] is not read the same by Spark"


SLOW = """
-- clickstream_pairs: Pairs.
SELECT a.hour,
       count(*) AS clickstream_pairs
FROM events AS a, events AS b, events AS c, events AS d
WHERE a.client < b.client OR b.client < c.client OR c.client < d.client
GROUP BY a.hour
"""


def test_a_query_that_takes_too_long_is_cancelled(tmp_path: Path, url: str) -> None:
    """On the cluster, too: nothing of it runs there afterwards."""
    (tmp_path / "slow.sql").write_text(SLOW)
    write_rows(tmp_path / "events.parquet", [view(client_id=f"{number}") for number in range(3000)])
    config = configured(tmp_path, url, measures=["slow.sql"])
    document = yaml.safe_load(config.read_text()) | {"resources": {"query_timeout": "20s"}}
    config.write_text(yaml.safe_dump(document))
    found = reading(config, tmp_path)
    assert found.queries["slow"].error == "slow.sql: took longer than query_timeout"
    assert found.days[-1].found["clickstream_events"] == {"": {10: 3000}}
    session = Session(url, timedelta(minutes=1))
    with closing(session), session.limited():
        assert session.sql("SELECT 1").collect()[0][0] == 1


def test_a_server_that_is_gone_fails_the_refresh(tmp_path: Path) -> None:
    """With its address; `--check-config` notes it, because it may be up again when the exporter starts."""
    write_rows(tmp_path / "events.parquet", [view()])
    config = configured(tmp_path, f"sc://127.0.0.1:{spark.free_port()}")
    done = run(config)
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    checked = run(config, "--check-config")
    assert checked.returncode == 0, checked.stderr
    assert "datasets.web.engine: sc://127.0.0.1:" in checked.stderr + checked.stdout


def test_a_server_that_dies_fails_the_reading(tmp_path: Path) -> None:
    """Not one measure after the other: no facts are made of half a day."""
    write_rows(tmp_path / "events.parquet", [view(), purchase()])
    with spark.server(tmp_path / "spark") as address:
        loaded = plan.load(configured(tmp_path, address))
        dataset = loaded.config.datasets["web"]
        resources, measures = loaded.config.resources, loaded.measures["web"]
        access = Access.of(dataset, resources, tmp_path)
        engine = chosen.opened(dataset, measures, access, (), tmp_path, tmp_path, resources)
    with pytest.raises(EngineError, match=r"does not answer|the session ended"):
        engine.run(next(each for each in measures if each.name == "events"))
    engine.close()


def test_another_version_of_spark_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SQL is proven for Spark 4."""
    monkeypatch.setattr(session_module, "VERSIONS", ("5.",))
    with pytest.raises(EngineError, match=r"^sc://127.0.0.1:\d+: Spark 4[.\d]+, expected "):
        Session(url, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("engine", "reason"),
    {
        "http": ({"spark": "http://x"}, "invalid address 'http://x': expected sc://host:port"),
        "token": ({"spark": "sc://x:1/;token=secret"}, "set SPARK_CONNECT_AUTHENTICATE_TOKEN instead"),
        "database": ({"spark": "sc://x:1", "database": "a;b"}, "invalid name 'a;b'"),
    }.values(),
    ids=["http", "token", "database"],
)
def test_a_bad_address_is_refused(tmp_path: Path, engine: Mapping[str, str], reason: str) -> None:
    """No secret is shown."""
    done = run(write_config(tmp_path, web=SHOP | {"engine": engine}), "--check-config")
    assert done.returncode == 64
    assert reason in done.stderr
    assert "secret" not in done.stderr
