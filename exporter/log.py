"""The exporter's log on stderr, in one of the formats that Prometheus' own programs write, or plain for a terminal."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
FORMATS = ("logfmt", "json", "plain")

_NAMES = {number: name.upper() for name, number in LEVELS.items()}
_BARE = re.compile(r"[^\s\"=\\]+")
"""A value that logfmt does not quote."""


class Formatter(logging.Formatter):
    """Writes a record as one line, in one of FORMATS; a traceback is a field of its own."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        if self.kind == "plain":
            return f"clickstream-exporter: {super().format(record)}"
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": _NAMES.get(record.levelno, record.levelname),
            "source": f"{record.filename}:{record.lineno}",
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["stacktrace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False) if self.kind == "json" else _logfmt(fields)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The message of a plain line."""
        return f"{record.levelname}: {record.message}"


def configure(level: str = "warn", kind: str = "plain") -> None:
    """Log messages of at least `level`, one of LEVELS, to stderr, in a format of FORMATS."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter(kind))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("exporter").setLevel(LEVELS[level])


def configured() -> tuple[str, str]:
    """The level and the format, for another process that logs for this one."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    kind = next((each.kind for each in formatters if isinstance(each, Formatter)), "plain")
    return _NAMES.get(logging.getLogger("exporter").level, "INFO").lower(), kind


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _logfmt(fields: Mapping[str, str]) -> str:
    texts = (value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False) for value in fields.values())
    return " ".join(f"{name}={text}" for name, text in zip(fields, texts, strict=True))
