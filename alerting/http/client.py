"""Fetches over HTTP, JSON mostly: no proxies, no redirects, bounded answers, each within its time whatever comes."""

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

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer; more is refused."""

LONGEST = 500
"""Characters of what a server says that a message may repeat."""

BROKEN = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
"""How a connection ends that was there."""


class FetchError(Exception):
    """A server that did not answer as it should: `url: what`."""


class RefusedError(FetchError):
    """A server that is there, but does not let in: 401, 403, or no TLS that both sides accept."""


@dataclass(frozen=True)
class Answer:
    """An answer: its HTTP status, the body, and the server's own clock (whole seconds, UTC)."""

    status: int
    body: Any
    date: datetime


_LET_IN: dict[str, Access] = {}
"""By the scheme, host and port of the servers that were named; nobody else is shown a secret."""


def be_let_in(access: Access, urls: Iterable[str]) -> None:
    """From now on, ask the servers at these URLs, and only them, with this access."""
    _LET_IN.update({_origin(url): access for url in urls})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def get(url: str, timeout: float) -> Answer:
    """Fetch `url` within `timeout` seconds. Raises FetchError unless it answers 200 with JSON."""
    answer = _fetch("GET", url, timeout)
    _expect_200(url, answer.status)
    return _json(url, answer)


def get_text(url: str, timeout: float) -> str:
    """The text at `url`. Raises FetchError unless it answers 200 with UTF-8."""
    answer = _fetch("GET", url, timeout)
    _expect_200(url, answer.status)
    try:
        return str(answer.body, "utf-8")
    except UnicodeDecodeError:
        raise FetchError(f"{url}: the answer is not UTF-8 text") from None


def post(url: str, timeout: float) -> Answer:
    """Post nothing to `url`; answers with any status that carries JSON. Raises FetchError."""
    return _json(url, _fetch("POST", url, timeout))


def send(url: str, body: object, timeout: float) -> None:
    """Post `body` as JSON to `url`. Raises FetchError unless it answers 200."""
    headers = {"Content-Type": "application/json"}
    _expect_200(url, _fetch("POST", url, timeout, json.dumps(body).encode(), headers).status)


def _expect_200(url: str, status: int) -> None:
    if status != 200:
        raise FetchError(f"{url.partition('?')[0]}: HTTP status {status}")


def _json(url: str, answer: Answer) -> Answer:
    try:
        return replace(answer, body=json.loads(answer.body))
    except (ValueError, RecursionError):
        raise FetchError(f"{url.partition('?')[0]}: the answer is no JSON") from None


def _fetch(
    method: str, url: str, timeout: float, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """The answer with its body as bytes. Raises FetchError, which is a RefusedError for a server that shuts out."""
    where, origin = url.partition("?")[0], urlsplit(url)
    access = _LET_IN.get(_origin(url))
    known = {"Authorization": access.authorization} if access and access.authorization else {}
    try:
        connection = Connection(origin, access, time.monotonic() + timeout)
        target = (origin.path or "/") + (f"?{origin.query}" if origin.query else "")
        answer = _answer(connection, method, target, body, {"Connection": "close", **(headers or {}), **known})
    except (OSError, HTTPException) as error:
        # A server that misses a certificate of ours may have gone before it could be heard.
        is_shut = isinstance(error, ssl.SSLError) or (origin.scheme == "https" and isinstance(error, BROKEN))
        raise (RefusedError if is_shut else FetchError)(f"{where}: {_reason(error)}") from None
    except (ValueError, OverflowError):
        raise FetchError(f"{where}: the answer cannot be read") from None
    if answer.status in (401, 403):
        raise RefusedError(f"{where}: HTTP status {answer.status}")
    if answer.status == 400 and origin.scheme == "http" and b"HTTPS" in answer.body:
        raise RefusedError(f"{where}: HTTP status 400, it wants https")
    return answer


def _answer(connection: Connection, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Whatever the answer is. Raises OSError, HTTPException, or ValueError where it cannot be read."""
    try:
        connection.request(method, target, body if method == "POST" else None, headers)
        with connection.getresponse() as response:
            found = response.read(LARGEST + 1)
            if len(found) > LARGEST:
                raise HTTPException("the answer is too large")
            return Answer(response.status, found, _date(response.headers.get("Date")))
    finally:
        connection.close()


def _date(header: str | None) -> datetime:
    """The time in UTC. Raises ValueError for one in which nobody lives."""
    if header is None:
        return datetime.now(UTC)
    found = parsedate_to_datetime(header)
    if not 2000 <= found.year < 9000:
        raise ValueError(header)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)  # -0000 is UTC, of no zone


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"no TLS: {error.reason.replace('_', ' ').lower()}"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return clean(text[:1].lower() + text[1:], LONGEST) or type(error).__name__
