"""Measures of one's own: what they can, what they are refused, and that they spoil nothing else."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from exporter import plan
from exporter.refresh import Refresher
from tests.support.exposition import SHOP, Row, measure, once, purchase, run, view, write_config, write_rows


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder: its name and its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
            "matched": "SELECT hour, COUNT(COLUMNS('client_.*')) AS clickstream_matched FROM events GROUP BY hour",
            "loud": "SELECT HOUR, COUNT(CLIENT_ID) AS clickstream_loud FROM EVENTS GROUP BY HOUR",
            "dashes": """
                SELECT hour, COUNT(*) AS clickstream_dashes
                FROM events /* it's all of them */ WHERE event_name <> '--' AND client_id <> '' GROUP BY hour
            """,
        },
    )
    out = measure(tmp_path, MEASURED, measures=files)
    assert [out.value("clickstream_views", lag=lag) for lag in (0, 1)] == [2, 1]
    assert [out.value("clickstream_comparable_views", lag=lag) for lag in (0, 1)] == [1, 0]
    assert out.value("clickstream_kinds", kind="page_viewed", lag=0) == 2
    assert out.value("clickstream_kinds", kind="checkout_completed", lag=1) == 1
    assert out.value("clickstream_comparable_kinds", kind="checkout_completed", lag=1) == 1
    assert [out.value(f"clickstream_{name}", lag=0) for name in ("loud", "dashes", "matched")] == [2, 2, 2]
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


def test_s1_measures_that_fail(tmp_path: Path) -> None:
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
def test_s1_measure_that_writes(tmp_path: Path, name: str) -> None:
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


def mine(sql: str) -> dict[str, str]:
    """A measure whose gauge is `clickstream_mine`."""
    return {"mine": sql.replace("GAUGE", "clickstream_mine")}


UNHOLDABLE = {
    "an interval": "SELECT 0 AS hour, INTERVAL 2000000000 DAYS AS span, 1 AS GAUGE",
    "a great number": f"SELECT 0 AS hour, '{'9' * 400}'::BIGNUM AS GAUGE",
    "numbers whose sum is infinite": "SELECT range AS hour, 1.5e308 AS GAUGE FROM range(24)",
    "a row an event": "SELECT 0 AS hour, 1 AS GAUGE FROM range(4801)",
    "a row an event, with a label": "SELECT 0 AS hour, 'x' AS label, 1 AS GAUGE FROM range(100000000)",
    "many values": "SELECT 0 AS hour, range AS label, 1 AS GAUGE FROM range(201)",
}


@pytest.mark.parametrize("sql", UNHOLDABLE.values(), ids=UNHOLDABLE)
def test_d8_a_result_that_cannot_be_taken_fails_its_measure_alone(tmp_path: Path, sql: str) -> None:
    """Whatever a measure returns, the other gauges of the data set are as they would be without it."""
    alone = measure(tmp_path, MEASURED)
    out = measure(tmp_path, MEASURED, measures=write_measures(tmp_path, mine(sql)))
    assert out.days() == alone.days()
    assert out.value("clickstream_exporter_query_success", query="mine") == 0
    assert out.value("clickstream_exporter_query_success", query="events") == 1
    assert "measure failed: mine.sql: " in out.warnings


def test_d8_as_many_rows_as_there_may_be(tmp_path: Path) -> None:
    """24 hours of 200 label values are taken, and values that are long are told apart by what is shown of them."""
    sql = "SELECT h.range AS hour, repeat('x', 5000) || v.range AS label, 1 AS GAUGE FROM range(24) h, range(200) v"
    out = measure(tmp_path, MEASURED, measures=write_measures(tmp_path, mine(sql)))
    assert [(len(each["label"]), each["lag"]) for each in out.labels("clickstream_mine")] == [(121, "0"), (121, "1")]
    assert out.value("clickstream_mine", lag=0) == 4800


CAMPAIGNS = """
    SELECT hour, page_url AS campaign, count(*) AS GAUGE FROM events GROUP BY ALL
