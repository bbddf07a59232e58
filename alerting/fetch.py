"""Fetches over HTTP, JSON mostly: no proxies, no redirects, bounded answers."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from alerting.http_config import Access

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer; more is refused."""


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


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


def _opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect(), *handlers)


class _Https(urllib.request.HTTPSHandler):
    """Speaks TLS as an access says."""

    def __init__(self, access: Access) -> None:
        super().__init__(context=access.tls)
        self._access = access

    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(self._connection, request)

    def _connection(self, host: str, **others: Any) -> HTTPSConnection:
        return _Connection(host, self._access, **others)


class _Connection(HTTPSConnection):
    def __init__(self, host: str, access: Access, **others: Any) -> None:
        super().__init__(host, context=access.tls, **others)
        self._access = access

    def connect(self) -> None:
        """Connect, and ask for the server by the name that its certificate must have."""
        HTTPConnection.connect(self)
        self.sock = self._access.tls.wrap_socket(self.sock, server_hostname=self._access.server_name or self.host)


_OPENER = _opener()
_LET_IN: dict[str, tuple[Access, urllib.request.OpenerDirector]] = {}
"""By the scheme, host and port of the servers that were named; nobody else is shown a secret."""


def be_let_in(access: Access, urls: Iterable[str]) -> None:
    """From now on, ask the servers at these URLs, and only them, with this access."""
    _LET_IN.update({_origin(url): (access, _opener(_Https(access))) for url in urls})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def get(url: str, timeout: float) -> Answer:
    """Fetch `url` within `timeout` seconds. Raises FetchError unless it answers 200 with JSON."""
    answer = _fetch(urllib.request.Request(url), timeout)
    _expect_200(url, answer.status)
    return _json(url, answer)


def get_text(url: str, timeout: float) -> str:
    """The text at `url`. Raises FetchError unless it answers 200 with UTF-8."""
    answer = _fetch(urllib.request.Request(url), timeout)
    _expect_200(url, answer.status)
    try:
        return str(answer.body, "utf-8")
    except UnicodeDecodeError:
        raise FetchError(f"{url}: the answer is no text") from None


def post(url: str, timeout: float) -> Answer:
    """Post nothing to `url`; answers with any status that carries JSON. Raises FetchError."""
    return _json(url, _fetch(urllib.request.Request(url, data=b"", method="POST"), timeout))


def send(url: str, body: object, timeout: float) -> None:
    """Post `body` as JSON to `url`. Raises FetchError unless it answers 200."""
    headers = {"Content-Type": "application/json"}
    _expect_200(url, _fetch(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout).status)


def _expect_200(url: str, status: int) -> None:
    if status != 200:
        raise FetchError(f"{url.partition('?')[0]}: HTTP status {status}")


def _json(url: str, answer: Answer) -> Answer:
    try:
        return replace(answer, body=json.loads(answer.body))
    except ValueError:
        raise FetchError(f"{url.partition('?')[0]}: the answer is no JSON") from None


def _fetch(request: urllib.request.Request, timeout: float) -> Answer:
    """The answer with its body as bytes. Raises FetchError, which is a RefusedError for a server that shuts out."""
    where = request.full_url.partition("?")[0]
    answer = _answer(request, where, timeout)
    if answer.status in (401, 403):
        raise RefusedError(f"{where}: HTTP status {answer.status}")
    if answer.status == 400 and request.type == "http" and b"HTTPS" in answer.body:
        raise RefusedError(f"{where}: HTTP status 400, it wants https")
    return answer


def _answer(request: urllib.request.Request, where: str, timeout: float) -> Answer:
    access, opener = _LET_IN.get(_origin(where), (None, _OPENER))
    if access and access.authorization:
        request.add_unredirected_header("Authorization", access.authorization)
    try:
        try:
            response = opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = response.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise FetchError(f"{where}: the answer is too large")
            return Answer(response.status, body, _date(response.headers.get("Date")))
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        # A server that misses a certificate of ours may have gone before it could be heard.
        is_shut = isinstance(reason, ssl.SSLError) or (request.type == "https" and isinstance(reason, BROKEN))
        raise (RefusedError if is_shut else FetchError)(f"{where}: {_reason(reason)}") from None
    except ValueError:
        raise FetchError(f"{where}: the answer cannot be read") from None


def _date(header: str | None) -> datetime:
    return parsedate_to_datetime(header) if header else datetime.now(UTC)


def _reason(error: object) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"no TLS: {error.reason.replace('_', ' ').lower()}"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:] or type(error).__name__
