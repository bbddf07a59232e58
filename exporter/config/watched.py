"""Fields of events that the owner watches: where each is, and which events should carry it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from exporter.config.strict_yaml import Model
from exporter.config.values import Names, Source

FIELD_COLUMNS = tuple(f"field_{number}" for number in range(1, 11))
"""What every relation calls the columns of the watched fields, in the order of the configuration."""


class WatchedField(Model):
    """The names or paths of a field, and the names of the events that should carry it; empty for all events."""

    path: Source
    events: Names = ()


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", value):
        raise ValueError(f"invalid name {value!r}: expected lower-case letters, digits and _, for example item_price")
    return value


def _bounded(fields: dict[str, WatchedField]) -> dict[str, WatchedField]:
    if len(fields) > len(FIELD_COLUMNS):
        raise ValueError(f"expected at most {len(FIELD_COLUMNS)} fields, not {len(fields)}")
    return fields


WatchedFields = Annotated[
    dict[Annotated[str, AfterValidator(_name)], WatchedField],
    AfterValidator(_bounded),
]
