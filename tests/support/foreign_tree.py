"""An Alertmanager of somebody else, and the shipped fragment merged into it as alerting/README.md says."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

THEIRS = """\
templates: [theirs/*.tmpl]
route:
  receiver: default
  group_by: ["..."]
  group_wait: 2m
  group_interval: 1h
  repeat_interval: 5m
  routes:
    - receiver: audit
      matchers: [severity != ""]
      continue: true
    - receiver: pagerduty
      matchers: [severity =~ "critical|page"]
    - receiver: chat
      matchers: [severity =~ "warning|info|none"]
inhibit_rules:
  - source_matchers: [severity = "critical"]
    target_matchers: [severity = "warning"]
    equal: [alertname, service]
receivers:
  - name: default
  - name: audit
  - name: pagerduty
  - name: chat
"""
"""Routes by severity alone, grouping that would suit us badly, and names of receivers that we have, too."""


def fragment() -> dict[str, Any]:
    """The fragment that is shipped."""
    found: dict[str, Any] = yaml.safe_load((files("alerting") / "alertmanager.fragment.yml").read_text("utf-8"))
    return found


def theirs() -> dict[str, Any]:
    """Their configuration without ours."""
    found: dict[str, Any] = yaml.safe_load(THEIRS)
    return found


def merged() -> dict[str, Any]:
    """Their configuration with ours: our routes before theirs, the rest after it."""
    config, ours = theirs(), fragment()
    config["route"]["routes"] = [*ours["route"]["routes"], *config["route"]["routes"]]
    for key in ("templates", "inhibit_rules", "receivers"):
        config[key] = [*config[key], *ours[key]]
    return config
