"""The shipped rule file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

GROUP = "clickstream"
"""The rule group that the certificate covers."""


def text() -> str:
    """The content of the shipped rule file."""
    return (files("alerting") / "rules" / "clickstream.yml").read_text("utf-8")


@cache
def groups() -> dict[str, list[dict[str, Any]]]:
    """The rules of each group, in order."""
    return {group["name"]: group["rules"] for group in yaml.safe_load(text())["groups"]}


@cache
def checks() -> tuple[str, ...]:
    """The checks that have a state, in the order of the file."""
    states = [rule for rule in groups()[GROUP] if rule.get("record") == "dataset:clickstream_check:state"]
    return tuple(rule["labels"]["check"] for rule in states)
