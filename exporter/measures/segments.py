"""The dimensions by which the day is split into segments, and which values of them are never shown."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.config.model import Dataset

BUILT_IN: Mapping[str, tuple[str, ...]] = {
    "device": ("device",),
    "channel": ("referrer", "utm_source", "utm_medium", "utm_campaign"),
}
"""The dimensions that every data set has, if it maps one of the columns."""

NONE, OTHER = "(none)", "other"
"""The segments of events without a value, and of all values that have no segment of their own."""

MOST = 200
"""The maximum number of values of a dimension: with more, they are ids rather than segments."""

PERSONAL = (
    r"(?i)@|%40|://|^www\.|^/"  # an e-mail address or a URL
    r"|[0-9a-f]{8}-[0-9a-f]{4}-"  # a UUID
    r"|[0-9]{6}|[0-9][0-9 .()-]{7}"  # a long number; one of a telephone; an IP address
    r"|[0-9a-f]{16}|[a-z0-9_]{24}"  # a hash; a token
)
"""What an e-mail address, a URL or a long id contains: a value with it may identify a person."""


def columns(dataset: Dataset) -> dict[str, str]:
    """What relations call the column of each dimension that the data set can have, to the dimension's name."""
    gone = lacking(dataset)
    return {name: name for name in BUILT_IN if name not in gone} | dataset.dimension_columns()


def lacking(dataset: Dataset) -> dict[str, str]:
    """Each dimension that the data set cannot have, and why."""
    reasons = {name: dataset.lacks(needs) for name, needs in BUILT_IN.items()}
    return {name: reason for name, reason in reasons.items() if reason}
