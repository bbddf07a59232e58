"""Datadog: its agent's check reads the exporter, and Alertmanager sends it events, by the files that are shipped."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
import yaml
from contracts import assert_webhook
from datadog_checks.base.checks.openmetrics.v2.base import OpenMetricsBaseCheckV2
from datadog_checks.base.stubs import aggregator
from relay import Relay, Request, awaited, relaying
from running_exporter import exporting
from shop_alerts import alert
from snippets import is_old, with_datadog

from alerting import rulefile
from alerting.stack.stack import StackError
from tests.support.generations import Generation
from tests.support.service import Answer
from tests.support.shipped_routes import configure, shipped

README = (Path(rulefile.__file__).parent / "README.md").read_text("utf-8")
CHECK = Path(rulefile.__file__).parent / "integrations" / "datadog" / "openmetrics.d" / "conf.yaml"
KEY = "0123456789abcdef0123456789abcdef"
INTAKE = f"/api/v2/events/webhook?dd-api-key={KEY}&integration_id=prometheus"


def test_a_data_set_is_so_many_custom_metrics(tmp_path: Path) -> None:
    """Datadog's own check reads of the demo's exporter as many series as the file says, numbers of the newest day."""
    (instance,) = yaml.safe_load(CHECK.read_text("utf-8"))["instances"]
    aggregator.reset()
    with exporting(tmp_path) as address:
        instance["openmetrics_endpoint"] = f"http://{address}/metrics"
        assert not OpenMetricsBaseCheckV2("openmetrics", {}, [instance]).run()
    found = [each for name in aggregator.metric_names for each in aggregator.metrics(name)]
    said = [re.findall(r"at most (\d+) custom metrics", text) for text in (CHECK.read_text("utf-8"), README)]
    assert said == [[str(len(found))]] * 2
    assert len(found) == len({(each.name, *sorted(each.tags)) for each in found})
    assert {len([tag for tag in each.tags if tag.startswith("dataset:shop")]) for each in found} == {1}
    assert {tag.split(":")[0] for each in found for tag in each.tags} == {"dataset", "device", "endpoint"}
    assert all(math.isfinite(each.value) for each in found)
    values = {each.name: each.value for each in found}
    assert (values["clickstream.revenue"], values["clickstream.null_client_events"]) == (10890.21, 1192)
    assert {each.name.removeprefix("clickstream.") for each in found} == wanted(instance)


def wanted(instance: dict[str, list[dict[str, str | dict[str, str]]]]) -> set[str]:
    """The names that the file gives its metrics; one that the exporter does not serve would be missing."""
    given = [next(iter(each.values())) for each in instance["metrics"]]
    return {each["name"] if isinstance(each, dict) else each for each in given}


def events(folder: Path, url: str, *, inline: bool = False) -> None:
    """Write the shipped configuration with the snippet for Datadog, whose URL is in a file, or `inline`."""
    config = with_datadog(shipped(), folder, f"{url}{INTAKE}", inline=inline)
    configure(folder, url, config, group_wait="1s", group_interval="1s")


def test_an_alert_is_an_event(programs: Generation, tmp_path: Path) -> None:
    """Each routed alert is one request, and so is its resolve; the other receivers are notified, too."""
    fired = [alert("RevenueDrop"), alert("JsonErrors"), alert("ConversionRateDrop", "web"), alert("LowVolume")]
    with relaying(tmp_path / "relay", lambda folder, url: events(folder, url, inline=is_old(programs))) as relay:
        relay.fire(*fired)
        assert awaited(lambda: len(relay.inbox.at("/api")) == 3 and relay.pages("shop") and relay.messages("web"))
        relay.resolve(fired[1])
        assert awaited(lambda: len(relay.inbox.at("/api")) == 4)
    bodies = [each.json for each in relay.inbox.at("/api")]
    assert {each.path for each in relay.inbox.at("/api")} == {INTAKE}
    for body, request in zip(bodies, relay.inbox.at("/api"), strict=True):
        assert_webhook(body)
        assert "NaN" not in request.body.decode()
    sent = [(body["status"], body["alerts"][0]["labels"], body["alerts"][0]["annotations"]) for body in bodies]
    expected = [("firing", each["labels"], each["annotations"]) for each in fired[:3]]
    assert sorted(sent[:3], key=json.dumps) == sorted(expected, key=json.dumps)
    assert sent[3] == ("resolved", fired[1]["labels"], fired[1]["annotations"])


def test_the_key_stays_in_its_file(programs: Generation, tmp_path: Path) -> None:
    """Neither the log nor the status page shows the key, whatever Datadog answers; 0.25 refuses the file."""
    if is_old(programs):
        with pytest.raises(StackError, match="field url_file not found"), relaying(tmp_path / "relay", events):
            pass
        return
    with relaying(tmp_path / "relay", events) as relay:
        assert refused(relay)
        assert KEY not in relay.log()
        assert KEY not in relay.status()


def test_an_old_alertmanager_shows_the_key(programs: Generation, tmp_path: Path) -> None:
    """Why the README advises against 0.25: with the key in the configuration, both have it. Newer ones hide it."""
    with relaying(tmp_path / "relay", lambda folder, url: events(folder, url, inline=True)) as relay:
        assert refused(relay)
        assert (KEY in relay.log(), KEY in relay.status()) == (is_old(programs), is_old(programs))


def refused(relay: Relay) -> bool:
    """Let Datadog refuse an event, and say whether Alertmanager logs that it did."""

    def refuse(request: Request) -> Answer | None:
        return Answer(403, b'{"errors": ["Forbidden"]}') if request.path.startswith("/api") else None

    relay.inbox.refuse = refuse
    relay.fire(alert("RevenueDrop"))
    return bool(awaited(lambda: "unexpected status code 403" in relay.log()))
