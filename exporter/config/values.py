"""The values of single keys: durations, zones, names, places of columns and the like, each checked by itself."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from exporter.config.checks import CHECKS
from exporter.text import did_you_mean

DIMENSION_COLUMNS = ("dimension_1", "dimension_2")
"""What every relation calls the columns of the dimensions that the configuration adds, in its order."""

RESERVED_DIMENSIONS = (
    "device", "channel", "dataset", "lag", "instance", "job", "dimension", "segment", "other", "none", "all",
)  # fmt: skip
"""Names that a dimension cannot have: built-in dimensions, labels, and words of the segments."""

MAX_TAXONOMY = 4000
"""The maximum number of event names in a taxonomy: each is a series on each day."""

ROUTING_LABELS = ("team", "service")
"""Labels that a data set may add to its alerts: the rules must know their names."""

MAX_OWNER = 100
"""The maximum length of an owner: it is shown in pages and messages."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(value: object) -> timedelta:
    parts = re.fullmatch(r"(\d{1,6})(s|m|h|d)", value) if isinstance(value, str) else None
    if not parts or not int(parts[1]):
        raise ValueError(f"invalid duration {value!r}: expected a number with s, m, h or d, for example 5m")
    return timedelta(seconds=int(parts[1]) * _UNITS[parts[2]])


def duration_text(value: timedelta) -> str:
    """The duration as one writes it: in the largest unit that leaves no remainder."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if not seconds % _UNITS[unit])
    return f"{seconds // _UNITS[unit]}{unit}"


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {value!r}: expected a name, for example Europe/Berlin") from None
    return value


def _source(value: str, given: ValidationInfo) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if is_json_path(value) and "*" in value:
        raise ValueError(f"invalid JSON path {value!r}: expected the path of one value, without a wildcard")
    problem = given.context and is_json_path(value) and given.context(value)
    if problem:
        raise ValueError(f"invalid JSON path {value!r}: {problem}")
    return value


def is_json_path(source: str) -> bool:
    """Whether a source is a path in the payload: `$.x` or `$[0]`; `$current_url` is the name of a column."""
    return source == "$" or source.startswith(("$.", "$["))


def _domain(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", value.lower()):
        raise ValueError(f"invalid host name {value!r}: expected a name alone, for example shop.example")
    return value.lower()


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or not value.isprintable() or " " in value:
        raise ValueError(f"invalid URL {value!r}: expected http or https, for example https://grafana.example")
    return value.rstrip("/")


def _size(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[1-9]\d{0,6} ?(MB|GB|TB)", value):
        raise ValueError(f"invalid size {value!r}: expected a number with MB, GB or TB, for example 4GB")
    return value


def size_in_bytes(size: str) -> int:
    """The bytes of a valid size; as in DuckDB, 1 MB is a million bytes."""
    return int(size[:-2]) * {"MB": 10**6, "GB": 10**9, "TB": 10**12}[size[-2:]]


def _check(value: str) -> str:
    if value not in CHECKS:
        raise ValueError(f"unknown check {value!r}{did_you_mean(value, CHECKS)}: expected one of {', '.join(CHECKS)}")
    return value


def _reason(value: str) -> str:
    if not value.strip():
        raise ValueError("expected the reason why the check is switched off")
    return value


def calendar_day(value: object) -> date:
    """The date that is written as YYYY-MM-DD. Raises ValueError."""
    text = str(value)
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"invalid date {text!r}: expected YYYY-MM-DD, for example 2026-11-27")


def _first_day(value: object) -> date | None:
    return None if value is None else calendar_day(value)


def _owner(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > MAX_OWNER:
        raise ValueError(f"expected who answers for the data, in at most {MAX_OWNER} characters on one line")
    return value.strip()


def _label(value: str) -> str:
    if value not in ROUTING_LABELS:
        raise ValueError(
            f"unknown label {value!r}{did_you_mean(value, ROUTING_LABELS)}: expected {', '.join(ROUTING_LABELS)}; "
            "alert_relabel_configs in prometheus.yml adds others"
        )
    return value


def _label_value(value: str) -> str:
    if not value.strip() or not value.isprintable() or len(value) > MAX_OWNER:
        raise ValueError(f"expected the value of a label, in at most {MAX_OWNER} characters on one line")
    return value.strip()


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"invalid currency {value!r}: expected a code of ISO 4217, for example EUR")
    return value


def as_tuple(value: object) -> object:
    """A tuple of one text or of a list; anything else as it is, for the model to refuse."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _dimension(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", value):
        raise ValueError(f"invalid name {value!r}: expected lower-case letters, digits and _, for example country")
    if value in RESERVED_DIMENSIONS:
        raise ValueError(f"invalid name {value!r}: reserved")
    return value


def _two(dimensions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    if len(dimensions) > len(DIMENSION_COLUMNS):
        raise ValueError(f"expected at most {len(DIMENSION_COLUMNS)} dimensions, not {len(dimensions)}")
    return dimensions


def _bounded(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > MAX_TAXONOMY:
        raise ValueError(f"expected at most {MAX_TAXONOMY} names, not {len(names)}: each name is a series on each day")
    return names


_Texts = str | tuple[str, ...]
_DURATION = Annotated[str, Field(pattern=r"^\d{1,6}[smhd]$")]

Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=_Texts)]
OneOrMore = Annotated[Names, Field(min_length=1)]
Source = Annotated[
    tuple[Annotated[str, AfterValidator(_source)], ...],
    BeforeValidator(as_tuple, json_schema_input_type=_Texts),
    Field(min_length=1),
]
Domains = Annotated[
    tuple[Annotated[str, AfterValidator(_domain)], ...], BeforeValidator(as_tuple, json_schema_input_type=_Texts)
]
Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=_DURATION)]
Size = Annotated[str, BeforeValidator(_size, json_schema_input_type=str)]
Url = Annotated[str, AfterValidator(_url)]
DimensionName = Annotated[str, AfterValidator(_dimension)]
Dimensions = Annotated[dict[DimensionName, Source], AfterValidator(_two)]
CheckName = Annotated[str, AfterValidator(_check)]
Owner = Annotated[str, AfterValidator(_owner)]
AlertLabels = dict[Annotated[str, AfterValidator(_label)], Annotated[str, AfterValidator(_label_value)]]
Currency = Annotated[str, AfterValidator(_currency)]
Reason = Annotated[str, AfterValidator(_reason)]
FirstDay = Annotated[date | None, BeforeValidator(_first_day, json_schema_input_type=date | None)]
Zone = Annotated[str, AfterValidator(_zone)]
Taxonomy = Annotated[Names, AfterValidator(_bounded)]