"""


def test_d8_label_values_are_bounded_over_all_days(tmp_path: Path) -> None:
    """A measure whose label has few values each day and too many together fails, also after a restart."""
    days = [f"2025-03-0{day}" for day in range(1, 10)]
    rows = [view(day, page_url=f"/?utm_campaign={day}-{number}") for day in days for number in range(25)]
    write_rows(tmp_path / "events.parquet", rows)
    files = write_measures(tmp_path, mine(CAMPAIGNS))
    config = write_config(tmp_path, web=SHOP | {"measures": files, "history_days": 8})
    assert len(once(config).labels("clickstream_mine")) == 8 * 200
    config = write_config(tmp_path, web=SHOP | {"measures": files, "history_days": 9})
    for _ in range(2):
        out = once(config, "--storage.path", str(tmp_path / "storage"))
        assert (out.labels("clickstream_mine"), out.value("clickstream_events", lag=8)) == ([], 25)
        assert out.value("clickstream_exporter_query_success", query="mine") == 0
        reason = {"dataset": "web", "gauge": "clickstream_mine", "reason": "query failed"}
        assert reason in out.labels("clickstream_not_measured")
        assert "measure failed: mine.sql: more than 200 values of campaign over 9 days" in out.warnings


def test_d8_label_values_that_are_too_many_stay_so(tmp_path: Path) -> None:
    """A refresh that finds nothing changed says of the measure what the one before said, and reads nothing again."""
    rows = [view(day, page_url=f"/?utm_campaign={day}-{n}") for day in ("2025-03-08", "2025-03-09") for n in range(120)]
    write_rows(tmp_path / "events.parquet", rows)
    refresher = Refresher(
        plan.load(write_config(tmp_path, web=SHOP | {"measures": write_measures(tmp_path, mine(CAMPAIGNS))}))
    )
    states = [refresher.refresh() for _ in range(3)]
    failed = [
        {name for name, query in (state.views["web"].refresh.queries or {}).items() if query.error} for state in states
    ]
    assert failed == [{"mine"}] * 3
    assert [state.views["web"].refresh.recomputed for state in states[1:]] == [0, 0]
    assert states[2].views["web"].snapshot is states[1].views["web"].snapshot


def test_d8_a_taxonomy_of_many_names(tmp_path: Path) -> None:
    """Names that the configuration lists are not bounded as values of the data are."""
    names = [f"event_{number}" for number in range(4000)]
    out = measure(tmp_path, [view(event_name=name) for name in names], taxonomy=names)
    assert len(out.labels("clickstream_named_events")) == 4000
    assert out.value("clickstream_named_events", event_name="event_3999") == 1
    assert out.value("clickstream_exporter_query_success", query="named_events") == 1


def test_p4_a_result_that_comes_slowly(tmp_path: Path) -> None:
    """The time of a query is also that of the rows that it still brings after the first."""
    slow = "SELECT 0 AS hour, 1 AS GAUGE FROM range(1000000000000) t(i) WHERE i = 1 OR hash(i) % 1000000000000 = 1"
    config = write_config(tmp_path, web=SHOP | {"measures": write_measures(tmp_path, mine(slow))})
    write_rows(tmp_path / "events.parquet", MEASURED)
    config.write_text(config.read_text() + yaml.safe_dump({"resources": {"query_timeout": "1s"}}))
    out = once(config)
    assert out.value("clickstream_events", lag=0) == 2
    assert "measure failed: mine.sql: took longer than query_timeout" in out.warnings


def test_owner_and_currency(tmp_path: Path) -> None:
    """Who answers for a data set and in which currency it is are labels, empty where not configured; links, too."""
    write_rows(tmp_path / "events.parquet", [view()])
    path = write_config(
        tmp_path,
        web=SHOP | {"owner": "data-eng, #data-alerts", "currency": "EUR", "labels": {"team": "growth"}},
        app=SHOP,
    )
    out = once(path)
    assert out.labels("clickstream_dataset_info") == [
        {"dataset": "app", "owner": "", "currency": ""},
        {"dataset": "web", "owner": "data-eng, #data-alerts", "currency": "EUR", "team": "growth"},
    ]
    assert {each["grafana"] for each in out.labels("clickstream_links_info")} == {""}
