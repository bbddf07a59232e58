"""Configurations that are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter import plan
from exporter.config.strict_yaml import ConfigError


def refused(folder: Path, text: str, expected: Sequence[str]) -> None:
    """The configuration has these problems and no others; of each the beginning is enough: line, key and what."""
    path = folder / "config.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        plan.load(path)
    lines = [line.removeprefix(f"{path}:") for line in str(error.value).splitlines()]
    assert [line[: len(start)] for line, start in zip(lines, expected, strict=True)] == expected
