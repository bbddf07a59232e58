"""The key `engine`: where a data set is measured, unless on this machine. Nothing here is secret."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from exporter.config.strict_yaml import Model

EXAMPLE = "for example sc://spark.example:15002"


def _connect_url(value: str) -> str:
    """The address of a Spark Connect server, as Spark's own clients read it."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"invalid address {value!r}: expected sc://host:port, {EXAMPLE}") from None
    if re.search(r"(?i)[;/](token|password)=", value) or "@" in parts.netloc:
        host = f"sc://{parts.hostname}"
        raise ValueError(f"{host}: a token would be shown in logs: set SPARK_CONNECT_AUTHENTICATE_TOKEN instead")
    if parts.scheme != "sc" or not parts.hostname or port == 0 or parts.query or parts.fragment:
        raise ValueError(f"invalid address {value!r}: expected sc://host:port, {EXAMPLE}")
    return value


def _database(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?", value):
        raise ValueError(f"invalid name {value!r}: expected a database, or catalog.database, for example clickstream")
    return value


class Spark(Model):
    """Measure on Spark: the address of a Spark Connect server, and the database in which days are kept.

    Without a `database`, the seven days before a new one are read again to measure it.
    """

    spark: Annotated[str, AfterValidator(_connect_url)]
    database: Annotated[str, AfterValidator(_database)] | None = None
