"""The file of --incidents: what really happened, as YAML or CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationError

from exporter.config.strict_yaml import ConfigError, Model, read
from exporter.config.values import CheckName, calendar_day

COLUMNS = ("date", "check", "note")


class Incident(Model):
    """A day on which a check should have notified somebody, and what happened."""

    date: Annotated[date, BeforeValidator(calendar_day)]
    check: CheckName
    note: str = ""


def _entries(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("expected a list, each with date, check and note")
    return tuple(value)


class _File(Model):
    incidents: Annotated[tuple[Incident, ...], BeforeValidator(_entries)]


def load(path: Path) -> tuple[Incident, ...]:
    """The incidents in the file, which is CSV if its name ends so. Raises ConfigError with every problem."""
    if path.suffix.lower() != ".csv":
        return read(path, _File, lambda file: file.incidents)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            found = list(reader)
            columns = reader.fieldnames or ()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigError(f"{path}: not CSV in UTF-8") from None
    if not {"date", "check"} <= set(columns) <= set(COLUMNS):
        raise ConfigError(f"{path}:1: expected the columns {', '.join(COLUMNS)}, not {', '.join(columns) or 'none'}")
    return tuple(_rows(path, found))


def _rows(path: Path, found: Sequence[dict[str, str]]) -> Iterator[Incident]:
    problems = []
    for number, row in enumerate(found, start=2):
        try:
            yield Incident.model_validate({name: row.get(name) or "" for name in COLUMNS})
        except ValidationError as error:
            problems += [
                f"{path}:{number}: {each['loc'][0]}: {each['msg'].removeprefix('Value error, ')}"
                for each in error.errors()
            ]
    if problems:
        raise ConfigError("\n".join(problems))
