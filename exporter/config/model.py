"""The configuration: one YAML file, checked as a whole; `example.yml` documents every key.

Defaults stand in the models below and nowhere else.
"""

from __future__ import annotations

import glob
import os.path
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from exporter.config import known_days, strict_yaml
from exporter.config.amounts import Amount, Revenue
from exporter.config.checks import Limits
from exporter.config.engine import Spark
from exporter.config.known_days import Known
from exporter.config.object_store import ObjectStore, without_secrets
from exporter.config.strict_yaml import Model, ProblemsError
from exporter.config.values import (
    DIMENSION_COLUMNS,
    AlertLabels,
    CheckName,
    Currency,
    Dimensions,
    Domains,
    Duration,
    FirstDay,
    Names,
    OneOrMore,
    Owner,
    Reason,
    Size,
    Source,
    Taxonomy,
    Url,
    Zone,
    is_json_path,
)
from exporter.config.watched import FIELD_COLUMNS, WatchedFields
from exporter.config.yaml_lines import Problem
from exporter.text import did_you_mean

COLUMNS = (
    "timestamp", "event_name", "client_id", "page_url", "referrer", "user_agent", "payload",
    "utm_source", "utm_medium", "utm_campaign", "device", "revenue", "transaction_id", "currency",
    "event_id",
)  # fmt: skip
"""Canonical columns, in the order in which every relation names them."""

DERIVED = {
    "utm_source": "page_url",
    "utm_medium": "page_url",
    "utm_campaign": "page_url",
    "device": "user_agent",
}
"""The column that a canonical column is derived from if it is not mapped itself."""

SETTINGS = ("purchase", "taxonomy", "watched_fields")
"""Keys of a data set that a measure or a query may need, beside canonical columns."""

