"""The shipped rule file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

GROUP = "clickstream"
"""The rule group that the certificate covers."""


def text() -> str:
    """The content of the shipped rule file."""
    return (files("alerting") / "rules" / "clickstream.yml").read_text("utf-8")


@cache
def groups() -> dict[str, list[dict[str, Any]]]:
    """The rules of each group, in order."""
    import yaml  # noqa: PLC0415 - no rules are read for most of what a command refuses

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml takes 8 ms, Python 120
    return {group["name"]: group["rules"] for group in yaml.load(text(), loader)["groups"]}  # noqa: S506


@cache
def checks() -> tuple[str, ...]:
    """The checks that have a state, in the order of the file."""
    states = [rule for rule in groups()[GROUP] if rule.get("record") == "dataset:clickstream_check:state"]
    return tuple(rule["labels"]["check"] for rule in states)
