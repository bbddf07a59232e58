"""Writes the shipped dashboards: `python -m grafana.source`."""

from __future__ import annotations

import json
from pathlib import Path

from grafana.source import dataset, exporter, overview

FOLDER = Path(__file__).parents[1] / "dashboards"


def render() -> dict[str, str]:
    """The JSON of each dashboard, by file name."""
    boards = (overview.dashboard(), dataset.dashboard(), exporter.dashboard())
    return {f"{each['uid']}.json": json.dumps(each, indent=2, ensure_ascii=False) + "\n" for each in boards}


if __name__ == "__main__":
    for name, text in render().items():
        (FOLDER / name).write_text(text, "utf-8")
