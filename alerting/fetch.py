"""Fetches over HTTP, JSON mostly: no proxies, no redirects, bounded answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer; more is refused."""


class FetchError(Exception):
    """A server that did not answer as it should: `url: what`."""


@dataclass(frozen=True)
class Answer:
    """An answer: its HTTP status, the body, and the server's own clock (whole seconds, UTC)."""

    status: int
    body: Any
    date: datetime


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


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
    """The answer with its body as bytes."""
    where = request.full_url.partition("?")[0]
    try:
        try:
            response = _OPENER.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = response.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise FetchError(f"{where}: the answer is too large")
            return Answer(response.status, body, _date(response.headers.get("Date")))
    except urllib.error.URLError as error:
        raise FetchError(f"{where}: {_reason(error.reason)}") from None
    except (OSError, HTTPException) as error:
        raise FetchError(f"{where}: {_reason(error)}") from None
    except ValueError:
        raise FetchError(f"{where}: the answer cannot be read") from None


def _date(header: str | None) -> datetime:
    return parsedate_to_datetime(header) if header else datetime.now(UTC)


def _reason(error: object) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:] or type(error).__name__