PLACEHOLDERS = (
    "undefined", "null", "none", "(not set)", "(none)", "nan", "0", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
"""What trackers write in place of a missing id."""


class Columns(Model):
    """Canonical column to the names that it may have in the files, or to JSON paths in the payload."""

    timestamp: Source = ("timestamp",)
    event_name: Source = ("event_name",)
    client_id: Source | None = None
    page_url: Source | None = None
    referrer: Source | None = None
    user_agent: Source | None = None
    payload: Source | None = None
    utm_source: Source | None = None
    utm_medium: Source | None = None
    utm_campaign: Source | None = None
    device: Source | None = None
    revenue: Revenue | None = None
    transaction_id: Source | None = None
    currency: Source | None = None
    event_id: Source | None = None


class Dataset(Model):
    """One stream of events."""

    files: Annotated[OneOrMore, AfterValidator(without_secrets)]
    table: Literal["delta", "iceberg"] | None = None
    object_store: ObjectStore = ObjectStore()
    engine: Spark | None = None
    owner: Owner | None = None
    labels: AlertLabels = Field(default_factory=dict)
    currency: Currency | None = None
    time_zone: Zone = "UTC"
    cadence: Literal["daily", "intraday"] = "daily"
    history_days: Annotated[int, Field(ge=8, le=400)] = 35
    columns: Columns = Columns()
    dimensions: Dimensions = Field(default_factory=dict)
    watched_fields: WatchedFields = Field(default_factory=dict)
    purchase: Names = ()
    purchase_rows: Literal["orders", "lines"] = "orders"
    taxonomy: Taxonomy = ()
    placeholders: Names = PLACEHOLDERS
    site_domains: Domains = ()
    exclude_bots: bool = False
    duplicate_key: Names = ()
    measures: Names = ()
    switched_off: dict[CheckName, Reason] = Field(default_factory=dict)
    known_days: Known = ()
    baseline_since: FirstDay = None
    drop_rule: Literal["evidence", "plain"] = "evidence"
    limits: Limits = Limits()

    def mapped(self) -> tuple[str, ...]:
        """The canonical columns that the configuration maps, in canonical order."""
        return tuple(name for name in COLUMNS if self.sources(name))

    def dimension_columns(self) -> dict[str, str]:
        """What relations call the column of each configured dimension, to the dimension's name."""
        return dict(zip(DIMENSION_COLUMNS, self.dimensions, strict=False))

    def field_columns(self) -> dict[str, str]:
        """What relations call the column of each watched field, to the field's name."""
        return dict(zip(FIELD_COLUMNS, self.watched_fields, strict=False))

    def further_columns(self) -> tuple[str, ...]:
        """The columns of dimensions and watched fields."""
        return (*self.dimension_columns(), *self.field_columns())

    def sources(self, column: str) -> tuple[str, ...]:
        """The names that a canonical column, or the column of a dimension or field, may have in the files."""
        if column in FIELD_COLUMNS:
            name = self.field_columns().get(column)
            return self.watched_fields[name].path if name else ()
        if column in DIMENSION_COLUMNS:
            return self.dimensions.get(self.dimension_columns().get(column, ""), ())
        found = getattr(self.columns, column)
        return found.column if isinstance(found, Amount) else found or ()

    def amount(self) -> Amount | None:
        """How the data write amounts; None if as plain numbers."""
        return self.columns.revenue if isinstance(self.columns.revenue, Amount) else None

    def lacks(self, needs: Sequence[str]) -> str | None:
        """Why the data set has none of `needs`; None if it has one.

        They are canonical columns, keys of SETTINGS, or `orders`: purchase rows that are no lines of orders.
        """
        if needs[0] == "orders":
            return None if self.purchase_rows == "orders" else f"purchase_rows is {self.purchase_rows}"
        if needs[0] in SETTINGS:
            return None if getattr(self, needs[0]) else f"no {needs[0]} configured"
        sources = list(dict.fromkeys([*needs, *(DERIVED[need] for need in needs if need in DERIVED)]))
        return None if set(sources) & set(self.mapped()) else f"no column {' or '.join(sources)}"

    def exclusion(self, when: date) -> str | None:
        """Why the day is in no baseline, or None if it may be in one."""
        reasons = [known.reason for known in self.known_days if known.has(when)]
        if self.baseline_since and when < self.baseline_since:
            reasons.append(f"before baseline_since {self.baseline_since}")
        return known_days.joined(reasons) or None

    def known_checks(self, when: date) -> dict[str, str]:
        """The checks that are informational on the day, each with the reason."""
        of_day = [known for known in self.known_days if known.has(when)]
        checks = dict.fromkeys(check for known in of_day for check in known.checks)
        return {check: known_days.joined(each.reason for each in of_day if check in each.checks) for check in checks}


def _dataset_name(value: str) -> str:
    """A name that can be a folder below --storage.path, where `lock` is a file."""
    if value in (".", "..") or value.lower() == "lock":
        raise ValueError(f"invalid name {value!r}: expected one that can name a folder in --storage.path")
    return value


DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$"), AfterValidator(_dataset_name)]


class Links(Model):
    """Where the links of the alerts lead: the folder of the runbooks, which may stay a path, and Grafana, if any."""

    runbooks: Url = "alerting/runbooks"
    grafana: Url | None = None


class Resources(Model):
    """What a refresh may use.

    Without `memory_limit`, that is half of the container's memory, or four fifths of the machine's; without `threads`,
    all cores, or one thread if there are few data.
    """

    memory_limit: Size | None = None
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    spill_limit: Size = "100GB"
    query_timeout: Duration = timedelta(hours=1)
    refresh_timeout: Duration = timedelta(hours=6)


class Config(Model):
    """A configuration file."""

    resources: Resources = Resources()
    links: Links = Links()
    refresh_interval: Duration = timedelta(minutes=5)
    datasets: Annotated[dict[DatasetName, Dataset], Field(min_length=1)]


def load(path: Path, json_path_problem: Callable[[str], str | None] | None = None) -> Config:
    """Read the configuration at `path`; relative file patterns are resolved against its folder.

    `json_path_problem` returns why an engine cannot use a JSON path, or None. Raises ConfigError with every problem,
    each with file, line and key.
    """
    return strict_yaml.read(path, Config, partial(_checked, path.resolve().parent), context=json_path_problem)


def _checked(folder: Path, config: Config) -> Config:
    """The configuration with paths relative to `folder`. Raises ProblemsError."""
    if problems := list(_cross_checks(config)):
        raise ProblemsError(*problems)
    return config.model_copy(
        update={"datasets": {name: _resolved(folder, each) for name, each in config.datasets.items()}}
    )


def _resolved(folder: Path, dataset: Dataset) -> Dataset:
    return dataset.model_copy(
        update={
            "files": tuple(_absolute(folder, pattern) for pattern in dataset.files),
            "measures": tuple(str(folder / measure) for measure in dataset.measures),
        }
    )


def _absolute(folder: Path, pattern: str) -> str:
    return pattern if "://" in pattern else os.path.join(glob.escape(str(folder)), pattern)


def _cross_checks(config: Config) -> Iterator[Problem]:
    """Problems that only several keys together have."""
    for name, dataset in config.datasets.items():
        for where, problem in (*_table_problems(dataset), *_path_problems(dataset), *_column_problems(dataset)):
            yield ("datasets", name, *where), problem


def _table_problems(dataset: Dataset) -> Iterator[Problem]:
    if dataset.table and (len(dataset.files) > 1 or glob.has_magic(dataset.files[0])):
        yield ("files",), f"with table: {dataset.table}, expected one folder or URL, without a wildcard"
    if dataset.table and dataset.engine:
        yield ("engine",), f"table: {dataset.table} is read on this machine only: leave out engine"


def _path_problems(dataset: Dataset) -> Iterator[Problem]:
    """JSON paths where there can be none, or without the payload that they lead into."""
    places: dict[tuple[str, ...], tuple[str, ...]] = {
        ("columns", column): dataset.sources(column) for column in dataset.mapped()
    }
    places |= {("dimensions", name): sources for name, sources in dataset.dimensions.items()}
    places |= {("watched_fields", name, "path"): watched.path for name, watched in dataset.watched_fields.items()}
    for place, sources in places.items():
        if any(map(is_json_path, sources)):
            if place[0] == "columns" and place[1] in ("timestamp", "event_name", "payload"):
                yield place, "expected a column, not a JSON path"
            elif "payload" not in dataset.mapped():
                yield place, "a JSON path needs the column payload"


def _column_problems(dataset: Dataset) -> Iterator[Problem]:
    """Keys that need a column that is not mapped, or a column that needs a key."""
    mapped = dataset.mapped()
    if "currency" in mapped and not dataset.currency:
        why = "columns.currency is mapped, so expected the currency whose purchases are summed, for example EUR"
        yield ("currency",), why
    if dataset.purchase_rows == "lines" and "transaction_id" not in mapped:
        yield ("purchase_rows",), "lines need the column transaction_id, which says which order they are of"
    for column in dataset.duplicate_key:
        if column not in mapped:
            yield ("duplicate_key",), f"{column!r} is not a mapped column{did_you_mean(column, mapped)}"
