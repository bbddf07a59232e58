"""URLs in the key `files`, and the key `object_store`: where the buckets of a data set are. Nothing here is secret."""

from __future__ import annotations

from urllib.parse import urlsplit

from exporter.config.strict_yaml import Model
from exporter.config.values import Url

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss", "http", "https")
"""Schemes of URLs that files may have."""


class ObjectStore(Model):
    """How to reach an object store, where the environment does not say so."""

    endpoint: Url | None = None
    region: str | None = None
    anonymous: bool = False


def without_secrets(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of files. Raises ValueError for a URL of an unknown kind, or one with a password or signature."""
    for pattern in patterns:
        scheme, separator, rest = pattern.partition("://")
        if not separator:
            continue
        shown = f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"
        if scheme.lower() not in SCHEMES:
            raise ValueError(f"unknown scheme in {shown!r}: expected one of {', '.join(SCHEMES)}, or a path")
        is_http = scheme.lower().startswith("http")
        if is_http and (urlsplit(pattern).query or "@" in urlsplit(pattern).netloc):
            raise ValueError(f"{shown!r}: a URL with a password or a signature would be shown in logs")
        if not rest.partition("/")[0]:
            raise ValueError(f"invalid URL {shown!r}: expected a bucket, for example s3://bucket/events/*.parquet")
    return patterns
