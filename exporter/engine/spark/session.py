"""A session on a Spark Connect server: opened with the settings that facts depend on, with a limit to every query."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
from pyspark.errors import PySparkException
from pyspark.sql.connect.client import DefaultChannelBuilder
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

from exporter.engine.duckdb.database import VALUE
from exporter.engine.protocol import EngineError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

VERSIONS = ("4.",)
"""How the versions of Spark begin whose SQL is proven."""

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.parquet.binaryAsString": "true",
    "spark.sql.parquet.int96TimestampConversion": "false",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.filterPushdown": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
}
"""What the numbers depend on: a server may have other defaults."""

ATTEMPTS = 4
"""How often a call is repeated if the server does not answer: within some seconds."""

MAX_MESSAGE = 300
"""The maximum length of a reason, in characters."""

_GONE = {
    grpc.StatusCode.UNAVAILABLE: "does not answer",
    grpc.StatusCode.UNAUTHENTICATED: "refused access: set SPARK_CONNECT_AUTHENTICATE_TOKEN",
    grpc.StatusCode.PERMISSION_DENIED: "refused access",
    grpc.StatusCode.DEADLINE_EXCEEDED: "did not answer in time",
}

_OF_FILES = re.compile(
    r"FAILED_READ_FILE|CANNOT_READ|PARQUET|Parquet|FILE_NOT_EXIST|PATH_NOT_FOUND|checksum|FileNotFound"
)
"""What errors about a file contain."""

_ENDED = re.compile(r"SESSION_CLOSED|SESSION_NOT_FOUND|SESSION_CHANGED|INVALID_HANDLE\.(SESSION|OPERATION)")
_LOST = re.compile(r"CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND|Checkpoint block \w+ not found")


class GoneError(EngineError):
    """The server does not answer, ended the session, or lost the loaded day: no other query of it can run."""


class Session:
    """A session of its own, which ends with the reading; its queries end after `timeout`."""

    def __init__(self, url: str, timeout: timedelta) -> None:
        self._url = url
        self._timeout = timeout
        self._kept: dict[str, DataFrame] = {}
        self._tag = f"clickstream-exporter-{uuid.uuid4()}"
        self.spark = _connected(url)
        try:
            with self.limited():
                self.version = str(self.spark.version)
                if not self.version.startswith(VERSIONS):
                    raise EngineError(f"{url}: Spark {self.version}, expected 4")
                for name, value in SETTINGS.items():
                    self.spark.conf.set(name, value)
                self.spark.addTag(self._tag)
        except EngineError:
            self.spark.stop()  # or it would stay the session that Spark's client takes by default
            raise

    def close(self) -> None:
        """Release what is kept, and the session, on the server; it ends the session itself if it is not reached."""
        with suppress(EngineError), self.limited():
            for name in tuple(self._kept):
                self.drop(name)
        self.spark.stop()

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Cancel what runs on the server after the timeout. Raises EngineError for any error of Spark."""
        late = threading.Event()
        timer = threading.Timer(self._timeout.total_seconds(), self._cancel, [late])
        timer.daemon = True
        timer.start()
        try:
            yield
        except (PySparkException, grpc.RpcError) as error:
            if late.is_set():
                raise EngineError("took longer than query_timeout") from None
            raise self._error(error) from None
        finally:
            timer.cancel()

    def sql(self, sql: str) -> DataFrame:
        """The result of a query, which does not run before it is asked for rows."""
        return self.spark.sql(sql)

    def show(self, name: str, frame: DataFrame, *, kept: bool = False) -> None:
        """Create the temporary view `name`, whose rows are kept on the cluster from their first use on if it is `kept`.

        The names in the frame's SQL are those of now: any other use of it would look them up anew.
        """
        before = self._kept.pop(name, None)
        if kept:
            frame = frame.localCheckpoint()
            self._kept[name] = frame
        frame.createOrReplaceTempView(name)
        del before

    def drop(self, name: str) -> None:
        """Free the memory that the rows of a view take on the cluster, which nobody refers to from here on."""
        if self._kept.pop(name, None) is not None:
            self.spark.catalog.dropTempView(name)

    def _error(self, error: Exception) -> EngineError:
        """The reason in Spark's words, in one line, without data and without what is in its log."""
        text = _told(error)
        if _ENDED.search(text):
            return GoneError(f"{self._url}: the session ended: Spark was restarted, or the session expired")
        if _LOST.search(text):
            return GoneError("an executor was lost, and with it the day that it kept")
        if code := _code(error):
            return GoneError(f"{self._url} {_GONE[code]}")
        return EngineError(shown(text))

    def _cancel(self, late: threading.Event) -> None:
        late.set()
        self.spark.interruptTag(self._tag)


def is_of_files(reason: str) -> bool:
    """Whether it is files that could not be read."""
    return bool(_OF_FILES.search(reason))


def shown(text: str) -> str:
    """The first sentence of an error of Spark, or the last line of an error in a Python worker, without data."""
    if lacking := re.search(r"ModuleNotFoundError: No module named '(\w+)", text):
        return f"Spark's Python workers lack the package {lacking[1]}"
    if "Traceback (most recent call last)" in text:
        lines = [
            line
            for line in text.partition("Traceback")[2].splitlines()
            if re.match(r"[A-Za-z_.]+(Error|Exception)?: ", line)
        ]
        text = lines[-1].split(": ", 1)[1] if lines else text
    line = " ".join(text.strip().splitlines()[0].split()) if text.strip() else "failed without a reason"
    is_sql = re.search(r"UNRESOLVED|PARSE_SYNTAX|TABLE_OR_VIEW|DATATYPE_MISMATCH|MISSING_AGG", line)
    line = line if is_sql else VALUE.sub("…", line)
    return re.sub(r" SQLSTATE: \w+.*", "", line)[:MAX_MESSAGE].rstrip(": ")


def _told(error: Exception) -> str:
    message = error.getMessage() if isinstance(error, PySparkException) else str(error)
    return str(message or error)


def _code(error: BaseException | None) -> grpc.StatusCode | None:
    """The status of a call that did not reach the server, or that it refused."""
    while error:
        code = error.code() if isinstance(error, grpc.RpcError) and hasattr(error, "code") else None
        if code in _GONE:
            return code
        error = error.__cause__ or error.__context__
    return None


def _connected(url: str) -> SparkSession:
    """A new session, which gives up within seconds if the server does not answer."""
    spark = SparkSession(connection=DefaultChannelBuilder(url))
    SparkSession._set_default_and_active_session(spark)  # localCheckpoint looks it up
    spark.client.set_retry_policies([DefaultPolicy(max_retries=ATTEMPTS, max_backoff=2000)])
    return spark
