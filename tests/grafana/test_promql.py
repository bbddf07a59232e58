"""The queries of the dashboards, on what the demo does not have."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from boards import chosen

from grafana.source import columns, dates, hours, notes, parts, promql, segments, volumes
from grafana.source.overview import alerts
from grafana.source.palette import BROKEN, FIRES_CRITICAL, FIRES_INFO, FIRES_WARNING, OK, TRUSTWORTHY, UNKNOWN_VERDICT
from grafana.source.promql import matrix, verdict
from grafana.source.shares import upper_limit
from tests.support.generations import Generation

STATE = 'dataset:clickstream_check:state{dataset="shop",check="%s"}'
SERVED = 'clickstream_series{dataset="shop"}'
CERTIFIED = 'ALERTS{alertname="ClickstreamCertificate",alertstate="firing",dataset="shop"}'
FAILING = 'dataset:clickstream_refresh:failing{dataset="shop"}'
INFORMS = 'dataset:clickstream_check:informational{dataset="shop",check="%s"}'
JUDGED = {SERVED: 7, CERTIFIED: 1, FAILING: 0, STATE % "PartialDay": 0, STATE % "DirectShareHigh": 0}


def value(
    generation: Generation, folder: Path, series: Mapping[str, float], expr: str, expected: Mapping[str, float]
) -> None:
    """Let promtool compare the answer, by labels, after five minutes in which nothing changed."""
    given = [{"series": name, "values": f"{number}x20"} for name, number in series.items()]
    asked = {
        "expr": chosen(expr),
        "eval_time": "5m",
        "exp_samples": [{"labels": labels, "value": number} for labels, number in expected.items()],
    }
    path = folder / "test.yml"
    test = {"interval": "15s", "input_series": given, "promql_expr_test": [asked]}
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}), "utf-8")
    done = subprocess.run(
        [generation.promtool, "test", "rules", path], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, TRUSTWORTHY),
        ({STATE % "DirectShareHigh": 1}, TRUSTWORTHY),
        ({STATE % "PartialDay": 2}, TRUSTWORTHY),
        ({STATE % "PartialDay": 1}, BROKEN),
        ({STATE % "PartialDay": 1, INFORMS % "PartialDay": 1}, TRUSTWORTHY),
        ({STATE % "PartialDay": 1, INFORMS % "PartialDay": 0}, BROKEN),
        ({STATE % "PartialDay": 1, INFORMS % "PartialDay": 1, STATE % "RevenueDrop": 1}, BROKEN),
        ({FAILING: 1}, UNKNOWN_VERDICT),
        ({FAILING: 1, STATE % "PartialDay": 1}, UNKNOWN_VERDICT),
        ({CERTIFIED: None}, UNKNOWN_VERDICT),
        ({CERTIFIED: None, STATE % "RevenueDrop": 1}, UNKNOWN_VERDICT),
    ],
    ids=[
        "in order",
        "a warning",
        "switched off",
        "critical",
        "critical, but an info",
        "critical, and no info",
        "critical beside an info",
        "numbers that are no longer renewed",
        "critical numbers that are no longer renewed",
        "no certificate",
        "critical without a certificate",
    ],
)
def test_verdict(generation: Generation, tmp_path: Path, change: dict[str, int | None], expected: int) -> None:
    """Critical checks break it; without a certificate of the newest data it is unknown, whatever fires."""
    series = {name: number for name, number in (JUDGED | change).items() if number is not None}
    value(generation, tmp_path, series, verdict(), {'{dataset="shop"}': expected})


def test_every_data_set_has_its_own_verdict(generation: Generation, tmp_path: Path) -> None:
    """One that is not judged is seen beside one that is."""
    series = JUDGED | {SERVED.replace("shop", "web"): 8}
    expected = {'{dataset="shop"}': TRUSTWORTHY, '{dataset="web"}': UNKNOWN_VERDICT}
    value(generation, tmp_path, series, verdict(), expected)


@pytest.mark.parametrize(
    ("runbooks", "place"),
    [("https://wiki.example/run", "page"), ("alerting/runbooks", "path")],
)
def test_a_runbook_is_a_link_where_it_has_a_url(
    generation: Generation, tmp_path: Path, runbooks: str, place: str
) -> None:
    """An alert of no data set has the page of any; a path would be a broken link."""
    firing = 'ALERTS{{alertname="Clickstream{}",alertstate="firing",severity="critical",tier="pipeline"{}}}'
    links = f'clickstream_links_info{{dataset="shop",grafana="-",runbooks="{runbooks}"}}'
    series = {firing.format("NoData", ',dataset="shop"'): 1, firing.format("ExporterDown", ""): 1, links: 1}
    labels = '{{{}check="{name}", {}="{}/{name}.md", runbooks="{}", tier="pipeline", title="{name}"}}'
    expected = {
        labels.format('dataset="shop", ', place, runbooks, runbooks, name="NoData"): 3,
        labels.format("", place, runbooks, runbooks, name="ExporterDown"): 3,
    }
    value(generation, tmp_path, series, alerts(), expected)


@pytest.mark.parametrize(("informs", "expected"), [(0, FIRES_CRITICAL), (1, FIRES_INFO)])
def test_a_firing_check_has_the_severity_of_its_alert(
    generation: Generation, tmp_path: Path, informs: int, expected: int
) -> None:
    """A partial day is critical, but an info where the data set grows during the day."""
    series = {INFORMS % "PartialDay": informs, STATE % "PartialDay": 1, STATE % "NoData": 0}
    cells = {'{check="PartialDay", dataset="shop"}': expected, '{check="NoData", dataset="shop"}': OK}
    value(generation, tmp_path, series, matrix("pipeline"), cells)


@pytest.mark.parametrize(("small", "expected"), [(0, FIRES_WARNING), (1, FIRES_INFO)])
def test_a_matrix_has_the_checks_of_its_tier_alone(
    generation: Generation, tmp_path: Path, small: int, expected: int
) -> None:
    """A partial day that is normal is an info of the pipeline, and no row beside a spike of revenue."""
    spike = {STATE % "RevenueSpike": 1, INFORMS % "RevenueSpike": small}
    series = {INFORMS % "PartialDay": 1, STATE % "PartialDay": 1} | spike
    value(generation, tmp_path, series, matrix("business"), {'{check="RevenueSpike", dataset="shop"}': expected})


def test_the_parts_of_the_day_have_their_missing_hours(generation: Generation, tmp_path: Path) -> None:
    """From when until when, where hours are missing; a part without has none, and is listed, too."""
    series = {
        'clickstream_missing_hours{dataset="shop",part="inside"}': 3,
        'clickstream_missing_hours{dataset="shop",part="start"}': 0,
        'clickstream_missing_hours_info{dataset="shop",part="inside",start="10:00",end="13:00"}': 1,
    }
    expected = {
        '{end="13:00", part="inside", start="10:00"}': 3,
        '{end="-", part="start", start="-"}': 0,
    }
    value(generation, tmp_path, series, hours.MISSING["targets"][0]["expr"], expected)


@pytest.mark.parametrize(("noise", "expected"), [(1, 1), (0, 0.5)])
def test_a_part_of_the_traffic_has_the_limit_that_its_alert_has(
    generation: Generation, tmp_path: Path, noise: float, expected: float
) -> None:
    """Where chance explains more than the limit, that is the limit."""
    labels = '{dataset="shop",dimension="platform",segment="ios"}'
    series = {
        f"dataset_segment:clickstream_segment_events:drop_ratio{labels}": 1,
        f"dataset_segment:clickstream_segment_events:noise{labels}": noise,
        'dataset_limit:clickstream_limit:max{dataset="shop",limit="segment_drop_ratio"}': 0.5,
    }
    value(generation, tmp_path, series, parts.LOST["targets"][3]["expr"], {'{key="platform/ios"}': expected})


def test_columns_that_are_missing_or_changed_are_listed(generation: Generation, tmp_path: Path) -> None:
    """Each with the events that it concerns and the first file, but no other column."""
    series = {
        'clickstream_missing_column_info{dataset="shop",column="referrer",file="a.parquet"}': 1,
        'clickstream_missing_column_events{dataset="shop",column="referrer",lag="0"}': 7,
        'clickstream_missing_column_events{dataset="shop",column="referrer",lag="1"}': 0,
        'clickstream_missing_column_events{dataset="shop",column="client_id",lag="0"}': 0,
        'clickstream_changed_column_info{dataset="shop",column="timestamp",change="type",file="b.parquet"}': 1,
        'clickstream_changed_column_events{dataset="shop",column="timestamp"}': 9,
        'clickstream_changed_column_events{dataset="shop",column="client_id"}': 0,
    }
    expected = {
        '{change="missing", column="referrer", file="a.parquet"}': 7,
        '{change="type", column="timestamp", file="b.parquet"}': 9,
    }
    value(generation, tmp_path, series, columns.CHANGED["targets"][0]["expr"], expected)


LIMIT = 'dataset_limit:clickstream_limit:max{dataset="shop",limit="%s"}'
REVENUE = 'dataset:clickstream_revenue:%s{dataset="shop"}'


@pytest.mark.parametrize(("plain", "expected"), [(0, 40), (1, 48)])
def test_the_line_of_a_drop_is_that_of_the_alert(
    generation: Generation, tmp_path: Path, plain: int, expected: int
) -> None:
    """What this weekday brings, less what is usual or chance; under the plain rule, the mean less the limit."""
    series = {REVENUE % "expected": 100, REVENUE % "baseline": 80, REVENUE % "least_drop_ratio": 0.6}
    series |= {LIMIT % "revenue_drop_ratio": 0.4, 'clickstream_plain_drops{dataset="shop"}': plain}
    value(generation, tmp_path, series, volumes.least("revenue", "revenue_drop_ratio"), {"{}": expected})


@pytest.mark.parametrize(("noise", "expected"), [(0.5, 0.75), (0.125, 0.5), (None, 0.5)])
def test_the_limit_of_a_share_allows_for_chance(
    generation: Generation, tmp_path: Path, noise: float | None, expected: float
) -> None:
    """The larger of the two is added to the baseline; without a noise, the limit."""
    share = 'dataset:clickstream_missing_utm:%s{dataset="shop"}'
    series = {share % "baseline_ratio": 0.25, LIMIT % "missing_utm_increase": 0.25}
    series |= {share % "noise": noise} if noise else {}
    value(generation, tmp_path, series, upper_limit("missing_utm", "missing_utm_increase"), {"{}": expected})


@pytest.mark.parametrize(
    ("informs", "expected"),
    [({}, FIRES_WARNING), ({"DirectShareHigh": 1}, FIRES_INFO), ({"DirectShareDrop": 1}, FIRES_WARNING)],
)
def test_a_bar_is_red_unless_its_check_only_informs(
    generation: Generation, tmp_path: Path, informs: dict[str, int], expected: int
) -> None:
    """Of two checks of a share, the one that fires decides."""
    series = {STATE % "DirectShareHigh": 1, STATE % "DirectShareDrop": 0}
    series |= {INFORMS % check: number for check, number in informs.items()}
    value(generation, tmp_path, series, promql.state("DirectShareHigh", "DirectShareDrop"), {"{}": expected})


def test_days_in_no_baseline_are_shaded_and_listed(generation: Generation, tmp_path: Path) -> None:
    """Each with its date and the reason; other days are not."""
    labels = '{dataset="shop",lag="%s"}'
    series = {f"clickstream_excluded_day{labels % lag}": number for lag, number in (("0", 0), ("3", 1))}
    series |= {'clickstream_excluded_day_info{dataset="shop",lag="3",reason="sale"}': 1}
    series |= {f"clickstream_day_timestamp_seconds{labels % 3}": 86400}
    series |= {f"clickstream_day_utc_offset_seconds{labels % 3}": 0}
    value(generation, tmp_path, series, dates.EXCLUDED.expr, {'{lag="3"}': 1})
    listed = {'{lag="3", reason="sale"}': 1000 * (86400 + 43200)}
    value(generation, tmp_path, series, notes.EXCLUDED["targets"][0]["expr"], listed)


def test_only_segments_that_explain_a_drop_are_listed(generation: Generation, tmp_path: Path) -> None:
    """With what they have and what is expected of them; those that fell like all others are not."""
    recorded = 'dataset_segment:clickstream_segment:{}{{dataset="shop",of="revenue",dimension="device",segment="{}"}}'
    series = {recorded.format("contribution_ratio", "mobile"): 0.7}
    series |= {recorded.format("anchor", name): 10 for name in ("mobile", "desktop")}
    series |= {recorded.format("expected", name): 40 for name in ("mobile", "desktop")}
    ratio, anchor, expected = (target["expr"] for target in segments.CONTRIBUTORS["targets"])
    key = "revenue/device/mobile"
    named = f'{{of="revenue", dimension="device", segment="mobile", key="{key}"}}'
    value(generation, tmp_path, series, ratio, {named: 0.7})
    value(generation, tmp_path, series, anchor, {f'{{key="{key}"}}': 10})
    value(generation, tmp_path, series, expected, {f'{{key="{key}"}}': 40})


def test_segments_are_compared_with_their_baseline_days(generation: Generation, tmp_path: Path) -> None:
    """The mean of the baseline days alone."""
    gauge = 'clickstream_comparable_segment_events{{dataset="shop",dimension="device",segment="bot",lag="{}"}}'
    series = {gauge.format(lag): number for lag, number in ((0, 30), (1, 10), (2, 30), (3, 500))}
    series |= {
        f'dataset_lag:clickstream_events:baseline_day{{dataset="shop",lag="{lag}",week="1",weekday="{lag}"}}': 9
        for lag in (1, 2)
    }
    value(generation, tmp_path, series, segments.SEGMENTS["targets"][1]["expr"], {'{key="device/bot"}': 0.5})


def test_the_limit_of_a_few_allows_for_chance(generation: Generation, tmp_path: Path) -> None:
    """A half of 100, and 2.5 standard errors of 5."""
    series = {LIMIT % "json_error_ratio": 0.5, 'dataset:clickstream_payload_events:day{dataset="shop"}': 100}
    value(generation, tmp_path, series, promql.few_limit("json_error_ratio", "payload_events"), {"{}": 0.625})


@pytest.mark.parametrize(
    ("state", "informs", "drawn"),
    [(0, 0, "Anchor day"), (0, 1, "Anchor day"), (1, 0, "Anchor day, alert fires"), (1, 1, "Anchor day, info")],
)
def test_the_anchor_day_is_one_bar(
    generation: Generation, tmp_path: Path, state: int, informs: int, drawn: str
) -> None:
    """In the colour of the alert, in that of an info, or in its own."""
    series = {f'clickstream_events{{dataset="shop",lag="{lag}"}}': 7 for lag in (0, 1)}
    series |= {STATE % "RevenueDrop": state, INFORMS % "RevenueDrop": informs}
    bars = {bar.name: bar.expr for bar in dates.judged_days(promql.of_day("events"), "RevenueDrop")}
    for name in ("Anchor day", "Anchor day, alert fires", "Anchor day, info"):
        value(generation, tmp_path, series, bars[name], {'{lag="0"}': 7} if name == drawn else {})
