"""Objects in S3, Google Cloud Storage, Azure and on HTTP servers: listed, and read range by range.

No object is stored here. A reading process uses this module once it has been forked: what it imports hangs in forks of
a process that has used it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from exporter.config.object_store import ObjectStore
from exporter.files import patterns, table_formats
from exporter.files.file import IN_TABLE, File, FilesError
from exporter.files.object_errors import REASONS, ObjectError, translated
from exporter.files.table_formats import TableError

ANSWER = timedelta(seconds=60)
"""How long one request may take."""

RETRIES = 10
"""How often a request is sent again, after growing pauses, within RETRYING."""

RETRYING = timedelta(minutes=3)

PROFILE = "AWS_PROFILE"
"""The variable that names a profile, with single sign-on or not, which only boto3 can read."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When an object was written of which the server does not say it."""

_WEAK, _WRITTEN = "W/", "written "
"""How versions begin that no server can be asked for: a weak etag, and the time of an object without one."""

MISSING = "object stores need a further package: pip install 'clickstream-exporter[objects]'"

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """What a URL names: the store, which is a scheme with a bucket or a host, and the key or pattern in it."""

    store: str
    key: str


def place(url: str) -> Place:
    """The parts of a URL; a key is not escaped, and a URL of HTTP may be."""
    scheme, rest = url.split("://", 1)
    host, _, key = rest.partition("/")
    return Place(f"{scheme.lower()}://{host}", unquote(key) if scheme.lower().startswith("http") else key)


