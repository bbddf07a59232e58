"""Requests over HTTP without proxies or redirects, each with an absolute deadline and a bounded answer."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from alerting.http.access import Access
from alerting.http.connection import Connection
from exporter.text import clean

MAX_BODY = 32 * 1024 * 1024
"""Bytes of an answer; a larger one is refused. A compressed one is never unpacked."""

MAX_VALUES = 1_000_000
"""Values of a JSON answer, counted by their separators: each may take a hundred bytes of memory, and time to parse."""

MAX_REASON = 500
"""Characters of a server's own text that a message may repeat."""

DROPPED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
"""How an established connection breaks off."""


class FetchError(Exception):
    """A failed request: `url: what`."""


class RefusedError(FetchError):
    """A server that refuses access: 401, 403, or a failed TLS handshake."""


@dataclass(frozen=True)
class Answer:
    """An answer: its HTTP status, the body, and the server's own clock (whole seconds, UTC)."""

    status: int
    body: Any
    date: datetime


class Client:
    """Sends requests, with the access only to the servers at the `named` URLs: no other server sees a secret.

    A request ends at its deadline, `timeout` seconds after it began, however slowly the server answers.
    """

    def __init__(self, access: Access | None = None, named: Iterable[str] = ()) -> None:
        self._access = access
        self._origins = frozenset(map(_origin, named))

    def get(self, url: str, timeout: float) -> Answer:
        """The answer of `url`. Raises FetchError unless it is 200 with JSON."""
        answer = self._fetch("GET", url, timeout)
        _expect_200(url, answer.status)
        return _json(url, answer)

    def get_text(self, url: str, timeout: float) -> str:
        """The text at `url`. Raises FetchError unless the answer is 200 with UTF-8."""
        answer = self._fetch("GET", url, timeout)
        _expect_200(url, answer.status)
        try:
            return str(answer.body, "utf-8")
        except UnicodeDecodeError:
            raise FetchError(f"{url}: the answer is not valid UTF-8") from None

    def post(self, url: str, timeout: float) -> Answer:
        """The answer to a POST without a body, whatever its status. Raises FetchError unless it is JSON."""
        return _json(url, self._fetch("POST", url, timeout))

    def send(self, url: str, body: object, timeout: float) -> None:
        """Post `body` as JSON to `url`. Raises FetchError unless the answer is 200."""
        headers = {"Content-Type": "application/json"}
        _expect_200(url, self._fetch("POST", url, timeout, json.dumps(body).encode(), headers).status)

    def _fetch(
        self, method: str, url: str, timeout: float, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer with its body as bytes. Raises FetchError, which is a RefusedError where access is refused."""
        where, origin = url.partition("?")[0], urlsplit(url)
        access = self._access if _origin(url) in self._origins else None
        secret = {"Authorization": access.authorization} if access and access.authorization else {}
        try:
            connection = Connection(origin, access, time.monotonic() + timeout)
            target = (origin.path or "/") + (f"?{origin.query}" if origin.query else "")
            answer = _answer(connection, method, target, body, {"Connection": "close", **(headers or {}), **secret})
        except (OSError, HTTPException) as error:
            # A server that misses our client certificate may drop the connection before its alert arrives.
            is_refusal = isinstance(error, ssl.SSLError) or (origin.scheme == "https" and isinstance(error, DROPPED))
            raise (RefusedError if is_refusal else FetchError)(f"{where}: {_reason(error)}") from None
        except (ValueError, OverflowError):
            raise FetchError(f"{where}: invalid answer") from None
        if answer.status in (401, 403):
            raise RefusedError(f"{where}: HTTP status {answer.status}")
        if answer.status == 400 and origin.scheme == "http" and b"HTTPS" in answer.body:
            raise RefusedError(f"{where}: HTTP status 400, the server expects https")
        return answer


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _expect_200(url: str, status: int) -> None:
    if status != 200:
        raise FetchError(f"{url.partition('?')[0]}: HTTP status {status}")


def _json(url: str, answer: Answer) -> Answer:
    if sum(map(answer.body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise FetchError(f"{url.partition('?')[0]}: the answer has too many values")
    try:
        return replace(answer, body=json.loads(answer.body))
    except (ValueError, RecursionError):
        raise FetchError(f"{url.partition('?')[0]}: the answer is not valid JSON") from None


def _answer(connection: Connection, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """The answer, whatever its status. Raises OSError, HTTPException, or ValueError where it is invalid."""
    try:
        connection.request(method, target, body if method == "POST" else None, headers)
        with connection.getresponse() as response:
            found = response.read(MAX_BODY + 1)
            if len(found) > MAX_BODY:
                raise HTTPException("the answer is too large")
            return Answer(response.status, found, _date(response.headers.get("Date")))
    finally:
        connection.close()


def _date(header: str | None) -> datetime:
    """The time in UTC. Raises ValueError where the year is implausible."""
    if header is None:
        return datetime.now(UTC)
    found = parsedate_to_datetime(header)
    if not 2000 <= found.year < 9000:
        raise ValueError(header)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)  # -0000 is UTC, of no zone


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS failed: {error.reason.replace('_', ' ').lower()}"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return clean(text[:1].lower() + text[1:], MAX_REASON) or type(error).__name__
