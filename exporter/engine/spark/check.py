"""Whether the Spark of a configuration can be used: reached, of a proven version, and with what its workers need."""

from __future__ import annotations

from datetime import timedelta

import duckdb

from exporter.engine.protocol import EngineError
from exporter.engine.spark import rows
from exporter.engine.spark.session import GoneError, Session
from exporter.engine.spark.worker import Query

PATIENCE = timedelta(minutes=2)
"""How long a first query may take: a cluster may have to start its executors."""


def problem(url: str, database: str | None) -> tuple[str, bool] | None:
    """Why Spark cannot be used, and whether that is certain: not if it does not answer now; None if it can be."""
    try:
        session = Session(url, PATIENCE)
    except GoneError as error:
        return str(error), False
    except EngineError as error:
        return str(error), True
    try:
        with session.limited():
            one = session.sql("SELECT 1 AS number")
            rows.queried(one, Query(duckdb.__version__, (), "SELECT number FROM rows")).collect()
            if database:
                session.sql(f"SHOW TABLES IN {database} LIKE 'clickstream_day_*'").collect()
    except EngineError as error:
        return str(error), not isinstance(error, GoneError)
    finally:
        session.close()
    return None
