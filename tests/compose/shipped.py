"""What docker-compose.yml and the files that its services read say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "exporter/Dockerfile").read_text("utf-8").replace("\\\n", " ")


def parsed(path: str) -> Any:
    """The YAML of a file of the clone."""
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


COMPOSE = parsed("docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = [name for name, service in SERVICES.items() if service["restart"] != "no"]
"""The services that stay."""


def default(text: str) -> str:
    """The text with each variable replaced by its default."""
    return re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", text).replace("$$", "$")


def mounts(service: str) -> dict[str, tuple[str, bool]]:
    """By its target, the source of each volume and secret of a service, and whether it is read-only."""
    found = {}
    for volume in SERVICES[service].get("volumes", []):
        if isinstance(volume, dict):
            found[volume["target"]] = (default(volume["source"]), volume.get("read_only", False))
        else:
            source, target, *mode = default(volume).split(":")
            found[target] = (source, mode == ["ro"])
    for secret in SERVICES[service].get("secrets", []):
        found[secret["target"]] = (default(COMPOSE["secrets"][secret["source"]]["file"]), True)
    return found


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of the exporter's Dockerfile that has this name."""
    return re.findall(rf"^{name} +(.*)$", DOCKERFILE, re.MULTILINE)
