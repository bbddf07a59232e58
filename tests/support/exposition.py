"""Writes events as Parquet, runs the exporter on them, and reads what it prints."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support import forked

Row = Mapping[str, object]
Types = dict[str, pa.DataType]

TEXT = pa.string()

# The files of a shop that maps every column that an exporter can read out of page_url, user_agent and payload.
TYPES: Types = {
    "timestamp": pa.timestamp("us"),
    "event_name": TEXT,
    "client_id": TEXT,
    "page_url": TEXT,
    "referrer": TEXT,
    "user_agent": TEXT,
    "event_data": TEXT,
}
COLUMNS: dict[str, Any] = {
    **{name: name for name in TYPES if name != "event_data"},
    "payload": "event_data",
    "revenue": "$.revenue",
    "transaction_id": "$.transaction_id",
}
SHOP: dict[str, Any] = {
    "files": "*.parquet",
    "columns": COLUMNS,
    "purchase": "checkout_completed",
    "taxonomy": ["page_viewed", "checkout_completed"],
    "site_domains": ["shop.example"],
}


def view(day: str = "2025-03-09", **columns: object) -> Row:
    """A page view at ten o'clock."""
    return {"timestamp": f"{day} 10:00", "event_name": "page_viewed", "client_id": "a"} | columns


def purchase(day: str = "2025-03-09", **columns: object) -> Row:
    """A purchase at ten o'clock."""
    return view(day, event_name="checkout_completed", **columns)


@dataclass(frozen=True)
class Exposition:
    """What one run printed: the samples on stdout, and the warnings on stderr."""

    text: str = field(repr=False)
    warnings: str
    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float] = field(repr=False)

    def get(self, name: str, **labels: str | int) -> float | None:
        """The sample that has these labels, and perhaps others; None if there is none."""
        wanted = {(label, str(value)) for label, value in labels.items()}
        found = [value for (each, pairs), value in self.samples.items() if each == name and wanted <= pairs]
        assert len(found) <= 1, f"{len(found)} samples of {name} {labels}"
        return found[0] if found else None

    def value(self, name: str, **labels: str | int) -> float:
        """The sample that has these labels, and perhaps others."""
        value = self.get(name, **labels)
        assert value is not None, f"no sample of {name} {labels}; warnings: {self.warnings or 'none'}"
        return value

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of each sample of the name."""
        return [dict(pairs) for each, pairs in self.samples if each == name]

    def days(self, dataset: str = "web") -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """The samples of a data set that have a lag, by name and by the labels but for the data set's."""
        own = ("dataset", dataset)
        return {
            (name, labels - {own}): value
            for (name, labels), value in self.samples.items()
            if own in labels and "lag" in dict(labels)
        }


def write_rows(path: Path, rows: Iterable[Row], types: Types = TYPES) -> Path:
    """The Parquet file with these rows; a column that a row lacks is NULL, and text becomes a timestamp."""
    listed = list(rows)
    columns = {name: [row.get(name) for row in listed] for name in types}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: column(values, types[name]) for name, values in columns.items()}), path)
    return path


def age(path: Path) -> Path:
    """The file, as if it had been written an hour ago: nobody takes it for one that is being written."""
    hour_ago = time.time() - 3600
    os.utime(path, (hour_ago, hour_ago))
    return path


def column(values: Sequence[object], of: pa.DataType) -> pa.Array:
    """The values as an array of the type; ISO 8601 text becomes a timestamp."""
    if pa.types.is_timestamp(of) and any(isinstance(value, str) for value in values):
        return pa.array(values, TEXT).cast(of)
    return pa.array(values, of)


def write_config(folder: Path, **datasets: Mapping[str, Any]) -> Path:
    """The configuration file with these data sets."""
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump({"datasets": datasets}, allow_unicode=True))
    return path


def run(config: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The ended exporter, which never shows a traceback."""
    given = ["--config.file", str(config), "--once", *arguments]
    if environment:
        done = subprocess.run(
            [sys.executable, "-m", "exporter", *given],
            cwd=config.parent,
            env=os.environ | environment,
            encoding="utf-8",
            capture_output=True,
            timeout=forked.TIMEOUT,
            check=False,
        )
    else:
        done = forked.run(given, config.parent)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def once(config: Path, *arguments: str, **environment: str) -> Exposition:
    """The exposition of a run that succeeds."""
    done = run(config, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    samples = [sample for family in text_string_to_metric_families(done.stdout) for sample in family.samples]
    by_labels = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(by_labels) == len(samples), "a series is there twice"
    return Exposition(done.stdout, done.stderr, by_labels)


def measure(folder: Path, rows: Iterable[Row], types: Types = TYPES, **settings: Any) -> Exposition:
    """The exposition of the data set `web` that holds these rows; the settings are added to those of the shop."""
    write_rows(folder / "events.parquet", rows, types)
    return once(write_config(folder, web=SHOP | settings))
