"""The shipped Alertmanager configuration, with a stand-in where PagerDuty and Slack are, and short intervals."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import yaml

SECRETS = ("pagerduty_routing_key", "slack_data_url", "slack_marketing_url")


def shipped() -> dict[str, Any]:
    """The configuration as it is shipped."""
    config: dict[str, Any] = yaml.safe_load((files("alerting") / "alertmanager.yml").read_text("utf-8"))
    return config


def configure(folder: Path, url: str, config: Mapping[str, Any], **intervals: str) -> None:
    """Write the configuration, its templates and its secrets into `folder`; the stand-in is at `url`.

    PagerDuty is at `/pagerduty_routing_key`, a Slack channel at the name of its secret. `intervals` are those of the
    route.
    """
    for name in SECRETS:
        (folder / name).write_text("0123456789abcdef" * 2 if "key" in name else f"{url}/{name}", "utf-8")
    for receiver in config["receivers"]:
        for each in receiver.get("pagerduty_configs", []):
            each |= {"routing_key_file": _secret(folder, each["routing_key_file"]), "url": f"{url}/{SECRETS[0]}"}
        for each in receiver.get("slack_configs", []):
            each |= {"api_url_file": _secret(folder, each["api_url_file"])}
    config["route"].update(intervals)
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config), "utf-8")
    with as_file(files("alerting") / "templates") as templates:
        shutil.copytree(templates, folder / "templates", dirs_exist_ok=True)


def _secret(folder: Path, path: str) -> str:
    """The secret's file in `folder`, however often it was moved there."""
    return str(folder / Path(path).name)
