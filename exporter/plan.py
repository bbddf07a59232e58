"""The plan: a configuration together with the measures of its data sets, read and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.config import model
from exporter.config.model import Config
from exporter.config.strict_yaml import ConfigError
from exporter.engine import chosen
from exporter.engine.duckdb import queries
from exporter.gauges import own
from exporter.measures import declared
from exporter.measures.declared import Measure, MeasureError
from exporter.text import did_you_mean


@dataclass(frozen=True)
class Plan:
    """What is measured, and how: the configuration, and the measures of each data set."""

    config: Config
    measures: Mapping[str, tuple[Measure, ...]]


def load(path: Path, only: str | None = None) -> Plan:
    """The configuration at `path` and the measures that it names; with `only`, reduced to that data set.

    Raises ConfigError with every problem, or if there is no data set `only`.
    """
    config = model.load(path, queries.json_path_problem)
    if only is not None:
        if only not in config.datasets:
            hint, names = did_you_mean(only, config.datasets), ", ".join(config.datasets)
            raise ConfigError(f"{path}: unknown data set {only!r}{hint}: expected one of {names}")
        config = config.model_copy(update={"datasets": {only: config.datasets[only]}})
    measures: dict[str, tuple[Measure, ...]] = {}
    problems = []
    for name, dataset in config.datasets.items():
        key = f"{path}: datasets.{name}.measures"
        try:
            measures[name] = declared.load(dataset.measures, chosen.sql_problem(dataset))
        except MeasureError as error:
            problems += [f"{key}: {line}" for line in str(error).splitlines()]
            continue
        problems += [f"{key}: {problem}" for problem in _conflicts(name, measures)]
    if problems:
        raise ConfigError("\n".join(problems))
    return Plan(config, measures)


def _conflicts(name: str, measures: Mapping[str, tuple[Measure, ...]]) -> Iterator[str]:
    """Why gauges of the data set `name` cannot be served: the exporter or another data set's file declares them too."""
    others = {
        gauge: each for other, listed in measures.items() if other != name for each in listed for gauge in each.gauges
    }
    built_in = {each.name for each in declared.load()}
    for each in measures[name]:
        if each.name not in built_in and (taken := own.HELP.keys() & each.gauges.keys()):
            yield f"{', '.join(sorted(taken))} is a gauge of the exporter itself"
        yield from (
            f"duplicate gauge {gauge}: another data set has it from another file"
            for gauge in each.gauges
            if others.get(gauge, each) != each
        )
