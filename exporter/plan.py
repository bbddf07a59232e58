"""The plan: a configuration together with the measures of its data sets, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.config import model
from exporter.config.model import Config
from exporter.config.strict_yaml import ConfigError
from exporter.engine.duckdb import queries
from exporter.gauges import own
from exporter.measures import declared
from exporter.measures.declared import Measure, MeasureError


@dataclass(frozen=True)
class Plan:
    """What is measured, and how: the configuration, and the measures of each data set."""

    config: Config
    measures: Mapping[str, tuple[Measure, ...]]


def load(path: Path, only: str | None = None) -> Plan:
    """The configuration at `path` and the measures that it names; with `only`, as if it had that data set alone.

    Raises ConfigError with every problem, also when there is no such data set.
    """
    read = model.load(path, queries.json_path_problem)
    if only is not None:
        if only not in read.datasets:
            raise ConfigError(f"{path}: no data set {only!r}: expected one of {', '.join(read.datasets)}")
        read = read.model_copy(update={"datasets": {only: read.datasets[only]}})
    found: dict[str, tuple[Measure, ...]] = {}
    problems = []
    for name, dataset in read.datasets.items():
        key = f"{path}: datasets.{name}.measures"
        try:
            found[name] = declared.load(dataset.measures, queries.sql_problem)
        except MeasureError as error:
            problems += [f"{key}: {line}" for line in str(error).splitlines()]
            continue
        problems += [f"{key}: {problem}" for problem in _taken(name, found)]
    if problems:
        raise ConfigError("\n".join(problems))
    return Plan(read, found)


def _taken(name: str, found: Mapping[str, tuple[Measure, ...]]) -> Iterator[str]:
    """The gauges of a data set that are the exporter's own, or that another one has from another file."""
    others = {gauge: each for other, asked in found.items() if other != name for each in asked for gauge in each.gauges}
    built_in = {each.name for each in declared.load()}
    for each in found[name]:
        if each.name not in built_in and (taken := own.HELP.keys() & each.gauges.keys()):
            yield f"{', '.join(sorted(taken))} is a gauge of the exporter itself"
        yield from (
            f"another data set has {gauge} from another file"
            for gauge in each.gauges
            if others.get(gauge, each) != each
        )
