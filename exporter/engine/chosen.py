"""The engine that the configuration of a data set chooses: DuckDB on this machine, or Spark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from exporter.config.model import Dataset, Resources
from exporter.engine.duckdb import queries
from exporter.engine.duckdb.engine import DuckDB
from exporter.engine.protocol import Engine, EngineError
from exporter.files.access import Access
from exporter.files.file import File
from exporter.measures.declared import Measure

EXTRA = "engine.spark needs the extra spark: pip install 'clickstream-exporter[spark]'"


def opened(
    dataset: Dataset,
    measures: Sequence[Measure],
    access: Access,
    files: Sequence[File],
    storage: Path,
    spill: Path,
    resources: Resources,
) -> Engine:
    """The engine of the data set. Raises EngineError."""
    if not dataset.engine:
        return DuckDB(dataset, measures, access, files, storage, spill, resources)
    if not is_spark_installed():
        raise EngineError(EXTRA)
    from exporter.engine.spark.engine import SparkEngine  # noqa: PLC0415 - an extra, and slow to import

    return SparkEngine(dataset, measures, access, resources)


def problem(dataset: Dataset) -> tuple[str, bool] | None:
    """Why the engine of the data set cannot be used, and whether that is certain; None if it can be."""
    if not dataset.engine:
        return None
    if not is_spark_installed():
        return EXTRA, True
    from exporter.engine.spark import check  # noqa: PLC0415 - an extra, and slow to import

    return check.problem(dataset.engine.spark, dataset.engine.database)


def is_spark_installed() -> bool:
    """Whether the packages of the extra are there."""
    return all(map(find_spec, ("pyspark", "sqlglot", "grpc", "pandas")))


def sql_problem(dataset: Dataset) -> Callable[[str], str | None]:
    """What returns why the data set's engine cannot run the SQL of a measure, or None."""
    return _spark_problem if dataset.engine else queries.sql_problem


def _spark_problem(sql: str) -> str | None:
    if (problem := queries.sql_problem(sql)) or not find_spec("sqlglot"):
        return problem or EXTRA
    from exporter.engine.spark import translate  # noqa: PLC0415 - an extra

    return translate.problem(sql)
