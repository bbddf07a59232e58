"""HTTP basic authentication: refuses requests without valid credentials."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus

from exporter.web.listener import Request, Response
from exporter.web.passwords import Passwords
from exporter.web.turns import CrowdedError

_CHALLENGE = (("WWW-Authenticate", 'Basic realm="clickstream-exporter", charset="UTF-8"'),)

_CROWDED = Response(
    HTTPStatus.TOO_MANY_REQUESTS, b"too many passwords to check, try again\n", headers=(("Retry-After", "1"),)
)


class Authenticator:
    """Authenticates the users; without users, refuses nobody. It keeps the cached passwords of `earlier`."""

    def __init__(self, users: Mapping[str, bytes], earlier: Authenticator | None = None) -> None:
        known: Passwords | None = earlier._passwords if earlier else None
        self._passwords: Passwords | None = Passwords(users, known) if users else None

    async def refusal(self, request: Request) -> Response | None:
        """The answer to a request that is refused, or None."""
        if self._passwords is None:
            return None
        named = _named(request.headers.get("authorization", ""))
        try:
            if named and await self._passwords.are(*named, request.client):
                return None
        except CrowdedError:
            return _CROWDED
        return Response(HTTPStatus.UNAUTHORIZED, b"unauthorized\n", headers=_CHALLENGE)


def _named(header: str) -> tuple[str, bytes] | None:
    """The user and the password in a header, None if it has none."""
    scheme, _, encoded = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon and scheme.lower() == "basic" else None
    except ValueError:
        return None
