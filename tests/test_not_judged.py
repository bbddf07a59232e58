"""A data set that is served and not judged pages, and says why."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import yaml

from alerting import rulefile
from tests.support.day_cases import CASES, Values, served
from tests.support.generations import Generation
from tests.support.promtool import RULE_FILE, STATE, Test, alerts, certificate, expression, group, promtool, scraped


def _without(lag: str) -> Values:
    """The healthy data set, of whose events a relabeling drops a lag."""
    return {series: value for series, value in served({}).items() if series != f'clickstream_events{{lag="{lag}"}}'}


NOT_WHOLE = (
    "Prometheus does not have exactly the series that the exporter served; a relabeling may drop some, or a label may "
    "duplicate them: clickstream_events of job clickstream, instance localhost:9847 should have 8. "
)
NOT_JUDGED: dict[str, tuple[list[Values], str]] = {
    "label-doubles": ([served({}) | {'clickstream_events{lag="3",team="data"}': 4000}], NOT_WHOLE),
    "not-a-number": ([served({}) | {'clickstream_events{lag="3"}': math.nan}], "Gauges with NaN: 1. "),
    "snapshots-differ": (
        [served({}), served({"gauges": {"clickstream_snapshot": 1}})],
        "Several targets serve different snapshots of the data set. ",
    ),
    "counts-dropped": ([{each: number for each, number in served({}).items() if "gauge_series" not in each}], ""),
    "total-dropped": ([{each: number for each, number in served({}).items() if each != "clickstream_series"}], ""),
}


@pytest.mark.parametrize(("scrapes", "why"), NOT_JUDGED.values(), ids=NOT_JUDGED)
def test_n1_what_is_not_judged_pages(generation: Generation, tmp_path: Path, scrapes: list[Values], why: str) -> None:
    """What is served and not certified pages after ten minutes and names the likeliest reason; others are judged."""
    instances = ("localhost:9847", "b:9847")
    test = group(
        [
            scraped("healthy", (served({}), 12)),
            *(scraped("shop", (each, 12), instance=one) for each, one in zip(scrapes, instances, strict=False)),
        ],
        alerts("NotJudged", at="9m"),
        alerts("NotJudged", not_judged("shop", why), at="10m"),
        alerts("Certificate", certificate(CASES["healthy"]), at="10m"),
    )
    promtool(generation, tmp_path, test, rule_file=RULE_FILE)


@pytest.mark.parametrize("others", [[], [served({})]], ids=["alone", "of-a-replica"])
def test_n1_dropped_lag_is_not_judged(generation: Generation, tmp_path: Path, others: list[Values]) -> None:
    """Where a relabeling drops a series, no state is left, and NotJudged fires, though a replica is whole."""
    test = group(
        [
            scraped("shop", (_without("3"), 12)),
            *(scraped("shop", (each, 12), instance="b:9847") for each in others),
        ],
        expression(f"count({STATE})", {}, at="10m"),
        alerts("NotJudged", at="9m"),
        alerts("NotJudged", not_judged("shop", NOT_WHOLE), at="10m"),
    )
    promtool(generation, tmp_path, test, rule_file=RULE_FILE)


@pytest.mark.parametrize("target", [{}, {"job": "rules", "instance": "localhost:9090"}], ids=["no target", "a target"])
def test_n1_gauge_of_others_is_not_judged(generation: Generation, tmp_path: Path, target: dict[str, str]) -> None:
    """A series of a gauge's name that no exporter served could decide a check; others of a user do not matter."""
    labels = ",".join(f'{name}="{value}"' for name, value in {"dataset": "shop", "lag": "0", **target}.items())
    own = {"series": f"clickstream_my_own_gauge{{{labels}}}", "values": " ".join(["1"] * 12)}
    foreign = {"series": f"clickstream_comparable_revenue{{{labels}}}", "values": " ".join(["99999"] * 12)}
    why = "Gauges also come from elsewhere, as from a rule of the same name: clickstream_comparable_revenue. "
    certified = certificate({"name": "shop", "alert": "RevenueDrop", "fires": False})
    promtool(
        generation,
        tmp_path,
        group([scraped("shop", (served({}), 12)), [own]], alerts("Certificate", certified, at="10m")),
        group(
            [scraped("shop", (served({}), 12)), [own, foreign]],
            alerts("Certificate", at="10m"),
            alerts("NotJudged", not_judged("shop", why), at="10m"),
        ),
        rule_file=RULE_FILE,
    )


def not_judged(dataset: str, why: str) -> Test:
    """The alert that the data set is not judged."""
    annotations = {
        "summary": f"Not judged: no check of data set {dataset} is evaluated, so no alert can fire",
        "description": f"The rules have certified nothing for ten minutes. {why}Otherwise a rule of the group "
        "clickstream fails or is missing; Prometheus shows it on its page of rules.",
        "runbook_url": "https://wiki.example/runbooks/NotJudged.md",
        "dashboard_url": "https://grafana.example/d/clickstream-exporter",
    }
    labels = {"dataset": dataset, "severity": "critical", "tier": "pipeline"}
    return {"exp_labels": labels, "exp_annotations": annotations}


def test_n1_no_certificate_pages(generation: Generation, tmp_path: Path) -> None:
    """Without the rules of the first group, NotJudged fires after ten minutes; a certificate that is back ends it."""
    document = yaml.safe_load(rulefile.text())
    document["groups"] = [each for each in document["groups"] if each["name"] != rulefile.GROUP]
    (tmp_path / "short.json").write_text(json.dumps(document))
    test = group(
        [scraped("shop", (served({}), 12))],
        alerts("NotJudged", at="9m"),
        alerts("NotJudged", not_judged("shop", ""), at="10m"),
    )
    promtool(generation, tmp_path, test, rule_file=tmp_path / "short.json")
    whole, broken = (served({}), 2), (_without("3"), 5)
    test = group(
        [scraped("shop", broken, whole, broken, whole)], *(alerts("NotJudged", at=f"{at}m") for at in (7, 11, 13))
    )
    promtool(generation, tmp_path, test)
