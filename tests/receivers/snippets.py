"""The shipped configuration with the snippets of `alerting/integrations/`, merged as they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml
from loopback_aws import Topic

from alerting import rulefile
from tests.support.generations import Generation

INTEGRATIONS = Path(rulefile.__file__).parent / "integrations"

Config = dict[str, Any]


def merged(config: Config, name: str) -> Config:
    """The configuration with the routes of a snippet before its own, and the receivers after them."""
    more = yaml.safe_load((INTEGRATIONS / name / "alertmanager.yml").read_text("utf-8"))
    config["route"]["routes"] = [*more["route"]["routes"], *config["route"]["routes"]]
    config["receivers"] = [*config["receivers"], *more["receivers"]]
    return config


def with_datadog(config: Config, folder: Path, url: str, *, inline: bool) -> Config:
    """The configuration with Datadog at the URL, which is in a file in `folder`, or `inline`."""
    config = merged(config, "datadog")
    (webhook,) = config["receivers"][-1]["webhook_configs"]
    (folder / Path(webhook.pop("url_file")).name).write_text(f"{url}\n", "utf-8")
    webhook |= {"url": url} if inline else {"url_file": str(folder / "datadog_url")}
    return config


def with_cloudwatch(config: Config, topic: Topic) -> Config:
    """The configuration with the topic that the snippet names, on the loopback."""
    config = merged(config, "cloudwatch")
    (sns,) = config["receivers"][-1]["sns_configs"]
    assert sns["topic_arn"] == topic.arn
    sns["api_url"] = topic.url
    return config


def is_old(programs: Generation) -> bool:
    """Whether this Alertmanager does not know `url_file` of a webhook."""
    done = subprocess.run([programs.alertmanager, "--version"], check=True, capture_output=True, text=True)
    version = re.search(r"version (\d+)\.(\d+)", done.stdout + done.stderr)
    assert version
    return (int(version[1]), int(version[2])) < (0, 26)