class Objects:
    """The objects of stores with these settings, each store opened once."""

    def __init__(self, settings: ObjectStore, timeout: timedelta) -> None:
        self._settings = settings
        self._timeout = timeout
        self._stores: dict[str, Any] = {}

    def find(self, pattern: str) -> list[File]:
        """Every object that the pattern matches, named by its key below the fixed folder. Raises FilesError.

        An HTTP server cannot list: a URL of one is that of a file.
        """
        at = place(pattern)
        split = patterns.split(pattern, at.key.split("/"))
        folder = "/".join(split.fixed).rstrip("/")
        try:
            if at.store.startswith("http"):
                return [self._only(at, has_wildcard=bool(split.below))]
            if not split.below and (single := self._head(at.store, folder)):
                return [single]
            return list(self._below(at.store, folder, split.compiled()))
        except ObjectError as error:
            raise FilesError(f"{at.store}/{folder}: {error}") from None

    def read(self, file: File, start: int, end: int) -> memoryview:
        """The bytes of the file from `start` until before `end`. Raises ObjectError."""
        at, options = place(file.path), dict[str, object](range=(start, end))
        in_table = str(file.version).startswith(IN_TABLE)
        if not in_table and not str(file.version).startswith((_WEAK, _WRITTEN)):
            options["if_match"] = f'"{file.version}"'
        try:
            result = self._asked(lambda: self._obstore.get(self._store(at.store), at.key, options=options))
        except ObjectError as error:
            raise error.of_table() if in_table else error from None
        found = _file(at.store, result.meta, file.name)
        if in_table and found.size != file.size:
            raise ObjectError(f"has {found.size:,} bytes, and {file.size:,} by its table", of_object=True)
        if not in_table and (found.size, found.version) != (file.size, file.version):
            raise ObjectError(REASONS["412"], of_object=True, changed=True)
        content = memoryview(self._asked(result.bytes))
        if len(content) != end - start:
            raise ObjectError(f"{len(content)} bytes came instead of {end - start}")
        return content

    def _only(self, at: Place, *, has_wildcard: bool) -> File:
        """The one file at a URL of HTTP."""
        if has_wildcard:
            raise ObjectError("an HTTP server cannot list its files: expected their URLs, without a wildcard")
        found = self._head(at.store, at.key)
        if not found:
            raise ObjectError(REASONS["404"])
        if found.version == f"{_WRITTEN}{_EPOCH}":
            raise ObjectError("the server sends neither ETag nor Last-Modified, so nobody can tell whether it changed")
        return found

    def _head(self, store: str, key: str) -> File | None:
        """The object of that key; None if there is none."""
        if not key:
            return None
        try:
            meta = self._asked(lambda: self._obstore.head(self._store(store), key))
        except ObjectError as error:
            if error.changed:
                return None
            raise
        return _file(store, meta, key.rpartition("/")[2])

    def _below(self, store: str, folder: str, parts: patterns.Parts) -> Iterator[File]:
        """The objects below a folder that match. Raises FilesError for a table, ObjectError."""
        prefix = f"{folder}/" if folder else ""
        seen, matching = False, []
        logs: set[tuple[str, str]] = set(self._tables_above(store, folder))
        for meta in self._listed(store, folder):
            seen, name = True, meta["path"].removeprefix(prefix)
            if log := table_formats.log_of(name):
                logs.add((f"{store}/{prefix}{log[0]}".rstrip("/"), log[1]))
            if patterns.matches(parts, name.split("/")):
                matching.append(_file(store, meta, name))
        if not seen:
            raise ObjectError("no object below it")
        for file in matching:
            for path, table_format in logs:
                if file.path.startswith(f"{path}/"):
                    raise TableError(path, table_format)
            yield file

    def _tables_above(self, store: str, folder: str) -> Iterator[tuple[str, str]]:
        """Tables that the folder is a part of: the URL of each, and its format."""
        parts = folder.split("/") if folder else []
        for depth in range(len(parts)):
            above = "/".join(parts[:depth])
            for log, table_format in table_formats.LOGS.items():
                if any(self._listed_above(store, f"{above}/{log}".lstrip("/"), most=1)):
                    yield f"{store}/{above}".rstrip("/"), table_format
        for depth in (place for place, part in enumerate(parts) if place and part == "data"):
            above = "/".join(parts[:depth])
            listed = self._listed_above(store, f"{above}/metadata")
            if any(table_formats.log_of(each["path"].removeprefix(f"{above}/")) for each in listed):
                yield f"{store}/{above}", "Iceberg"

    def _listed_above(self, store: str, prefix: str, most: int | None = None) -> Iterator[dict[str, Any]]:
        """What the store lists; nothing where the credentials may list only what is below the pattern's folder."""
        try:
            yield from self._listed(store, prefix, most)
        except ObjectError as error:
            if not error.of_object:
                raise

    def _listed(self, store: str, prefix: str, most: int | None = None) -> Iterator[dict[str, Any]]:
        """What the store lists below a folder."""
        chunks = self._asked(lambda: self._obstore.list(self._store(store), prefix or None, chunk_size=most or 1000))
        while chunk := self._asked(lambda: next(chunks, None)):
            yield from chunk
            if most:
                return

    def _store(self, url: str) -> Any:
        if url not in self._stores:
            self._stores[url] = self._opened(url)
        return self._stores[url]

    def _opened(self, url: str) -> Any:
        from obstore.store import HTTPStore, from_url  # noqa: PLC0415

        retrying = min(RETRYING, self._timeout / 2)
        options: dict[str, Any] = {
            "client_options": {"timeout": min(ANSWER, retrying), "allow_http": True},
            "retry_config": {"max_retries": RETRIES, "retry_timeout": retrying},
        }
        if url.startswith("http"):
            return HTTPStore.from_url(url, **options)
        if self._settings.endpoint:
            options["base_url" if url.startswith("gs") else "endpoint"] = self._settings.endpoint
        if self._settings.anonymous:
            options["skip_signature"] = True
        if url.startswith("s3"):
            options |= self._of_amazon()
        return from_url(url, **options)

    def _of_amazon(self) -> dict[str, Any]:
        """The options that only S3 has. Raises ObjectError if a profile cannot be read."""
        options: dict[str, Any] = {"region": self._settings.region} if self._settings.region else {}
        if os.environ.get(PROFILE) and not self._settings.anonymous:
            options["credential_provider"] = _profile()
        return options

    @cached_property
    def _obstore(self) -> ModuleType:
        try:
            return import_module("obstore")
        except ImportError:
            raise ObjectError(MISSING) from None

    def _asked(self, request: Callable[[], T]) -> T:
        """The result of a request. Raises ObjectError."""
        errors = (self._obstore.exceptions.BaseError, OSError, ValueError)
        try:
            return request()
        except errors as error:
            raise translated(error) from None


def _profile() -> Any:
    """What gives the credentials of a profile. Raises ObjectError."""
    try:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415
    except ImportError:
        raise ObjectError(f"{PROFILE} needs a further package: pip install boto3") from None
    try:
        return Boto3CredentialProvider()
    except (BotoCoreError, ValueError) as error:
        raise ObjectError(f"{PROFILE}: {error}") from None


def _file(store: str, meta: Mapping[str, Any], name: str) -> File:
    """What a store says of an object, as a file; without an etag, its version is when it was written.

    A store may quote the etag in one answer and not in the other.
    """
    written, key, etag = meta["last_modified"], meta["path"], meta["e_tag"]
    version = etag.strip('"') if etag and not etag.startswith(_WEAK) else etag or f"{_WRITTEN}{written}"
    path = f"{store}/{quote(key) if store.startswith('http') else key}"
    microseconds = (written - _EPOCH) // timedelta(microseconds=1)
    return File(path, name, version, meta["size"], microseconds * 1000)
