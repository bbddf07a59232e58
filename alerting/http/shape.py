"""Checks the types in JSON that a server sent; a wrong one raises ShapeError."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


class ShapeError(ValueError):
    """A missing value, or one of an unexpected type."""


def mapping(value: object) -> Mapping[str, Any]:
    """The value, a JSON object."""
    if not isinstance(value, dict):
        raise ShapeError("expected an object")
    return value


def sequence(value: object) -> list[Any]:
    """The value, a JSON array."""
    if not isinstance(value, list):
        raise ShapeError("expected an array")
    return value


def text(value: object) -> str:
    """The value, a string; invalid Unicode, such as half a surrogate pair, becomes `?`."""
    if not isinstance(value, str):
        raise ShapeError("expected a string")
    return value.encode("utf-8", "replace").decode()


def texts(value: object) -> dict[str, str]:
    """The value, an object of strings, as labels are."""
    return {text(name): text(each) for name, each in mapping(value).items()}


def moment(value: object) -> datetime:
    """The value, a time with a zone, in UTC."""
    try:
        found = datetime.fromisoformat(text(value))
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ShapeError("expected a time with a zone")


def day(value: object) -> str | None:
    """The value, a date as YYYY-MM-DD, or None."""
    if value is None:
        return None
    try:
        return date.fromisoformat(text(value)).isoformat()
    except ValueError:
        raise ShapeError("expected a date") from None


def whole(value: object) -> int:
    """The value, an integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ShapeError("expected an integer")
    return value
